"""An idiom counts as NumPy's only where value, shape, dtype and warnings are NumPy's; one that crashes costs itself."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.probes.learning import idioms
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.learning.idiom_process import KINDS, compare, difference, run
from speedscore.bench_suite.probes.learning.idioms import Idioms, Namespace, ask_idioms
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.learning.slow_imports import MadeUpClock, SlowImports, die

PUBLISHED = Idioms.load(learning_folder() / "numpy_idioms.toml")


def stand_in(**changed: Any) -> dict[str, Any]:
    """The memory of a process whose namespace is NumPy, but for ``changed``."""
    namespace = types.SimpleNamespace(**{name: getattr(np, name) for name in ("asarray", "add", "ones", "float32")})
    namespace.__dict__.update(changed)
    return {"namespace": namespace}


def warned(*_: Any, **__: Any) -> Any:
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    return np.ones(3)


def refused(*_: Any, **__: Any) -> Any:
    raise TypeError("cannot\nbecause")


@pytest.mark.parametrize(
    ("ones", "kind"),
    [
        (np.ones, "same"),
        (warned, "warns"),
        (lambda n: np.ones(n, dtype=np.float32), "other dtype"),
        (lambda n: np.ones((n, 1)), "other shape"),
        (lambda n: np.full(n, 2.0), "other value"),
        (lambda n: np.full(n, np.nan), "other value"),
        (lambda _: "ones", "other value"),
        (refused, "raises"),
    ],
)
def test_each_difference_is_seen(ones: Any, kind: str) -> None:
    assert compare(stand_in(ones=ones), setup="", code="np.ones(3)")["kind"] == kind


def test_a_name_that_is_not_there_is_missing_and_the_words_are_kept() -> None:
    found = compare(stand_in(), setup="", code="np.kron([1, 2], [3])")
    assert found["kind"] == "missing"
    assert "kron" in found["reason"]
    assert compare(stand_in(ones=refused), setup="", code="np.ones(3)")["reason"] == "TypeError: cannot"


def test_what_numpy_itself_refuses_is_the_lists_own_fault() -> None:
    with pytest.raises(AttributeError):
        compare(stand_in(), setup="", code="np.no_such_function(3)")
    with pytest.raises(ValueError, match="ends with an expression"):
        run("x = 1", np)


def test_the_worst_part_of_a_tuple_decides() -> None:
    assert difference([np.ones(2), np.ones(2)], [np.ones(2), np.zeros(2)])[0] == "other value"
    assert difference([np.ones(2)], [np.ones(2), np.ones(2)])[0] == "other shape"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=6))
def test_every_array_is_the_same_as_itself(values: list[float]) -> None:
    assert difference(np.asarray(values), np.asarray(values)) == ("same", "")


def test_the_published_list_has_150_and_numpy_passes_all_of_them() -> None:
    assert len(PUBLISHED.codes) == 150
    kinds = {
        name: compare({"namespace": np}, setup=PUBLISHED.setup, code=code)["kind"]
        for name, code in PUBLISHED.codes.items()
    }
    assert set(kinds.values()) == {KINDS[0]}, {name: kind for name, kind in kinds.items() if kind != KINDS[0]}


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    yield opened
    opened.close()


def test_an_idiom_that_ends_its_process_costs_itself_alone(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "idioms.toml"
    dies = "import os, sys\\nif np.__name__ != 'numpy': os._exit(3)\\n1"
    path.write_text(f'setup = ""\n[some]\nfirst = "np.sqrt(4)"\ndies = "{dies}"\nlast = "np.floor(1.5)"\n')
    # math has the same names, and no arrays: an answer of Python's own has no dtype to differ.
    answer = ask_idioms(Namespace("math"), ("numpy",), tools, path)
    counted = {name: samples[0] for name, samples in answer.measurements.items()}
    assert counted["idioms"] == 3
    assert counted["idioms_crashed"] == 1
    assert answer.observations["some.dies"].__class__ is str
    assert "some.last" in answer.observations or counted["idioms_same"] == 2
    assert sys.version.split()[0] == answer.versions["python"]


def test_importing_once_more_after_a_crash_is_no_part_of_the_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "idioms.toml"
    path.write_text('setup = ""\n[some]\ndies = "die"\nlast = "np.floor(1.5)"\n')

    def answer(function: str, **arguments: Any) -> Any:
        if function == "open_namespace":
            return None
        return die() if arguments["code"] == "die" else {"kind": "same", "reason": ""}

    clock = MadeUpClock()
    monkeypatch.setattr(idioms, "time", clock)
    tools = SlowImports(clock, seconds={"open_namespace": 100.0, "compare": 1.0}, answer=answer)
    answered = ask_idioms(Namespace("math"), ("numpy",), tools, path)  # type: ignore[arg-type]
    assert (answered.seconds, tools.started) == ((2.0,), 2)
