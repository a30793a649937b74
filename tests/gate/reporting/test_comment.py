"""The comment under a pull request: the verdict first, what needs a person in sight, the rest folded, never too long;
and a name from outside is neither a link nor a mention nor HTML, as a reader of CommonMark sees it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.reporting.comment import MOST_BYTES, markdown, marker
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateExit, GateReport, SideReport
from speedscore.gate.reporting.report_building import commands
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.text.cleaning import one_line, printable
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.verdict import Outcome, Verdict

BASE, HEAD = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def verdict(outcome: Outcome, case: str = "test_a.py::test_a", **fields: Any) -> Verdict:
    low = 0.9 if outcome == "unchanged" else 1.1
    given: dict[str, Any] = {"ratio": 1.2, "low": low, "high": 1.3, "pairs": 12, "smallest_visible": 0.03} | fields
    return Verdict(case=case, metric=given.pop("metric", "time"), outcome=outcome, **given)


def report(*verdicts: Verdict, **fields: Any) -> GateReport:
    given: dict[str, Any] = {
        "base": SideReport("origin/main (012345678)", commit=BASE),
        "head": SideReport("/here", commit=HEAD),
        "exit_code": GateExit.REGRESSED,
        "headline": "regressed: time of 1 case",
    } | fields
    return GateReport(schema_version=SCHEMA_VERSION, created="2026-11-26", seconds=9.0, verdicts=verdicts, **given)


def unfolded(written: str) -> str:
    """What a reader sees before opening anything."""
    return re.sub(r"<details>.*?</details>", "", written, flags=re.DOTALL)


def folded(written: str) -> str:
    return "\n".join(re.findall(r"<details>.*?</details>", written, flags=re.DOTALL))


def test_the_verdict_comes_first_behind_a_marker_that_is_not_shown() -> None:
    lines = markdown(report(verdict("regressed"))).splitlines()
    assert lines[:2] == ["<!-- speedscore gate: gate -->", "### speedscore gate: regressed: time of 1 case"]
    assert lines[0] == marker()


def test_what_needs_a_person_is_in_sight_and_the_rest_is_folded() -> None:
    written = markdown(
        report(
            *(verdict(outcome, f"test_{outcome.replace(' ', '_')}") for outcome in ("unchanged", "improved")),
            verdict("inconclusive", "test_inconclusive", reason="its 60 s were spent"),
            verdict("regressed", "test_regressed"),
            verdict("not comparable", "test_new", pairs=0, ratio=None, low=None, high=None, reason="base lacks it"),
            missing={"test_gone": "head has no such case"},
            warnings=("base has 2 commits that head lacks",),
            cut_off="its time was spent",
        )
    )
    seen, hidden = unfolded(written), folded(written)
    rows = re.findall(r"^\| `(\w+)` \|", seen, flags=re.MULTILINE)
    assert rows == ["test_regressed", "test_inconclusive"]
    assert re.findall(r"^\| `(\w+)` \|", hidden, flags=re.MULTILINE) == ["test_improved", "test_unchanged"]
    assert "<summary>1 improved, 1 unchanged, 1 not comparable</summary>" in hidden
    assert "- `test_new`: base lacks it" in hidden
    assert "- `test_inconclusive`: its 60 s were spent" in hidden
    for said in (
        "coverage missing: test\\_gone",
        "base has 2 commits that head lacks",
        "ended early: its time was spent",
    ):
        assert said in seen
    assert "false alarms: 1 % of runs" in hidden


def test_what_the_run_could_have_seen_is_said_of_half_of_the_cases_and_of_all() -> None:
    sizes = (0.02, 0.08, 0.03)
    cases = [verdict("unchanged", f"test_{index}", smallest_visible=size) for index, size in enumerate(sizes)]
    sizes_said = "of 3.0\u00a0% in half of 3 cases, of 8.0\u00a0% in all (to be found: 5 %)"
    assert f"So many pairs would have shown a slowdown {sizes_said}" in markdown(report(*cases))
    blind = verdict("inconclusive", "test_blind", smallest_visible=None)
    assert "; of 1 case more nothing can be said, too few pairs" in markdown(report(*cases, blind))
    assert "cannot be said: too few pairs of processes for any of 1 case" in markdown(report(blind))
    assert "So many pairs" not in markdown(report(exit_code=13, headline="cannot run: no tests"))


def test_the_command_gates_the_worst_case_in_any_clone() -> None:
    regressed = verdict("regressed", "test_a.py::test_a[x y]")
    written = markdown(report(verdict("inconclusive", "test_b"), regressed, arguments=("--books", "5 6")))
    assert (
        "To gate the first of them (the others by their names) alone:\n\n"
        "```\npytest 'test_a.py::test_a[x y]' --benchmark-only --books '5 6' --gate=0123456789ab\n```"
    ) in written


def test_the_command_is_started_in_the_folder_of_a_monorepo_and_names_no_base_that_no_commit_holds() -> None:
    """As the JSON report has it."""
    dirty = SideReport("/there", commit=BASE, dirty=True)
    of_one = report(verdict("regressed", "test_a"), folder="libraries/a b", base=dirty)
    command = "cd 'libraries/a b' && pytest test_a --benchmark-only --gate=BASE"
    assert f"```\n{command}\n```" in markdown(of_one)
    assert commands(of_one) == {"test_a": command}


@pytest.mark.parametrize("commit", ["", "main; rm -rf /", "$(id)", "--help", "abc"])
def test_a_base_that_is_no_commit_has_a_word_in_its_place(commit: str) -> None:
    written = markdown(report(verdict("regressed"), base=SideReport("x", commit=commit)))
    assert "--benchmark-only --gate=BASE\n" in written


def test_gitlab_is_given_no_line_that_it_obeys() -> None:
    side = SideReport("/close ")
    written = markdown(report(headline="cannot run: it said\n/merge", head=side, base=side))
    assert "/close" in written
    assert "/merge" in written
    assert [line for line in written.splitlines() if line.startswith("/")] == []


def test_no_command_is_made_of_a_case_that_would_be_an_option() -> None:
    assert "To gate" not in markdown(report(verdict("regressed", "--basetemp=/home")))
    assert "To gate" not in markdown(report(verdict("unchanged")))


def test_an_upgrade_whose_requirements_are_not_known_is_not_gated_against_its_own_commit() -> None:
    """A comment of a fork's report has no arguments."""
    both = SideReport("/here", commit=HEAD)
    asked = report(
        verdict("regressed"),
        base=both,
        head=both,
        arguments=("--gate-upgrade=kite==2.0",),
        upgrade=UpgradeReport(requested=("kite==2.0",), installer="pip"),
    )
    command = "pytest test_a.py::test_a --benchmark-only --gate-upgrade=kite==2.0"
    assert f"```\n{command}\n```" in markdown(asked)
    assert commands(asked) == {"test_a.py::test_a": command}
    stripped = msgspec.structs.replace(asked, arguments=())
    assert "To gate" not in markdown(stripped)
    assert commands(stripped) == {}


