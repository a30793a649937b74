"""What is claimed of one case, and what the pairs have said of it so far. It draws no conclusion by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from speedscore.verdicts.change_claim import ChangeClaim, ClaimVerdict, judge_claim
from speedscore.verdicts.verdict import Figure, VerdictPolicy


class CaseClaims:
    """False where nothing is claimed."""

    def __init__(self, case_id: str, claims: Sequence[ChangeClaim]) -> None:
        self._case_id = case_id
        self._claims = claims
        self._judged: dict[str, ClaimVerdict] = {}
        """By the text of the claim."""

    def __bool__(self) -> bool:
        return bool(self._claims)

    @property
    def open(self) -> bool:
        """Whether one of them asks for more pairs."""
        return any(claim.text not in self._judged for claim in self._claims)

    def look(
        self,
        log_ratios: Mapping[Figure, Sequence[float]],
        policy: VerdictPolicy,
        *,
        figure_count: int,
        last: bool,
        why_last: str,
    ) -> None:
        """Judge what can be judged now. ``why_last`` says why there will be no more pairs, where time is the reason."""
        pairs = min(map(len, log_ratios.values()))
        for claim in self._claims:
            if claim.text in self._judged:
                continue
            if not pairs:
                self._judged[claim.text] = self._undecided(claim, f"{why_last} before the first pair")
                continue
            verdict = judge_claim(
                claim,
                self._case_id,
                log_ratios,
                policy,
                figure_count=figure_count,
                last=last,
                why_last=why_last or f"all {pairs} pairs were not enough for such noise",
            )
            if verdict is not None:
                self._judged[claim.text] = verdict

    def verdicts(self, *, why_not: str) -> tuple[ClaimVerdict, ...]:
        """One for each, in their order; ``why_not`` says why the case cannot be compared, where that is so."""
        if why_not:
            return tuple(self._undecided(claim, why_not) for claim in self._claims)
        return tuple(
            self._judged.get(claim.text) or self._undecided(claim, "no pair of it was measured")
            for claim in self._claims
        )

    def _undecided(self, claim: ChangeClaim, reason: str) -> ClaimVerdict:
        return ClaimVerdict(claim=claim.text, case=self._case_id, outcome="indistinguishable", reason=reason)
