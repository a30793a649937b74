"""One pytest session of the matrix, from its options to its saved run. Nothing is timed here.

A session is asked for (``options``, ``choices``) and may take up an earlier one (``resuming``). ``session`` holds what
became of each case; ``blocks`` has a block measured by workers (``worker_factory``) on a ``machine``, while
``progress`` says how far it is. Each case's test makes a record of its outcome (``results``) and replays its rounds to
pytest-benchmark (``replaying``, ``virtual_clock``). At the end (``ending``) the run is saved (``saving``) and printed:
on one screen (``overview``) or all of it (``terminal_report``, ``tables``); ``noise`` says what is too noisy to read.
Only in a gate a case is measured by its own test instead (``paired_case``).
"""
