"""A saved run comes back as it was, and a damaged one is refused by name."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.phases import DEVICES, PHASES
from speedscore.record.run_file import BLOCK_KEY, RunFileError, SavedFile, load_run, load_saved, to_block, write_json
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, Certificate, Check, Ratio, Round, RunRecord, Status
from speedscore.text.cleaning import is_name

# Each example writes a file of its own name or over the last one's, so that one folder serves them all.
on_disk = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

STATUSES: tuple[Status, ...] = get_args(Status)

# JSON has no way to hold half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# What may stand where a name belongs: no sign that a terminal would obey.
names = texts.filter(is_name)
seconds = st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
details = st.dictionaries(texts, scalars, max_size=3)
others = details.map(lambda fields: {f"other {name}": value for name, value in fields.items()})
programs = st.builds(
    ProgramDescription,
    platform=st.none() | texts,
    threads=st.none() | st.integers(1, 256),
    last_loss=st.none() | seconds,
    compiled_from_cache=st.none() | st.booleans(),
    other=others,
)
workers = st.builds(
    WorkerDescription, python=st.none() | texts, gemm_flops_per_second=st.none() | seconds, other=others
)

rounds = st.builds(
    Round,
    seconds=st.floats(min_value=0.0, exclude_min=True, allow_nan=False, allow_infinity=False),
    turn=st.none() | st.integers(0, 1000),
    process=st.none() | st.integers(0, 9),
)

measurements = st.builds(
    Measurement,
    name=names.map(lambda text: f"other {text}"),
    unit=st.sampled_from(["s", "bytes", "count"]),
    better=st.sampled_from(["lower", "higher"]),
    samples=st.lists(seconds, min_size=1, max_size=4).map(tuple),
)


@st.composite
def passing_certificates(draw: st.DrawFn) -> Certificate:
    checks = draw(
        st.lists(
            st.builds(
                Check,
                quantity=st.sampled_from(["parameter count", "forward outputs", "loss", "gradients"]),
                tensor=texts,
                error=st.floats(min_value=0.0, max_value=1e-3),
                tolerance=st.floats(min_value=1e-3, max_value=1.0),
            ),
            min_size=1,
            max_size=3,
        )
    )
    return Certificate(reference=draw(texts), checks=tuple(checks))


@st.composite
def case_results(draw: st.DrawFn) -> CaseResult:
    common: dict[str, Any] = {
        "id": draw(names),
        "nodeid": draw(names),
        "framework": draw(names),
        "ecosystem": draw(names),
        "model": draw(names),
        "device": draw(st.sampled_from(DEVICES)),
        "phase": draw(st.sampled_from(list(PHASES))),
        "precision": draw(names),
    }
    status = draw(st.sampled_from(STATUSES))
    if status != "measured":
        return CaseResult(**common, status=status, reason=draw(texts.filter(bool)))
    return CaseResult(
        **common,
        status="measured",
        stopped=draw(st.sampled_from(["narrow", "budget"])),
        rounds=tuple(draw(st.lists(rounds, min_size=1, max_size=4))),
        measurements=tuple(draw(st.lists(measurements, max_size=3))),
        occasion=draw(texts),
        flops=draw(st.integers(min_value=0, max_value=2**60)),
        steps_per_round=draw(st.integers(min_value=1, max_value=10_000)),
        certificate=draw(passing_certificates()),
        workload=draw(details),
        program=draw(programs),
        worker=draw(workers),
    )


ratios = st.builds(
    Ratio,
    phase=st.sampled_from(list(PHASES)),
    model=names,
    device=st.sampled_from(DEVICES),
    faster=names,
    slower=names,
    value=seconds,
    low=st.none() | seconds,
    high=st.none() | seconds,
    processes=st.integers(min_value=1, max_value=9),
)

runs = st.builds(
    RunRecord,
    schema_version=st.just(SCHEMA_VERSION),
    created=names,
    preset=names,
    seed=st.integers(min_value=0, max_value=2**32 - 1),
    in_process=st.booleans(),
    environment=details,
    cases=st.lists(case_results(), max_size=3, unique_by=lambda case: case.nodeid).map(tuple),
    ratios=st.lists(ratios, max_size=2).map(tuple),
)


def measured_case() -> CaseResult:
    return CaseResult(
        id="sample-mlp-cpu",
        nodeid="bench_suite/test_training.py::test_training[sample-mlp-cpu]",
        framework="sample",
        ecosystem="sample",
        model="mlp",
        device="cpu",
        phase="training",
        precision="float32",
        status="measured",
        stopped="narrow",
        rounds=(Round(0.5, turn=0, process=0), Round(0.25, turn=1, process=0)),
        steps_per_round=4,
        certificate=Certificate(
            reference="by hand", checks=(Check(quantity="loss", tensor="", error=1e-7, tolerance=1e-5),)
        ),
    )


def run_of(*cases: CaseResult) -> RunRecord:
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-11-01T12:00:00+00:00",
        preset="smoke",
        seed=7,
        in_process=False,
        environment={"cpu.model": "a processor"},
        cases=cases,
    )


def block_with(**changes: Any) -> dict[str, Any]:
    return to_block(run_of(measured_case())) | changes


def case_with(**changes: Any) -> dict[str, Any]:
    """The block of a run whose one case is changed."""
    block = block_with()
    block["cases"] = [{**block["cases"][0], **changes}]
    return block


def refusal(path: Path) -> str:
    """What load_run says of a file that it must refuse."""
    with pytest.raises(RunFileError) as caught:
        load_run(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


def refusal_of_block(path: Path, block: Any) -> str:
    path.write_text(json.dumps({"benchmarks": [], BLOCK_KEY: block}))
    return refusal(path)


@on_disk
@given(run=runs)
def test_a_saved_run_comes_back_as_it_was(tmp_path: Path, run: RunRecord) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"machine_info": {}, "benchmarks": [], BLOCK_KEY: to_block(run)})
    assert load_run(path) == run


@on_disk
@given(content=st.binary(max_size=200))
@example(b"")
@example(b"null")
@example(b"[]")
@example(b"{}")
@example(b'{"speedscore": null}')
@example(b'{"speedscore": {}}')
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{}")
@example(b'{"speedscore": NaN}')
def test_arbitrary_bytes_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"speedscore": {"created": "\xff"}}', id="in a text of the block"),
        pytest.param(b'{"\xff": 0, "speedscore": {}}', id="in a key of the file"),
    ],
)
def test_bytes_that_are_no_text_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(b'{"x": ', id="beside the block"),
        pytest.param(b'{"speedscore": {"environment": ', id="in the block"),
    ],
)
def test_bottomless_nesting_is_refused_by_name(tmp_path: Path, opening: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(opening + b"[" * 100_000)
    refusal(path)


@on_disk
@given(run=runs, data=st.data())
def test_a_truncated_file_is_refused_by_name(tmp_path: Path, run: RunRecord, data: st.DataObject) -> None:
    path = tmp_path / "run.json"
    whole = json.dumps({"benchmarks": [], BLOCK_KEY: to_block(run)}).encode()
    path.write_bytes(whole[: data.draw(st.integers(min_value=0, max_value=len(whole) - 1))])
    assert "not a complete JSON object" in refusal(path)


@on_disk
@given(field=st.sampled_from(RunRecord.__struct_fields__), value=scalars | st.lists(scalars, max_size=2))
def test_a_field_of_the_wrong_type_is_refused_or_read_as_it_stands(tmp_path: Path, field: str, value: Any) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({BLOCK_KEY: block_with(**{field: value})}))
    try:
        run = load_run(path)
    except RunFileError as error:
        message = str(error)
    else:
        message = f"{path}: read"
        assert getattr(run, field) == (tuple(value) if isinstance(value, list) else value)
    assert message.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"created": 3}, "Expected `str`, got `int` - at `$.created`", id="number for a text"),
        pytest.param({"seed": "7"}, "Expected `int`, got `str` - at `$.seed`", id="text for a number"),
        pytest.param({"cases": {}}, "Expected `array`, got `object` - at `$.cases`", id="object for a list"),
        pytest.param({"environment": {"x": []}}, "got `array` - at `$.environment", id="list for a plain value"),
        pytest.param({"seed": 1 << 63}, "Expected `int` <= 9223372036854775807 - at `$.seed`", id="seed over 64 bits"),
        pytest.param({"score": 100}, "unknown field `score`", id="field of no schema"),
        pytest.param(
            {"schema_version": SCHEMA_VERSION + 1}, f"schema version {SCHEMA_VERSION + 1} is not one", id="newer schema"
        ),
        pytest.param(
            {"schema_version": 0}, "schema version 0 is not one that this release reads (1 or 2)", id="older schema"
        ),
        pytest.param({"schema_version": 99}, "read it with the version of speedscore that wrote it", id="what to do"),
    ],
)
def test_a_block_that_is_not_valid_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    assert reason in refusal_of_block(tmp_path / "run.json", block_with(**changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"certificate": None}, "no passing certificate", id="no certificate"),
        pytest.param(
            {"certificate": {"reference": "by hand", "checks": []}}, "no passing certificate", id="nothing checked"
        ),
        pytest.param(
            {
                "certificate": {
                    "reference": "by hand",
                    "checks": [{"quantity": "loss", "tensor": "", "error": 2.0, "tolerance": 1.0}],
                }
            },
            "no passing certificate",
            id="check failed",
        ),
        pytest.param({"rounds": []}, "no rounds of 'seconds_per_step'", id="no rounds"),
        pytest.param({"rounds": [{"seconds": 0.0}]}, "expected a finite time above 0", id="a round of no time"),
        pytest.param({"rounds": [{"seconds": -1.0}]}, "expected a finite time above 0", id="a negative round"),
        pytest.param({"flops": 10**400}, "Expected `int` <= 9223372036854775807 - at `$.cases[0]", id="operations"),
        pytest.param({"steps_per_round": 1 << 63}, "Expected `int` <= 9223372036854775807", id="steps over 64 bits"),
        pytest.param({"rounds": [{"seconds": 1.0, "turn": 1 << 63}]}, "9223372036854775807", id="turn over 64 bits"),
        pytest.param({"rounds": [{"seconds": 1.0, "process": -(1 << 64)}]}, ">= -9223372036854775808", id="process"),
        pytest.param({"worker": {"quota_periods": 10**400}}, "9223372036854775807", id="periods"),
        pytest.param({"phase": "lunch"}, "Invalid enum value 'lunch'", id="phase of no meaning"),
        pytest.param(
            {"program": {"threads": "2"}}, "Expected `int | null`, got `str`", id="text for a number of threads"
        ),
        pytest.param({"worker": {"jax": "0.10"}}, "unknown field `jax`", id="field of no name outside other"),
        pytest.param(
            {"measurements": [{"name": "seconds_per_step", "unit": "s", "better": "lower", "samples": [1.0]}]},
            "samples of 'seconds_per_step' beside its rounds",
            id="own metric twice",
        ),
        pytest.param({"status": "skipped"}, "was skipped but gives no reason", id="skipped without a reason"),
        pytest.param({"status": "failed"}, "was failed but gives no reason", id="failed without a reason"),
        pytest.param({"status": "passed"}, "Invalid enum value 'passed'", id="status of no meaning"),
        pytest.param({"device": "quantum"}, "Invalid enum value 'quantum'", id="device of no meaning"),
        pytest.param(
            {"measurements": [{"name": "xla_flops", "unit": "count", "better": "lower", "samples": []}]},
            "has no samples",
            id="empty samples",
        ),
        pytest.param(
            {"measurements": [{"name": "xla_flops", "unit": "count", "better": "lower", "samples": [-1.0]}]},
            "negative or not finite",
            id="negative sample",
        ),
        pytest.param(
            {"measurements": [{"name": "xla_flops", "unit": "ms", "better": "lower", "samples": [1.0]}]},
            "Invalid enum value 'ms'",
            id="unit of no meaning",
        ),
    ],
)
def test_a_case_that_contradicts_itself_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    assert reason in refusal_of_block(tmp_path / "run.json", case_with(**changes))


def test_a_case_that_stands_in_the_run_twice_is_refused(tmp_path: Path) -> None:
    block = block_with()
    block["cases"] *= 2
    assert "twice" in refusal_of_block(tmp_path / "run.json", block)


def test_a_sample_that_is_not_finite_is_refused() -> None:
    for sample in (math.nan, math.inf, -math.inf, -1e-9):
        with pytest.raises(ValueError, match="negative or not finite"):
            Measurement(name="x", unit="s", better="lower", samples=(1.0, sample))


def test_a_file_without_the_block_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"machine_info": {}, "benchmarks": []}')
    assert f"no '{BLOCK_KEY}' block" in refusal(path)


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "missing.json")
    assert "cannot be read" in refusal(tmp_path)


def test_what_pytest_benchmark_stores_beside_the_block_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"benchmarks": "anything", "version": None, BLOCK_KEY: block_with()}))
    assert load_run(path) == run_of(measured_case())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_read_beside_the_block_and_refused_in_it(tmp_path: Path, number: str) -> None:
    path = tmp_path / "run.json"
    block = json.dumps(block_with())
    path.write_text(f'{{"benchmarks": [{{"extra_info": {number}}}], "{BLOCK_KEY}": {block}}}')
    assert load_run(path) == run_of(measured_case())
    path.write_text(f'{{"benchmarks": [], "{BLOCK_KEY}": {block.replace("0.25", number)}}}')
    assert "block is not valid" in refusal(path)
    path.write_text(f'{{"benchmarks": {number}}}')
    assert f"no '{BLOCK_KEY}' block" in refusal(path)


@pytest.mark.parametrize(
    ("machine_info", "host"),
    [
        ('{"node": "box-1", "memory": {"bytes": 2}}', "box-1"),
        ('{"node": "two\\nlines"}', "two lines"),
        ('{"node": 7}', ""),
        ("{}", ""),
        ("[1, 2]", ""),
        ('{"node": "box-1", "load": NaN}', ""),
    ],
)
@pytest.mark.parametrize("beside", ["1.0", "NaN"])
def test_a_run_is_read_with_what_pytest_benchmark_calls_its_machine(
    tmp_path: Path, machine_info: str, host: str, beside: str
) -> None:
    path = tmp_path / "run.json"
    block = json.dumps(block_with())
    path.write_text(f'{{"machine_info": {machine_info}, "beside": {beside}, "{BLOCK_KEY}": {block}}}')
    assert load_saved(path) == SavedFile(run_of(measured_case()), host)


def test_a_run_of_a_machine_that_is_not_named_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({BLOCK_KEY: block_with()}))
    assert load_saved(path).host == ""


def test_a_case_finds_its_own_metric_in_its_rounds() -> None:
    case = measured_case()
    assert case.find("seconds_per_step") == Measurement("seconds_per_step", "s", "lower", (0.5, 0.25))
    assert case.find("peak_bytes") is None
    unmeasured = msgspec.structs.replace(case, status="skipped", reason="no device", rounds=())
    assert unmeasured.find("seconds_per_step") is None


def test_a_certificate_names_its_first_failure_and_its_worst_check() -> None:
    good = Check(quantity="loss", tensor="", error=1.0, tolerance=4.0)
    bad = Check(quantity="gradients", tensor="layer1", error=3.0, tolerance=2.0)
    certificate = Certificate(reference="by hand", checks=(good, bad))
    assert not certificate.passed
    assert certificate.first_failure == bad
    assert certificate.worst_ratio == 1.5
    assert Certificate(reference="by hand", checks=(good,)).first_failure is None


def test_a_check_whose_error_is_not_a_number_has_not_passed() -> None:
    assert not Check(quantity="loss", tensor="", error=math.nan, tolerance=1.0).passed
