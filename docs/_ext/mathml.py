"""Mathematics as MathML, which browsers draw by themselves: no script, and nothing fetched from elsewhere.

The font is STIX Two Math, under the SIL Open Font License, as it comes with the package ziamath.
"""

from importlib.metadata import files
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def convert(writer: Any, node: nodes.Element, as_block: bool) -> str:
    text = node.astext().strip()
    try:
        return str(latex2mathml.tex2mathml(text, as_block=as_block))
    except MathError as error:
        logger.warning("mathematics %r: %s", text, error, location=node)
        return ""


def inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(convert(writer, node, as_block=False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.Element) -> None:
    writer.body.append(f'<div class="formula">{convert(writer, node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def write_font(app: Sphinx, error: Exception | None) -> None:
    if app.builder.format == "html":
        file = next(path for path in files("ziamath") or () if path.name == "STIXTwoMath-Regular.ttf")
        font = TTFont(file.locate())
        font.flavor = "woff"
        font.save(app.outdir / "_static" / "mathematics.woff")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
