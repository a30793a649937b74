"""Where things lie in the checkout, for tests that read files of it. Nothing else is shared through this module."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout's top."""
HELPERS = ROOT / "tests" / "bench_suite"
"""Holds the sample framework, which sessions and workers of the tests import."""
