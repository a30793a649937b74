"""What a program and its worker say of themselves, as typed records.

A field stands here by name when somebody reads it: a table, a comparison, a gate. Whatever else a framework tells
(versions, settings) is kept beside it in ``other``, shown and compared, and read by nobody's code. Nothing is measured
here, and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from speedscore.host.fields import Scalar, Whole


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    other: dict[str, Scalar] = {}
    """By name, what is unknown to us."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Scalar]) -> Self:
        """A description of flat names; those that it has no field for go into ``other``.

        Raises ValidationError, a ValueError, naming a field of the wrong type.
        """
        known = set(cls.__struct_fields__) - {"other"}
        named = {name: value for name, value in fields.items() if name in known}
        unknown = {name: value for name, value in fields.items() if name not in known}
        return msgspec.convert(named | {"other": unknown}, cls)

    def fields(self) -> dict[str, Scalar]:
        """All that is known, by flat names."""
        # Not by name after name in Python: a history asks four times for each of its cases. Without what is unknown,
        # as a file has it.
        named: dict[str, Scalar] = msgspec.to_builtins(self)
        named.pop("other", None)
        return named | self.other


class ProgramDescription(_Description, frozen=True):
    """What ran. None is unknown, or does not apply."""

    platform: str | None = None
    """``cpu``, ``gpu`` or ``tpu``: where it really runs."""
    device_kind: str | None = None
    """The device by its maker's name."""
    threads: Whole | None = None
    """Those that compute."""
    variant: str | None = None
    matmul_precision: str | None = None
    optimizer: str | None = None
    layout: str | None = None
    attention: str | None = None
    compiled: str | None = None
    """Which part of the program is compiled, in words."""
    compiled_from_cache: bool | None = None
    donated_bytes: Whole | None = None
    program_sha256: str | None = None
    """Two programs that share it compute the same by the same instructions."""
    last_loss: float | None = None
    """After the last timed step; of training alone."""


class WorkerDescription(_Description, frozen=True):
    """The worker's own environment as it was observed. None is unknown, or does not apply."""

    python: str | None = None
    affinity: str | None = None
    """Numbers of its processors, with commas between them."""
    process_threads: Whole | None = None
    """All threads of the process, whatever they do."""
    processors_busy_before: float | None = None
    """How many processors others kept busy before its block began."""
    processors_busy_during: float | None = None
    """How many processors others kept busy during the rounds of a process, on the average; of the process with most."""
    processes_measured_again: Whole | None = None
    """How many processes were measured again because of that load; what they took the place of is in no figure."""
    quota_periods: Whole | None = None
    """Periods of a container's processor quota while its block was measured; None where there is no quota."""
    throttled_periods: Whole | None = None
    """Those of them in which the quota was spent, and its processes stood still."""
    gemm_flops_per_second: float | None = None
    """Of a large float32 matrix product on its threads."""
    peak_flops_per_second: float | None = None
    """Of its device's datasheet, in the case's own precision: of float32 that is without TF32."""
    peak_source: str | None = None
