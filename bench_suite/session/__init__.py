"""One pytest session of the matrix: options, the replaying of measured rounds, saving, resuming, what is printed.

Nothing is timed here.
"""
