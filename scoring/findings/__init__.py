"""One answer for each criterion and framework, from a measurement or a fact, or unknown with its reason.

What nobody knows stays unknown: nothing here puts a zero, a mean or an older guess in its place, weighs one answer
against another, or has a case for any framework.
"""
