"""Made-up sides that write optimised programs, as XLA does where it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speedscore.gate.sides.side import Finished, SideSpec
from tests.gate.made_up_sides import MadeUpMachine, MadeUpSide, MadeUpTest

HLO = "ENTRY %main {{\n  %x.1 = f32[8]{{0}} {operation}(%a)\n}}\n"


class Dumping(MadeUpMachine):
    """Whose sides write a program where XLA is told to write one, another on each side."""

    def __init__(self, base: dict[str, MadeUpTest], head: dict[str, MadeUpTest]) -> None:
        super().__init__(base, head)
        self.variables: list[dict[str, str]] = []

    def start_side(self, spec: SideSpec, **others: Any) -> MadeUpSide:
        side = super().start_side(spec, **others)
        self.variables.append(dict(spec.variables))
        flags = dict(flag.split("=") for flag in spec.variables.get("XLA_FLAGS", "").split() if "=" in flag)
        finished = side.finished

        def dump_and_finish() -> Finished:
            operation = "copy" if spec.label == "head" else "negate"
            if folder := flags.get("--xla_dump_to"):
                case = side.requests[-1].case.replace("/", "-")
                (Path(folder) / f"module.{case}.before_optimizations.txt").write_text(HLO.format(operation="sine"))
                (Path(folder) / f"module.{case}.after_optimizations.txt").write_text(HLO.format(operation=operation))
            return finished()

        side.finished = dump_and_finish  # type: ignore[method-assign]
        return side
