"""What is measured, by name."""

from __future__ import annotations

METRIC_TITLES = {
    "seconds_per_step": "seconds per step, steps queued",
    "latency_seconds": "seconds per call on one input, each waited for",
    "seconds_per_batch": "seconds per pass of the batch, passes queued",
    "time_to_first_step_seconds": "seconds to the first step, from empty caches",
    "warm_time_to_first_step_seconds": "seconds to the first step, from warm caches",
}
