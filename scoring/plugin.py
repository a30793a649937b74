"""The pytest plugin of the judging half: it hears of the finished run and ends the session with its scores.

With ``--full`` it prints the whole cards. It measures nothing and changes no result. When no score can be made (a
fixture that cannot be trusted, say) the tests' results and the saved run stand as they are: one line says what is
wrong, and the exit status is not zero.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from speedscore.record.run_record import RunRecord
from speedscore.scoring.cards import FORMATS
from speedscore.scoring.cards.brief import session_end
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun
from speedscore.scoring.evidence.session import fact_folders, named_run, rubric_of
from speedscore.scoring.evidence.shipped import gather_evidence, read_snapshots
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.rubric import hooks
from speedscore.scoring.rubric.rubric import Rubric, RubricError
from speedscore.scoring.scores.score_report import build_report
from speedscore.text.cleaning import one_line, printable

FACTS_ALONE = "the facts alone: speedscore card"


class _Ending:
    """What the session's end has to say."""

    def __init__(self) -> None:
        self.text = ""
        self.error = ""


_ENDING = pytest.StashKey[_Ending]()


def pytest_configure(config: pytest.Config) -> None:
    # The plugin of every session declares them; it may be switched off.
    if not config.pluginmanager.has_plugin("speedscore.plugin"):
        config.pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_run(config: pytest.Config, run: RunRecord, run_path: str | None) -> None:
    """Score the run; what comes of it waits for the terminal summary."""
    outcome = config.stash.setdefault(_ENDING, _Ending())
    try:
        outcome.text = _cards(
            rubric_of(config),
            named_run(config, run, run_path),
            facts=list(fact_folders(config)),
            width=config.get_terminal_writer().fullwidth,
            # The option belongs to the suite, which need not be there.
            full=config.getoption("full", False),
        )
    except (FactError, RubricError, EvidenceError) as error:
        outcome.error = f"speedscore: no cards: {error}"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the cards, or the one line that says why there are none."""
    outcome = config.stash.get(_ENDING, None)
    if outcome is None:
        return
    if outcome.error:
        terminalreporter.write_line(one_line(outcome.error), red=True)
        return
    terminalreporter.section("score cards")
    terminalreporter.write_line(printable(outcome.text.rstrip()))


# Outermost, so that it ends after whichever plugin has announced the run from its own pytest_sessionfinish.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Turn success into a usage error when the cards failed; a failure of the tests keeps its own exit status."""
    result = yield
    outcome = session.config.stash.get(_ENDING, None)
    if outcome is not None and outcome.error and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
    return result


def _cards(rubric: Rubric, run: NamedRun, *, facts: Sequence[Path], width: int, full: bool) -> str:
    """The measured frameworks' scores side by side, or with ``full`` the whole card of each."""
    answered = any(case.status == "measured" for case in run.record.cases)
    if not answered and not any(probe.status == "answered" for probe in run.record.probes):
        return f"Nothing was measured, so there is nothing to rank; {FACTS_ALONE}"
    if run.record.in_process:
        return f"The frameworks ran inside pytest, which is no basis for a ranking; {FACTS_ALONE}"
    evidence = gather_evidence(rubric, read_snapshots(rubric, facts), runs=[run])
    if not evidence.measured_frameworks():
        return f"Nothing was measured in float32, and only that is ranked; {FACTS_ALONE}"
    report = build_report(rubric, evidence, frameworks=evidence.measured_frameworks(), claims=shipped_claims())
    return FORMATS["text"](report, width=width) if full else session_end(report, width=width)