def test_another_gate_of_the_same_pull_request_has_another_marker_and_its_name() -> None:
    lines = markdown(report(verdict("regressed")), name="py312").splitlines()
    assert lines[0] == marker("py312") != marker()
    assert lines[1].startswith("### speedscore gate (py312): ")


def test_a_factor_that_no_clock_gave_takes_no_more_room_than_another() -> None:
    written = markdown(report(verdict("regressed", ratio=1e308, smallest_visible=1e308)))
    assert "| ×1e+308 |" in written
    assert "| 1e+308\u00a0times |" in written


# ------------------------------------------------------------------------------------------------- never too long


def test_what_has_no_room_is_counted_and_no_loud_case_gives_way_to_a_calm_one() -> None:
    calm = [verdict("unchanged", f"test_{'calm' * 20}[{index}]") for index in range(2000)]
    loud = [verdict("regressed", f"test_{'loud' * 20}[{index}]") for index in range(50)]
    written = markdown(report(*calm, *loud))
    assert len(written.encode()) <= MOST_BYTES < 65_536
    assert unfolded(written).count("| regressed |") == 50
    shown = folded(written).count("| unchanged |")
    assert shown > 100
    assert f"… and {2000 - shown} cases more, left out" in folded(written)
    assert written.count("<details>") == written.count("</details>") == 2


SIGNS = st.text(st.sampled_from("ab `*_|\\<>[]()!@#&~:/.\n-\u2028é漢😀"), max_size=40)


