"""How Sphinx makes the site from this folder: `make docs`."""

import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "tools")]

import fastnn

project = "fastnn"
author = "fastnn developers"
copyright = author  # Sphinx reads it by this name
version = release = fastnn.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    *("checkout", "mathml", "reference"),  # of _ext/
]

exclude_patterns = ["_ext", "_templates"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]

# Pages: GitHub's anchors, since the pages are read there as well; $mathematics$.
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
myst_update_mathjax = False
html_math_renderer = "mathml"

# The pages of learn/ are executed anew by each build; an error or a warning of theirs ends it.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

# The reference: _ext/reference.py writes its pages, and which members a page has.
autosummary_generate = False
autodoc_typehints = "none"
default_role = "py:obj"
numpydoc_show_class_members = False
toc_object_entries = False
add_module_names = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

linkcheck_ignore = [r"(\.\./)*files/"]  # pages that _ext/checkout.py makes
highlight_language = "text"  # of blocks that name none, such as diagrams

html_theme = "pydata_sphinx_theme"
html_title = f"fastnn {version}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "fastnn"},
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc", "notebook"],
    "collapse_navigation": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def copy_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Put the pages of learn/ as notebooks, with their results, where readers find them."""
    made = app.outdir.parent / "jupyter_execute" / "learn"
    if app.builder.format == "html" and made.exists():
        shutil.copytree(made, app.outdir / "notebooks", dirs_exist_ok=True)


def drop_blank_ends(app: Sphinx, document: nodes.document) -> None:
    """Take off the blank line with which doctest ends the last result of a block."""
    for block in document.findall(nodes.literal_block):
        if block.rawsource == block.astext():  # not a block with markup inside
            block.rawsource = block.rawsource.rstrip("\n")
            block[:] = [nodes.Text(block.rawsource)]


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", drop_blank_ends)
    app.connect("build-finished", copy_notebooks)
