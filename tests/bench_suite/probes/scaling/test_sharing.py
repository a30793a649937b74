"""A shared step is held to the reference, and its arrays to where they are to lie; processes end together."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.frameworks.sharding import Member
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.scaling import in_process, launching
from speedscore.bench_suite.probes.scaling.in_process import SharingRequest
from speedscore.bench_suite.probes.scaling.launching import call_together
from speedscore.bench_suite.probes.scaling.proof import Proof, judge
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workloads.scaling import split_share
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.scaling.wrong_sharing import HERE
from tests.waiting import LIMIT_SECONDS, has_gone, wait_until


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors(), limit_seconds=300.0)
    yield opened
    opened.close()


@pytest.fixture
def reference(tools: Tools) -> str:
    path = str(tools.scratch / "reference.json")
    tools.start().call(f"{in_process.__name__}:write_reference", path=path)
    return path


def outcomes(proofs: dict[str, Proof], *, way: str) -> dict[str, str]:
    return {name: judge([proof], way=way, devices=2, split_share=split_share(2))[0] for name, proof in proofs.items()}


def test_jax_is_equal_and_replicas_do_not_pass_for_it(tools: Tools, reference: str) -> None:
    process = tools.start(variables={"XLA_FLAGS": "--xla_force_host_platform_device_count=2"})
    task = SharingRequest("jax", "model", 2, "cpu", member=None)
    proved = process.call(f"{HERE}:prove_all_in_jax", task=msgspec.to_builtins(task), reference=reference)
    proofs = msgspec.convert(proved, dict[str, Proof])
    assert outcomes(proofs, way="model") == {"right": "equal", "replicated": "not sharded"}
    assert proofs["right"].computation == pytest.approx(0.5, rel=0.1)
    assert proofs["right"].spread.parameters == pytest.approx(split_share(2))
    assert proofs["replicated"].spread.parameters == 1.0


def test_torch_is_equal_and_neither_sums_nor_silence_pass_for_it(tools: Tools, reference: str) -> None:
    store = str(tools.scratch / "rendezvous")
    tasks = [SharingRequest("torch", "data", 2, "cpu", member=Member(rank, 2, store)) for rank in range(2)]
    processes = [tools.start() for _ in tasks]
    # As the probe does: none is to wait for another that still imports.
    call_together(processes, f"{in_process.__name__}:prepare", [{"task": msgspec.to_builtins(tasks[0])}] * 2)
    every = call_together(
        processes,
        f"{HERE}:prove_all_in_torch",
        [{"task": msgspec.to_builtins(task), "reference": reference} for task in tasks],
    )
    for proved in every:
        proofs = msgspec.convert(proved, dict[str, Proof])
        assert outcomes(proofs, way="data") == {"right": "equal", "summed": "differs", "silent": "differs"}
        assert "gradients" in proofs["summed"].failure


def test_when_one_process_fails_the_others_end_and_its_words_are_kept(tools: Tools) -> None:
    processes = [tools.start() for _ in range(2)]
    with pytest.raises(Raised, match="this one is wrong"):
        call_together(processes, f"{HERE}:fail_or_wait", [{"seconds": 600}, {"seconds": 0}])
    assert all(process.is_lost for process in processes)
    with pytest.raises(Lost):
        processes[0].call(f"{HERE}:fail_or_wait", seconds=1)


def test_what_a_launcher_started_ends_with_the_session(tools: Tools, tmp_path: Path) -> None:
    written = tmp_path / "pid"
    # As torchrun does: a process in a session of its own, which no signal for the launcher's group reaches.
    inner = "import os, pathlib, time; pathlib.Path({!r}).write_text(str(os.getpid())); time.sleep(600)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner.format(str(written))!r}], "
    command = [sys.executable, "-c", f"{outer}start_new_session=True)"]

    def launch() -> None:
        # Whether the launcher or its parent is gone first, is chance.
        with contextlib.suppress(Lost):
            tools.start().call(f"{launching.__name__}:run_command", command=command)

    thread = threading.Thread(target=launch)
    thread.start()
    while not written.exists() or not written.read_text():
        time.sleep(0.05)
    tools.kill()
    thread.join(LIMIT_SECONDS)
    assert not thread.is_alive()
    wait_until(lambda: has_gone(int(written.read_text())), "what a launcher started outlived the session")


def test_a_launcher_that_fails_says_so() -> None:
    assert "exit code 3" in launching.run_command({}, command=[sys.executable, "-c", "raise SystemExit(3)"])
    assert launching.run_command({}, command=[sys.executable, "-c", ""]) == ""
    with pytest.raises(FileNotFoundError):
        launching.run_command({}, command=["no-such-launcher"])
