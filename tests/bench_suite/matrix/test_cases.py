"""The matrix has a place for every framework, model and device, and says why a case cannot be measured."""

from __future__ import annotations

import sys
from itertools import groupby, product
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import (
    DEVICE_PRECISIONS,
    Block,
    Case,
    Cell,
    declined,
    has_cell,
    implementation,
    matrix,
)
from speedscore.bench_suite.workloads.table import MODELS, TASKS, Model
from speedscore.record.phases import DEVICES, MODEL_PHASES, PHASES, PRECISIONS, Phase

PLACES = [(device, precision) for device in DEVICES for precision in DEVICE_PRECISIONS[device]]
"""Of a model that is measured in every precision, as ours are."""


def a_case(framework: str = "sample") -> Case:
    return Case(framework=framework, model="mlp", device="cpu", phase="training")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a framework with one model."""
    folder = tmp_path / "planted_framework"
    folder.mkdir()
    for name in ("__init__.py", "program.py", "mlp.py"):
        (folder / name).touch()
    return folder


@pytest.fixture
def sample(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Framework:
    """A framework of the table whose folder holds one model and which needs nothing that is not installed."""
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, folder.name, raising=False)
    framework = Framework(
        "sample", builder=f"{folder.name}.program:build", ecosystem="sample", extra="sample", packages=("json",)
    )
    monkeypatch.setitem(FRAMEWORKS, framework.id, framework)
    return framework


def test_every_idiomatic_framework_model_device_and_precision_has_a_case_in_each_phase() -> None:
    idiomatic = [name for name, line in FRAMEWORKS.items() if line.style == "idiomatic" and not line.models]
    wanted = sorted(
        (*cell, *place)
        for cell in product(idiomatic, MODELS)
        for place in PLACES
        if place[1] in FRAMEWORKS[cell[0]].precisions
    )
    for phase in MODEL_PHASES:
        cells = [(case.framework, case.model, case.device, case.precision) for case in matrix(phase)]
        assert sorted(cell for cell in cells if cell[0] in idiomatic) == wanted
        assert {case.phase for case in matrix(phase)} == {phase}


def test_the_order_of_the_matrix_is_the_same_each_time() -> None:
    assert matrix("training") == matrix("training")


def test_the_cases_of_a_block_stand_side_by_side() -> None:
    blocks = [block for block, _ in groupby(matrix("inference"), key=lambda case: case.block)]
    assert len(blocks) == len(set(blocks)) == len(MODELS) * len(PLACES)


def test_cases_of_a_group_differ_only_in_their_frameworks() -> None:
    for group, cases in groupby(matrix("training"), key=lambda case: case.group):
        members = list(cases)
        names = [case.framework for case in members]
        assert names == [name for name in FRAMEWORKS if name in names]
        ((model, device, phase, precision),) = {
            (case.model, case.device, case.phase, case.precision) for case in members
        }
        assert group == f"{phase} {model} {device}{'' if precision == 'float32' else f' in {precision}'}"


def test_a_block_holds_all_phases_of_a_model_on_a_device_in_a_precision() -> None:
    cases = [case for phase in MODEL_PHASES for case in matrix(phase)]
    for block in {case.block for case in cases}:
        members = [case for case in cases if case.block == block]
        assert len(members) == len({case.framework for case in members}) * len(MODEL_PHASES)
        assert {(case.model, case.device, case.precision) for case in members} == {
            (block.model, block.device, block.precision)
        }


def test_a_cell_holds_all_phases_of_a_framework() -> None:
    cells = {msgspec.structs.replace(a_case(), phase=phase).cell for phase in PHASES}
    assert cells == {Cell(framework="sample", model="mlp", device="cpu", precision="float32")}
    assert msgspec.structs.replace(a_case(), framework="other").cell not in cells


def test_both_compilations_are_those_of_the_training_program() -> None:
    roles = {phase: msgspec.structs.replace(a_case(), phase=phase).role for phase in PHASES}
    assert roles == {
        "training": "training",
        "inference": "inference",
        "throughput": "throughput",
        "compilation": "training",
        "warm_compilation": "training",
        "capability": "capability",
    }


def test_tasks_are_cases_of_the_one_phase_that_has_no_models() -> None:
    cases = matrix("capability")
    assert {case.model for case in cases} == TASKS.keys()
    assert not TASKS.keys() & MODELS.keys()
    # A line that would only repeat another's program has no cell: the transformations of JAX's libraries are JAX's own.
    assert {case.framework for case in cases} == {
        name
        for name, line in FRAMEWORKS.items()
        if line.task_builder and (not line.models or line.models.keys() & TASKS.keys())
    }


def test_a_task_that_a_framework_cannot_do_is_declined_with_its_reason(sample: Framework) -> None:
    able = msgspec.structs.replace(sample, task_builder=f"{sample.package}.tasks:build")
    case = Case(framework=able.id, model="jacobian", device="cpu", phase="capability")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FRAMEWORKS, able.id, able)
        assert declined(case) == "sample has no jacobian: there is no jacobian.py in its folder"
        reasoned = msgspec.structs.replace(able, declined_tasks={"jacobian": "it has no derivatives"})
        patch.setitem(FRAMEWORKS, able.id, reasoned)
        assert declined(case) == "it has no derivatives"


def test_a_planted_framework_enters_the_matrix(sample: Framework) -> None:
    assert len([case for case in matrix("training") if case.framework == sample.id]) == len(MODELS) * len(DEVICES)


def test_an_id_reads_framework_model_device_and_is_unique_in_its_phase() -> None:
    for phase in PHASES:
        ids = [case.id for case in matrix(phase)]
        assert len(ids) == len(set(ids))
        for case in matrix(phase):
            assert [device for device in DEVICES if device in case.id] == [case.device]
    assert a_case("torch-compile").id == "torch-compile-mlp-cpu"
    assert a_case("torch-compile").cell.id == "torch-compile-mlp-cpu"
    assert a_case().group == "training mlp cpu"
    assert str(a_case().block) == "mlp cpu"


def test_another_precision_than_float32_stands_in_the_id_and_makes_another_cell_block_and_group() -> None:
    mixed = msgspec.structs.replace(a_case("torch-compile"), precision="bfloat16")
    assert mixed.id == mixed.cell.id == "torch-compile-mlp-bfloat16-cpu"
    assert mixed.group == "training mlp cpu in bfloat16"
    plain = a_case("torch-compile")
    for one, other in ((mixed.cell, plain.cell), (mixed.block, plain.block), (mixed.group, plain.group)):
        assert one != other


def test_a_line_has_cases_of_the_precisions_that_it_is_written_in_alone(sample: Framework) -> None:
    assert {case.precision for case in matrix("training") if case.framework == sample.id} == {"float32"}
    assert {case.precision for case in matrix("training") if case.framework == "torch"} == set(PRECISIONS)


def test_no_precision_is_named_as_a_device_a_framework_or_a_model() -> None:
    for precision in PRECISIONS:
        assert not [name for name in (*DEVICES, *FRAMEWORKS, *MODELS) if name in precision or precision in name]


def test_only_nvidia_has_tf32() -> None:
    assert [device for device, precision in PLACES if precision == "tf32"] == ["gpu"]


def test_no_framework_or_model_is_named_after_a_device() -> None:
    for name, device in product([*FRAMEWORKS, *MODELS, *PHASES], DEVICES):
        assert device not in name.lower()


def test_no_id_is_ambiguous_about_where_a_model_begins() -> None:
    # A model named with a dash could make two cells read the same.
    assert not [model for model in MODELS if "-" in model]


def test_each_phase_has_a_metric_of_its_own() -> None:
    assert set(PHASES) == set(get_args(Phase))
    assert len({spec.metric.name for spec in PHASES.values()}) == len(PHASES)


def test_cases_and_blocks_sort_and_serve_as_keys() -> None:
    cases = matrix("training")
    assert len({*cases, *matrix("training")}) == len(cases)
    assert Block(model="a", device="cpu") < Block(model="a", device="gpu") < Block(model="b", device="cpu")


def test_a_case_whose_framework_has_all_it_needs_is_not_declined(sample: Framework) -> None:
    assert declined(a_case(sample.id)) == ""


def test_a_missing_model_file_is_named(sample: Framework, folder: Path) -> None:
    (folder / "mlp.py").unlink()
    assert declined(a_case(sample.id)) == "sample has no mlp: there is no mlp.py in its folder"


@pytest.mark.bare
def test_a_missing_package_is_named_with_the_command_that_brings_it(
    sample: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    needy = msgspec.structs.replace(sample, packages=("json", "no_such_package", "nor_this_one"))
    monkeypatch.setitem(FRAMEWORKS, sample.id, needy)
    reason = declined(a_case(sample.id))
    assert reason == (
        'sample needs no_such_package, nor_this_one, not installed here: python -m pip install "speedscore[sample]"'
    )


def test_a_declined_device_gives_the_tables_reason_and_only_there(
    sample: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    picky = msgspec.structs.replace(sample, declined={"tpu": "not driven yet"})
    monkeypatch.setitem(FRAMEWORKS, sample.id, picky)
    reasons = {
        device: declined(Case(framework=sample.id, model="mlp", device=device, phase="training")) for device in DEVICES
    }
    assert reasons == {"cpu": "", "gpu": "", "tpu": "not driven yet"}


def test_a_model_that_a_line_cannot_run_is_declined_with_the_reason_written_or_not(
    sample: Framework, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        FRAMEWORKS, sample.id, msgspec.structs.replace(sample, declined_models={"mlp": "cannot be captured"})
    )
    assert declined(a_case(sample.id)) == "cannot be captured"
    (folder / "mlp.py").unlink()
    assert declined(a_case(sample.id)) == "cannot be captured"
    assert all(model in MODELS for line in FRAMEWORKS.values() for model in line.declined_models)


def test_what_holds_everywhere_is_said_before_what_is_missing_here(
    sample: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    neither = msgspec.structs.replace(sample, packages=("no_such_package",), declined={"cpu": "not driven yet"})
    monkeypatch.setitem(FRAMEWORKS, sample.id, neither)
    assert declined(a_case(sample.id)) == "not driven yet"


def test_a_framework_without_a_folder_is_an_error_and_no_skip(
    sample: Framework, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = msgspec.structs.replace(sample, builder="no_such_folder.program:build")
    monkeypatch.setitem(FRAMEWORKS, sample.id, lost)
    with pytest.raises(LookupError, match="'sample': there is no package 'no_such_folder'"):
        declined(a_case(sample.id))


def test_every_framework_of_the_table_has_a_folder_and_every_model_of_its_line_or_a_reason() -> None:
    for framework in FRAMEWORKS.values():
        wanted = [model for model in framework.models or MODELS if model not in framework.declined_models]
        lacking = [model for model in wanted if not framework.has_model(model)]
        assert lacking == [], f"{framework.id}: write them, or say in its line (declined_models) why it has none"


def test_a_tuned_line_has_only_cells_whose_program_differs_from_that_of_the_line_that_it_tunes() -> None:
    tuned = [framework for framework in FRAMEWORKS.values() if framework.style == "tuned"]
    assert {framework.id for framework in tuned} >= {"jax-tuned", "flax-nnx-tuned", "tensorflow-tuned", "torch-tuned"}
    for line in tuned:
        base = FRAMEWORKS[line.id.removesuffix("-tuned")]
        assert (base.style, base.package, base.ecosystem) == ("idiomatic", line.package, line.ecosystem)
        for model in line.models:
            written = implementation(line, MODELS[model]), line.variant
            assert written != (implementation(base, MODELS[model]), base.variant), f"{line.id} {model}"


def test_a_line_with_models_of_its_own_has_cells_for_these_alone_and_for_what_names_it(
    sample: Framework, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mlp_tuned.py").touch()
    line = msgspec.structs.replace(sample, id="sample-tuned", models={"mlp": "mlp_tuned"}, devices=("cpu",))
    monkeypatch.setitem(FRAMEWORKS, line.id, line)
    cells = {(case.model, case.device) for case in matrix("training") if case.framework == line.id}
    assert cells == {("mlp", "cpu")}
    assert implementation(line, MODELS["mlp"]) == "planted_framework.mlp_tuned"
    brought = Model("wide", workload="planted.wide", implementations={line.id: "planted.wide_in_sample"})
    assert has_cell(line, brought, "cpu")
    assert not has_cell(line, brought, "gpu")
    assert not has_cell(line, Model("wide", workload="planted.wide"), "cpu")
    (folder / "mlp_tuned.py").unlink()
    assert declined(a_case(line.id)) == "sample-tuned has no mlp: there is no mlp_tuned.py in its folder"


def test_a_model_is_written_in_the_frameworks_folder_or_where_its_line_says(sample: Framework) -> None:
    own = Model("mlp", workload="planted.mlp")
    elsewhere = Model("wide", workload="planted.wide", implementations={"sample": "planted.wide_in_sample"})
    for_others = Model("wide", workload="planted.wide", implementations={"other": "planted.wide_in_other"})
    assert implementation(sample, own) == f"{sample.package}.mlp" == "planted_framework.mlp"
    assert implementation(sample, elsewhere) == "planted.wide_in_sample"
    assert implementation(sample, for_others) == ""
