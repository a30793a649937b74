"""From a score back to where it comes from: a detail for each score, answer, fact, probe and library.

Each makes ``Detail`` records of finished ones, in the words that the cards have, and links to the next step down: a
dimension to its answers, an answer to its sources and to the cases or probes that it rests on. Nothing is computed here
but rounding. What is told of a case, and of a run, stands in another room.
"""
