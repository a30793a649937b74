"""Two checkouts, measured in lockstep, to verdicts and an exit code.

It works on the pytest-benchmark tests of any repository, and knows no framework.
"""
