"""A worker settles processors, threads, caches and precision before a framework is there, alike for every framework."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.workers.isolation import isolation_variables
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.host.processors import allowed_processors
from speedscore.host.variables import RECORDED_VARIABLES, recorded_variables, xla_cache_of_tensorflow
from speedscore.record.phases import DEVICES, DeviceName
from tests.places import ROOT

ISOLATE = """
import json, os, sys
import msgspec
from speedscore.host.processors import allowed_processors
from speedscore.bench_suite.workers.isolation import isolate
from speedscore.bench_suite.workers.protocol import Setting

for planted in sys.argv[2:]:
    sys.modules[planted] = type(sys)(planted)
try:
    isolate(msgspec.json.decode(sys.argv[1], type=Setting))
except RuntimeError as error:
    sys.exit(f"refused: {error}")
print(json.dumps({"affinity": allowed_processors(), "variables": dict(os.environ)}))
"""


def a_setting(
    scratch: Path, *, framework: str = "jax", device: DeviceName = "cpu", affinity: tuple[int, ...] = (0,)
) -> Setting:
    return Setting(
        cell=Cell(framework=framework, model="mlp", device=device),
        framework=FRAMEWORKS[framework],
        implementation=f"{FRAMEWORKS[framework].package}.mlp",
        workload_module="speedscore.bench_suite.workloads.mlp",
        preset="smoke",
        affinity=affinity,
        scratch=str(scratch),
        caches=str(scratch / "caches"),
    )


def isolate_in_a_fresh_process(setting: Setting, *planted: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ISOLATE, msgspec.json.encode(setting).decode(), *planted],
        cwd=ROOT,
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
    )


def observed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("affinity", [(0,), (0, 1), (3, 5, 7)])
def test_there_is_one_thread_for_each_processor(tmp_path: Path, affinity: tuple[int, ...]) -> None:
    variables = isolation_variables(a_setting(tmp_path, affinity=affinity))
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PJRT_NPROC")
    assert {variables[name] for name in names} == {str(len(affinity))}


def test_every_compilation_cache_lies_in_the_cells_own_folder(tmp_path: Path) -> None:
    variables = isolation_variables(a_setting(tmp_path))
    folders = [Path(value) for name, value in variables.items() if name.endswith("_CACHE_DIR")]
    assert len(folders) == len(set(folders)) >= 2
    assert {folder.parent for folder in folders} == {tmp_path / "caches"}
    assert variables["JAX_ENABLE_COMPILATION_CACHE"] == "true"
    others = [name for name, value in variables.items() if str(tmp_path) in value and not name.endswith("_CACHE_DIR")]
    assert others == ["TF_XLA_FLAGS"]


def test_tensorflows_cache_is_a_flag_beside_those_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """XLA takes the last of two."""
    own = "--tf_xla_auto_jit=2 --tf_xla_persistent_cache_directory=/home/of/the/user"
    monkeypatch.setenv("TF_XLA_FLAGS", own)
    flags = isolation_variables(a_setting(tmp_path))["TF_XLA_FLAGS"]
    assert flags == f'{own} --tf_xla_persistent_cache_directory="{tmp_path / "caches" / "tensorflow"}"'
    monkeypatch.setenv("TF_XLA_FLAGS", flags)
    assert xla_cache_of_tensorflow() == tmp_path / "caches" / "tensorflow"
    assert recorded_variables()["TF_XLA_FLAGS"] == "--tf_xla_auto_jit=2", "without folders, which always differ"


def test_a_file_of_flags_for_tensorflow_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a flag behind its name it would be another file. Then nothing is kept, and no figure is warm."""
    monkeypatch.setenv("TF_XLA_FLAGS", "/etc/flags")
    assert isolation_variables(a_setting(tmp_path))["TF_XLA_FLAGS"] == "/etc/flags"
    assert xla_cache_of_tensorflow() is None


def test_where_the_user_sets_no_flags_of_xla_none_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.setenv("TF_XLA_FLAGS", isolation_variables(a_setting(tmp_path))["TF_XLA_FLAGS"])
    assert "TF_XLA_FLAGS" not in recorded_variables()


def test_a_warm_process_finds_all_that_a_cold_one_compiled(tmp_path: Path) -> None:
    """By default JAX keeps no compilation under a second, and a cache that forgets would make warm figures cold."""
    variables = isolation_variables(a_setting(tmp_path))
    assert float(variables["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"]) == 0.0
    assert int(variables["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"]) < 0
    assert variables["TORCHINDUCTOR_FX_GRAPH_CACHE"] == variables["TORCHINDUCTOR_AUTOGRAD_CACHE"] == "1"


def test_every_framework_gets_the_same_variables(tmp_path: Path) -> None:
    for device in DEVICES:
        each = [isolation_variables(a_setting(tmp_path, framework=name, device=device)) for name in FRAMEWORKS]
        assert each == [each[0]] * len(FRAMEWORKS)


def test_accelerators_are_hidden_only_from_cases_of_the_processor(tmp_path: Path) -> None:
    hiding = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    for device in DEVICES:
        variables = isolation_variables(a_setting(tmp_path, device=device))
        present = {name: variables[name] for name in hiding if name in variables}
        assert present == (hiding if device == "cpu" else {})


def test_what_isolation_sets_is_recorded_except_for_the_cache_folders(tmp_path: Path) -> None:
    variables = isolation_variables(a_setting(tmp_path))
    assert {name for name in variables if not name.endswith("_CACHE_DIR")} <= set(RECORDED_VARIABLES)


def test_isolation_holds_in_the_process_and_overrides_what_was_set_before(tmp_path: Path) -> None:
    setting = a_setting(tmp_path, affinity=allowed_processors()[:1])
    seen = observed(isolate_in_a_fresh_process(setting, OMP_NUM_THREADS="97", NVIDIA_TF32_OVERRIDE="1"))
    assert seen["variables"].items() >= isolation_variables(setting).items()
    if hasattr(os, "sched_setaffinity"):
        assert tuple(seen["affinity"]) == setting.affinity


def test_nothing_overrules_what_a_case_in_tf32_tells_its_framework(tmp_path: Path) -> None:
    setting = a_setting(tmp_path, affinity=allowed_processors()[:1])
    cell = msgspec.structs.replace(setting.cell, precision="tf32")
    setting = msgspec.structs.replace(setting, cell=cell)
    seen = observed(isolate_in_a_fresh_process(setting, NVIDIA_TF32_OVERRIDE="0"))
    assert "NVIDIA_TF32_OVERRIDE" not in seen["variables"]


@pytest.mark.parametrize("planted", ["jax", "torch", "torch jax"])
def test_a_framework_that_is_there_already_is_refused(tmp_path: Path, planted: str) -> None:
    done = isolate_in_a_fresh_process(a_setting(tmp_path, affinity=allowed_processors()), *planted.split())
    assert done.returncode == 1
    named = ", ".join(sorted(planted.split()))
    assert done.stderr.strip() == f"refused: {named} was imported before the worker was isolated"


def test_the_worker_imports_no_numpy_before_it_is_isolated() -> None:
    """NumPy's BLAS reads its number of threads once, when it is imported."""
    script = "import sys, speedscore.bench_suite.workers.__main__; sys.exit('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_allowed_processors_are_in_order() -> None:
    processors = allowed_processors()
    assert processors
    assert list(processors) == sorted(set(processors))
