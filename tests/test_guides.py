"""The code of the how-to pages, put where they say, and used as they say."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from tests.code_blocks import code_blocks
from tests.linked_environment import copy_checkout
from tests.neighbour import run_in
from tests.places import ROOT


def test_the_probe_of_the_page_is_asked(tmp_path: Path) -> None:
    if importlib.util.find_spec("jax") is None:
        pytest.skip("it is asked of JAX, which is not installed here")
    module, line, test = code_blocks(ROOT / "docs" / "add-a-probe.md")
    checkout = copy_checkout(tmp_path / "checkout")
    (checkout / module.title).write_text(module.text, encoding="utf-8")
    families = checkout / line.title
    # The table is a tuple of lines, which ends at the first bracket at the left edge.
    before, end, after = families.read_text(encoding="utf-8").partition("\n)\n")
    families.write_text(f"{before}\n{line.text}{end}{after}", encoding="utf-8")
    with (checkout / test.title).open("a", encoding="utf-8") as tests:
        tests.write(f"\n\n{test.text}")
    said = run_in(checkout, sys.executable, "-m", "pytest", "--benchmark-only", "-k", "version_length and jax")
    assert re.search(r"^version +short", said, re.MULTILINE), said
