"""Which probes answer a question about one ecosystem, and the reason where none does.

An ecosystem has several lines of the matrix. A question is answered by the line that is scored where that was asked it,
and by the base line otherwise: nobody asks Flax for NumPy's functions. Of several runs the newest answer counts. A
probe that was skipped, that failed, or whose control did not hold answers nothing; it is never taken as a bad answer.
Nothing is turned into points here.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from speedscore.scoring.evidence.evidence import AskedProbe, Evidence
from speedscore.scoring.findings.probe_statistics import ProbedQuestion, QuestionKey, probe_value
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.probe_measure import Control, ProbeMeasure
from speedscore.text.cleaning import one_line

_LONGEST_REASON = 120
"""Characters of why a probe has no answer: enough for a card, and the saved run has the rest."""


class Probed(msgspec.Struct, frozen=True):
    """What an ecosystem's probes say to one question of the rubric."""

    questions: tuple[ProbedQuestion, ...]
    """Those with an answer."""
    unanswered: tuple[str, ...]
    """Why each of the others has none."""
    value: float | None
    """None where there is no answer for every family that the rule needs."""

    @property
    def answers(self) -> tuple[AskedProbe, ...]:
        return tuple(answer for question in self.questions for answer in question.answers)

    @property
    def reason(self) -> str:
        """Why there is no value, or what it lacks; empty where all that was asked was answered."""
        if not self.unanswered:
            return "" if self.value is not None else "not all that it needs was probed"
        reasons = Counter(self.unanswered).most_common(1)
        several = (
            f"{len(self.unanswered)} probed questions have" if len(self.unanswered) > 1 else "a probed question has"
        )
        return f"{several} no answer: {reasons[0][0]}"


def ask_probes(
    measure: ProbeMeasure, evidence: Evidence, *, policy: Policy, ecosystem: str, scored: str | None
) -> Probed | None:
    """What the probes of ``ecosystem`` say; ``scored`` is the line that it is scored as.

    None where none was asked; but where some were, those that others alone were asked have no answer.
    """
    lines = _lines(evidence, policy=policy, ecosystem=ecosystem, scored=scored)
    questions: list[ProbedQuestion] = []
    unanswered: list[str] = []
    for key, by_line in sorted(_asked(measure, evidence, ecosystem).items()):
        answering = [line for line in lines if line in by_line]
        for line in answering if measure.own_questions else answering[:1]:
            answered = _question(measure, key, by_line[line], evidence=evidence, policy=policy)
            if isinstance(answered, str):
                unanswered.append(answered)
            else:
                questions.append(answered)
    if not questions and not unanswered:
        # Whoever is not asked what others were must not be better off than whoever was asked in vain.
        others_were_asked = any(_asked(measure, evidence, other) for other in evidence.probes)
        if ecosystem not in evidence.probed_frameworks() or not others_were_asked:
            return None
        unanswered.append("never put to it, as it was to others")
    return Probed(questions=tuple(questions), unanswered=tuple(unanswered), value=probe_value(measure, questions))


def _lines(evidence: Evidence, *, policy: Policy, ecosystem: str, scored: str | None) -> tuple[str, ...]:
    """The scored line and the base line; for an ecosystem that the policy does not know the first by name is base."""
    first = min((each.probe.framework for each in evidence.probes.get(ecosystem, ())), default=None)
    lines = (scored, policy.base_variants.get(ecosystem) or first)
    return tuple(dict.fromkeys(line for line in lines if line is not None))


def _asked(measure: ProbeMeasure, evidence: Evidence, ecosystem: str) -> dict[QuestionKey, dict[str, list[AskedProbe]]]:
    """By question and line, every probe that the measure asks for."""
    asked: dict[QuestionKey, dict[str, list[AskedProbe]]] = {}
    for each in evidence.probes.get(ecosystem, ()):
        probe = each.probe
        group = measure.target_group(probe.target)
        if group and measure.asks(family=probe.family, subject=probe.subject):
            asked.setdefault((probe.family, probe.subject, group), {}).setdefault(probe.framework, []).append(each)
    return asked


