"""One pytest session of the matrix, from its options to its saved run. Nothing is timed here.

A session is asked for (``options``, ``choices``) and may take up an earlier one (``resuming``). ``session`` holds what
became of each case (``results``); ``blocks`` has a block measured by workers (``worker_factory``) on a ``machine``.
Each case's test replays its rounds to pytest-benchmark (``replaying``, ``virtual_clock``). At the end (``ending``) the
run is saved (``saving``) and told (``report``: the ``overview``, or all ``tables``; ``progress`` while measuring;
``noise`` says what is too noisy to be a figure). Only in a gate a case is measured by its own test instead
(``paired_case``).
"""
