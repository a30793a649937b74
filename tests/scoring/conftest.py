"""Settings for the property tests of scoring."""

from __future__ import annotations

from hypothesis import settings

# On a shared machine a single example can take any time; what is asked here is whether it holds, never how fast.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
