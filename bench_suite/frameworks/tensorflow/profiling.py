"""The profile of a TensorFlow program, by ``tf.profiler``: for xprof and TensorBoard; it writes no trace events.

It is imported only where a profile was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.profiling import XPLANE, MarkStep


@contextmanager
def tensorflow_profile(folder: Path) -> Iterator[MarkStep]:
    """As ``frameworks.profiling.Profiling`` says."""
    with TemporaryDirectory(dir=folder, prefix=".") as written:
        with tf.profiler.experimental.Profile(written):
            yield _mark_step
        (xplane,) = Path(written).rglob("*.xplane.pb")
        xplane.replace(folder / XPLANE)


def _mark_step(*, step_num: int) -> Any:
    return tf.profiler.experimental.Trace("step", step_num=step_num, _r=1)