def _question(
    measure: ProbeMeasure,
    key: QuestionKey,
    asked: Sequence[AskedProbe],
    *,
    evidence: Evidence,
    policy: Policy,
) -> ProbedQuestion | str:
    """The answer of one line to one question, or why there is none."""
    newest = [_newest([each for each in asked if each.probe.target == target]) for target in key[2]]
    answers: list[AskedProbe] = []
    reasons: list[str] = []
    for each in filter(None, newest):
        reason = _why_unknown(measure, each, evidence=evidence, policy=policy)
        if reason:
            reasons.append(reason)
        else:
            answers.append(each)
    if not answers:
        return reasons[0]
    amounts = [_amount(measure, each) for each in answers]
    amount, out_of = max(amounts)
    # Another alternative, of which nothing is known, might be better than the best of those that answered.
    if reasons and measure.worth and amount < 1:
        return reasons[0]
    return ProbedQuestion(key=key, amount=amount, out_of=out_of, answers=tuple(answers))


def _newest(asked: Iterable[AskedProbe]) -> AskedProbe | None:
    """The newest that was answered, else the newest; None where none was asked."""
    return max(asked, key=lambda each: (each.probe.status == "answered", each.made), default=None)


def _why_unknown(measure: ProbeMeasure, asked: AskedProbe, *, evidence: Evidence, policy: Policy) -> str:
    """Why a probe says nothing; empty where it answers."""
    probe = asked.probe
    if probe.status != "answered":
        return textwrap.shorten(one_line(f"{probe.status}: {probe.reason}"), _LONGEST_REASON, placeholder=" …")
    if probe.outcome in measure.unknown:
        return one_line(f"{probe.id}: {probe.outcome}")
    missing = [name for name in (*measure.count, *measure.of, measure.figure) if name and probe.find(name) is None]
    if missing:
        return one_line(f"{probe.id} has no {missing[0]}")
    control = policy.probe_controls.get(probe.family)
    if control is None or probe.outcome in control.needless:
        return ""
    return _why_unproved(asked, control, evidence.probes[probe.ecosystem])


def _why_unproved(asked: AskedProbe, control: Control, others: Iterable[AskedProbe]) -> str:
    """Empty where the control of the probe's framework and target held in the same run."""
    probe = asked.probe
    proofs = [
        each.probe
        for each in others
        if (each.run, each.probe.family, each.probe.framework, each.probe.target)
        == (asked.run, control.family, probe.framework, probe.target)
    ]
    if any(proof.outcome == control.holds for proof in proofs):
        return ""
    found = next((proof.outcome or proof.status for proof in proofs), "not asked")
    return one_line(f"the control of {probe.family} to {probe.target} by {probe.framework} did not hold: {found}")


def _amount(measure: ProbeMeasure, asked: AskedProbe) -> tuple[float, float]:
    """Amount, and what it is out of, of one answered probe."""
    probe = asked.probe
    if measure.worth:
        return measure.worth.get(probe.outcome, 0.0), 1.0

    def total(names: Iterable[str]) -> float:
        found = [probe.find(name) for name in names]
        return sum(median(measurement.samples) for measurement in found if measurement is not None)

    return (total(measure.count), total(measure.of)) if measure.count else (total([measure.figure]), 0.0)


def in_words(measure: ProbeMeasure, probed: Probed) -> str:
    """As in ``8 probes of export (onnx, openvino), 6 passed, 2 does not run; flax-nnx``."""
    families = [
        _family_in_words(measure, family, [question for question in probed.questions if question.key[0] == family])
        for family in measure.families
    ]
    lines = sorted({answer.probe.framework for answer in probed.answers})
    without = f"; {len(probed.unanswered)} without an answer" if probed.unanswered else ""
    return one_line(f"{'; '.join(families)}{without}; {', '.join(lines)}")


def _family_in_words(measure: ProbeMeasure, family: str, questions: Sequence[ProbedQuestion]) -> str:
    probes = [answer.probe for question in questions for answer in question.answers]
    asked = {probe.target for probe in probes}
    targets = [target for group in measure.targets for target in group if target in asked]
    where = f" ({', '.join(targets)})" if targets else ""
    if measure.worth:
        outcomes = Counter(probe.outcome for probe in probes)
        best_first = sorted(outcomes, key=lambda outcome: (-measure.worth.get(outcome, 0.0), outcome))
        result = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in best_first)
    elif measure.count:
        amount, out_of = (sum(getattr(each, name) for each in questions) for name in ("amount", "out_of"))
        result = f"{amount:g} of {out_of:g}"
    else:
        low, high = (extreme(question.amount for question in questions) for extreme in (min, max))
        result = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{len(probes)} {'probe' if len(probes) == 1 else 'probes'} of {family}{where}, {result}"
