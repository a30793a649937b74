"""What importing costs, on a package made for it: what it loads counts, and what is there already does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.bench_suite.probes.production.import_cost import import_packages


def test_modules_count_once_and_with_all_that_they_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "costly_sample"
    package.mkdir()
    (package / "__init__.py").write_text("from costly_sample import inner\nheld = bytearray(1)\n")
    (package / "inner.py").write_text("import json\n")
    monkeypatch.syspath_prepend(tmp_path)
    first = import_packages({}, packages=["costly_sample"])
    assert first["modules"] == 2
    assert first["seconds"] > 0
    assert import_packages({}, packages=["costly_sample"])["modules"] == 0
