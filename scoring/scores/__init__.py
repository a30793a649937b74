"""From findings to dimensions, the Speed Score and the card of a framework, and how firm all of that is.

Beside a score stand its coverage, its interval, what would change the order of the frameworks, how mature its libraries
are, and what changed since an older snapshot. No file is read here, no answer is looked up or changed, and nothing is
laid out for a reader.
"""
