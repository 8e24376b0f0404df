"""Mathematics as MathML, which browsers draw by themselves: no script, and nothing fetched from elsewhere."""

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
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
    writer.body.append(f'<div class="math">{convert(writer, node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
