"""Claims about a change: what may be written, which cases are meant, and what a gate says and does about them."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.cases.claims import claims_by_case, read_claim
from speedscore.gate.errors import GateError
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateExit, GateReport, SideReport, conclude
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.verdicts.change_claim import ChangeClaim, ClaimOutcome, ClaimVerdict
from speedscore.verdicts.settings import SettingsError
from tests.gate.made_up_sides import QUICK, MadeUpMachine, MadeUpTest, a_plan, gated

CASE = "test_it.py::test_it"


@pytest.mark.parametrize(
    ("text", "name", "direction", "ratio", "at_least"),
    [
        ("test_parse faster", "test_parse", "faster", None, False),
        ("test_parse faster 10%", "test_parse", "faster", 0.9, False),
        ("test_parse is 10 % faster", "test_parse", "faster", 0.9, False),
        ("test_parse faster by at least 10%", "test_parse", "faster", 0.9, True),
        ("test_parse at least 1.3x faster", "test_parse", "faster", 1 / 1.3, True),
        ("test_parse[a b] 2x faster", "test_parse[a b]", "faster", 0.5, False),
        ("test_parse slower 10%", "test_parse", "slower", 1.1, False),
        ("test_io unchanged", "test_io", "unchanged", None, False),
        ("test_io unchanged within 2%", "test_io", "unchanged", 1.02, False),
        ("a faster test slower 1.5×", "a faster test", "slower", 1.5, False),
    ],
)
def test_a_claim_is_read_as_people_write_it(
    text: str, name: str, direction: str, ratio: float | None, at_least: bool
) -> None:
    claim = read_claim(text)
    assert (claim.name, claim.direction, claim.at_least) == (name, direction, at_least)
    assert claim.log_size == (None if ratio is None else pytest.approx(abs(math.log(ratio))))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "faster",
        "test_parse",
        "test_parse quicker",
        "test_parse faster 10",
        "test_parse faster 100%",
        "test_parse faster 0%",
        "test_parse faster 0.5x",
        "test_parse 10% faster 20%",
        "test_parse unchanged at least 2%",
    ],
)
def test_what_is_no_claim_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SettingsError, match="--gate-claim: ") as error:
        read_claim(text)
    assert "\n" not in str(error.value)


@given(text=st.text(max_size=40))
def test_any_text_is_a_claim_or_refused(text: str) -> None:
    try:
        claim = read_claim(text)
    except SettingsError:
        return
    assert claim.name
    assert claim.log_size is None or claim.log_size > 0


GROUPS = {
    "test_a.py::test_parse[1]": "",
    "test_a.py::test_parse[2]": "",
    "test_a.py::test_parse_all": "",
    "test_b.py::TestIt::test_dump": "writing",
}


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("test_parse", ["test_a.py::test_parse[1]", "test_a.py::test_parse[2]"]),
        ("test_parse[2]", ["test_a.py::test_parse[2]"]),
        ("test_a.py::test_parse_all", ["test_a.py::test_parse_all"]),
        ("parse", ["test_a.py::test_parse[1]", "test_a.py::test_parse[2]", "test_a.py::test_parse_all"]),
        ("writing", ["test_b.py::TestIt::test_dump"]),
        ("TestIt*dump", ["test_b.py::TestIt::test_dump"]),
        ("*", list(GROUPS)),
    ],
)
def test_a_claim_is_about_the_tests_of_its_name_or_else_those_that_it_is_a_part_of(name: str, about: list[str]) -> None:
    by_case = claims_by_case([ChangeClaim("a claim", name, "faster")], GROUPS)
    assert [case for case, claims in by_case.items() if claims] == about


def test_a_claim_about_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(GateError, match=r"'test_x faster' is about no benchmark .* test_a.py::test_parse\[1\], "):
        claims_by_case([read_claim("test_x faster")], GROUPS)


def claimed(text: str, *, base: float = 0.01, head: float) -> GateOutcome:
    machine = MadeUpMachine({CASE: MadeUpTest(seconds=base)}, {CASE: MadeUpTest(seconds=head)})
    return gated(machine, plan=a_plan(claims=(read_claim(text),)))


@pytest.mark.parametrize(
    ("head", "claim", "said"),
    [
        (0.009, "test_it faster", "supported"),
        (0.009, "test_it faster 10%", "supported"),
        (0.009, "test_it faster 20%", "contradicted"),
        (0.009, "test_it faster 2%", "supported"),
        (0.009, "test_it slower", "contradicted"),
        (0.009, "test_it unchanged", "contradicted"),
        (0.0088, "test_it faster at least 10%", "supported"),
        (0.0092, "test_it faster at least 10%", "contradicted"),
        (0.01, "test_it faster", "contradicted"),
        (0.01, "test_it faster 2%", "contradicted"),
        (0.01, "test_it unchanged", "supported"),
        (0.011, "test_it faster", "contradicted"),
        (0.011, "test_it slower 10%", "supported"),
        (0.013, "test_it slower at least 1.2x", "supported"),
    ],
)
def test_what_is_plain_is_said_of_a_claim(head: float, claim: str, said: ClaimOutcome) -> None:
    outcome = claimed(claim, head=head)
    (verdict,) = outcome.claims
    assert (verdict.case, verdict.claim, verdict.outcome) == (CASE, claim, said)
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.low <= head / 0.01 * (1 + 1e-9)
    assert verdict.high >= head / 0.01 * (1 - 1e-9)


@pytest.mark.parametrize(
    ("head", "claim", "reason"),
    [
        (0.01, "test_it unchanged", ""),
        (0.010076, "test_it unchanged", "the interval leaves out 1, by less than the margin of 1 %"),
        (0.009925, "test_it unchanged", "the interval leaves out 1, by less than the margin of 1 %"),
        (0.010076, "test_it unchanged 2%", "the interval leaves out 1, by less than the 2 % of the claim"),
    ],
)
def test_what_is_unchanged_beside_an_interval_that_leaves_out_1_says_so_wherever_it_is_read(
    head: float, claim: str, reason: str
) -> None:
    outcome = claimed(claim, head=head)
    (verdict,) = outcome.claims
    assert (verdict.outcome, verdict.reason) == ("supported", reason)
    side = SideReport("a checkout")
    report = GateReport(SCHEMA_VERSION, "2026-11-26", side, side, 1.0, 0, "passed", claims=(verdict,))
    if reason:
        assert reason in " ".join(" ".join(terminal_lines(report)).split())
        assert f"**supported**: {reason}" in markdown(report)


def undecided(pair: int, number: int) -> float:  # noqa: ARG001 - as a made-up test is asked
    return 0.01 * math.exp(0.7 * math.sin(2.4 * pair))


def test_a_claim_that_nothing_decides_is_indistinguishable_and_says_why() -> None:
    machine = MadeUpMachine({CASE: MadeUpTest()}, {CASE: MadeUpTest(seconds=undecided)})
    (verdict,) = gated(machine, plan=a_plan(claims=(read_claim("test_it faster 10%"),))).claims
    assert verdict.outcome == "indistinguishable"
    assert verdict.reason.endswith("were spent") or "pairs were not enough" in verdict.reason


def test_a_case_goes_on_until_its_claim_is_judged() -> None:
    """A true 3.5 % with some noise is soon ``improved``, and not soon known to be 4 %."""

    def noisy(pair: int, number: int) -> float:  # noqa: ARG001
        return 0.01 * math.exp(-0.035 + 0.02 * math.sin(2.4 * pair))

    def run(*claims: str) -> GateOutcome:
        machine = MadeUpMachine({CASE: MadeUpTest()}, {CASE: MadeUpTest(seconds=noisy)})
        table = msgspec.structs.replace(QUICK, seconds=1000.0)
        return gated(machine, table, plan=a_plan(claims=tuple(map(read_claim, claims))))

    without, with_claim = run(), run("test_it faster at least 3%")
    (alone,), (verdict,) = without.verdicts, with_claim.verdicts
    assert (verdict.outcome, verdict.pairs) == (alone.outcome, alone.pairs) == ("improved", without.pairs)
    assert with_claim.pairs == with_claim.claims[0].pairs > without.pairs


def test_what_cannot_be_compared_supports_nothing() -> None:
    skipped = MadeUpTest(outcome="failed", reason="call: wrong", comes_to_benchmark=False)
    machine = MadeUpMachine({CASE: MadeUpTest()}, {CASE: skipped})
    (verdict,) = gated(machine, plan=a_plan(claims=(read_claim("test_it faster"),))).claims
    assert verdict.outcome == "indistinguishable"
    assert verdict.reason == "not comparable: failed (call: wrong) on head"


SUPPORTED = ClaimVerdict("a faster", "test_a", "supported", "", "mean", 0.9, 0.85, 0.95, 12, 0.02, 0.998)
CONTRADICTED = ClaimVerdict(
    "b | <b> faster 10%", "test_b", "contradicted", "", "typical round", 1.0, 0.99, 1.01, 12, None, 0.998
)


def test_a_claim_that_is_not_supported_has_a_code_of_its_own_after_all_that_is_worse() -> None:
    def code(*claims: ClaimVerdict, missing: bool = False) -> tuple[GateExit, str]:
        gone = {"test_c": "gone"} if missing else {}
        return conclude((), gone, inconclusive_passes=False, cut_off="", nothing="", claims=claims)

    assert code(SUPPORTED)[0] == 0
    assert code(SUPPORTED, CONTRADICTED) == (14, "nothing regressed, but 1 claim contradicted")
    assert code(CONTRADICTED, missing=True)[0] == 12


def test_a_claim_is_told_on_the_terminal_in_markdown_and_in_json() -> None:
    side = SideReport("a checkout")
    report = GateReport(
        SCHEMA_VERSION, "2026-11-26", side, side, 1.0, 14, "a headline", claims=(SUPPORTED, CONTRADICTED)
    )
    printed = " ".join(" ".join(terminal_lines(report)).split())
    assert (
        'claim supported: "a faster": test_a: 0.900 (0.850 to 0.950, 99.8 %), mean of 12 pairs; a change of 2 % would '
        "have been seen" in printed
    )
    written = markdown(report)
    assert "| change | interval, 99.8\u00a0% | pairs |" in written
    assert "interval: 98 %." in written, "of verdicts"
    assert "| b \\| \\<b\\> faster 10% | `test_b` | **contradicted** |" in written
    assert written.index("contradicted") < written.index("**supported**")
    assert json.loads(msgspec.json.encode(report))["claims"][0]["outcome"] == "supported"


def test_a_report_that_names_no_level_of_a_claim_is_read_and_told_without() -> None:
    older = msgspec.to_builtins(SUPPORTED)
    del older["interval_level"]
    side = SideReport("a checkout")
    claim = msgspec.convert(older, ClaimVerdict)
    report = GateReport(SCHEMA_VERSION, "2026-11-26", side, side, 1.0, 0, "a headline", claims=(claim,))
    assert "(0.850 to 0.950), mean of 12 pairs" in " ".join(" ".join(terminal_lines(report)).split())
    assert "| change | interval | pairs |" in markdown(report)


@pytest.mark.parametrize("level", [0.0, 1.0, -1e308])
def test_a_level_that_is_no_probability_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="interval_level must lie between 0 and 1"):
        msgspec.structs.replace(SUPPORTED, interval_level=level)
