"""A run in MLflow, by its own client: parameters, metrics with rounds as steps, and the saved run as an artifact.

It sends nothing anywhere but to the store that is named, and none of MLflow's reports about its own use unless the
user's variables ask for them. What a run is called is ``names``' to say.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from speedscore.host.extras import require
from speedscore.text.addresses import without_credentials
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun
from speedscore.trackers.outcome import Outcome

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TAG = "speedscore.run_id"
_MOST_METRICS, _MOST_PARAMETERS = 1_000, 100
"""In one request, by MLflow's REST API."""
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_DATABRICKS = ("databricks", "databricks-uc")
"""Tracking URIs that could be folders."""

_T = TypeVar("_T")


def log(run: LoggedRun, place: str | None) -> Outcome:
    """Log the run, unless it is there. ``place`` is a folder or a tracking URI; without one MLflow's own rules hold.

    The experiment is that of MLFLOW_EXPERIMENT_NAME, or ``speedscore``. Raises TrackerError and MissingExtraError.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    require("trackers", "mlflow")
    import mlflow
    from mlflow.exceptions import MlflowException

    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        # It would tell of every step of making a database.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        uri, artifacts = _store(place) if place else (mlflow.get_tracking_uri(), None)
    except OSError as error:
        raise TrackerError(f"{place}: not written ({error.strerror}); name a folder that can be written") from error
    failures: tuple[type[Exception], ...] = (MlflowException, OSError)
    if uri.startswith(_DATABASES):
        failures += _database_failures()
    shown = _shown(uri)
    try:
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = _experiment(client, artifacts)
        if _is_there(client, experiment, run):
            return Outcome(shown, is_new=False)
        _write(client, experiment, run)
    except failures as error:
        # Without the statement and the link that SQLAlchemy adds in lines of their own.
        said = str(error).partition("\n[SQL:")[0].partition("\n(Background")[0]
        raise TrackerError(f"MLflow at {shown}: {without_credentials(said.replace(uri, shown))}") from error
    return Outcome(shown, is_new=True)


def _shown(uri: str) -> str:
    """The tracking URI without a name and a password. In that of a database a password may have any sign but ``@``, and
    stand among the parameters, too."""
    if uri.startswith(_DATABASES):
        return re.sub("(?<=://)[^/@][^@]*@", "", uri, count=1).partition("?")[0]
    return without_credentials(uri)


def _database_failures() -> tuple[type[Exception], ...]:
    """What MLflow lets through where a database cannot be reached, is damaged, or has no driver here."""
    require("trackers", "sqlalchemy", "alembic")
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError, CommandError, ImportError


def _store(place: str) -> tuple[str, str | None]:
    """Tracking URI, and where a new experiment keeps artifacts; None leaves that to the store."""
    if "://" in place or place.startswith("file:") or place in _DATABRICKS:
        return place, None
    folder = Path(place).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}", (folder / "mlartifacts").as_uri()


def _experiment(client: MlflowClient, artifacts: str | None) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "speedscore"
    known = client.get_experiment_by_name(name)
    return str(known.experiment_id if known else client.create_experiment(name, artifact_location=artifacts))


def _is_there(client: MlflowClient, experiment: str, run: LoggedRun) -> bool:
    """Whether it was logged to its end: what was broken off is marked as failed, and logged anew."""
    wanted = f"tags.`{_TAG}` = '{run.id}' and attributes.status = 'FINISHED'"
    return bool(client.search_runs([experiment], wanted, max_results=1))


def _write(client: MlflowClient, experiment: str, run: LoggedRun) -> None:
    from mlflow.entities import Metric, Param

    milliseconds = round(run.created_seconds * 1000)
    tags = {_TAG: run.id, "mlflow.source.name": "speedscore"}
    made = client.create_run(experiment, start_time=milliseconds, run_name=run.title, tags=tags).info.run_id
    points = [
        *((name, value, 0) for name, value in run.numbers.items()),
        *((name, value, step) for name, values in run.series.items() for step, value in enumerate(values)),
    ]
    metrics = [Metric(name, value, milliseconds, step) for name, value, step in points]
    parameters = [Param(name, text) for name, text in run.texts.items()]
    status = "FAILED"
    try:
        for some_metrics in _batches(metrics, _MOST_METRICS):
            client.log_batch(made, metrics=some_metrics)
        for some_parameters in _batches(parameters, _MOST_PARAMETERS):
            client.log_batch(made, params=some_parameters)
        client.log_artifact(made, str(run.file))
        status = "FINISHED"
    finally:
        client.set_terminated(made, status=status)


def _batches(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
