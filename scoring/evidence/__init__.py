"""Runs and facts together: all that judging may see, and nothing more. Nothing here scores."""
