"""The fastest large matrix product that was seen while a block was measured, and when to look for a faster one.

One product says little on a machine that does other things too: it can only be slower than what could have been
reached. So it is measured after the rounds of each process, and again, a few times, before a step is called impossible.
It runs nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable

from speedscore.bench_suite.measuring.load_watch import LoadWatch, is_disturbed
from speedscore.host.clock import seconds

MeasureProduct = Callable[[], float | None]
"""Operations a second of one more product, apart from every worker; None where that is not known."""

MOST_AGAIN = 8
"""Further products in a block before a step is refused: together they take seconds."""


def unknown_product() -> None:
    """Where there is nothing to hold a step against: an accelerator, or a process of pytest's own."""
    return


class ProductPeak:
    """Of one block."""

    def __init__(
        self,
        measure: MeasureProduct,
        *,
        watch: Callable[[], LoadWatch] = lambda: LoadWatch(lambda: 0.0, clock=seconds),
        processors: int = 1,
    ) -> None:
        """``watch`` begins to look at what others use of the processors; without one nobody does."""
        self.flops_per_second: float | None = None
        """Of the fastest."""
        self.others_were_busy = False
        """Whether others used the processors during any product: that alone may have made all of them slow."""
        self._measure = measure
        self._watch = watch
        self._processors = processors
        self._left = MOST_AGAIN

    def measure(self) -> None:
        """One more."""
        watch = self._watch()
        found = self._measure()
        self.others_were_busy |= is_disturbed(watch.processors_busy(), processors_used=self._processors)
        if found is not None:
            self.flops_per_second = max(found, self.flops_per_second or 0.0)

    def at_least(self, flops_per_second: float) -> float | None:
        """The fastest, after as many more as are needed for it to be so fast, or as there may be."""
        while self._left and self.flops_per_second is not None and self.flops_per_second < flops_per_second:
            self._left -= 1
            self.measure()
        return self.flops_per_second
