"""What a worker settles before it imports NumPy or a framework: processors, threads, caches, precision, allocator.

All of it is the same for every framework and is recorded with the result. It is applied once, in the worker; a
variable that is set after an import does nothing, so importing comes later.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from speedscore.bench_suite.workers.protocol import Setting
from speedscore.host.variables import THREAD_VARIABLES, XLA_FLAGS_OF_TENSORFLOW, xla_flags_of_tensorflow
from speedscore.record.phases import DeviceName

_TF32_OVERRIDE = "NVIDIA_TF32_OVERRIDE"


def isolation_variables(setting: Setting) -> dict[str, str]:
    """The environment variables that a worker of this setting runs under."""
    variables = process_variables(
        processors=len(setting.affinity), caches=Path(setting.caches), device=setting.cell.device
    )
    if setting.cell.precision == "tf32":
        del variables[_TF32_OVERRIDE]
    return variables


def process_variables(*, processors: int, caches: Path, device: DeviceName) -> dict[str, str]:
    """The environment variables that a process of any framework runs under, whatever it is asked.

    ``processors`` is the number of threads that it may compute with; ``caches`` is the folder of what it compiles.
    """
    variables = dict.fromkeys(THREAD_VARIABLES, str(processors))
    variables |= {
        # Cold means cold, warm means warm: each library keeps what it compiles in this folder, and keeps all of it.
        "JAX_ENABLE_COMPILATION_CACHE": "true",
        "JAX_COMPILATION_CACHE_DIR": str(caches / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "TORCHINDUCTOR_CACHE_DIR": str(caches / "inductor"),
        "TORCHINDUCTOR_FX_GRAPH_CACHE": "1",
        "TORCHINDUCTOR_AUTOGRAD_CACHE": "1",
        "TRITON_CACHE_DIR": str(caches / "triton"),
        XLA_FLAGS_OF_TENSORFLOW: xla_flags_of_tensorflow(caches / "tensorflow"),
        # float32 is float32: no library may turn a matmul or a convolution into TF32.
        _TF32_OVERRIDE: "0",
        # The workers of a block share one accelerator; a pool of three quarters of it would starve the second one.
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    if device == "cpu":
        variables |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return variables


def isolate(setting: Setting) -> None:
    """Apply the setting to this process. Raises RuntimeError when NumPy or a framework was imported before."""
    early = {"jax", "jaxlib", "keras", "numpy", "tensorflow", "torch"} & sys.modules.keys()
    if early:
        raise RuntimeError(f"{', '.join(sorted(early))} was imported before the worker was isolated")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, setting.affinity)
    if setting.cell.precision == "tf32":
        # Whatever it says, it would overrule what the frameworks are told.
        os.environ.pop(_TF32_OVERRIDE, None)
    os.environ |= isolation_variables(setting)


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it ends, however that happens."""
    if not sys.platform.startswith("linux"):
        return
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG, man 2 prctl
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL)
