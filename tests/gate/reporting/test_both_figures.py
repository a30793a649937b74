"""What a reader is told of a time whose typical round and mean say different things: on the terminal, in Markdown, as
JSON."""

from __future__ import annotations

import msgspec
import pytest

from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.verdicts.verdict import FigureVerdict, Verdict

SAME = FigureVerdict("typical round", "unchanged", 1.004, 0.983, 1.026, 0.03)
SLOWER = FigureVerdict("mean", "regressed", 1.29, 1.21, 1.37, 0.05)
UNKNOWN = FigureVerdict("mean", "inconclusive", 1.01, 0.96, None, 0.09)
STEADY = FigureVerdict("mean", "unchanged", 1.003, 0.99, 1.02, 0.03)
IN_PERCENT = "typical round unchanged +0.4 % (-1.7 % to +2.6 %); mean regressed +29.0 % (+21.0 % to +37.0 %)".replace(
    " %", "\u00a0%"
)
SAID = "typical round unchanged 1.004 (0.983 to 1.026); mean regressed 1.290 (1.210 to 1.370)"


def report(*figures: FigureVerdict) -> GateReport:
    decisive = max(figures, key=lambda each: each.outcome == "regressed")
    verdict = Verdict(
        case="test_a.py::test_a",
        metric="time",
        outcome=decisive.outcome,
        ratio=decisive.ratio,
        low=decisive.low,
        high=decisive.high,
        pairs=12,
        figures=figures,
    )
    side = SideReport("a checkout")
    return GateReport(
        SCHEMA_VERSION, "2026-11-26", side, side, 1.0, 10, "regressed: time of 1 case", verdicts=(verdict,)
    )


def printed(*figures: FigureVerdict) -> str:
    return " ".join(" ".join(terminal_lines(report(*figures))).split())


def test_the_terminal_and_markdown_name_the_figure_that_decided_and_the_other() -> None:
    assert SAID in printed(SAME, SLOWER)
    assert IN_PERCENT in markdown(report(SAME, SLOWER))
    assert "regressed 1.290 1.210 to 1.370 12" in printed(SAME, SLOWER), "the row has the ratio that was found"


def test_the_json_has_both_whatever_they_say() -> None:
    (verdict,) = msgspec.json.decode(msgspec.json.encode(report(SAME, STEADY)))["verdicts"]
    assert [(each["figure"], each["outcome"], each["ratio"]) for each in verdict["figures"]] == [
        ("typical round", "unchanged", 1.004),
        ("mean", "unchanged", 1.003),
    ]


def test_what_the_mean_leaves_open_is_told() -> None:
    assert "mean inconclusive 1.010 (0.960 to ?)" in printed(SAME, UNKNOWN)


@pytest.mark.parametrize("figures", [(SAME, STEADY), (SAME,)], ids=["alike", "one alone"])
def test_figures_that_say_the_same_need_no_remark(figures: tuple[FigureVerdict, ...]) -> None:
    assert "typical round unchanged" not in printed(*figures)
