"""Whatever text somebody else wrote into a fact, a run or a question: refused, or shown without an effect."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from speedscore.record.descriptions import ProgramDescription
from speedscore.record.run_file import load_run
from speedscore.record.run_record import RunRecord
from speedscore.scoring.cards import FORMATS, brief, short
from speedscore.scoring.commands.tracing import trace
from speedscore.scoring.evidence.evidence import NamedRun, gather
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.rubric.rubric import Rubric, add_criteria
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.surroundings import Surroundings
from tests.sample_runs import save
from tests.scoring.claims.sample_claims import make_claim
from tests.scoring.sample_facts import RUBRIC, make_fact, make_layer, make_snapshot
from tests.scoring.sample_probes import control, exported, unanswered
from tests.scoring.sample_runs import make_run, measured_case, skipped_case

PLAIN = "plain"
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "a\n## forged\n| a | b |\nmore",
    f"a\r{'=' * 80}\nForged  Speed Score 10.0 of 10",
    f"a {'=' * 80} b {'=' * 200}",
    "\u2028## forged\x85| a |",
    "\u202eabc\u2066",
    "`code` *bold* _it_ | [x](javascript:alert(1)) <script>alert(1)</script> ~~x~~ &lt;",
    "``` \\",
    "# title",
    "w" * 300,
    " ",
    "",
)
PIECES = ["\x1b[31m", "\n", "#", "|", "`", "\\", "<b>", "[x](y)", "=" * 80, "a "]
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
EFFECT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_T = TypeVar("_T")
_Test = TypeVar("_Test", bound=Callable[..., None])


def run_of(text: str, *, name: str) -> RunRecord:
    """With ``text`` where a run holds any, and ``name`` where it holds a name."""
    cases = [
        measured_case(name, 1.0, model=name, processes=2),
        measured_case("beta", 2.0, ecosystem="beta", model=name, processes=2),
        skipped_case("beta", reason=text or "none", device="gpu"),
    ]
    program = ProgramDescription(variant=text, device_kind=text, other={text: text})
    cases[0] = msgspec.structs.replace(
        cases[0], program=program, workload={text: text, "batch": text, "cut": text}, stopped=text
    )
    asked = exported("refused", framework=name, ecosystem=name)
    probes = (
        msgspec.structs.replace(asked, reason=text, observations={text: text}, versions={text: text}),
        control(framework=name, ecosystem=name),
        unanswered(exported(target="litert", framework=name, ecosystem=name), reason=text or "none"),
        unanswered(exported(target="serving", framework=name, ecosystem=name), status="failed", reason=text or "none"),
    )
    environment = {"cpu.model": text, "gpu.0.name": text, text: text}
    return msgspec.structs.replace(make_run(*cases), environment=environment, probes=probes)


def snapshots_of(text: str) -> tuple[Snapshot, ...]:
    """With ``text`` where a snapshot holds any. Raises ValueError."""
    fact = msgspec.structs.replace(make_fact("github_stars", 5.0), method=text, definition=text)
    other = make_fact("github_stars", 6.0, source=text)
    layer = msgspec.structs.replace(make_layer({"github_stars": 7.0}, library="lib"), name=text, purpose=text)
    return msgspec.structs.replace(make_snapshot(fact, other), name=text), layer


def rubric_of(text: str) -> Rubric:
    """With a question of another package that holds ``text``. Raises RubricError."""
    question = next(criterion for criterion in RUBRIC.criterion if criterion.facts == ("github_stars",))
    texts = dict.fromkeys(("id", "name", "question", "strength", "weakness", "best_for", "avoid_if"), text)
    return add_criteria(RUBRIC, [msgspec.structs.replace(question, group="", **texts)], source="a plugin")


def accepted(make: Callable[[str], _T], text: str) -> tuple[_T, str]:
    """What is made of ``text``, or where that is refused of a plain one, and which of the two it was."""
    try:
        return make(text), text
    except ValueError:  # as every refusal of ours is
        return make(PLAIN), PLAIN


def rendered(folder: Path, *, text: str, name: str, fact: str, question: str) -> dict[str, str]:
    """Every form for people. Raises RunFileError and EvidenceError for a name that is none."""
    record = load_run(save(folder / "run.json", run_of(text, name=name)))
    rubric = rubric_of(question)
    run = NamedRun(name=f"{text}.json", record=record)
    evidence = gather(snapshots_of(fact), runs=[run], kind_order=rubric.policy.kind_order)
    claim = make_claim(framework="other", line=name, rival="beta", tested_by=["*"])
    report = build_report(rubric, evidence, frameworks=["alpha", "beta", name, "lib"], claims=[claim])
    alone = build_report(rubric, evidence, frameworks=[name])
    return {
        "short": short.render(report, Surroundings(report=report), width=80, sources=True),
        "end": brief.session_end(report, width=80),
        "terminal": FORMATS["text"](report, width=80),
        "markdown": FORMATS["markdown"](report, width=80),
        "trace": trace(alone, evidence, framework=name, dimension=None, width=80),
    }


@functools.cache
def rendered_plainly(folder: Path, *, name: str, fact: str, question: str) -> dict[str, str]:
    return rendered(folder, text=PLAIN, name=name, fact=fact, question=question)


def titles(form: str, text: str) -> int:
    return sum(line.startswith("#" if form == "markdown" else "=" * 70) for line in text.splitlines())


def cells(markdown: str) -> list[int]:
    """Of each row of a table."""
    return [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in markdown.splitlines() if line.startswith("|")]


def each_hostile(function: _Test) -> _Test:
    for text in HOSTILE:
        function = example(text=text)(function)
    return function


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@each_hostile
@given(text=TEXTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_from_outside_has_an_effect(folder: Path, text: str) -> None:
    _, fact = accepted(snapshots_of, text)
    _, question = accepted(rubric_of, text)
    make = functools.partial(rendered, folder, fact=fact, question=question)
    forms, name = accepted(lambda name: make(text=text, name=name), text)
    like = rendered_plainly(folder, name=name and PLAIN, fact=fact and PLAIN, question=question and PLAIN)
    for form, shown in forms.items():
        assert not EFFECT.search(shown), form
        assert titles(form, shown) == titles(form, like[form]), form
        # A path that is there to be copied is never broken.
        assert form in ("end", "markdown") or max(map(len, shown.splitlines())) <= 80, form
    assert cells(forms["markdown"]) == cells(like["markdown"])
    assert not re.search(r"(?<!\\)(?:\\\\)*[<\[]", forms["markdown"])
