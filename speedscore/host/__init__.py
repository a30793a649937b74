"""This machine: its clock, processors and devices, git, signals, and processes that are started, frozen and ended.

Nothing here knows a framework, a saved run or a verdict.
"""
