"""The commands about many saved runs: ``history`` (with ``show``, ``changes``, ``export``), ``sql`` and ``compare``.

``show_output`` and ``changes_output`` print what was found. Nothing is worked out here.
"""
