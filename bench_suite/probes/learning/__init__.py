"""Learning: how much of an interface there is to know, how far NumPy carries, whether documentation runs, how soon a
first gradient is there. What is counted is counted by a parser, and what is claimed to run has run.
"""
