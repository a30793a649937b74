"""One folder of caches for all that is kept there, and one error where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from speedscore.bench_suite.probes.environments import environments_folder
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from speedscore.gate.environments.made_environments import kept_environment
from speedscore.gate.errors import GateError
from speedscore.host.caches import cache_folder


def test_it_is_where_the_user_wants_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("npm") == tmp_path / "speedscore" / "npm"
    assert not list(tmp_path.iterdir()), "nothing is made"


@pytest.mark.parametrize("named", [None, "", "caches", "~/caches"], ids=["none", "empty", "relative", "tilde"])
def test_else_and_for_a_relative_path_it_is_in_the_home(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if named is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert cache_folder("npm") == tmp_path / ".cache" / "speedscore" / "npm"


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        pytest.param(lambda: cache_folder("npm"), OSError, id="folder"),
        pytest.param(lambda: kept_environment("gate-builds", "key"), GateError, id="gate"),
        pytest.param(environments_folder, ProbeUnavailable, id="probes"),
    ],
)
def test_a_user_without_a_home_is_told_what_to_set(
    ask: Callable[[], Path], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", refuse)
    with pytest.raises(error, match="name one in XDG_CACHE_HOME, by its whole path"):
        ask()
