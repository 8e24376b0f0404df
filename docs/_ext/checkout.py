"""Links from pages to files of the checkout that are outside of docs/ lead to pages that show these files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

ROOT = Path(__file__).parents[2]
# Pages that include a file, whose links are relative to its folder.
INCLUDED = {
    "changelog": ROOT / "CHANGELOG.md",
    "contributing": ROOT / "CONTRIBUTING.md",
    "kernels": ROOT / "csrc" / "README.md",
    "security": ROOT / "SECURITY.md",
}
PAGES = {file: page for page, file in INCLUDED.items()}


class CheckoutLinks(SphinxTransform):
    """Resolve links that lead out of docs/, and those of included files."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Give each such link its page."""
        links = addnodes.download_reference | addnodes.pending_xref
        for node in list(self.document.findall(lambda node: isinstance(node, links))):
            target, _, anchor = node.get("reftarget", "").partition("#")
            file = self.file_of(node, target)
            if file is not None:
                node.replace_self(self.link(node, file, anchor or node.get("reftargetid") or ""))

    def file_of(self, node: nodes.Element, target: str) -> Path | None:
        """Of a link that Sphinx cannot resolve by itself, the file to which it leads."""
        if not target or node.get("reftype") != "myst":
            return None
        page = self.env.docname
        base = INCLUDED[page].parent if page in INCLUDED else Path(self.env.doc2path(page)).parent
        if node.get("refdomain") == "doc":
            target += ".md"  # MyST has taken it off, as from pages, of which not all are of the site
        file = (base / target).resolve()
        inside = file.is_relative_to(self.env.srcdir) and page not in INCLUDED
        return file if file.is_file() and file.is_relative_to(ROOT) and not inside else None

    def link(self, node: nodes.Element, file: Path, anchor: str) -> nodes.Element:
        """A link to the page that is, includes or shows a file."""
        page = PAGES.get(file)
        if file.is_relative_to(self.env.srcdir):
            page = self.env.path2doc(file)
        if page:
            return addnodes.pending_xref(
                "", *node.children, refdomain="doc", reftarget=page, reftargetid=anchor or None,
                reftype="myst", refdoc=self.env.docname, refexplicit=True,
            )  # fmt: skip
        path = file.relative_to(ROOT).as_posix()
        shown_files(self.env).setdefault(self.env.docname, set()).add(path)
        uri = relative_uri(f"{self.env.docname}.html", f"files/{path}.html")
        return nodes.reference("", "", *node.children, internal=True, refuri=uri)


def shown_files(env: BuildEnvironment) -> dict[str, set[str]]:
    """By page, the paths of the files that are shown because the page links to them."""
    if not hasattr(env, "shown_files"):
        env.shown_files = {}
    return env.shown_files


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Before a page is read again."""
    shown_files(env).pop(page, None)


def merge(app: Sphinx, env: BuildEnvironment, pages: list[str], other: BuildEnvironment) -> None:
    """Take over what another process has read."""
    shown_files(env).update(shown_files(other))


def show(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file."""
    for path in sorted(set().union(*shown_files(app.env).values())):
        text = (ROOT / path).read_text(encoding="utf-8")
        try:
            language = get_lexer_for_filename(path, text).aliases[0]
        except ClassNotFound:
            language = "text"
        body = app.builder.highlighter.highlight_block(text, language)  # type: ignore[attr-defined]
        yield f"files/{path}", {"title": path, "body": f"<h1>{path}</h1>\n{body}"}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to what Sphinx does."""
    app.add_transform(CheckoutLinks)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
