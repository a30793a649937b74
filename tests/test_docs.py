"""The documentation: pages that are made must be what the tables give now, links must lead somewhere, and the site must
open without a network."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from speedscore.__main__ import COMMANDS
from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix import page as matrix_page
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.workloads.table import MODELS, Model
from speedscore.scoring.cards import rubric_page
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.text.arguments import Parser
from tests.generators import load_generator
from tests.performance.published.rows import ABSENT, OBVIOUS, ROWS
from tests.places import ROOT

DOCS = ROOT / "docs"
MATRIX = DOCS / "matrix.md"
PUBLISHED = DOCS / "against-published-examples.md"
OF_THE_ROOT = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")]
SHOWN = (".md", ".yml", ".yaml")
"""How the files end that show what to install."""


def test_the_matrix_is_what_the_tables_give() -> None:
    remedy = "run python -m speedscore.bench_suite.matrix.page > docs/matrix.md"
    assert MATRIX.read_text(encoding="utf-8") == matrix_page.page(), remedy


def test_the_page_of_the_rubric_is_what_the_rubric_gives() -> None:
    remedy = "run python -m speedscore.scoring.cards.rubric_page > docs/rubric.md"
    assert (DOCS / "rubric.md").read_text(encoding="utf-8") == rubric_page.page(load_rubric()), remedy


def test_the_page_of_commands_is_what_the_parsers_give() -> None:
    page = load_generator("make_commands").page()
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == page, "run python docs/make_commands.py"
    assert all(f"\n### speedscore {name}\n" in page for name in COMMANDS)
    assert not re.search(r"^\| `[^|]+` \| +\|$", page, re.MULTILINE), "an argument without a word about it"


def test_the_variables_of_the_page_are_those_that_the_sources_read() -> None:
    told = load_generator("make_commands").VARIABLES
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    folders = [ROOT / name for name in ("bench_suite", "scoring", "speedscore")]  # links are not followed
    paths = [*(path for folder in folders for path in folder.rglob("*.py")), DOCS / "make_pictures.py"]
    sources = "".join(path.read_text(encoding="utf-8") for path in paths)
    read = set(re.findall(r"os\.environ\.get\(\"([A-Z_]+)\"", sources))
    assert len(read) > 10
    # Those two are every program's.
    assert {name for name in read if f"`{name}`" not in page} == {"PATH", "PYTHONPATH"}
    assert [name for name in told if name not in sources] == []


def test_no_page_installs_a_name_of_an_index() -> None:
    """No release is on PyPI: whoever took a name of ours there would be installed, in one template beside a token."""
    ours = r"(?:pytest-)?speedscore(?:\[[^]]*\])?(?! @|[-\w./\[])"
    unsafe = re.compile(rf"(?:pip install |SPEEDSCORE: )(?:[^`#\n]* )?[\"']?{ours}")
    assert unsafe.search('python -m pip install -e . "speedscore[fleet]"')
    folders = [DOCS, ROOT / "examples", ROOT / "pytest-speedscore"]
    pages = [*OF_THE_ROOT, *(path for folder in folders for path in folder.rglob("*") if path.suffix in SHOWN)]
    found = [
        f"{page.name}: {line.strip()}"
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if unsafe.search(line)
    ]
    assert found == []


def test_the_matrix_follows_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    before = matrix_page.page()
    with monkeypatch.context() as patch:
        planted = Framework(
            "planted", "speedscore.bench_suite.frameworks.jax.program:build", "jax", extra="jax", packages=()
        )
        patch.setitem(FRAMEWORKS, "planted", planted)
        assert matrix_page.page() != before
    with monkeypatch.context() as patch:
        patch.setitem(MODELS, "planted", Model("planted", workload="speedscore.bench_suite.workloads.mlp"))
        assert matrix_page.page() != before
    with monkeypatch.context() as patch:
        patch.setitem(FRAMEWORKS["jax"].declined, "tpu", "planted")
        assert "planted" in matrix_page.page()
    assert matrix_page.page() == before


def test_the_matrix_gives_each_reason_once_and_no_row_without_cells() -> None:
    page = matrix_page.page()
    reasons = re.findall(r"^\d+\. (.+)$", page, re.MULTILINE)
    assert len(reasons) > 4
    assert [reason for reason in reasons if page.count(reason) > 1] == []
    assert "no cells | no cells | no cells" not in page
    assert "\n- `torch-foreach`, beside `torch`: An optimizer alone in PyTorch" in page


def test_the_page_of_comparisons_is_what_the_results_give() -> None:
    generator = load_generator("make_published")
    results = json.loads(generator.RESULTS.read_text(encoding="utf-8"))
    remedy = "run python docs/make_published.py > docs/against-published-examples.md"
    assert PUBLISHED.read_text(encoding="utf-8") == generator.page(results), remedy


def test_the_page_of_comparisons_has_every_one_that_is_written_with_its_figures_or_the_reason() -> None:
    results = json.loads(load_generator("make_published").RESULTS.read_text(encoding="utf-8"))
    assert [*results["rows"], *results["unmeasured"]] == [
        *(row for row in ROWS if row in results["rows"]),
        *(row for row in ROWS if row not in results["rows"]),
    ]
    assert all(results["unmeasured"].values())
    assert results["absent"] == ABSENT
    page = PUBLISHED.read_text(encoding="utf-8")
    measured = [ROWS[row] for row in results["rows"]]
    own_layers = [row for row in measured if row.remark.startswith(OBVIOUS)]
    assert f"Of the {len(ROWS)} comparisons that are written, {len(measured)} were measured" in page
    assert f"{sum(row.preset == 'smoke' for row in measured)} of them at preset `smoke`" in page
    assert f"{len(measured) - len(own_layers)} beside a model that somebody publishes" in page
    assert f"and {len(own_layers)} beside the library's own layers" in page


def test_the_tables_of_the_probes_are_what_the_saved_run_gives() -> None:
    generator = load_generator("make_probe_tables")
    probes = generator.saved_probes()
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    made = {name: generator.with_tables(page, probes) for name, page in pages.items()}
    assert made == pages, "run python docs/make_probe_tables.py"
    shown = set(re.findall(r"<!-- tables of (\w+) -->", "".join(pages.values())))
    assert shown >= {name for name, family in FAMILIES.items() if family.tables}, "a family's tables stand on no page"
    without = {name: generator.with_tables(page, probes[:1]) for name, page in pages.items()}
    assert without != pages


def test_relative_links_lead_to_files() -> None:
    broken = [
        (page.name, path)
        for page in [*OF_THE_ROOT, *sorted(DOCS.glob("*.md"))]
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if not urlsplit(link).scheme and (path := urlsplit(link).path)
        if not (page.parent / unquote(path)).exists()
    ]
    assert broken == []


def test_every_reference_of_the_method_is_cited_in_its_order() -> None:
    text, _, references = (DOCS / "method.md").read_text(encoding="utf-8").partition("## References")
    cited = dict.fromkeys(re.findall(r"\[(\d+)\](?!\()", text))
    assert list(cited) == re.findall(r"^(\d+)\. ", references, re.MULTILINE)
    assert len(cited) >= 18


def shown_commands() -> Iterator[tuple[str, str]]:
    """Page and line of every command line in the code of a page, without its comment."""
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        fenced = re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        indented = re.findall(r"^ {4,}\S.*$", text, re.MULTILINE)
        for line in "\n".join((*fenced, *indented)).splitlines():
            if shown := re.match(r" *(?:python -m )?((?:pytest|speedscore) [^#]+)", line):
                yield page.name, shown[1].strip()


def test_every_command_that_a_page_shows_can_be_given() -> None:
    """Words alone are looked at: whether the option is there, and takes that."""
    known = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "speedscore.bench_suite", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    looked_at = 0
    for page, line in shown_commands():
        program, *words = shlex.split(line)
        ours = words[: words.index("--")] if "--" in words else words
        if program == "speedscore":
            module = importlib.import_module(COMMANDS[ours[0]].module)
            parser = Parser(prog=f"{page}: {line}")
            module.add_arguments(parser)
            parser.parse_args(ours[1:])
        else:
            options = [word.partition("=")[0] for word in ours if word.startswith("-")]
            assert [option for option in options if not re.search(rf"{option}\b", known)] == [], f"{page}: {line}"
        looked_at += 1
    assert looked_at > 60


class Loaded(HTMLParser):
    """Collects what a browser fetches by itself to show a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for name, value in attrs if name == "id" and value}
        if tag == "a":
            self.links.append(found.get("href") or "")
        elif tag != "link" or found.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.fetched += [value for name in ("src", "href") if (value := found.get(name))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if missing := [name for name in ("material", "mkdocstrings_handlers") if importlib.util.find_spec(name) is None]:
        pytest.skip(f'the site needs {", ".join(missing)}: python -m pip install "speedscore[docs]"')
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def pages_of(site: Path) -> Iterator[tuple[Path, Loaded]]:
    for path in sorted(site.glob("*.html")):
        # The page for addresses that are not there, which no folder serves, links from the root of a server.
        if path.name != "404.html":
            yield path, Loaded(path.read_text(encoding="utf-8"))


def test_every_page_is_built_and_every_link_within_the_site_resolves(site: Path) -> None:
    pages = dict(pages_of(site))
    assert {path.stem for path in pages} == {path.stem for path in DOCS.glob("*.md")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme:
                continue
            anchors = pages[target].anchors | {"__top"} if target in pages else set()
            if not target.is_file() or (parts.fragment and parts.fragment not in anchors):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_the_site_opens_without_a_network(site: Path) -> None:
    for path, page in pages_of(site):
        assert page.fetched, "a page without a style sheet was not understood"
        assert [source for source in page.fetched if urlsplit(source).netloc] == []
        missing = [each for each in page.fetched if not (path.parent / unquote(urlsplit(each).path)).exists()]
        assert missing == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)]*", styles) == []


def test_search_knows_every_page_and_its_box_goes_where_no_server_is(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert {urlsplit(each["location"]).path for each in index["docs"]} == {
        f"{path.stem}.html" for path in DOCS.glob("*.md")
    }
    for path, _ in pages_of(site):
        text = path.read_text(encoding="utf-8")
        # What starts the worker must find no box.
        assert 0 < text.find('location.protocol === "file:"') < text.index("assets/javascripts/bundle")
