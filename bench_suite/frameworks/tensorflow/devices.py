"""Where TensorFlow runs: its threads, its precision, the device that it sees, and how work on it is waited for.

It never knows a model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads.workload import Array
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32, DeviceName

HOST = "CPU:0"


def prepare_device(name: DeviceName, *, threads: int, precision: Precision = FLOAT32) -> str:
    """Set threads, precision and visible devices, and return the device's name in TensorFlow.

    ``threads`` are the computing ones on the host. Raises DeviceUnavailable, which says what was asked for and found;
    RuntimeError when TensorFlow has already started with other settings.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # As many operations at a time, as TensorFlow does by itself. A compiled step is one operation; in another the
    # gradients of kernels and of inputs need not wait for each other: ResNet-50's took 0.71 to 0.89 of the time that it
    # took with one at a time (three pairs of processes on two processors).
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
    if name == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return HOST
    if name == "gpu" and (gpus := tf.config.list_physical_devices("GPU")):
        tf.config.set_visible_devices(gpus[:1], "GPU")
        # The workers of a block share one accelerator.
        tf.config.experimental.set_memory_growth(gpus[0], True)
        return "GPU:0"
    if name == "tpu":
        raise DeviceUnavailable(f"asked for 'tpu', but TensorFlow {tf.__version__} is not driven on a TPU here")
    device_types = ", ".join(sorted({device.device_type.lower() for device in tf.config.list_physical_devices()}))
    built = "built with CUDA" if tf.test.is_built_with_cuda() else "built without CUDA"
    raise DeviceUnavailable(f"asked for {name!r}, but TensorFlow {tf.__version__} ({built}) found {device_types} only")


def place(values: Array, device: str) -> Any:
    """A tensor on the device; integers as int64, for TensorFlow keeps int32 on the host of a GPU."""
    with tf.device(device):
        return tf.constant(values, dtype=tf.int64 if values.dtype == np.int32 else tf.float32)


def synchronise(device: str) -> None:
    """Block until the device has done all that was queued."""
    # On the host a compiled function runs on the thread that calls it, and returns when its work is done.
    if device != HOST:
        with tf.device(device):
            tf.raw_ops.SyncDevice()


def reset_peak_memory(device: str) -> None:
    """Forget the device's highest use so far."""
    if device != HOST:
        tf.config.experimental.reset_memory_stats(device)


def peak_memory(device: str) -> dict[str, int]:
    """``allocator_peak_bytes``; empty on the host, where TensorFlow does not count."""
    if device == HOST:
        return {}
    return {"allocator_peak_bytes": tf.config.experimental.get_memory_info(device)["peak"]}


def describe_device(device: str) -> dict[str, Scalar]:
    """``device_kind``, ``threads`` and ``matmul_precision``.

    ``threads`` is the setting for the inside of operations, not what was observed: in ``/proc`` the threads of that
    pool have no name of their own that they could be counted by. Those that begin operations, ``tf_Compute``, are as
    many again and not in it, and where operations run side by side they compute too. What holds both to the processors
    that were given is the affinity of the process.
    """
    return {
        "device_kind": _device_kind(device),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "matmul_precision": "tf32" if tf.config.experimental.tensor_float_32_execution_enabled() else "highest",
    }


def _device_kind(device: str) -> str:
    if device == HOST:
        return "cpu"
    gpu = tf.config.list_physical_devices("GPU")[0]
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", "unknown"))
