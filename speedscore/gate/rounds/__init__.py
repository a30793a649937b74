"""The rounds of one case in one pair of sides, and what they come to.

    lockstep        both sides reach a benchmark, then their rounds alternate
    pair_statistics what the rounds come to: the typical round and the mean

No pair is started here, and nothing is decided.
"""
