"""The questions, as data: criteria, the scales that turn their answers into points, weights, and rules for all of them.

``rubric.toml`` holds them, and this package checks that they fit together, on their own or with what a user or another
package changes in them. Nothing here answers a question or computes a score, and no framework is named.
"""
