"""What opens behind a number: where it comes from, down to sources, raw rounds, certificate and machine.

Each module answers ``Detail`` records of finished ones, in the words that the cards have, and links to the next step
down: a score to its answers, an answer to its sources and to the cases or probes that it rests on. Nothing is computed
here but rounding.

Adding a kind: a module here with ``…_details(content)``, which answers them all, and a line in ``assembling.DETAILS``;
its address is made in ``identifiers``.
"""
