"""Measures machine-learning frameworks, scores them, and says whether a change made code slower.

The one name that installs, and the ground that both halves stand on: ``bench_suite`` measures, ``scoring`` judges, and
neither imports the other; what passes between them is the saved run of ``record``.

PYTEST_DONT_REWRITE: ``speedscore gate`` has imported this package before pytest begins, which would warn of it.
"""
