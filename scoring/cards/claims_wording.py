"""Claims in words, the same in every form: what is claimed, what was measured, what follows. It computes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from speedscore.scoring.cards.wording import number
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import JudgedClaim, Judgement
from speedscore.scoring.claims.testing import ClaimTest
from speedscore.text.numbers import factor

HEADING = "Claimed, and measured here"
NEUTRAL_HEADING = "Timed by somebody without a side"
_OUR_READING = "our reading"
_NOT_TESTABLE = "not testable here"
_WORDS: dict[Judgement | None, str] = {
    "contradicted": "contradicted",
    "supported": "supported",
    "undecided": "undecided",
    "not testable": _NOT_TESTABLE,
    None: "",
}


def about(claims: Iterable[JudgedClaim], framework: str) -> tuple[JudgedClaim, ...]:
    """What is claimed of one framework, or of another beside it; neutral pairs of timings are no claims."""
    return tuple(judged for judged in claims if judged.judgement is not None and judged.claim.is_about(framework))


def touched(claims: Iterable[JudgedClaim]) -> tuple[JudgedClaim, ...]:
    """The claims of which something was measured."""
    return tuple(judged for judged in claims if judged.judgement is not None and judged.tests)


def sides(judged: JudgedClaim) -> str:
    """As in ``JAX over PyTorch``."""
    first, second = judged.sides
    return f"{first} over {second}" if second else first


def heading(judged: JudgedClaim) -> str:
    """As in ``JAX over PyTorch: BERT-Large trains 30 to 50 % faster``."""
    return f"{sides(judged)}: {judged.claim.text}"


def origin(claim: Claim) -> str:
    """Who says it and when."""
    return f"{claim.by}, {claim.as_of}"


def footnote(claim: Claim) -> str:
    """Enough to find it again, its own words, how we read them, and how the ratio came from there."""
    words = f'"{claim.words}"' if claim.words else ""
    return "; ".join(filter(None, (claim.source, words, reading(claim), claim.method, claim.url)))


def reading(claim: Claim) -> str:
    """What we take the words to mean; empty where the numbers are the source's own."""
    return f"{_OUR_READING}: {claim.reading}" if claim.reading else ""


def claimed(claim: Claim) -> str:
    """The ratio, as in ``1.2 to 1.3`` and ``our reading: at least 1``, or that no number is named."""
    if claim.low is None:
        return "no number"
    if claim.high is None:
        said = f"at least {number(claim.low)}"
    else:
        said = number(claim.low) if claim.low == claim.high else f"{number(claim.low)} to {number(claim.high)}"
    return f"{_OUR_READING}: {said}" if claim.reading else said


def ratio(test: ClaimTest) -> str:
    """As in ``0.38 (0.32 to 0.45)``, without an interval where there is none."""
    if test.low is None or test.high is None:
        return factor(test.times_as_fast)
    return f"{factor(test.times_as_fast)} ({factor(test.low)} to {factor(test.high)})"


def measured(judged: JudgedClaim) -> str:
    """Every measured ratio, each after its model and precision where there are several; empty where there is none."""
    models, precisions = ({getattr(test, name) for test in judged.tests} for name in ("model", "precision"))

    def name(test: ClaimTest) -> str:
        words = (test.model if len(models) > 1 else "", test.precision if len(precisions) > 1 else "")
        return " ".join(filter(None, (*words, ratio(test))))

    return ", ".join(map(name, judged.tests))


def lines(judged: JudgedClaim) -> str:
    """The lines of the matrix that were measured, as in ``jax over torch``; empty where none was."""
    return ", ".join(dict.fromkeys(f"{test.line} over {test.rival_line}" for test in judged.tests))


def judgement(judged: JudgedClaim) -> str:
    """The judgement, whether of our reading, in which precision where none is claimed, and at which size where that is
    not the claimed one; of a neutral pair precision and size, or what lacks."""
    words = _WORDS[judged.judgement]
    if judged.reason:
        return f"{words}: {judged.reason}" if words else judged.reason
    where = (
        words,
        "as we read it" if judged.claim.reading else "",
        f"in {judged.precision}" if judged.precision else "",
        f"at preset {judged.preset}" if judged.preset else "",
    )
    at = " ".join(filter(None, where))
    return f"{at}, by more than claimed" if judged.is_exceeded else at


def counts(claims: Sequence[JudgedClaim]) -> str:
    """As in ``0 supported, 2 contradicted, 2 undecided (float32 at preset smoke); 29 not testable``."""
    counted = Counter(judged.judgement for judged in claims)
    tested = [judged for judged in claims if not judged.reason]
    precisions = sorted({judged.precision for judged in tested if judged.precision})
    presets = sorted({judged.preset for judged in tested if judged.preset})
    at = " ".join(filter(None, (" and ".join(precisions), f"at preset {' and '.join(presets)}" if presets else "")))
    undecided = f", {counted['undecided']} undecided" if counted["undecided"] else ""
    judged = f"{counted['supported']} supported, {counted['contradicted']} contradicted{undecided}"
    return f"{judged}{f' ({at})' if at else ''}; {counted['not testable']} not testable"


def notes(claims: Sequence[JudgedClaim]) -> Iterator[str]:
    """How the ratios are read, and in what all that was measured is not what was claimed."""
    if any(judged.tests for judged in claims):
        yield "Ratios are times as fast, with a 95 % interval over processes."
    if remarks := dict.fromkeys(remark for judged in claims for remark in judged.remarks):
        yield f"What was measured is not all that was claimed: {'; '.join(remarks)}."
