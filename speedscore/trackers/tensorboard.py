"""A run as a TensorBoard event file: scalars with rounds as steps, and the texts as hyperparameters.

It is written with TensorBoard's own messages and record writer, and with neither TensorFlow nor PyTorch. Scalars are in
single precision, about seven digits, as all that TensorBoard shows: its data server passes over those that are doubles
(seen with 2.21).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from speedscore.host.extras import require
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun
from speedscore.trackers.outcome import Outcome

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

_DEFAULT = "runs"
"""The folder that others who write event files take, too."""


def log(run: LoggedRun, place: str | None) -> Outcome:
    """Write the run into a folder of its own below ``place``, or below ``runs``, unless it is there.

    Raises TrackerError and MissingExtraError.
    """
    require("trackers", "tensorboard")
    target = Path(place or _DEFAULT) / run.title / f"events.out.tfevents.{int(run.created_seconds)}.{run.id}"
    if target.is_file():
        return Outcome(str(target), is_new=False)
    # TensorBoard reads every file with "tfevents" in its name, also one that is not complete.
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(beside, run)
        beside.replace(target)
    except OSError as error:
        raise TrackerError(f"{target}: not written ({error.strerror}); name a folder that can be written") from error
    finally:
        # Once renamed there is nothing left to remove, nor where its folder could not be made.
        with contextlib.suppress(OSError):
            beside.unlink()
    return Outcome(str(target), is_new=True)


def _write(path: Path, run: LoggedRun) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    with path.open("wb") as handle:
        writer = RecordWriter(handle)
        for event in _events(run):
            writer.write(event.SerializeToString())


def _events(run: LoggedRun) -> Iterator[Event]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    at = run.created_seconds
    yield Event(wall_time=at, file_version="brain.Event:2")
    yield Event(wall_time=at, summary=Summary(value=[_hyperparameters(run)]))
    yield Event(wall_time=at, summary=Summary(value=[_scalar(name, value) for name, value in run.numbers.items()]))
    for name, values in run.series.items():
        for step, value in enumerate(values):
            yield Event(wall_time=at, step=step, summary=Summary(value=[_scalar(name, value)]))


def _scalar(name: str, value: float) -> Summary.Value:
    from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_SCALAR, Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_FLOAT
    from tensorboard.plugins.scalar.metadata import create_summary_metadata

    metadata = create_summary_metadata(display_name="", description="")
    metadata.data_class = DATA_CLASS_SCALAR
    return Summary.Value(tag=name, metadata=metadata, tensor=TensorProto(dtype=DT_FLOAT, float_val=[value]))


def _hyperparameters(run: LoggedRun) -> Summary.Value:
    """What TensorBoard's page of hyperparameters lists runs by."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG, create_summary_metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

    info = SessionStartInfo(group_name=run.id, start_time_secs=run.created_seconds)
    for name, text in run.texts.items():
        info.hparams[name].string_value = text
    metadata = create_summary_metadata(HParamsPluginData(session_start_info=info))
    return Summary.Value(tag=SESSION_START_INFO_TAG, metadata=metadata)
