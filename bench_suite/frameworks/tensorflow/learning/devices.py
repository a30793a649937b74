"""Makes one processor stand for several devices, before anything runs. It computes nothing."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def split_host(memory: dict[str, Any], *, count: int) -> int:
    """The number of devices that a program then finds. Raises RuntimeError where TensorFlow has begun to run."""
    del memory
    host = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(host, [tf.config.LogicalDeviceConfiguration()] * count)
    return len(tf.config.list_logical_devices("CPU"))
