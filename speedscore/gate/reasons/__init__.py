"""Where a regression comes from, looked for in a pair of its own once the verdicts stand. In the order of their calls:

    observing       the pair: one side after the other under a profiler; py_spy: from outside, where that is allowed
    reasons         what was seen of both sides, put side by side; source_places: whose a source file is
    wording         what is said of it

None of it changes a verdict, and where it fails the report says why.
"""
