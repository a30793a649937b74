"""The pytest hooks by which another package adds questions to the rubric, and facts. They are only declared here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # It is known in every pytest session, and loading its types would cost it more than pytest itself does.
    from speedscore.scoring.rubric.criterion import Criterion


@pytest.hookspec
def pytest_speedscore_criteria(config: pytest.Config) -> Sequence[Criterion]:
    """Criteria of another package that are to be asked beside those of ``rubric.toml``.

    They are checked as those of the rubric are. Called once, when the run of the session is scored; the command
    ``speedscore`` runs no plugins and asks the rubric alone.
    """
    raise NotImplementedError


@pytest.hookspec
def pytest_speedscore_facts(config: pytest.Config) -> Sequence[Path]:
    """Folders with another package's snapshots, each as ``<framework>/<YYYY-MM>.toml``.

    They are read and checked as those of ``fixtures/ecosystem`` are, and stand beside these. Called once, when the run
    of the session is scored; the command ``speedscore`` runs no plugins and takes such folders as ``--facts FOLDER``.
    """
    raise NotImplementedError
