"""What a side says of the modules that it imported: its own, or from elsewhere though its checkout holds them."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from speedscore_gate_code import OwnCode

from tests.gate.written_files import write

SITE = "env/lib/python3/site-packages"


class Checkouts:
    """Two checkouts and an environment, and modules that are said to be imported from them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch

    def write(self, *files: str, text: str = "") -> None:
        write(self.folder, dict.fromkeys(files, text))

    def imported(self, name: str, path: str) -> None:
        module = ModuleType(name)
        module.__file__ = str(self.folder / path) if path else None
        self._monkeypatch.setitem(sys.modules, name, module)

    def code(self, *, names: tuple[str, ...] = ("kite",), root: str = "own/src", **told: Any) -> OwnCode:
        everything = {
            "own": str(self.folder / "own"),
            "other": str(self.folder / "other"),
            "roots": [(str(self.folder / root), names)],
            "ambiguous": [],
            "distributions": [],
            "is_built": False,
            "late_paths": [],
            "own_environment": False,
        }
        return OwnCode(everything | told)

    def told(self, **told: Any) -> dict[str, Any]:
        found = self.code(**told).imported()
        # What this very session imported lies elsewhere, and is nobody's.
        ours = {name for name, path in found["foreign"].items() if path.startswith(str(self.folder))}
        return found | {"foreign": ours}


@pytest.fixture
def checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkouts:
    return Checkouts(tmp_path, monkeypatch)


NOTHING: dict[str, Any] = {"foreign": set(), "extensions": [], "unbuilt": []}


@pytest.mark.parametrize(
    "place", [f"{SITE}/kite.py", "other/src/kite.py", f"own/.venv/{SITE}/kite.py", "third/kite.py"]
)
def test_a_module_of_the_checkout_that_came_from_elsewhere_is_foreign(checkouts: Checkouts, place: str) -> None:
    checkouts.write("own/src/kite.py", text="head = True\n")
    checkouts.write(place, text="head = False\n")
    checkouts.imported("kite", place)
    assert checkouts.told()["foreign"] == {"kite"}


def test_a_module_from_the_checkout_or_with_the_very_text_of_its_own_is_own(checkouts: Checkouts) -> None:
    checkouts.write("own/src/kite.py", f"{SITE}/kite/wing.py", "own/src/kite/wing.py", text="same = True\n")
    checkouts.imported("kite", "own/src/kite.py")
    checkouts.imported("kite.wing", f"{SITE}/kite/wing.py")
    assert checkouts.told() == NOTHING


def test_an_environment_of_its_own_is_a_side_s_own(checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch) -> None:
    checkouts.write("own/src/kite.py", text="head = True\n")
    checkouts.write(f"{SITE}/kite.py")
    checkouts.imported("kite", f"{SITE}/kite.py")
    monkeypatch.setattr(sys, "prefix", str(checkouts.folder / "env"))
    assert checkouts.told(own_environment=True) == NOTHING
    assert checkouts.told()["foreign"] == {"kite"}


def test_a_namespace_is_shared_and_its_packages_are_not(checkouts: Checkouts) -> None:
    checkouts.write("own/src/sky/kite/__init__.py", text="head = True\n")
    checkouts.write(f"{SITE}/sky/kite/__init__.py", f"{SITE}/sky/bird/__init__.py")
    checkouts.imported("sky", "")
    checkouts.imported("sky.kite", f"{SITE}/sky/kite/__init__.py")
    checkouts.imported("sky.bird", f"{SITE}/sky/bird/__init__.py")
    assert checkouts.told(names=("sky",))["foreign"] == {"sky.kite"}


def test_a_folder_of_tests_that_is_called_like_a_package_is_none(checkouts: Checkouts) -> None:
    checkouts.write("own/bird/wing.py", text="a test\n")
    checkouts.write(f"{SITE}/bird/__init__.py", f"{SITE}/bird/wing.py")
    for name, path in (("bird", "__init__.py"), ("bird.wing", "wing.py")):
        checkouts.imported(name, f"{SITE}/bird/{path}")
    assert checkouts.told(root="own", names=("bird",)) == NOTHING


@pytest.mark.parametrize("name", ["conftest", "setup", "logging"])
def test_names_that_everybody_uses_say_nothing(checkouts: Checkouts, name: str) -> None:
    checkouts.write(f"own/{name}.py", text="own = True\n")
    checkouts.write(f"third/{name}.py")
    checkouts.imported(name, f"third/{name}.py")
    assert checkouts.told(root="own", names=(name,)) == NOTHING


def test_what_another_package_keeps_a_copy_of_is_not_the_checkout_s(checkouts: Checkouts) -> None:
    checkouts.write("own/src/kite/_vendor/bird.py", f"{SITE}/bird.py", text="bird = True\n")
    checkouts.imported("bird", f"{SITE}/bird.py")
    assert checkouts.told() == NOTHING


