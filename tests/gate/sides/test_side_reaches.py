"""Where the names that a test file starts from lead to: its modules, those of its fixtures, what was built of them."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
from speedscore_gate_dependencies import reached
from speedscore_gate_fixtures import fixtures_of, names_around
from speedscore_gate_side import reached_by

from tests.places import ROOT


class Modules:
    """Modules that are said to be imported, each with what its names stand for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def add(self, name: str, path: Path, *imports: object) -> ModuleType:
        module = ModuleType(name)
        module.__file__ = str(path)
        vars(module).update({f"name_{number}": each for number, each in enumerate(imports)})
        self._monkeypatch.setitem(sys.modules, name, module)
        return module


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Modules:
    return Modules(monkeypatch)


def test_it_leads_through_modules_of_the_checkout_and_no_others(tmp_path: Path, modules: Modules) -> None:
    deep = modules.add("made_up_deep", tmp_path / "lib/deep.py")
    beyond = modules.add("made_up_beyond", tmp_path.parent / "beyond.py", deep)
    middle = modules.add("made_up_middle", tmp_path / "lib/middle.py", deep)
    test = modules.add("made_up_test", tmp_path / "test_it.py", middle, 7)
    conftest = modules.add("made_up_conftest", tmp_path / "conftest.py", beyond)
    starts = {"one": [vars(test)], "both": [vars(conftest), vars(test)], "fixture": [vars(conftest)]}
    assert reached(starts, str(tmp_path)) == {
        "one": ["lib/deep.py", "lib/middle.py", "test_it.py"],
        "both": ["conftest.py", "lib/deep.py", "lib/middle.py", "test_it.py"],
        "fixture": ["conftest.py"],
    }


def test_an_environment_within_the_checkout_is_not_of_it(tmp_path: Path, modules: Modules) -> None:
    kite = modules.add("made_up_kite", tmp_path / ".venv/lib/python3.13/site-packages/kite.py")
    test = modules.add("made_up_test", tmp_path / "test_it.py", kite)
    assert reached({"one": [vars(test)]}, str(tmp_path)) == {"one": ["test_it.py"]}


def test_what_warns_of_being_looked_at_is_looked_at_in_silence(tmp_path: Path, modules: Modules) -> None:
    class Deprecated:
        def __getattribute__(self, name: str) -> object:
            warnings.warn("deprecated", FutureWarning, stacklevel=1)
            return super().__getattribute__(name)

    own = modules.add("made_up_own", tmp_path / "own.py")
    test = modules.add("made_up_test", tmp_path / "test_it.py", Deprecated(), own)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert reached({"one": [vars(test)]}, str(tmp_path)) == {"one": ["own.py", "test_it.py"]}
    assert said == []


def test_what_was_built_is_called_by_its_name_in_whichever_folder(tmp_path: Path, modules: Modules) -> None:
    site, root = tmp_path / "cache/site-packages", tmp_path / "root"
    fast = modules.add("made_up_fast", site / "kite/fast.cpython-313-x86_64-linux-gnu.so")
    kite = modules.add("made_up_kite", site / "kite/__init__.py", fast)
    test = modules.add("made_up_test", root / "test_it.py", kite)
    found = reached({"one": [vars(test)]}, str(root), built=[str(site)])
    assert found == {"one": ["*/kite/__init__.*", "*/kite/fast.*", "test_it.py"]}


def test_a_fixture_is_written_in_its_module(request: pytest.FixtureRequest, modules: Modules) -> None:
    assert modules
    written = {definition.argname: names_around(definition) for definition in fixtures_of(request.node)}
    assert written["modules"] is globals()
    assert written["monkeypatch"]["__name__"] == "_pytest.monkeypatch"


def test_a_test_file_starts_from_its_own_names_and_those_around_its_fixtures(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"own": str(ROOT), "other": str(ROOT), "roots": [], "ambiguous": [], "distributions": [], "late_paths": []}
    monkeypatch.setenv("SPEEDSCORE_GATE_CODE", json.dumps({**own, "is_built": False, "own_environment": False}))
    monkeypatch.setenv("SPEEDSCORE_GATE_TRACE", json.dumps({"root": str(ROOT), "only": ""}))
    ((test_file, files),) = reached_by([request.node]).items()
    assert test_file == "tests/gate/sides/test_side_reaches.py"
    assert {test_file, "speedscore/gate/sides/plugin/speedscore_gate_side.py"} <= set(files), (
        "what its own names lead to"
    )
    assert "tests/conftest.py" in files, "where a fixture is written that all tests have"
