"""Pairs of fresh sides: what they are started with, started together, and ended whatever happens.

    plan            what each side's pytest is started with
    hash_seeds      the seed of Python's hashes in each pair
    pairs           one pair that runs some cases; concurrent_pairs: several on processors of their own

What a pair says of a case is kept in ``cases``.
"""
