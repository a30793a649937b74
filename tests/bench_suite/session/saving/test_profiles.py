"""Profiles come home whole, where Perfetto and xprof find them; where there is none, the reason is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.saving.profiles import NOT_REACHED, OF_STEPS, Profiles
from speedscore.bench_suite.workers.protocol import Profiled
from speedscore.record.phases import Phase
from tests.bench_suite.sample_session import Matrix
from tests.sample_runs import a_case

FRAMEWORKS = ("jax", "torch")


def a_profile(folder: Path, *names: str, text: str = "recorded") -> Profiled:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(text)
    return Profiled(tuple(str(folder / name) for name in names))


def the_case(framework: str, phase: Phase = "training") -> Case:
    return Case(framework, "mlp", "cpu", phase)


def test_each_file_lies_where_its_reader_looks_for_it(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "new" / "profiles")
    profiles.keep(the_case("jax"), a_profile(tmp_path / "scratch", "trace.json.gz", "xplane.pb"))
    found = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert found == {
        "profiles/jax-mlp-cpu.training.trace.json.gz",
        "profiles/plugins/profile/jax-mlp-cpu.training/jax-mlp-cpu.training.xplane.pb",
    }
    folder = tmp_path / "new" / "profiles"
    assert profiles.lines([a_case("jax", [[0.1]])]) == [
        f"one profile is in {folder}: Perfetto opens *.trace.json.gz; xprof --logdir {folder}"
    ]


def test_who_has_no_profile_is_counted_by_reason(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    profiles.keep(the_case("jax"), a_profile(tmp_path / "scratch", "trace.json.gz"))
    profiles.keep(the_case("torch"), Profiled(reason="no profiler"))
    cases = [a_case(name, [[0.1]], phase=phase) for name in FRAMEWORKS for phase in ("training", "compilation")]
    cases.append(a_case("haiku", [[0.1]]))
    assert profiles.lines(cases) == [
        f"one profile is in {tmp_path / 'profiles'}: Perfetto opens *.trace.json.gz",
        f"no profile of 2 cases: {OF_STEPS}",
        "no profile of one case: no profiler",
        f"no profile of one case: {NOT_REACHED}",
    ]


def test_a_process_that_is_measured_again_brings_the_profile_that_stays(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    profiles.keep(the_case("jax"), Profiled(reason="crashed"))
    for text in ("first", "second"):
        profiles.keep(the_case("jax"), a_profile(tmp_path / text, "trace.json.gz", text=text))
    assert (tmp_path / "profiles" / "jax-mlp-cpu.training.trace.json.gz").read_text() == "second"
    assert len(profiles.lines([a_case("jax", [[0.1]])])) == 1


@pytest.mark.parametrize("error", [OSError(28, os.strerror(28)), KeyboardInterrupt()], ids=["full disk", "Ctrl-C"])
def test_what_is_cut_short_leaves_no_half_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def cut_short(_: Path, target: Path) -> None:
        target.write_text("recor")
        raise error

    monkeypatch.setattr("shutil.copyfile", cut_short)
    profiles = Profiles(tmp_path / "profiles")
    try:
        profiles.keep(the_case("jax"), a_profile(tmp_path / "scratch", "trace.json.gz"))
    except KeyboardInterrupt:
        assert isinstance(error, KeyboardInterrupt)
    else:
        (line,) = profiles.lines([a_case("jax", [[0.1]])])
        assert line == f"no profile of one case: {tmp_path / 'profiles'}: not written (No space left on device)"
    assert list((tmp_path / "profiles").iterdir()) == []


def test_a_session_keeps_the_profiles_and_says_where(matrix: Matrix) -> None:
    matrix.make("training", "compilation", sample="profiled", other="healthy")
    result = matrix.run("-k", "cpu", "--profile=profiles", "--benchmark-json=run.json")
    assert result.ret == pytest.ExitCode.OK
    (path,) = (matrix.folder / "profiles").iterdir()
    assert path.name == "sample-mlp-cpu.training.marks.txt"
    result.stdout.fnmatch_lines_random(
        [
            "speedscore: one profile is in profiles",
            f"speedscore: no profile of 4 cases: {OF_STEPS}",
            "speedscore: no profile of one case: other has no profiler that it could be run under",
        ]
    )


def test_a_gate_profiles_nothing_and_says_so(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    result = matrix.run("-k", "cpu", "--profile=profiles", "--gate=HEAD")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --profile: a gate compares rounds and profiles none; *"])


def test_beside_another_plugin_with_an_option_of_that_name_a_session_goes_on(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    (matrix.folder / "profiling.py").write_text(
        "def pytest_addoption(parser):\n    parser.getgroup('Profiling').addoption('--profile', action='store_true')\n"
    )
    result = matrix.pytester.runpytest_subprocess("-p", "profiling", "--collect-only", "-q", "-k", "cpu", "--profile")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*test_training?sample-mlp-cpu?"])
    other_options = matrix.pytester.runpytest_subprocess("-p", "profiling", "--preset=enormous")
    other_options.stderr.fnmatch_lines(["ERROR: --preset: unknown preset *"])
