"""What the gate says of sides that did not run their own code, or not the same kind of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.gate.checkouts.import_roots import ImportRoot, ImportRoots
from speedscore.gate.sides.own_code import hint_to_build, why_not_own_code, why_unlike_builds
from speedscore.gate.sides.side import Ended, SideSpec

SPEC = SideSpec(
    label="base",
    description="base's",
    root=Path("/checkout"),
    project=Path("/checkout"),
    folder=Path("/checkout"),
    python="python",
    code=ImportRoots(roots=(ImportRoot(Path("/checkout/src"), ("kite",)),)),
)


def test_the_first_foreign_modules_are_named_and_the_others_counted() -> None:
    why = why_not_own_code(SPEC, Ended({f"kite.m{number}": f"/site/m{number}.py" for number in range(5)}))
    assert why.startswith("base imported kite.m0 from /site/m0.py, kite.m1 from /site/m1.py, kite.m2 from ")
    assert "and 2 more, and not its own checkout's (/checkout)" in why


def test_a_side_that_ran_its_own_code_gives_no_reason() -> None:
    assert why_not_own_code(SPEC, Ended({})) == ""


@pytest.mark.parametrize(
    ("base", "head", "why"),
    [
        (("kite._core",), ("kite._core",), ""),
        ((), ("kite._core",), "head ran kite._core as compiled, and base, whose checkout"),
        (("kite._core",), (), "base ran kite._core as compiled, and head, whose checkout"),
    ],
)
def test_one_side_alone_that_is_compiled_is_another_program(
    base: tuple[str, ...], head: tuple[str, ...], why: str
) -> None:
    found = why_unlike_builds(Ended({}, base), Ended({}, head))
    assert found.startswith(why)
    assert bool(found) == bool(why)


@pytest.mark.parametrize(("lacking", "is_hinted"), [("kite._core", True), ("kites", False), ("numpy", False)])
def test_only_a_module_of_the_checkout_could_be_made_by_building(lacking: str, is_hinted: bool) -> None:
    warning = f"base did not collect test_it.py: E   ModuleNotFoundError: No module named '{lacking}'"
    assert ("--gate-build" in hint_to_build([SPEC], [warning])) is is_hinted


def test_both_without_what_only_building_makes_ran_what_stands_in_for_it() -> None:
    without = Ended({}, unbuilt=("kite._core",))
    assert why_unlike_builds(without, without).startswith(
        "both sides did without kite._core, which only building makes"
    )
    # Head alone may look for one that is new in it.
    assert why_unlike_builds(Ended({}), without) == ""
