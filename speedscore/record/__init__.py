"""The saved run, which is the seam between measuring and judging: its types, its files, and what follows from it alone.

Nothing here measures, and nothing here scores.
"""
