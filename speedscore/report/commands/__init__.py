"""The commands ``speedscore report``, ``plot`` and ``badge``: arguments in, a file out. They measure nothing."""
