"""Makes the pictures of the README and of the documentation: ``python docs/make_pictures.py [NAME]``.

A picture is what a person sees of something real: comment.png is the comment that ``docs/images/gate.json``, the report
of a gate, comes to. It needs ``speedscore[dev]`` and Chromium, named in SPEEDSCORE_BROWSER where it is not found.

Adding a picture: a function that writes it, and a line in PICTURES.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
_QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")
_LIKE_GITHUB = """
body { font: 14px/1.5 "Liberation Sans", Arial, sans-serif; color: #1f2328; background: #fff; margin: 0; }
main { width: 1000px; margin: 14px; border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
article { padding: 4px 16px 2px; }
h3 { font-size: 17px; margin: 10px 0; }
p { margin: 0 0 12px; }
table { border-collapse: collapse; margin: 0 0 14px; font-size: 13px; }
th, td { border: 1px solid #d1d9e0; padding: 5px 9px; text-align: left; vertical-align: top; }
th { font-weight: 600; }
code { font: 12px "DejaVu Sans Mono", monospace; background: #eff1f3; border-radius: 5px; padding: 2px 5px; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; margin: 0 0 14px; white-space: pre-wrap; }
pre code { background: none; padding: 0; }
details { margin: 0 0 10px; }
"""


def comment(path: Path) -> None:
    """The comment under a pull request, as GitHub shows it."""
    import markdown_it

    from speedscore.gate.comment import markdown
    from speedscore.gate.report_file import read_report

    source = IMAGES / "gate.json"
    shown = (
        markdown_it.MarkdownIt("commonmark")
        .enable("table")
        .render(markdown(read_report(source.read_bytes(), what=str(source))))
    )
    html = (
        f"<!doctype html><style>{_LIKE_GITHUB}</style><main><header><b>github-actions</b> bot commented</header>"
        f"<article>{shown}</article></main>"
    )
    photograph(html, path, width=1030)


PICTURES: dict[str, Callable[[Path], None]] = {"comment": comment}


def photograph(html: str, path: Path, *, width: int) -> None:
    """A page as it stands in a browser of that many pixels, as high as it is."""
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("SPEEDSCORE_BROWSER") or shutil.which("chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=browser_path, args=list(_QUIET)) as browser,
    ):
        page = browser.new_page(viewport={"width": width, "height": 100}, device_scale_factor=1.5)
        page.set_content(html)
        page.screenshot(path=path, full_page=True)


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in PICTURES]:
        sys.exit(f"no picture {unknown[0]!r}; there are {', '.join(PICTURES)}")
    IMAGES.mkdir(exist_ok=True)
    for name in names or PICTURES:
        PICTURES[name](IMAGES / f"{name}.png")
        print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
