"""One of the processes that a framework's launcher starts: ``python -m …launched FOLDER TASK REFERENCE``.

It writes its proof, or what it raised, into the folder, under its rank. It is told its rank as ``torchrun`` tells it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from speedscore.bench_suite.frameworks.sharding import Member
from speedscore.bench_suite.probes.scaling.in_process import SharingRequest, prove_task


def main(folder: str, task: str, reference: str) -> None:
    """``task`` is JSON, its member yet unknown. Raises whatever proving it raises."""
    member = Member(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), rendezvous="")
    asked = msgspec.structs.replace(msgspec.json.decode(task, type=SharingRequest), member=member)
    proof = prove_task(asked, Path(reference))
    (Path(folder) / f"{member.rank}.json").write_bytes(msgspec.json.encode(proof))


if __name__ == "__main__":
    main(*sys.argv[1:])
