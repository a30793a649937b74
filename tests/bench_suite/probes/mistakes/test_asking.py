"""Asking a mistake: what the framework does, a death included, is the answer; a twin that fails is the probe's failure.

The programs here need no framework: what is asked is how the probe answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.probes.mistakes import asking
from speedscore.bench_suite.probes.mistakes.program import ProgramError
from speedscore.bench_suite.probes.mistakes.rules import Rules, load_rules
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.process import Lost, ProbeProcess, Raised
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from speedscore.record.metrics import find_metric

CASE = ProbeCase("mistake", framework="jax", subject="planted")
PROGRAM = """\
import os, signal, sys, time, warnings

RIGHT = 2.0
state = []


def mistake():
    {mistake}  # <- the mistake


def twin():
    {twin}
"""


@pytest.fixture
def tools() -> Iterator[Tools]:
    tools = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60)
    yield tools
    tools.close()


def ask(folder: Path, tools: Tools, *, mistake: str, twin: str = "return 2.0") -> Answer:
    path = folder / "jax.py"
    path.write_text(PROGRAM.format(mistake=mistake, twin=twin))
    return asking.ask_program(path, case=CASE, tools=tools)


@pytest.mark.parametrize(
    ("mistake", "outcome", "message"),
    [
        ("return 2.0", "harmless", ""),
        ("return float('nan')", "a wrong number in silence", ""),
        ("return 2.0 * state[0]", "an error at once", "IndexError: list index out of range"),
        ("sys.exit('no')", "an error at once", "SystemExit: no"),
        ("warnings.warn('x' + ' (3, 4)'); return 2.0", "a warning", "program.py:8: UserWarning: x (3, 4)"),
        # Past sys.stderr, as C++ writes.
        ("os.write(2, b'use y instead'); return 9.0", "a warning", "use y instead"),
    ],
)
def test_what_is_seen_is_the_answer(tmp_path: Path, tools: Tools, mistake: str, outcome: str, message: str) -> None:
    answer = ask(tmp_path, tools, mistake=mistake)
    assert answer.outcome == outcome
    assert answer.reason.startswith(message)
    assert bool(answer.measurements) == bool(message)
    assert all(find_metric(name) for name in answer.measurements)
    assert "python" in answer.versions


def test_a_message_that_names_nothing_is_told_from_one_that_names_all(tmp_path: Path, tools: Tools) -> None:
    bare = ask(tmp_path, tools, mistake="raise ValueError('failed')").observations
    assert [bare[name] for name in ("names_values", "says_remedy", "gives_link")] == [False] * 3
    assert bare["names_line"] is True
    words = "got shape (3, 4). Use reshape: https://example.org/shapes"
    told = ask(tmp_path, tools, mistake=f"raise ValueError({words!r})").observations
    assert [told[name] for name in ("names_values", "says_remedy", "gives_link")] == [True] * 3


def test_a_process_that_dies_is_an_answer(tmp_path: Path, tools: Tools) -> None:
    answer = ask(tmp_path, tools, mistake="os.write(2, b'F0000 check failed'); os.kill(os.getpid(), signal.SIGKILL)")
    assert (answer.outcome, answer.observations["ended"]) == ("a crash or hang", "died")
    assert answer.reason == "F0000 check failed"


def test_a_program_that_hangs_is_an_answer(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = msgspec.structs.replace(load_rules(), limit_seconds=1.0)
    watch = asking.watch

    def watch_impatiently(process: ProbeProcess, function: str, *, copy: Path, rules: Rules) -> asking.Watched:
        # The twin's own end is not what is asked, and a busy machine needs longer for it.
        return watch(process, function, copy=copy, rules=impatient if function == "mistake" else rules)

    monkeypatch.setattr(asking, "watch", watch_impatiently)
    answer = ask(tmp_path, tools, mistake="time.sleep(60)")
    assert (answer.outcome, answer.observations["ended"]) == ("a crash or hang", "hung")


def test_what_hangs_as_it_is_imported_is_the_probes_failure_and_no_answer(tmp_path: Path) -> None:
    slow = "import time\ntime.sleep(60)\n"
    path = tmp_path / "jax.py"
    path.write_text(slow + PROGRAM.format(mistake="return 1.0", twin="return 2.0"))
    hurried = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=1.0)
    try:
        with pytest.raises(Lost) as lost:
            asking.ask_program(path, case=CASE, tools=hurried)
    finally:
        hurried.close()
    assert lost.value.hung


def test_importing_has_the_probes_own_time_and_not_that_of_the_mistake(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[str, float] = {}
    call = ProbeProcess.call

    def note(process: ProbeProcess, function: str, /, *, limit_seconds: float = 1e9, **arguments: Any) -> Any:
        limits[function.rpartition(":")[2]] = limit_seconds
        return call(process, function, limit_seconds=limit_seconds, **arguments)

    monkeypatch.setattr(ProbeProcess, "call", note)
    ask(tmp_path, tools, mistake="return 1.0")
    assert limits["load"] > limits["run"] == load_rules().limit_seconds


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        ("return 3.0", "returned 3.0"),
        ("raise ValueError('broken')", "ValueError: broken"),
        ("warnings.warn('careful'); return 2.0", "UserWarning: careful"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "died"),
    ],
)
def test_a_twin_that_does_not_run_clean_fails_the_probe(tmp_path: Path, tools: Tools, twin: str, words: str) -> None:
    with pytest.raises(asking.TwinError, match=words):
        ask(tmp_path, tools, mistake="return 1.0", twin=twin)


def test_a_twin_that_fails_only_after_the_mistake_is_run_anew(tmp_path: Path, tools: Tools) -> None:
    answer = ask(tmp_path, tools, mistake="state.append(1); return 1.0", twin="return 2.0 + len(state)")
    assert answer.outcome == "a wrong number in silence"


def test_a_program_that_proves_nothing_fails_the_probe(tmp_path: Path, tools: Tools) -> None:
    path = tmp_path / "jax.py"
    path.write_text(PROGRAM.format(mistake="return 1.0", twin="return 2.0").replace("  # <- the mistake", ""))
    with pytest.raises(ProgramError, match="no line ends with"):
        asking.ask_program(path, case=CASE, tools=tools)
    with pytest.raises(Raised, match="returned str; expected a number"):
        ask(tmp_path, tools, mistake="return 'text'")


def test_real_mistakes_are_answered_as_they_are_known_to_be(tools: Tools) -> None:
    pytest.importorskip("jax", reason="the mistakes of a real library")
    loud = asking.ask(ProbeCase("mistake", framework="jax", subject="in-place-update"), tools)
    assert loud.outcome == "an error at once"
    assert (loud.observations["names_line"], loud.observations["says_remedy"]) == (True, True)
    assert ".at[" in loud.reason
    assert "jax" in loud.versions
    silent = asking.ask(ProbeCase("mistake", framework="jax", subject="index-out-of-bounds"), tools)
    assert silent.outcome == "a wrong number in silence"
    assert silent.observations["returned"] == "3"
