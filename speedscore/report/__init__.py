"""The page that a team decides over: saved runs, scores and history in one HTML file, and its figures as PNG and SVG.

What it shows was measured, proved and judged elsewhere: here it is put into rows, charts and words. Nothing is
estimated anew, nothing leaves the page for a network, and no text from outside reaches it unescaped.
"""
