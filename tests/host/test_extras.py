"""What the errors about missing parts tell their reader to install."""

from __future__ import annotations

from importlib import metadata

import pytest

from speedscore.host.extras import install_command


def test_a_part_is_installed_by_our_name_where_that_is_installed() -> None:
    assert install_command("sql") == 'python -m pip install "speedscore[sql]"'


def test_a_checkout_that_is_not_installed_names_nothing_of_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert install_command("sql") == 'python -m pip install -e ".[sql]"'
