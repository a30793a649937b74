"""Two runs, or two checkouts, to verdicts: statistics, the gate for pull requests, and what it says."""
