"""Dated, sourced facts about frameworks: what one is, how a file of them is read, and when it is refused.

A fact holds a figure, its unit, its date, its source and how it was got. Nothing in this package ranks one fact above
another, fills in one that is missing, or knows what it will be used for.
"""
