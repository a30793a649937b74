"""The addresses inside the page: which detail a case, an answer, a run has. Made here only, so that links meet."""

from __future__ import annotations

from speedscore.record.run_record import CaseResult
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.evidence.evidence import NamedRun


def case_id(run: NamedRun, case: CaseResult) -> str:
    """Of a case of one run; the run is named because two runs may hold the same case."""
    return case_id_of(run.name, case.nodeid)


def case_id_of(run: str, nodeid: str) -> str:
    """The same by names."""
    return f"case:{run}:{nodeid}"


def run_id(name: str) -> str:
    return f"run:{name}"


def finding_id(framework: str, criterion: str) -> str:
    """Of a framework's answer to a criterion."""
    return f"finding:{framework}:{criterion}"


SPEED_SCORE = "speed_score"
"""In place of a dimension: all of them."""


def dimension_id(framework: str, dimension: str) -> str:
    """Of a dimension of a framework, or of its ``SPEED_SCORE``."""
    return f"dimension:{framework}:{dimension}"


def fact_id(project: str, key: str) -> str:
    """Of a fact about a framework or a layer that no criterion asks for."""
    return f"fact:{project}:{key}"


def claim_id(claim: Claim) -> str:
    """Of what somebody says of two frameworks' speed."""
    return f"claim:{claim.id}"


def layer_id(library: str) -> str:
    return f"layer:{library}"


def probe_id(run: str, nodeid: str) -> str:
    """Of one probe of the run of that name."""
    return f"probe:{run}:{nodeid}"


def probe_group_id(framework: str, family: str, target: str = "") -> str:
    """Of all probes of one family and target that were put to a line of the matrix."""
    return f"probes:{framework}:{family}:{target}"


def block_id(*words: str) -> str:
    """An id for a block: what of ``words`` is neither letter nor digit becomes a hyphen."""
    return "-".join("".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in word) for word in words)
