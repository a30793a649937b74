"""A gate's report as Markdown, for a comment under a pull request and for a step summary.

The verdict comes first, then what regressed or is inconclusive, the command that gates one case again, and what the run
could have seen; the rest is folded. It renders and decides nothing, posts nothing, and takes no text for Markdown: what
a test, a branch or a reason is called is shown as it stands, and makes no link, no mention and no HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from speedscore.gate.reasons.wording import reason_lines, source
from speedscore.gate.reporting import wording
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.reproducing import command_alone
from speedscore.text.markdown import Markdown, code, escaped, fenced, inert, markdown_table
from speedscore.text.numbers import counted, percent, short_percent, three_digits
from speedscore.text.wrapping import shortened
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.verdict import Verdict, outcome_word

DEFAULT_NAME = "gate"
NAME_PATTERN = r"[A-Za-z0-9._-]{1,60}"
"""What a gate may be called, where a pull request has several: it is a part of the marker and of an artifact's name."""
MOST_BYTES = 65_000
"""GitHub refuses a comment of more than 65,536 characters. Counted in bytes of UTF-8, of which a character has one or
more."""
_LONGEST_TEXT = 300
"""Characters of a name, a reason or a line from outside. A generated test id may have thousands."""
_LOUD = ("regressed", "inconclusive")
_HEADERS = ("case", "metric", "verdict", "base", "head", "change", "interval", "pairs", "sees")
_CHANGE = "change: head against base, + is slower or larger"
_LEFT_OUT = "left out, for a comment may not be longer; the JSON report has all"


def marker(name: str = DEFAULT_NAME) -> str:
    """The first line, which a reader does not see: by it the comment is found again, and changed instead of posted."""
    return f"<!-- speedscore gate: {name} -->"


