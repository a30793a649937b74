"""The profile of a PyTorch program, by ``torch.profiler``, as trace events for Perfetto.

It is imported only where a profile was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from torch.profiler import ProfilerActivity, profile, record_function

from speedscore.bench_suite.frameworks.profiling import TRACE, MarkStep


@contextmanager
def torch_profile(folder: Path, *, on_gpu: bool) -> Iterator[MarkStep]:
    """As ``frameworks.profiling.Profiling`` says; ``on_gpu`` records the kernels too."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiler:
        yield _mark_step
    profiler.export_chrome_trace(str(folder / TRACE))


def _mark_step(*, step_num: int) -> AbstractContextManager[object]:
    # The name that torch.profiler gives its own steps, and that tools which read its files look for.
    step: AbstractContextManager[object] = record_function(f"ProfilerStep#{step_num}")
    return step
