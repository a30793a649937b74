"""The addresses inside the page: which detail a case, an answer, a run has. Made here only, so that links meet."""

from __future__ import annotations

from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import NamedRun


def case_id(run: NamedRun, case: CaseResult) -> str:
    """Of a case of one run; the run is named because two runs may hold the same case."""
    return f"case:{run.name}:{case.nodeid}"


def run_id(name: str) -> str:
    return f"run:{name}"


def finding_id(framework: str, criterion: str) -> str:
    """Of a framework's answer to a criterion."""
    return f"finding:{framework}:{criterion}"


def dimension_id(framework: str, dimension: str) -> str:
    return f"dimension:{framework}:{dimension}"


def block_id(*words: str) -> str:
    """An id for a block: what of ``words`` is neither letter nor digit becomes a hyphen."""
    return "-".join("".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in word) for word in words)
