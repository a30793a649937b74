"""Warnings of deprecation: kinds, not occurrences, and whose line they are laid at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speedscore.bench_suite import frameworks
from speedscore.bench_suite.probes.probe import Answer
from speedscore.bench_suite.probes.production.deprecations import judge, shape

OURS = str(Path(frameworks.__file__).resolve().parent / "jax" / "gpt.py")
THEIRS = "/environment/lib/site-packages/flax/nnx/rnglib.py"


def warning(file: str, message: str = "old is going", line: int = 3) -> dict[str, Any]:
    return {"category": "DeprecationWarning", "message": message, "file": file, "line": line}


def answer(*seen: dict[str, Any]) -> Answer:
    return judge(seen, models=["mlp"], seconds=1.0, versions={"sample": "1"})


def counts(found: Answer) -> tuple[float, float]:
    return found.measurements["deprecations_in_models"][0], found.measurements["deprecations_in_framework"][0]


def test_silence_is_the_best() -> None:
    assert (answer().outcome, counts(answer())) == ("none", (0, 0))


def test_a_kind_counts_once_however_often_it_is_raised() -> None:
    found = answer(warning(THEIRS, "size 3 at 0x7f01"), warning(THEIRS, "size 4 at 0x7f02"), warning(THEIRS, line=9))
    assert (found.outcome, counts(found)) == ("inside the framework", (0, 2))
    assert found.observations["raised"] == 3
    assert "flax/nnx/rnglib.py:3" in found.reason


def test_one_line_of_the_models_outweighs_all_others() -> None:
    found = answer(warning(THEIRS), warning(OURS))
    assert (found.outcome, counts(found)) == ("in the models", (1, 1))
    assert "frameworks/jax/gpt.py:3" in found.reason


def test_the_shape_of_a_message_leaves_words_alone() -> None:
    assert shape("in 0.12 use f(2)") == "in #.# use f(#)"
    assert shape("use g") != shape("use f")
