"""A session whose blocks are measured on the machines of a fleet, and told, saved and judged as any other.

A block is placed whole, for its workers must be neighbours. How machines are reached, and which of them has a block, is
decided in ``speedscore.fleet``; how a block is measured, in the code of every session. Nothing here times anything.
"""
