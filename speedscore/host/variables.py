"""The environment variables that change what is measured. They are read here and set elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

PIPES = "SPEEDSCORE_PIPES"
"""Tells a process that is spoken to the pipes that it reads from and writes to, as ``5,6``."""
CHECKOUT = "SPEEDSCORE_CHECKOUT"
"""Tells a process on a machine of a fleet what its code is, which came without its repository: the commit, 1 where the
tree was dirty, and the folder, with blanks between."""
KEPT_LOGS = "SPEEDSCORE_KEPT_LOGS"
"""Names the folder where processes that are started from here on are to keep what they print; not set without one."""

XLA_FLAGS_OF_TENSORFLOW = "TF_XLA_FLAGS"
"""What TensorFlow tells XLA."""
XLA_CACHE_OF_TENSORFLOW = "--tf_xla_persistent_cache_directory="
"""The flag among them that names the folder of what XLA compiled."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PJRT_NPROC")


_CACHE_FOLDER = re.compile(rf"{XLA_CACHE_OF_TENSORFLOW}(\"[^\"]*\"|'[^']*'|\S*)")


RECORDED_VARIABLES = (
    *THREAD_VARIABLES,
    "ATEN_CPU_CAPABILITY",
    "CUDA_DEVICE_ORDER",
    "CUDA_VISIBLE_DEVICES",
    "GOMP_CPU_AFFINITY",
    "GOMP_SPINCOUNT",
    "JAX_ENABLE_COMPILATION_CACHE",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
    "JAX_PLATFORMS",
    "KMP_BLOCKTIME",
    "LD_PRELOAD",
    "LIBTPU_INIT_ARGS",
    "MALLOC_ARENA_MAX",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_WAIT_POLICY",
    "ONEDNN_MAX_CPU_ISA",
    "TF_ENABLE_ONEDNN_OPTS",
    XLA_FLAGS_OF_TENSORFLOW,
    "TORCHINDUCTOR_AUTOGRAD_CACHE",
    "TORCHINDUCTOR_FREEZING",
    "TORCHINDUCTOR_FX_GRAPH_CACHE",
    "XLA_FLAGS",
    "XLA_PYTHON_CLIENT_PREALLOCATE",
)
"""Variables that change what is measured: recorded as they stand, whoever set them."""


def recorded_variables() -> dict[str, str]:
    """Those of the variables that change what is measured that are set in this process, without folders of caches."""
    recorded = {
        # JSON holds text; what a shell can put into a variable need not be that.
        name: os.environ[name].encode("utf-8", errors="replace").decode()
        for name in RECORDED_VARIABLES
        if name in os.environ
    }
    # Another folder in each worker: no two runs would have the same.
    flags = _without_cache(recorded.pop(XLA_FLAGS_OF_TENSORFLOW, ""))
    return recorded | ({XLA_FLAGS_OF_TENSORFLOW: flags} if flags else {})


def xla_flags_of_tensorflow(folder: Path) -> str:
    """What is set, and after it, where the last one counts, the folder in which XLA keeps what it compiles.

    Where the variable names a file of flags it is left as it is, and nothing is kept.
    """
    flags = os.environ.get(XLA_FLAGS_OF_TENSORFLOW, "").strip()
    if flags and not flags.startswith("-"):
        return flags
    return f'{flags} {XLA_CACHE_OF_TENSORFLOW}"{folder}"'.strip()


def xla_flags_without_cache() -> str:
    """What is set, without any folder of programs, a user's own neither."""
    return _without_cache(os.environ.get(XLA_FLAGS_OF_TENSORFLOW, ""))


def _without_cache(flags: str) -> str:
    return _CACHE_FOLDER.sub("", flags).strip()


def xla_cache_of_tensorflow() -> Path | None:
    """The folder in which XLA keeps what it compiles for TensorFlow; None where it keeps nothing."""
    folders = _CACHE_FOLDER.findall(os.environ.get(XLA_FLAGS_OF_TENSORFLOW, ""))
    return Path(folders[-1].strip("'\"")) if folders else None
