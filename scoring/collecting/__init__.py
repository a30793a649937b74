"""Fresh facts, counted in git clones, a package index and GitHub, and written as a new snapshot.

A source is a module that turns one place into ``Collected``; ``command`` asks those that were named, and
``snapshot_file`` writes what they gave. Nothing here scores, changes an older snapshot, or guesses what it did not get.

Adding a source: 1. a module here whose ``collect`` returns ``Collected``; 2. its option in ``command``; 3. the fact's
key, if new, in the ``[facts]`` table of ``rubric.toml``.
"""