@given(
    st.lists(st.tuples(st.sampled_from(["regressed", "unchanged", "not comparable"]), SIGNS, SIGNS), max_size=60),
    st.lists(SIGNS, max_size=40),
    SIGNS,
    st.sampled_from([1, 30, 400]),
)
def test_it_is_never_longer_than_asked(
    cases: list[tuple[Outcome, str, str]], texts: list[str], headline: str, times: int
) -> None:
    verdicts = [verdict(outcome, case * times, reason=reason * times) for outcome, case, reason in cases]
    long = [text * times for text in texts]
    full = report(
        *verdicts,
        headline=headline * times,
        missing=dict.fromkeys(long, "why"),
        warnings=tuple(long),
        base=SideReport(headline * times),
        claims=tuple(
            ClaimVerdict(claim=text, case=text, outcome="contradicted", reason=text, ratio=1.1, pairs=9)
            for text in long
        ),
        left_out=dict.fromkeys(long, "nothing that it depends on changed"),
    )
    written = markdown(full, most_bytes=20_000)
    assert len(written.encode()) <= 20_000
    assert written.count("<details>") == written.count("</details>")


# ------------------------------------------------------------------------------------------------- names from outside

HOSTILE = [
    "test[`a`|<b>\n# c]",
    "<script>alert(1)</script>",
    "</details><img src=x onerror=alert(1)>",
    "a@b.c @team/people @someone",
    "![i](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "https://evil.example www.evil.example mailto:x@y.z",
    r"$\color{red}{passed}$ :tada:",
    "fixes #1, GH-2, owner/repo#3, !4",
    r"a\|b\\|c | `x\| <b>",
    "<!-- speedscore gate: gate -->",
    "-->\n/merge\n/assign @me",
    "&lt;b&gt; &#64;me",
    "| --- | --- |",
    "```\n</details>",
    "\u202egnp.exe \x1b[31m",
]


class Seen(HTMLParser):
    """What a browser would make of it: the elements, the text of cells, and text that is no code."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.cells: list[str] = []
        self.bare: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.elements.add(tag)
        self._open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "td" in self._open:
            self.cells[-1] += data
        if not {"code", "pre"} & set(self._open):
            self.bare.append(data)


OURS = {
    "h3",
    "p",
    "br",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "pre",
    "details",
    "summary",
    "ul",
    "li",
    "em",
}


def seen(written: str) -> Seen:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py reads Markdown as GitHub does")
    return Seen(markdown_it.MarkdownIt("commonmark").enable("table").render(written))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["case", "reason", "headline", "base", "missing", "warning"])
def test_a_name_from_outside_stays_text_wherever_it_stands(name: str, place: str) -> None:
    case = name if place == "case" else "test_a"
    written = markdown(
        report(
            verdict("regressed", case, reason=name if place == "reason" else ""),
            headline=name if place == "headline" else "regressed",
            base=SideReport(name if place == "base" else "x", commit=BASE),
            missing={name: name} if place == "missing" else {},
            warnings=(name,) if place == "warning" else (),
        )
    )
    assert printable(written) == written, "nothing is left that a terminal would obey"
    page = seen(written)
    assert page.elements <= OURS
    bare = " ".join(page.bare)
    assert not re.search(r"@\w|://|www\.|mailto:|[#!]\d|GH-\d|\$|:\w+:", bare)
    if place == "case":
        assert one_line(name).strip() in [cell.strip() for cell in page.cells]
    assert [line for line in written.splitlines() if line.startswith("/")] == [], "no quick action of GitLab"
    assert written.splitlines().count(marker()) == 1


@given(st.text(st.sampled_from("ab `\\|<>&[]@*_~\"'"), min_size=1, max_size=30))
def test_every_case_is_shown_as_it_is_called(name: str) -> None:
    page = seen(markdown(report(verdict("regressed", name))))
    assert one_line(name).strip() in [cell.strip() for cell in page.cells]
    assert page.elements <= OURS


def test_the_report_of_a_json_file_is_the_same_comment() -> None:
    full = report(verdict("regressed"), warnings=("careful",))
    assert markdown(msgspec.json.decode(msgspec.json.encode(full), type=GateReport)) == markdown(full)
