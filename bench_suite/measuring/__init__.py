"""Whose turn it is: the workers of a block side by side, round by round, until there is enough.

It is given a way to start a worker and a clock, and knows neither pytest nor a framework.
"""
