"""Fresh facts from git clones, a package index and GitHub, into a snapshot of their own.

Each source is a module that turns one place into ``Collected``; ``command`` asks those that were named, and
``snapshot_file`` writes what came of it. Nothing here scores, changes an older snapshot, or guesses what it did not
get.

Adding a source: 1. a module here whose ``collect`` returns ``Collected``; 2. its option in ``command``; 3. the fact's
key, if new, in the ``[facts]`` table of ``rubric.toml``.
"""
