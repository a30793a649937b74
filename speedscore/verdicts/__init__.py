"""The statistics of "did it change?": from figures of two sides to one of five verdicts.

Nothing here reads a file, starts a process or prints.
"""
