"""The seed of Python's hashes in each pair of a gate: the same on both sides, and drawn anew for each pair.

A seed decides in which order sets stand and which keys meet in a table. Head may do more work than base under one seed
and less under another; with one seed for all pairs that would be a difference which no number of pairs averages out.

Ids of cases may hang on it, too: where a pair with another seed lacks a case that it is to run, all pairs from then on
have the first one. So have those pairs that tell which cases there are, and under which conditions each is timed.
"""

from __future__ import annotations

import os
import random


class HashSeeds:
    """Of one gate; its pairs that run at the same time share it."""

    def __init__(self, order: random.Random) -> None:
        own = os.environ.get("PYTHONHASHSEED", "")
        drawn = order.randrange(2**32)
        self.are_one = own.isdecimal()
        """Whether all pairs have the first: because the user says which, or since ``keep_first``."""
        self.first = int(own) if self.are_one else drawn
        self.warning = ""
        """That the first was kept, and why; empty where it was not."""

    def for_pair(self, order: random.Random) -> int:
        """Of one more pair."""
        return self.first if self.are_one else order.randrange(2**32)

    def keep_first(self, lacking: str) -> None:
        """For all pairs from now on; ``lacking`` is a case that a pair with another seed had not."""
        self.are_one = True
        self.warning = (
            f"a pair with another PYTHONHASHSEED lacks {lacking}, so all have one, whose effect is in no interval: "
            "give its parameters ids of their own (ids=[…])"
        )
