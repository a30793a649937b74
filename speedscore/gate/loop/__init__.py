"""From the first pair until all is decided.

    matching        which cases both sides have
    affected        which benchmarks a change can have touched
    loop            a pilot, then pairs until every case is decided or the time is up
    outcome         what came of it

Verdicts are drawn in the package ``verdicts``, and printed in ``reporting``.
"""
