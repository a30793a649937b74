"""The probes behind one answer, each with what came of it, down to the framework's own words. Nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator

from speedscore.record.probe_result import ProbeResult
from speedscore.scoring.cards import wording
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.probe_statistics import ProbedQuestion
from speedscore.scoring.findings.probed import Probed
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import first_line


def probes_behind(measure: ProbeMeasure, probed: Probed, source: Source) -> Iterator[str]:
    """What the probes came to, each of them, and which questions have no answer."""
    sure = ""
    if source.low is not None and source.high is not None:
        sure = f"; so few allow {wording.number(source.low)} to {wording.number(source.high)}, with 95 %"
    yield f"    from: {wording.origin(source)}{sure}"
    for question in probed.questions:
        for answer in question.answers:
            yield f"      {answer.probe.nodeid} in {answer.run}: {came_to(measure, question, answer.probe)}"
    for reason in probed.unanswered:
        yield f"      no answer: {reason}"


def came_to(measure: ProbeMeasure, question: ProbedQuestion, probe: ProbeResult) -> str:
    """What one probe adds to the answer, with the framework's first line where it refused."""
    if measure.count:
        return f"{question.amount:g} of {question.out_of:g}"
    if measure.figure:
        return f"{measure.figure} {question.amount:g}"
    reason = f": {first_line(probe.reason)}" if probe.reason else ""
    return one_line(f"{probe.outcome}, worth {measure.worth.get(probe.outcome, 0.0):g}{reason}")
