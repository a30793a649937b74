"""Makes the pictures of the README and of the documentation: ``python docs/make_pictures.py [NAME]``.

A picture is what a person sees of something real: comment.png is the comment that ``docs/images/gate.json``, the report
of a gate, comes to; report.png is the page of the runs that the README's answer rests on. It needs ``speedscore[dev]``
and Chromium, named in SPEEDSCORE_BROWSER where it is not found.

Adding a picture: a function that writes it, and a line in PICTURES.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import make_cards

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
RUNS = tuple(str(Path(run).relative_to(ROOT)) for run in make_cards.RUNS)
"""Those of the README's answer; by relative paths, so that the page names none of the machine that made it."""
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

    from speedscore.gate.reporting.comment import markdown
    from speedscore.gate.reporting.report_file import read_report

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


def report(path: Path) -> None:
    """The first screen of a report: the scores and their intervals."""
    from speedscore.report.content import Judging
    from speedscore.report.reading import read_given
    from speedscore.report.writing import write_report
    from speedscore.scoring.rubric.rubric import load_rubric

    with contextlib.chdir(ROOT):
        runs = read_given(RUNS)
    with tempfile.TemporaryDirectory() as folder, opened_page(width=1120, height=1290, scale=1) as page:
        page.goto(write_report(Path(folder) / "report.html", runs, Judging(load_rubric())).as_uri())
        page.wait_for_selector("html[data-ready] .chart svg")
        page.screenshot(path=path)


PICTURES: dict[str, Callable[[Path], None]] = {"comment": comment, "report": report}


def photograph(html: str, path: Path, *, width: int) -> None:
    """A page as it stands in a browser of that many pixels, as high as it is."""
    with opened_page(width=width, height=100, scale=1.5) as page:
        page.set_content(html)
        page.screenshot(path=path, full_page=True)


@contextlib.contextmanager
def opened_page(*, width: int, height: int, scale: float) -> Iterator[Page]:
    """An empty page of so many CSS pixels, each ``scale`` pixels of the picture."""
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("SPEEDSCORE_BROWSER") or shutil.which("chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=browser_path, args=list(_QUIET)) as browser,
    ):
        yield browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in PICTURES]:
        sys.exit(f"no picture {unknown[0]!r}; there are {', '.join(PICTURES)}")
    IMAGES.mkdir(exist_ok=True)
    for name in names or PICTURES:
        PICTURES[name](IMAGES / f"{name}.png")
        print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
