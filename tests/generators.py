"""The scripts in docs that make pages, as modules: they import each other as a script imports what lies beside it."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from tests.places import ROOT


def load_generator(name: str) -> ModuleType:
    """``docs/NAME.py``; it makes nothing by being loaded."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "docs"))
        return importlib.import_module(name)
