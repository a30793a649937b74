"""What JAX does behind a program's back: compilations, hits of its cache, and the guard of the steady state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

# With fewer attributes than it has, to the type checker, in one release of JAX or another.
config: Any = jax.config

_finished_compilations = 0
_cache_hits = 0


def _count_compilation(event: str, *_: Any, **__: Any) -> None:
    global _finished_compilations
    if event.endswith("backend_compile_duration"):
        _finished_compilations += 1


def _count_cache_hit(event: str, **_: Any) -> None:
    global _cache_hits
    if event.endswith("compilation_cache/cache_hits"):
        _cache_hits += 1


# Registered once and for good: JAX 0.5 has no public way to take a listener away again.
jax.monitoring.register_event_duration_secs_listener(_count_compilation)
jax.monitoring.register_event_listener(_count_cache_hit)


def cache_hits() -> int:
    """Compilations of this process so far that JAX's persistent cache spared it."""
    return _cache_hits


@contextmanager
def steady_state() -> Iterator[None]:
    """Raises RuntimeError on a trace or a compilation, and JAX's own error on a transfer.

    JAX does not see a read of an array that already lies in host memory, so on the host's own platform only copies
    towards the device are refused.
    """
    before = _finished_compilations
    tracing_was_refused = config.jax_no_tracing
    config.update("jax_no_tracing", True)
    try:
        with jax.transfer_guard("disallow_explicit"):
            yield
    finally:
        config.update("jax_no_tracing", tracing_was_refused)
    if (compilations := _finished_compilations - before) > 0:
        raise RuntimeError(
            f"{compilations} compilations ran where none was expected; compile before the steady state begins"
        )
