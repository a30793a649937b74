"""What others say of a framework's speed, held against what was measured here: a claim as data, and whether it holds.

``claim`` says what one is, ``claim_files`` reads them, ``testing`` finds the measured cases that test one, and
``judging`` decides. Nothing in this package enters a score, and nothing is judged that a source did not say: where
words are read as a ratio, the claim says that the reading is ours, and the judgement says so too.
"""