def markdown(report: GateReport, *, name: str = DEFAULT_NAME, remark: str = "", most_bytes: int = MOST_BYTES) -> str:
    """The comment, in at most ``most_bytes`` (10,000 or more) of UTF-8; what was left out for that is said.

    ``name`` tells the gates of one pull request apart, see ``NAME_PATTERN``; ``remark`` is Markdown that stands at the
    end.
    """
    headline, *quoted = report.headline.splitlines() or [""]
    called = "" if name == DEFAULT_NAME else f" ({name})"
    lines = [marker(name), f"### speedscore gate{called}: {_inert(headline)}", ""]
    if quoted:
        lines += [*fenced(_first(list(map(_unobeyed, quoted)), room=most_bytes // 10)), ""]
    lines += [f"{_unobeyed(line)}  " for line in _summary(report)]
    lines.append("")
    end = [remark, ""] if remark else []
    room = most_bytes - _size(lines) - _size(end)
    shown = wording.worst_first(filter(wording.has_row, report.verdicts))
    loud = [verdict for verdict in shown if verdict.outcome in _LOUD]
    said = [*wording.upgrade(report), *wording.missing(report), *wording.warnings(report)]
    # One after the other: each has its part of the room that is left.
    blocks: tuple[Callable[[int], list[str]], ...] = (
        lambda room: _claims(report, room=room // 4),
        lambda room: _table(loud, room=room // 2),
        lambda room: _bullets(said, room=room // 5),
        lambda room: _reasons(report, room=room // 4),
        lambda _: _reproduce(report, loud),
    )
    for make in blocks:
        block = make(room)
        lines += block
        room -= _size(block)
    remarks = _folded("Remarks on the cases", _remarks(shown, room=room // 3))
    legend = f"_{wording.legend(report, ratio=_CHANGE)}_"
    conduct = _folded("How it was measured", [*_conduct(report, room=room // 4), legend, ""])
    calm = [verdict for verdict in shown if verdict.outcome not in _LOUD]
    left_out = _folded(f"{len(report.left_out)} left out", _bullets(wording.left_out(report), room=room // 5))
    others = _others(calm, wording.not_comparable(report), room=room - _size([*left_out, *remarks, *conduct]) - 200)
    return "\n".join([*lines, *others, *left_out, *remarks, *conduct, *end])


def _claims(report: GateReport, *, room: int) -> list[str]:
    """What came of what was claimed, the unsupported first."""
    if not report.claims:
        return []
    ordered = sorted(report.claims, key=lambda verdict: verdict.outcome == "supported")
    # Another level than that of the intervals of verdicts, which the legend names.
    interval = ", ".join(filter(None, ("interval", _unbroken(wording.claim_level(ordered)))))
    headers = ("claim", "case", "it is", "change", interval, "pairs", "sees")
    head, rule, *rows = markdown_table(map(_claim_row, ordered), headers=headers)
    kept = _first(rows, room=room - _size([head, rule, _LEFT_OUT]) - 30)
    more = [f"… and {len(rows) - len(kept)} more claims, {_LEFT_OUT}", ""] if len(kept) < len(rows) else []
    return [*([head, rule, *kept, ""] if kept else []), *more]


def _claim_row(verdict: ClaimVerdict) -> tuple[str, ...]:
    return (
        _inert(verdict.claim),
        code(shortened(verdict.case, _LONGEST_TEXT)),
        Markdown(f"**{verdict.outcome}**{f': {_inert(verdict.reason)}' if verdict.reason else ''}"),
        "" if verdict.ratio is None else _change(verdict.ratio),
        wording.interval(verdict, written=_change) if verdict.pairs else "",
        str(verdict.pairs) if verdict.pairs else "",
        _unbroken(wording.visible_change(verdict)),
    )


def _summary(report: GateReport) -> list[Markdown]:
    base = "a copy of itself" if report.canary is not None else _inert(report.base.description)
    head = code(report.head.commit[:9]) if report.head.commit else _inert(report.head.description)
    lines = [Markdown(f"{head} against {base}")]
    if seen := _seen(report):
        lines.append(escaped(seen))
    return lines


def _seen(report: GateReport) -> str:
    """What slowdown this run would have shown; empty where it timed nothing."""
    timed = [each for each in report.verdicts if each.metric == "time" and each.outcome != "not comparable"]
    visible = sorted(each.smallest_visible for each in timed if each.smallest_visible is not None)
    if not timed:
        return ""
    blind = len(timed) - len(visible)
    if not visible:
        of = counted(blind, "case")
        return f"What slowdown it would have seen cannot be said: too few pairs of processes for any of {of}"
    most = _percent(visible[-1])
    if len(visible) == 1:
        sizes = f"of {most} in {counted(1, 'case')}"
    else:
        half = _percent(visible[(len(visible) - 1) // 2])
        sizes = f"of {half} in half of {counted(len(visible), 'case')}, of {most} in all"
    unsaid = f"; of {counted(blind, 'case')} more nothing can be said, too few pairs" if blind else ""
    return (
        f"So many pairs would have shown a slowdown {sizes}{unsaid} (to be found: {short_percent(report.time.detect)})"
    )


def _reasons(report: GateReport, *, room: int) -> list[str]:
    """Where the regressions come from: what is most likely of each case in sight."""
    lines = []
    for reasons in report.reasons:
        said = reason_lines(reasons)
        if said:
            seen = source(reasons)
            lines.append(f"- {code(shortened(reasons.case, _LONGEST_TEXT))}{f' ({_inert(seen)})' if seen else ''}")
            lines += [f"  - {_inert(line)}" for line in said]
    kept = _first(lines, room=room - _size([_LEFT_OUT]) - 40)
    more = [f"- … and {len(lines) - len(kept)} more lines, {_LEFT_OUT}"] if len(kept) < len(lines) else []
    return ["Where it comes from:", "", *kept, *more, ""] if lines else []


def _reproduce(report: GateReport, loud: Sequence[Verdict]) -> list[str]:
    """The command that gates the worst case alone, in a clone of the reader's own; the others differ by their name."""
    cases = list(dict.fromkeys(verdict.case for verdict in loud))
    # A case that begins like an option would be one.
    if not cases or cases[0].startswith("-") or report.canary is not None:
        return []
    command = command_alone(report, cases[0])
    if not command or len(command) > 4 * _LONGEST_TEXT:
        return []
    first = "it" if len(cases) == 1 else "the first of them (the others by their names)"
    return [f"To gate {first} alone:", "", *fenced([command]), ""]


def _others(calm: Sequence[Verdict], not_comparable: Sequence[Verdict], *, room: int) -> list[str]:
    """What needs nobody, folded, its numbers in sight."""
    counts = Counter(outcome_word(verdict) for verdict in (*calm, *not_comparable))
    said = wording.why_not_comparable(not_comparable)
    why = _within([f"- {f'{_case(case)}: ' if case else ''}{_inert(text)}" for case, text in said], room=room // 2)
    table = _table(calm, room=room - _size(why))
    heading = ["not comparable:", ""] if why else []
    return _folded(", ".join(f"{number} {outcome}" for outcome, number in counts.items()), [*table, *heading, *why])


def _remarks(shown: Sequence[Verdict], *, room: int) -> list[str]:
    """What stands beside the figures of a case, the worst first."""
    told = [(verdict, wording.remarks(verdict, written=_change)[:5]) for verdict in shown]
    lines = [f"- {_case(verdict.case)}: {'; '.join(map(_inert, remarks))}" for verdict, remarks in told if remarks]
    return _within(lines, room=room)


def _conduct(report: GateReport, *, room: int) -> list[str]:
    lines = [*wording.sides(report), *wording.machines(report), *wording.quiet(report), *wording.skipped(report)]
    return _bullets(lines, room=room)


def _folded(summary: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    # Without the empty lines what is folded would be HTML and no Markdown.
    return [f"<details><summary>{summary}</summary>", "", *lines, "</details>", ""]


def _table(verdicts: Sequence[Verdict], *, room: int) -> list[str]:
    """As many rows, from the first, as there is room for, and how many there was none for."""
    if not verdicts:
        return []
    head, rule, *rows = markdown_table(map(_row, verdicts), headers=_HEADERS)
    kept = _first(rows, room=room - _size([head, rule, _LEFT_OUT]) - 20)
    more = [f"… and {counted(len(rows) - len(kept), 'case')} more, {_LEFT_OUT}", ""] if len(kept) < len(rows) else []
    return [*([head, rule, *kept, ""] if kept else []), *more]


def _row(verdict: Verdict) -> tuple[str, ...]:
    visible = verdict.smallest_visible
    return (
        _case(verdict.case),
        _inert(verdict.metric),
        outcome_word(verdict),
        *map(_unbroken, wording.amounts(verdict)),
        "" if verdict.ratio is None else _change(verdict.ratio),
        wording.interval(verdict, written=_change) if verdict.pairs else "",
        str(verdict.pairs) if verdict.pairs else "",
        "" if visible is None else _percent(visible),
    )


def _bullets(texts: Iterable[str], *, room: int) -> list[str]:
    return _within([f"- {_inert(text)}" for text in texts], room=room)


def _within(lines: Sequence[str], *, room: int) -> list[str]:
    """A list of as many lines, from the first, as there is room for, and how many there was none for."""
    kept = _first(lines, room=room - _size([_LEFT_OUT]) - 20)
    more = [f"- … and {len(lines) - len(kept)} more, {_LEFT_OUT}"] if len(kept) < len(lines) else []
    return [*kept, *more, ""] if lines else []


def _first(lines: Sequence[str], *, room: int) -> list[str]:
    """As many lines, from the first, as have room in so many bytes."""
    kept = []
    for line in lines:
        room -= _size([line])
        if room < 0:
            break
        kept.append(line)
    return kept


def _size(lines: Iterable[str]) -> int:
    """Bytes of the lines and of their ends."""
    return sum(len(line.encode(errors="surrogatepass")) + 1 for line in lines)


def _unobeyed(line: str) -> str:
    """GitLab obeys a line that begins with a slash, as in "/merge"."""
    return f" {line}" if line.startswith("/") else line


def _case(name: str) -> Markdown:
    return code(shortened(name, _LONGEST_TEXT))


def _inert(text: str) -> Markdown:
    return inert(shortened(text, _LONGEST_TEXT))


def _change(ratio: float) -> str:
    """``+29.0 %``; from ten times on the factor, which reads easier and has no hundred digits."""
    return _unbroken(f"{100 * (ratio - 1):+.1f} %" if abs(ratio) < 10 else f"×{three_digits(ratio)}")


def _percent(fraction: float) -> str:
    return _unbroken(percent(fraction) if abs(fraction) < 10 else f"{three_digits(fraction)} times")


def _unbroken(text: str) -> str:
    """A number stays with its unit, however narrow the column."""
    return text.replace(" ", "\u00a0")
