"""What comes from outside reaches a terminal, Markdown and JSON as text, whatever it holds: every output is walked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.bench_suite.session.printing.overview import overview_lines
from speedscore.bench_suite.session.printing.terminal_report import measured_lines, missing_lines
from speedscore.record.run_file import RunFileError, load_run
from speedscore.scoring.facts.fact import Fact
from speedscore.text.cleaning import is_name, one_line, printable, writable
from speedscore.text.markdown import escaped
from speedscore.text.output import complain
from tests.comparing.sample_runs import save_plain
from tests.sample_runs import MACHINE, a_run, save, timed

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\n## forged\n==== forged ====\n[forged](http://forged)<script>forged</script>|`\t\r"
    "\u202e\x9b31m\u2028forged"
)
FORGED = re.compile(r"^\s*(## forged|==== forged|forged)|<script>|(?<!\\)\]\(http", re.MULTILINE)
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def assert_harmless(text: str, *, markdown: bool = False) -> None:
    assert UNSAFE.search(text) is None, text
    if markdown:
        # What stands in a code span means nothing.
        assert FORGED.search(re.sub(r"(`+) .*? \1|`[^`]*`", "", text)) is None, text
    else:
        assert re.search(r"^(## forged|==== forged)", text, re.MULTILINE) is None, text


@given(st.text())
def test_what_is_printable_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert UNSAFE.search(printable(text)) is None
    assert is_name(one_line(text))
    printable(text).encode()


@given(st.text())
def test_what_is_writable_can_be_encoded_and_differs_in_halves_of_characters_alone(text: str) -> None:
    assert json.loads(writable(json.dumps(text, ensure_ascii=False)).encode()) == text


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_plain_text_stays_what_it_is(text: str) -> None:
    assert one_line(text) == text


@given(st.text())
def test_json_keeps_its_meaning(text: str) -> None:
    document = json.dumps(text, ensure_ascii=False)
    assert json.loads(printable(document)) == text


@given(st.text())
def test_escaped_markdown_has_no_sign_of_its_own(text: str) -> None:
    assert re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~&]", escaped(text)) is None


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs and two plain files, of some months ago, that hold the text wherever somebody else's text may stand, and
    in their names."""
    monkeypatch.chdir(tmp_path)
    program = timed([0.1]).program.from_fields({"layout": HOSTILE, HOSTILE: HOSTILE})
    cases = [
        msgspec.structs.replace(timed([0.1, 0.1]), program=program, workload={"batch": HOSTILE, "preset": "smoke"}),
        timed([0.2, 0.2], framework="torch", ecosystem="pytorch"),
        msgspec.structs.replace(timed([0.1], framework="haiku"), status="failed", reason=HOSTILE, rounds=()),
        msgspec.structs.replace(timed([0.1], framework="equinox"), status="skipped", reason=HOSTILE, rounds=()),
    ]
    environment = MACHINE | {"variable.XLA_FLAGS": HOSTILE, HOSTILE: HOSTILE, "git.commit": HOSTILE}
    for day, name in enumerate(("one", "other")):
        fields = environment if day else MACHINE
        save(
            tmp_path / f"{name}{one_line(HOSTILE).replace('/', '')}.json",
            a_run(*cases, day=day - 99, environment=fields),
        )
        plain = save_plain(tmp_path / f"plain-{name}.json", day=day, processor=HOSTILE)
        plain.write_text(plain.read_text().replace('"tests/test_it.py::test_it"', json.dumps(HOSTILE)))
    return tmp_path


@pytest.mark.parametrize("file_format", ["text", "markdown", "json"])
@pytest.mark.parametrize("names", ["o*", "plain*"])
def test_no_comparison_prints_it(
    hostile: Path, capsys: pytest.CaptureFixture[str], names: str, file_format: str
) -> None:
    one, other = sorted(map(str, hostile.glob(names + ".json")))
    assert main(["compare", one, other, "--format", file_format, "--allow", "cpu"]) in (0, 2)
    printed = capsys.readouterr()
    assert printed.out
    assert_harmless(printed.out + printed.err, markdown=file_format == "markdown")


def of_card(words: str) -> Callable[[str], list[str]]:
    return lambda run: [*words.split(), "--run", run]


@pytest.mark.parametrize(
    "command",
    [
        "card jax pytorch",
        "card jax pytorch --full",
        "card jax --sources",
        "card jax pytorch --format markdown",
        "card jax --format json",
        "trace jax performance",
        "whatif --weights performance=3",
    ],
)
def test_no_card_prints_it(hostile: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    run = str(next(iter(hostile.glob("other*.json"))))
    assert main(of_card(command)(run)) == 0
    printed = capsys.readouterr()
    assert printed.out
    assert_harmless(printed.out + printed.err, markdown="markdown" in command)


def test_no_session_ends_with_it(hostile: Path) -> None:
    run = load_run(next(iter(hostile.glob("other*.json"))))
    measured = [case for case in run.cases if case.status == "measured"]
    for lines in (
        overview_lines(run, width=80),
        measured_lines(run, measured, width=80),
        missing_lines(run, width=80),
    ):
        assert_harmless(printable("\n".join(lines)))


def test_a_complaint_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain(HOSTILE)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert_harmless(printed)


@pytest.mark.parametrize("field", ["id", "nodeid", "framework", "model", "precision"])
def test_a_run_whose_names_are_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], field: str) -> None:
    path = save(tmp_path / "run.json", a_run(msgspec.structs.replace(timed([0.1]), **{field: HOSTILE})))
    with pytest.raises(RunFileError, match=f"block is not valid.*{field}"):
        load_run(path)
    assert main(["card", "--run", str(path)]) == 2
    assert_harmless(capsys.readouterr().err)


@pytest.mark.parametrize("field", ["source", "method", "unit"])
def test_a_fact_whose_source_is_no_line_is_refused(field: str) -> None:
    known: dict[str, Any] = {"source": "a page", "method": "read", "unit": "stars", field: HOSTILE}
    with pytest.raises(ValueError, match=f"{field} is not one line of plain text") as caught:
        Fact(framework="jax", key="github_stars", value=1.0, as_of="2024-01", kind="published", **known)
    assert_harmless(str(caught.value))
