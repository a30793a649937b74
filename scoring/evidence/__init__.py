"""Runs and facts together: all that judging may see, as one snapshot sees it.

Runs that must not rank anything are refused here, and newer facts laid over older ones. Nothing here is judged, scored
or put into words.
"""
