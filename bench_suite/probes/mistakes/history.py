"""Changes by which a framework improved a message: what improved must be judged better, or the rules are wrong.

Each is a folder in ``fixtures/mistakes/history``: ``about.toml``, ``program.py``, and what its user saw in the releases
before and after, ``before.toml`` and ``after.toml``. Nothing is run here; ``capturing`` does that.
``python -m speedscore.bench_suite.probes.mistakes.history`` prints them as Markdown, judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from speedscore.bench_suite.probes.mistakes.judging import Judgement, Seen, is_better, judge
from speedscore.bench_suite.probes.mistakes.program import read_program
from speedscore.bench_suite.probes.mistakes.rules import Rules, load_rules, mistakes_folder
from speedscore.text.markdown import Markdown, code, markdown_table

SHOWN_AS = "program.py"
"""The name of the program's file in what is kept."""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``about.toml``."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    """Its author's own words."""
    source: Annotated[str, msgspec.Meta(pattern="^https://")]
    before: Annotated[str, msgspec.Meta(min_length=1)]
    """The last release without it that can be installed: ``environments/history-<release>.txt`` pins it."""
    after: Annotated[str, msgspec.Meta(min_length=1)]
    """The first release with it that can be installed."""
    adds: Literal["a message", "the line", "values", "which value", "a remedy", "fewer frames", "wording"]
    """What its text or code adds for the user, read from the change and not from the judgement. ``wording`` adds none
    of these: it says the same in other words, or corrects a word; of that the rules claim to see nothing."""
    note: str = ""
    """What a reader of the result must know."""


class Captured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``before.toml`` or ``after.toml``: what one release said, each file named as it is imported."""

    versions: dict[str, str]
    """Distribution → version."""
    seen: Seen


class Compared(msgspec.Struct, frozen=True):
    """One change, judged."""

    name: str
    """Of its folder."""
    change: Change
    before: Judgement
    after: Judgement
    verdict: str
    """``better``, ``worse`` or ``no different``, of the release after."""


def history_folder() -> Path:
    return mistakes_folder() / "history"


def list_changes() -> list[str]:
    """The names of their folders."""
    return sorted(path.parent.name for path in history_folder().glob("*/about.toml"))


def read_change(name: str) -> Change:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode((history_folder() / name / "about.toml").read_bytes(), type=Change)


def read_captured(path: Path) -> Captured:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode(path.read_bytes(), type=Captured)


def compare(name: str, rules: Rules) -> Compared:
    """Judge what was seen before and after the change in folder ``name``, as any other mistake is judged."""
    folder = history_folder() / name
    program = read_program(folder / "program.py", shown_as=SHOWN_AS)
    before, after = (judge(read_captured(folder / f"{when}.toml").seen, program, rules) for when in ("before", "after"))
    verdict = (
        "better" if is_better(after, before, rules) else "worse" if is_better(before, after, rules) else "no different"
    )
    return Compared(name, read_change(name), before, after, verdict)


def history_table(compared: Iterable[Compared]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: a line a change. A judgement is the outcome in a word, what the message says, and its frames."""
    rules = load_rules()
    head = ["change", "source", "adds", "before", "seen", "after", "seen", "judged"]
    rows = [
        [
            code(line.name),
            Markdown(f"[{_shown_source(line.change.source)}]({line.change.source})"),
            line.change.adds,
            line.change.before,
            _in_words(line.before, rules),
            line.change.after,
            _in_words(line.after, rules),
            line.verdict,
        ]
        for line in compared
    ]
    return head, rows


def _shown_source(source: str) -> str:
    kind, name = source.split("/")[-2:]
    return f"#{name}" if kind in ("pull", "issues") else name


def _in_words(judgement: Judgement, rules: Rules) -> str:
    said = {
        "line": judgement.names_line,
        "value": judgement.says_values,
        "which": judgement.says_which,
        "expected": judgement.says_expected,
        "remedy": judgement.says_remedy,
        "link": judgement.gives_link,
    }
    short = rules.outcome[rules.rank(judgement.outcome)].short
    words = [word for word, is_said in said.items() if is_said] if judgement.says_anything else ["no message"]
    frames = [] if judgement.frames is None else [f"{judgement.frames} frame{'' if judgement.frames == 1 else 's'}"]
    return f"{short}: {', '.join(words + frames)}"


def main() -> None:
    head, rows = history_table(compare(name, load_rules()) for name in list_changes())
    print("\n".join(markdown_table(rows, headers=head)))


if __name__ == "__main__":
    main()
