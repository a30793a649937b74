"""A fleet on several nodes on this machine: placed by resource, alone on a node, and gone when it must be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from speedscore.bench_suite.session.fleet.versions import Demands, admit
from speedscore.fleet.fleet import Fleet, open_fleet
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.waiting import Patience
from speedscore.fleet.work import MOST_PLACINGS, Answered, Began, Failed, FleetError, Lost, Piece, Reported
from speedscore.host.distributions import installed_versions
from speedscore.host.fingerprint import fingerprint
from speedscore.host.git import git_says
from tests.fleet.nodes import Nodes, a_cluster
from tests.fleet.stand_ins import Span
from tests.waiting import LIMIT_SECONDS, has_gone, wait_until

pytest.importorskip("ray", reason="a fleet needs Ray: pip install 'speedscore[fleet]'")
pytestmark = pytest.mark.skipif(
    "SPEEDSCORE_CLUSTER" not in os.environ,
    reason="starts a Ray cluster of several nodes, for minutes: python -m tox run -e cluster",
)
ROOT = Path(__file__).parents[2]
STAND_INS = "tests.fleet.stand_ins"
PATIENCE = Patience(settle_seconds=120, device_seconds=1, return_seconds=90)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with a_cluster() as nodes:
        nodes.add("plain", num_cpus=2)
        nodes.add("graphics", num_cpus=1, num_gpus=1)
        yield nodes


@pytest.fixture(params=["from within", "through Ray Client"])
def address(nodes: Nodes, request: pytest.FixtureRequest) -> str:
    return nodes.address if request.param == "from within" else nodes.client_address


@pytest.fixture
def fleet(address: str) -> Iterator[Fleet]:
    with open_fleet(address, checkout=ROOT, patience=PATIENCE) as fleet:
        yield fleet


def piece(name: str, function: str, request: str = "", **where: str) -> Piece:
    return Piece(name, f"{STAND_INS}:{function}", request.encode(), **where)  # type: ignore[arg-type]


def spans_by_machine(answers: Iterable[Answered]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for event in answers:
        spans.setdefault(event.machine, []).append(msgspec.json.decode(event.answer, type=Span))
    return spans


def is_one_at_a_time(spans: Iterable[Span]) -> bool:
    in_order = sorted(spans, key=lambda span: span.began)
    return all(earlier.ended <= later.began for earlier, later in pairwise(in_order))


def test_pieces_are_placed_by_resource_alone_on_their_machine_and_in_processes_of_their_own(fleet: Fleet) -> None:
    work = [
        *(piece(f"p{number}", "pause", "0.3") for number in range(8)),
        piece("g", "pause", "0.3", device="gpu"),
        piece("t", "pause", "0.3", device="tpu"),
        piece("wrong", "raises", "no\nsuch thing"),
        piece("weak", "dies"),
    ]
    events = list(fleet.run(work))
    answers = {event.piece: event for event in events if isinstance(event, Answered)}
    failed = {event.piece: event for event in events if isinstance(event, Failed)}
    assert set(answers) == {"g", *(f"p{number}" for number in range(8))}
    assert Counter(event.piece for event in events if isinstance(event, Reported)) == Counter(list(answers))
    assert failed["t"].reason.startswith("no machine of the cluster has a TPU: it has ")
    assert failed["wrong"].reason == "RuntimeError: no such thing"
    assert sum(isinstance(event, Lost) for event in events) == 2
    assert "SIGKILL" in failed["weak"].reason

    names = {machine.name for machine in fleet.machines}
    assert len(names) == 2
    spans = spans_by_machine(answers.values())
    assert spans.keys() == names
    assert all(map(is_one_at_a_time, spans.values()))
    every = [span for own in spans.values() for span in own]
    assert len({span.pid for span in every}) == len(every)
    # Its code came with its commit, and Ray's own setting of threads did not.
    commit = git_says(ROOT, "rev-parse", "HEAD")
    assert all(span.checkout.startswith(commit) for span in every)
    assert {span.threads for span in every} == {os.environ.get("OMP_NUM_THREADS")}
    assert {machine.environment["git.commit"] for machine in fleet.machines} == {commit}


def test_what_was_printed_on_each_machine_is_kept_here_also_where_the_process_of_a_piece_is_killed(
    address: str, tmp_path: Path
) -> None:
    warnings: list[str] = []
    logs = LogFolder(str(tmp_path / "logs"), warn=warnings.append)
    with open_fleet(address, checkout=ROOT, logs=logs, patience=PATIENCE) as fleet:
        names = {machine.name for machine in fleet.machines}
        work = [piece("loud", "prints", "2000000"), piece("weak", "prints_and_dies", "no such card")]
        events = list(fleet.run(work))
    answered = [event for event in events if isinstance(event, Answered)]
    (failed,) = [event for event in events if isinstance(event, Failed)]
    kept = {str(path): path.read_text() for path in (tmp_path / "logs").glob("*.log")}
    assert len(kept) == 1 + MOST_PLACINGS
    loud = kept.pop(answered[0].log)
    assert loud.startswith("===== piece (1 of 1) =====\nxxx")
    assert "bytes are left out here" in loud
    assert all(text == "===== piece (1 of 1) =====\nno such card\n" for text in kept.values())
    assert any(failed.reason.endswith(f" (log: {log})") for log in kept)
    assert {Path(log).name.split("_")[1] for log in (*kept, answered[0].log)} <= names
    assert not warnings


def test_closing_a_run_ends_what_it_started_on_every_machine_and_the_fleet_goes_on(fleet: Fleet) -> None:
    run = fleet.run([piece("a", "has_children"), piece("b", "has_children")])
    reports = []
    for event in run:
        reports += [event.message] if isinstance(event, Reported) else []
        if len(reports) == 2:
            break
    run.close()
    pids = [int(pid) for report in reports for pid in report.split()]
    wait_until(lambda: all(map(has_gone, pids)), "a process outlived the run that started it")
    assert [event.piece for event in fleet.run([piece("c", "echo")]) if isinstance(event, Answered)] == ["c"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_is_killed_or_interrupted_leaves_no_process(
    address: str, number: signal.Signals, tmp_path: Path
) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from speedscore.fleet.fleet import open_fleet\n"
        "from speedscore.fleet.work import Piece, Reported\n"
        f"with open_fleet({address!r}, checkout=Path({str(ROOT)!r})) as fleet:\n"
        f"    for event in fleet.run([Piece('a', '{STAND_INS}:has_children', b'')]):\n"
        "        if isinstance(event, Reported):\n"
        "            print(event.message.decode(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as driver:
        assert driver.stdout is not None
        pids = [int(pid) for pid in driver.stdout.readline().split()]
        assert len(pids) == 2
        driver.send_signal(number)
        wait_until(lambda: all(map(has_gone, pids)), "a process outlived its driver")
        driver.wait(LIMIT_SECONDS)


def test_a_killed_node_costs_only_what_it_had_and_a_new_one_is_used(nodes: Nodes, address: str) -> None:
    nodes.add("doomed", num_cpus=1, resources={"speedscore": 1})
    with open_fleet(address, checkout=ROOT, patience=PATIENCE) as fleet:
        assert len(fleet.machines) >= 3
        # Longer than it takes to notice that a node has gone: no answer may come from it any more.
        work = [piece(f"p{number}", "pause", "10") for number in range(3 * len(fleet.machines))]
        run = fleet.run(work)
        busy: set[str] = set()
        is_killed = False
        events = []
        for event in run:
            events.append(event)
            busy |= {event.machine} if isinstance(event, Began) else set()
            if len(busy) == len(fleet.machines) and not is_killed:
                nodes.kill("doomed")
                nodes.add("late", num_cpus=1)
                is_killed = True
        answered = Counter(event.piece for event in events if isinstance(event, Answered))
        assert answered == Counter(each.name for each in work)
        (lost,) = [event for event in events if isinstance(event, Lost)]
        after = events[events.index(lost) :]
        # Nodes go by their host's name, here the same, and by a number: the new one has that of the dead one.
        assert lost.machine in {event.machine for event in after if isinstance(event, Answered)}, "the new one is used"


def test_ray_client_that_has_lost_its_server_is_an_error_and_starts_no_cluster_here(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(prefix="ss-", dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        with open_fleet(nodes.client_address, checkout=ROOT, patience=PATIENCE) as fleet:
            before = sorted(Path(folder).iterdir())
            run = fleet.run([piece("a", "has_children")])
            reports = (event.message for event in run if isinstance(event, Reported))
            pids = [int(pid) for pid in next(reports).split()]
            nodes.kill_client_servers()
            with pytest.raises(FleetError, match="the cluster is lost: "):
                list(run)
        wait_until(lambda: all(map(has_gone, pids)), "a process outlived the client that started it")
        assert sorted(Path(folder).iterdir()) == before, "Ray has started a cluster on the driver's machine"


def test_auto_is_the_cluster_that_the_job_is_told_of(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    with open_fleet("auto", checkout=ROOT, machines=2, patience=PATIENCE) as fleet:
        assert [event.piece for event in fleet.run([piece("a", "echo")]) if isinstance(event, Answered)] == ["a"]


def test_a_node_whose_packages_are_others_is_refused_with_what_differs(nodes: Nodes, tmp_path: Path) -> None:
    for name in ("numpy", "msgspec"):
        (tmp_path / f"{name}-0.0.dist-info").mkdir()
        (tmp_path / f"{name}-0.0.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 0.0\n")
    nodes.add("other", num_cpus=1, env_vars={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    with open_fleet(nodes.address, checkout=ROOT, machines=3, patience=PATIENCE) as fleet:
        admission = admit(fleet.machines, Demands(fingerprint(ROOT), packages=installed_versions()))
    assert len(admission.admitted) >= 2
    (why,) = admission.refused.values()
    assert why.startswith("package.numpy is 0.0 and must be ")
    assert "; package.msgspec is 0.0 and must be " in why


def test_ten_nodes_share_five_hundred_pieces_and_none_does_two_at_a_time() -> None:
    with a_cluster() as ten:
        for number in range(10):
            ten.add(f"node-{number}", num_cpus=1)
        with open_fleet(ten.address, checkout=ROOT, patience=PATIENCE) as fleet:
            names = {machine.name for machine in fleet.machines}
            events = list(fleet.run([piece(f"p{number}", "pause", "0.05") for number in range(500)]))
    answers = [event for event in events if isinstance(event, Answered)]
    assert Counter(event.piece for event in answers) == Counter(f"p{number}" for number in range(500))
    assert not [event for event in events if isinstance(event, Lost | Failed)]
    spans = spans_by_machine(answers)
    assert len(names) == 10
    assert spans.keys() == names
    assert all(map(is_one_at_a_time, spans.values()))
    assert min(map(len, spans.values())) > 10, "a node hardly worked"
