"""One pytest session of the matrix, from its options to its saved run. Nothing is timed here.

A session is asked for (``options``, ``choices``) and begins (``beginning``). ``session`` holds what came of each
case; ``running`` has its blocks measured by workers here, ``fleet`` on other machines. Each case's test makes a
record of what came of it (``results``) and replays its rounds to pytest-benchmark (``replaying``, ``virtual_clock``);
in a gate it measures its case itself (``running.paired_case``). ``probing`` asks the probes. At the end (``ending``,
``requiring``) the run is kept (``saving``, which also takes an earlier one up) and printed (``printing``). How
frameworks compare in a group of cases (``group_ratios``) and what is too noisy to be read (``noise``), the report
asks as well. ``stash`` is where pytest keeps the session meanwhile.
"""
