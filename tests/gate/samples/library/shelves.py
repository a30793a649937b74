"""What the benchmarks of the library time.

On head shelving is slower by 30 % of its work, and opening the door, which no benchmark times, ten times so.
"""

from __future__ import annotations

from made_up_clock import work

ON_HEAD = False

SHELVING, OPENING = (130, 1000) if ON_HEAD else (100, 0)


def shelve(books: int) -> int:
    work(SHELVING)
    return sum(range(books))


def lend(books: int, *, to: str = "nobody") -> str:
    work(10 * books)
    return to


class Door:
    openings = closings = 0

    def open(self) -> None:
        work(OPENING)
        self.openings += 1

    def close(self, *book: object, **how: object) -> None:
        assert book or how
        work(OPENING)
        self.closings += 1
