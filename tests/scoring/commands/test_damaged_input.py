"""Whatever is wrong in a snapshot, a run, a policy or a card gets an answer or one line, and never a traceback."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import speedscore
from speedscore.__main__ import main
from speedscore.record.run_file import BLOCK_KEY, to_block
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.rubric.rubric import load_rubric
from tests.scoring.sample_probes import answered, control, exported
from tests.scoring.sample_runs import make_run, measured_case, skipped_case

Place = tuple[str | int, ...]

VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    5e-324,
    -1e308,
    10**30,
    1e-300,
    0.5,
    "",
    " ",
    "x",
    "\x1b[1m\n## x",
    "2031-01",
    "2031-01-01",
    "2026-13-45",
    "w" * 300,
    [],
    {},
    [[]],
    {"x": {}},
)
"""What may stand where something else belongs."""
UNREADABLE = re.compile(r"Traceback|\bnan\b|\binf\b")
RUN = msgspec.structs.replace(
    make_run(
        measured_case("jax", 1.0, processes=2),
        measured_case("torch", 2.0, ecosystem="pytorch", processes=2),
        skipped_case("jax", reason="not here", device="gpu"),
    ),
    probes=(
        *(exported(framework="jax", ecosystem="jax", target=target) for target in ("onnx", "litert")),
        control(framework="jax", ecosystem="jax"),
        answered("surface", framework="jax", ecosystem="jax", surface_concepts=5.0),
        answered("surface", framework="torch", ecosystem="pytorch", surface_concepts=7.0),
    ),
)
POLICY = {
    "policy": msgspec.to_builtins(load_rubric().policy),
    "weights": load_rubric().weights,
}
RUN_DOCUMENT = {"benchmarks": [], BLOCK_KEY: json.loads(msgspec.json.encode(to_block(RUN)))}
SHIPPED = fixtures_folder() / "ecosystem"
SNAPSHOT = tomllib.loads((SHIPPED / "flax" / "2024-01.toml").read_text(encoding="utf-8"))


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Of every value within a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in inner:
        yield (*place, key)
        yield from places(inside, (*place, key))


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """A document with one or two of its values left out, replaced by something else, or given twice."""
    changed = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 2))):
        known = list(places(changed))
        if not known:
            break
        *way, key = draw(st.sampled_from(known))
        holder: Any = functools.reduce(lambda inside, step: inside[step], way, changed)
        action = draw(st.sampled_from(["replace", "replace", "leave out", "repeat"]))
        if action == "leave out":
            del holder[key]
        elif action == "repeat" and isinstance(holder, list):
            holder.append(holder[0])
        else:
            holder[key] = draw(st.sampled_from(VALUES))
    return changed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the commands are given. They read a copy of three projects' newest snapshots, which is soon done."""
    place = tmp_path_factory.mktemp("damaged")
    ecosystem = place / "speedscore" / "fixtures" / "ecosystem"
    for name in ("jax", "pytorch", "flax"):
        newest = max((SHIPPED / name).glob("????-??.toml"))
        (ecosystem / name).mkdir(parents=True)
        shutil.copy(newest, ecosystem / name)
    (ecosystem.parent / "claims").mkdir()
    shutil.copy(SHIPPED.parent / "claims" / "gpt2-on-one-gpu.toml", ecosystem.parent / "claims")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speedscore, "__file__", str(place / "speedscore" / "__init__.py"))
        patch.chdir(place)
        yield place


def answers_or_refuses(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command printed; it must have answered or said in one line what is wrong."""
    code = main([*arguments])
    printed = capsys.readouterr()
    assert code in (0, 1, 2)
    assert (code == 2) == (printed.out == "")
    assert printed.err.count("\n") == (code != 0)
    assert not UNREADABLE.search(printed.out + printed.err)
    return printed.out


fuzzed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
COMMANDS = st.sampled_from(
    [
        ("card", "jax", "flax"),
        ("card", "--full"),
        ("card", "jax", "pytorch", "--format", "markdown"),
        ("card", "jax", "--format", "json"),
        ("trace", "jax"),
        ("trace", "flax"),
        ("whatif", "jax", "--fact", "github_stars=5"),
        ("whatif", "flax", "--fact", "commits_per_week=5"),
    ]
)


@fuzzed
@given(document=damaged(RUN_DOCUMENT), command=COMMANDS)
def test_a_damaged_run(
    folder: Path, capsys: pytest.CaptureFixture[str], document: Any, command: tuple[str, ...]
) -> None:
    (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
    answers_or_refuses(capsys, *command, "--run", "run.json")


@fuzzed
@given(document=damaged(SNAPSHOT), command=COMMANDS)
def test_a_damaged_snapshot(
    folder: Path, capsys: pytest.CaptureFixture[str], document: Any, command: tuple[str, ...]
) -> None:
    own = folder / "own" / "flax" / "2026-10.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(tomlkit.dumps(without_none(document)), encoding="utf-8")
    answers_or_refuses(capsys, *command, "--facts", "own")


@fuzzed
@given(document=damaged(POLICY), command=COMMANDS)
def test_a_damaged_policy(
    folder: Path, capsys: pytest.CaptureFixture[str], document: Any, command: tuple[str, ...]
) -> None:
    (folder / "own.toml").write_text(tomlkit.dumps(without_none(document)), encoding="utf-8")
    answers_or_refuses(capsys, *command, "--policy", "own.toml")


@fuzzed
@given(data=st.data())
def test_a_damaged_card(folder: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    card = data.draw(damaged(a_card(folder)))
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    said = answers_or_refuses(capsys, "verify", "card.json")
    unchanged = as_compared(card) == as_compared(a_card(folder))
    assert ("every figure follows" in said) == unchanged


@functools.cache
def a_card(folder: Path) -> Any:
    (folder / "whole.json").write_text(json.dumps(RUN_DOCUMENT), encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["card", "jax", "pytorch", "flax", "--run", "whole.json", "--format", "json"]) == 0
    return json.loads(printed.getvalue())


def as_compared(card: Any) -> str:
    """A whole number is the same as a float of its value, and the order of names means nothing."""
    return json.dumps(json.loads(json.dumps(card), parse_int=float), sort_keys=True)


def without_none(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, dict):
        return {key: without_none(inside) for key, inside in value.items() if inside is not None}
    return [without_none(inside) for inside in value if inside is not None] if isinstance(value, list) else value
