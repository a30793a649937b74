"""A trace by ``tf.profiler``: XLA's operations, with the metadata of the program that it writes too."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tracing import TracedOperation


def record(program: Any, folder: Path) -> None:
    tf.profiler.experimental.start(str(folder))
    try:
        program.step()
        program.wait()
    finally:
        tf.profiler.experimental.stop()


def read(program: Any, folder: Path) -> list[TracedOperation]:
    """Raises FileNotFoundError when the profiler has written no events."""
    del program
    found = next(folder.rglob("*.xplane.pb"), None)
    if found is None:
        raise FileNotFoundError(f"tf.profiler wrote no .xplane.pb below {folder.name}")
    space = importlib.import_module("tensorflow.tsl.profiler.protobuf.xplane_pb2").XSpace()
    space.ParseFromString(found.read_bytes())
    files = _files_by_instruction(space)
    operations = []
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                values = {plane.stat_metadata[stat.metadata_id].name: _text(plane, stat) for stat in event.stats}
                if name := values.get("hlo_op"):
                    own = frozenset(values.values())
                    operations.append(TracedOperation(name, own, files.get(name, frozenset())))
    return operations


def _text(plane: Any, stat: Any) -> str:
    return stat.str_value or (plane.stat_metadata[stat.ref_value].name if stat.ref_value else "")


def _files_by_instruction(space: Any) -> dict[str, frozenset[str]]:
    hlo = importlib.import_module("tensorflow.compiler.xla.service.hlo_pb2")
    found = {}
    programs = [
        hlo.HloProto.FromString(stat.bytes_value)
        for plane in space.planes
        for metadata in plane.event_metadata.values()
        for stat in metadata.stats
        if plane.stat_metadata[stat.metadata_id].name == "Hlo Proto"
    ]
    for program in programs:
        names = frozenset(program.hlo_module.stack_frame_index.file_names)
        for computation in program.hlo_module.computations:
            for instruction in computation.instructions:
                metadata = instruction.metadata
                one = frozenset({metadata.source_file} if metadata.source_file else ())
                found[instruction.name] = one | (names if metadata.stack_frame_id else frozenset())
    return found
