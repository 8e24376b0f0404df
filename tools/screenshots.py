"""Take pictures of the pages of the site, and fail where one is wider than its window or fetches something.

    python tools/screenshots.py [--site build/docs] [--pictures build/screenshots]

Each page is opened by Chromium at 1280 and at 400 pixels, light and dark; those of names and of files are
measured only, as there are hundreds. Needs the package playwright, and Chromium: the one that CHROMIUM names,
else the one on the path.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")
HEIGHT = 900
# A page may be longer than a picture that is any use.
LONGEST = 6000
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# What sticks out of the window without a scroll bar of its own.
WIDER = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const scrolls = "pre, .pst-scrollable-table-container, .formula";
    return [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest(scrolls))
        .slice(0, 3)
        .map((e) => e.outerHTML.slice(0, 120))
        .concat(`${document.documentElement.scrollWidth} pixels`);
}"""


def is_pictured(path: Path) -> bool:
    """Whether a page is one of those that people wrote, or the page of a module."""
    return path.parts[0] != "files" and len(path.parts) <= 2


def looked_at(page: Page, width: int, picture: Path | None) -> list[str]:
    """Return what is too wide on a page that is open, and take its picture."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    wide: list[str] = page.evaluate(WIDER)
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        height = min(LONGEST, page.evaluate("document.documentElement.scrollHeight"))
        page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    return wide


def faults(browser: Browser, site: Path, pictures: Path) -> Iterator[str]:
    """Yield one line for each fault of each page in each form."""
    paths = sorted(path.relative_to(site) for path in site.rglob("*.html") if "_static" not in path.parts)
    for scheme in SCHEMES:
        page = browser.new_page(color_scheme=scheme)
        fetched: list[str] = []
        page.on("request", lambda request, fetched=fetched: fetched.append(request.url))
        for path in paths:
            pictured = is_pictured(path)
            if not pictured and scheme != SCHEMES[0]:
                continue
            fetched.clear()
            page.goto((site / path).as_uri())
            yield from (f"{path}: fetches {url}" for url in fetched if not url.startswith(("file:", "data:")))
            for width in WIDTHS:
                picture = pictures / f"{width}-{scheme}" / f"{path}.png" if pictured else None
                for fault in looked_at(page, width, picture):
                    yield f"{path} at {width} pixels, {scheme}: {fault}"
        page.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--site", type=Path, default=Path("build/docs"))
    parser.add_argument("--pictures", type=Path, default=Path("build/screenshots"))
    arguments = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        parser.error("no Chromium on the path; CHROMIUM may name one")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=program, args=FLAGS)
        lines = list(faults(browser, arguments.site.resolve(), arguments.pictures))
        browser.close()
    print(*lines, f"{len(lines)} faults", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