def test_a_module_of_an_installed_copy_of_the_project_is_foreign_wherever_its_source_is(
    checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkouts.write(f"{SITE}/renamed.py", f"{SITE}/_editable_impl_kite.py", "own/odd/place.py")
    record = "renamed.py,,\n_editable_impl_kite.py,,\nkite-1.dist-info/RECORD,,\n"
    checkouts.write(f"{SITE}/kite-1.dist-info/METADATA", text="Metadata-Version: 2.1\nName: kite\nVersion: 1\n")
    checkouts.write(f"{SITE}/kite-1.dist-info/RECORD", text=record)
    for name in ("renamed", "_editable_impl_kite"):
        checkouts.imported(name, f"{SITE}/{name}.py")
    monkeypatch.syspath_prepend(str(checkouts.folder / SITE))
    assert checkouts.told(distributions=["kite"])["foreign"] == {"renamed"}


def test_only_what_was_built_counts_where_something_was(checkouts: Checkouts) -> None:
    checkouts.write(f"{SITE}/kite.py", "own/src/kite.py", "own/tests/helper.py")
    checkouts.write("own/src/kite.py", text="source = True\n")
    checkouts.imported("helper", "own/tests/helper.py")
    checkouts.imported("kite", "own/src/kite.py")
    assert checkouts.told(root=SITE, is_built=True)["foreign"] == {"kite"}
    checkouts.imported("kite", f"{SITE}/kite.py")
    assert checkouts.told(root=SITE, is_built=True) == NOTHING


def test_tests_that_the_metadata_of_a_source_package_names_are_not_installed(
    checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkouts.write(f"{SITE}/kite.py", "own/kite.py", "own/tests/test_kite.py")
    checkouts.write("own/kite.egg-info/PKG-INFO", text="Metadata-Version: 2.1\nName: kite\nVersion: 1\n")
    checkouts.write("own/kite.egg-info/SOURCES.txt", text="kite.py\ntests/test_kite.py\n")
    checkouts.imported("test_kite", "own/tests/test_kite.py")
    monkeypatch.syspath_prepend(str(checkouts.folder / "own"))
    assert checkouts.told(root=SITE, is_built=True, distributions=["kite"]) == NOTHING


def test_compiled_modules_beside_the_sources_are_told_and_those_of_an_environment_are_not(checkouts: Checkouts) -> None:
    suffix = EXTENSION_SUFFIXES[0]
    for name, place in (("kite._core", "own/src/kite/_core"), ("bird", f"own/.venv/{SITE}/bird")):
        checkouts.write(f"{place}{suffix}")
        checkouts.imported(name, f"{place}{suffix}")
    assert checkouts.told()["extensions"] == ["kite._core"]


class TestFinding:
    """With the finder of a side before those of an environment."""

    @pytest.fixture(autouse=True)
    def as_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))

    def test_own_code_comes_before_what_is_installed_and_the_other_s_is_not_found(self, checkouts: Checkouts) -> None:
        checkouts.write("own/src/kite_on_both/__init__.py", "other/src/kite_on_both/__init__.py")
        checkouts.write("other/src/kite_new.py")
        sys.path.insert(0, str(checkouts.folder / "other/src"))
        code = checkouts.code(names=("kite_on_both",))
        code.put_first()
        import kite_on_both  # type: ignore[import-not-found]

        del sys.modules["kite_on_both"]
        assert kite_on_both.__file__ == str(checkouts.folder / "own/src/kite_on_both/__init__.py")
        with pytest.raises(ModuleNotFoundError):
            import kite_new  # type: ignore[import-not-found]  # noqa: F401

    def test_a_helper_of_the_tests_is_found_where_the_tests_put_it(self, checkouts: Checkouts) -> None:
        checkouts.write("own/src/kite_tools.py", "own/tests/kite_tools.py")
        code = checkouts.code(names=("kite_tools",))
        sys.path.insert(0, str(checkouts.folder / "own/tests"))
        spec = code.find("kite_tools", None)
        assert spec is not None
        assert spec.origin == str(checkouts.folder / "own/tests/kite_tools.py")

    def test_what_was_looked_for_and_only_building_makes_is_told(self, checkouts: Checkouts) -> None:
        checkouts.write("own/src/kite_c/__init__.py", "own/src/kite_c/_core.pyx")
        code = checkouts.code(names=("kite_c",))
        code.put_first()
        import kite_c  # type: ignore[import-not-found]

        try:
            for name in ("kite_c._core", "kite_c._version"):
                with pytest.raises(ModuleNotFoundError):
                    importlib.import_module(name)
            assert code.imported()["unbuilt"] == ["kite_c._core"]
        finally:
            del sys.modules[kite_c.__name__]


@pytest.mark.parametrize(("origin", "is_found"), [("built-in", True), (None, True), ("other/src/kite.py", False)])
def test_a_module_without_a_file_is_not_taken_for_one_of_the_working_folder(
    checkouts: Checkouts, monkeypatch: pytest.MonkeyPatch, origin: str | None, is_found: bool
) -> None:
    checkouts.write("other/src/kite.py")
    monkeypatch.chdir(checkouts.folder / "other")
    place = str(checkouts.folder / origin) if origin and "/" in origin else origin

    class Finder:
        def find_spec(self, name: str, *_: object) -> ModuleSpec:
            return ModuleSpec(name, None, origin=place)

    monkeypatch.setattr(sys, "meta_path", [Finder()])
    monkeypatch.setattr(sys, "path", list(sys.path))
    checkouts.code().put_first()
    found = [finder.find_spec("kite", None) for finder in sys.meta_path if type(finder).__name__ == "_WithoutOthers"]
    assert [spec is not None for spec in found] == [is_found]
