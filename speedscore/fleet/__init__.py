"""Work placed on the machines of a Ray cluster, one piece at a time on a machine, which it has to itself.

It knows no benchmark: what a piece does is its owner's. Nothing is measured and nothing is judged here.
"""
