"""What the frameworks' profilers write is opened by the parsers of the tools that people open it with.

One session measures the perceptron in JAX and in PyTorch and profiles it; xprof's converters, JAX's own reader of
profiles and Perfetto's trace processor read the files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workers.profiled_steps import PROFILED_STEPS
from speedscore.record.run_file import load_run
from tests.bench_suite.frameworks.checks.running import require_installed
from tests.bench_suite.frameworks.perfetto import open_in_perfetto
from tests.bench_suite.sample_framework.tables import SampleTables
from tests.bench_suite.sample_session import CONFTEST, MEASURING, QUICK, SOURCES
from tests.places import HELPERS, ROOT

pytestmark = [require_installed(FRAMEWORKS["jax"]), require_installed(FRAMEWORKS["torch"])]

CASES = {"jax-mlp-cpu": "step", "torch-mlp-cpu": "ProfilerStep#"}
"""Case → what the name of a step begins with."""
READ_BY_XPROF = """
import json, sys
from jax.profiler import ProfileData
from xprof.convert import raw_to_tool_data

path = sys.argv[1]
read = lambda tool: raw_to_tool_data.xspace_to_tool_data([path], tool, {})[0]
lines = [line for plane in ProfileData.from_file(path).planes for line in plane.lines]
print(json.dumps({
    "tools": list(raw_to_tool_data.xspace_to_tool_names([path])),
    "events": [event["name"] for event in json.loads(read("trace_viewer"))["traceEvents"] if event.get("ph") == "X"],
    "overview": isinstance(json.loads(read("overview_page")), list),
    "steps": [dict(event.stats)["step_num"] for line in lines for event in line.events if event.name == "step"],
}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a session has put its run and the profiles."""
    folder = tmp_path_factory.mktemp("profiled")
    document = msgspec.json.encode(SampleTables(preset=QUICK, variants={})).decode()
    (folder / "conftest.py").write_text(CONFTEST.format(helpers=str(HELPERS), document=document, plugins=[MEASURING]))
    (folder / "test_inference.py").write_bytes((SOURCES / "test_inference.py").read_bytes())
    session = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "--benchmark-only",
                "--processes=1",
                "-k",
                " or ".join(f"[{case}]" for case in CASES),
            ),
            *("--profile=profiles", "--benchmark-json=run.json", "-p", "no:cacheprovider"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert session.returncode == 0, session.stdout + session.stderr
    assert "speedscore: 2 profiles are in profiles: Perfetto opens *.trace.json.gz; xprof" in session.stdout
    return folder


def test_the_cases_have_their_figures_as_ever(folder: Path) -> None:
    cases = load_run(folder / "run.json").cases
    assert {case.id: case.status for case in cases} == dict.fromkeys(CASES, "measured")
    assert all(len(case.rounds) >= 3 for case in cases)


def test_perfetto_opens_the_traces_and_finds_every_step(folder: Path) -> None:
    paths = [folder / "profiles" / f"{case}.inference.trace.json.gz" for case in CASES]
    for opened, step in zip(open_in_perfetto(paths), CASES.values(), strict=True):
        assert opened.errors == []
        assert sum(count for name, count in opened.count.items() if name.startswith(step)) == PROFILED_STEPS
        assert len(opened.slices) > 10, "and what happens in them"


def test_xprof_and_jax_read_the_profile(folder: Path) -> None:
    pytest.importorskip("xprof")
    session = folder / "profiles" / "plugins" / "profile" / "jax-mlp-cpu.inference"
    (path,) = session.iterdir()
    assert path.name == "jax-mlp-cpu.inference.xplane.pb"
    # In a process of its own: it imports JAX.
    reader = subprocess.run(
        [sys.executable, "-P", "-c", READ_BY_XPROF, str(path)], capture_output=True, text=True, timeout=120
    )
    assert reader.returncode == 0, reader.stderr
    read = json.loads(reader.stdout)
    assert {"trace_viewer", "overview_page"} <= {tool.rstrip("@") for tool in read["tools"]}
    steps = [f"step {number}" for number in range(PROFILED_STEPS)]
    assert [name for name in read["events"] if name.startswith("step ")] == steps, "xprof takes the marks for steps"
    assert read["overview"]
    assert sorted(map(int, read["steps"])) == list(range(PROFILED_STEPS))
