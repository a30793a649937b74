"""One pytest session of the matrix, from its options to its saved run. Nothing is timed here.

A session is asked for (``options``, ``choices``) and begins (``beginning``). ``session`` holds what came of each case;
``running`` has its blocks measured by workers, here or on a ``fleet``. Each case's test makes a record of its outcome
(``results``) and replays its rounds to pytest-benchmark (``replaying``, ``virtual_clock``); ``probing`` asks probes.
At the end (``ending``, ``requiring``) the run is kept (``saving``, which also takes an earlier one up) and printed
(``printing``). ``stash`` is where pytest keeps the session meanwhile.
"""
