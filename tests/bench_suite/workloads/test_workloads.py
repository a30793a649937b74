"""The workloads' numbers, the references made by hand, and the files that hold them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from speedscore.bench_suite.workloads import (
    bert,
    bert_reference,
    canonical,
    gpt,
    gpt_reference,
    mlp,
    mlp_reference,
    reference,
    resnet50,
)
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.reference import ReferenceFileError, load_reference
from speedscore.bench_suite.workloads.reference_steps import Doubles, Method, mean_loss, optimizer_step
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import IGNORED, AdamW, Sgd, Workload
from tests.places import ROOT

_ALL = [(model, preset) for model in MODELS for preset in PRESETS]


@pytest.mark.parametrize(("model", "preset"), _ALL)
def test_every_model_has_every_preset_and_says_its_shape(model: str, preset: str) -> None:
    workload = make_workload(model, preset)
    assert (workload.model, workload.preset) == (model, preset)
    facts = workload.describe()
    assert (facts["cut"] == "none") == (preset == "full")
    assert workload.training_flops() > 2 * workload.inference_flops() > 0
    assert workload.tolerances.reason


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_preset_names_those_there_are(model: str) -> None:
    with pytest.raises(ValueError, match=f"'huge' of {model}; there are smoke, small, full"):
        make_workload(model, "huge")


@pytest.mark.parametrize("model", MODELS)
def test_numbers_are_float32_varied_and_the_same_every_time(model: str) -> None:
    workload = make_workload(model, "smoke")
    first, second = ({**workload.parameters(), **workload.state()} for _ in range(2))
    for name, values in first.items():
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert values.std() > 0, name
        np.testing.assert_array_equal(values, second[name])
    np.testing.assert_array_equal(workload.inputs()[:1], workload.single_input())
    assert workload.targets().dtype == np.int32
    assert len(workload.targets()) == len(workload.inputs())


def test_a_tensor_does_not_depend_on_the_others() -> None:
    alone = canonical.normal("b", (5,))
    canonical.normal("a", (7,))
    np.testing.assert_array_equal(canonical.normal("b", (5,)), alone)
    assert not np.array_equal(canonical.normal("c", (5,)), alone)


def test_a_name_may_not_come_twice() -> None:
    with pytest.raises(ValueError, match="came twice"):
        canonical.merge([{"a": np.zeros(1, np.float32)}, {"a": np.ones(1, np.float32)}])


@pytest.mark.parametrize(
    ("workload", "published"),
    # torchvision's resnet50, Hugging Face's gpt2 and its bert-large-uncased with the head of the masked-language model
    # report these counts of trained parameters.
    [(resnet50.make("full"), 25_557_032), (gpt.make("full"), 124_439_808), (bert.make("full"), 335_174_458)],
    ids=["resnet50", "gpt", "bert"],
)
def test_the_full_size_has_the_published_number_of_parameters(workload: Workload, published: int) -> None:
    assert sum(values.size for values in workload.parameters().values()) == published


def test_every_preset_of_the_residual_network_keeps_all_its_layers() -> None:
    for preset in PRESETS:
        workload = resnet50.make(preset)
        layers = [conv for conv in workload.convolutions() if "shortcut" not in conv.conv]
        assert len(layers) + 1 == 50
        assert min(conv.output_size for conv in layers) >= 2
        assert all((values > 0).all() for name, values in workload.state().items() if name.endswith(".var"))


def test_a_language_model_predicts_the_next_token() -> None:
    workload = gpt.make("smoke")
    np.testing.assert_array_equal(workload.inputs()[:, 1:], workload.targets()[:, :-1])


@pytest.mark.parametrize("preset", PRESETS)
def test_an_encoder_predicts_what_was_masked_and_nothing_else(preset: str) -> None:
    workload = bert.make(preset)
    (tokens, segments), targets = workload.inputs().swapaxes(0, 1), workload.targets()
    within = np.arange(workload.context) < np.array(workload.lengths)[:, None]
    predicted = targets != IGNORED
    np.testing.assert_array_equal(tokens == bert.PADDING, ~within)
    np.testing.assert_array_equal(tokens == bert.MASK, predicted)
    assert (targets[predicted] > bert.MASK).all()
    shares = predicted.sum(axis=1) / np.array(workload.lengths)
    np.testing.assert_allclose(shares, bert.PREDICTED_FRACTION, atol=0.5 / min(workload.lengths))
    # Both segments, the first of them first, and none in the padding.
    assert all((np.diff(row[:length]) >= 0).all() for row, length in zip(segments, workload.lengths, strict=True))
    np.testing.assert_allclose(segments.sum(axis=1) / np.array(workload.lengths), 0.5, atol=0.05)
    assert not segments[~within].any()


def test_workloads_and_certificate_import_no_framework() -> None:
    script = (
        "import sys, speedscore.bench_suite.workers.certificate, speedscore.bench_suite.workloads.mlp_reference\n"
        "from speedscore.bench_suite.workloads import bert, bert_reference, gpt, gpt_reference, mlp, resnet50\n"
        "print(sorted({'torch', 'jax', 'tensorflow'} & sys.modules.keys()))"
    )
    root = ROOT
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _slope(method: Method, workload: Workload, name: str, direction: np.ndarray) -> float:
    """The loss's central difference along a direction of one parameter."""
    losses = []
    for sign in (1.0, -1.0):
        moved: Doubles = {key: values.astype(np.float64) for key, values in workload.parameters().items()}
        moved[name] = moved[name] + sign * 1e-5 * direction
        logits = method.predict(moved, {}, workload.inputs())
        losses.append(mean_loss(logits, workload.targets()))
    return (losses[0] - losses[1]) / 2e-5


_TINY_GPT = msgspec.structs.replace(gpt.make("smoke"), vocabulary=11, context=5, layers=2, width=8, heads=2, batch=2)
_TINY_BERT = msgspec.structs.replace(bert.make("smoke"), vocabulary=13, context=16, layers=2, width=8, heads=2, batch=2)
_TINY_MLP = msgspec.structs.replace(mlp.make("smoke"), width=7, hidden_layers=2, batch=3)


@pytest.mark.parametrize(
    ("workload", "method"),
    [
        (_TINY_MLP, mlp_reference.METHOD),
        (_TINY_GPT, gpt_reference.method(layers=2, heads=2)),
        (_TINY_BERT, bert_reference.method(layers=2, heads=2)),
    ],
    ids=["mlp", "gpt", "bert"],
)
def test_gradients_by_hand_are_the_slopes_of_the_loss(workload: Workload, method: Method) -> None:
    parameters: Doubles = {name: values.astype(np.float64) for name, values in workload.parameters().items()}
    found = method.train(parameters, {}, workload.inputs(), workload.targets())
    assert found.gradients.keys() == parameters.keys()
    for name, gradient in found.gradients.items():
        direction = np.random.default_rng(1).standard_normal(gradient.shape)
        expected = _slope(method, workload, name, direction)
        assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-5, abs=1e-8), name


def test_sgd_by_hand_follows_its_formula() -> None:
    parameters = {"w": np.array([2.0])}
    moments: dict[str, Doubles] = {}
    for step in (1, 2):
        optimizer_step(Sgd(0.1, 0.9, 0.5), step, parameters, {"w": np.array([1.0])}, moments)
    # v1 = 1 + 0.5·2 = 2, w1 = 1.8; v2 = 0.9·2 + 1 + 0.5·1.8 = 3.7, w2 = 1.8 − 0.37.
    assert parameters["w"][0] == pytest.approx(1.43)


def test_adamw_by_hand_takes_a_first_step_of_the_learning_rate_plus_its_decay() -> None:
    parameters = {"w": np.array([2.0, -3.0])}
    optimizer = AdamW(learning_rate=0.1, beta1=0.9, beta2=0.999, epsilon=0.0, weight_decay=0.5)
    optimizer_step(optimizer, 1, parameters, {"w": np.array([7.0, -1e-3])}, {})
    np.testing.assert_allclose(parameters["w"], [2.0 - 0.1 * (1 + 1.0), -3.0 - 0.1 * (-1 - 1.5)])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("preset", ["smoke", "small"])
def test_the_reference_on_file_was_made_for_this_workload(model: str, preset: str) -> None:
    workload = make_workload(model, preset)
    found = load_reference(workload)
    assert found.gradients.keys() == workload.parameters().keys()
    assert found.updates.keys() == workload.parameters().keys() | workload.state().keys()
    assert "float64" in found.made_by
    # Some 600 bytes for each tensor: where it is deep, 400 of them.
    assert reference.path_of(workload).stat().st_size < 300_000


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda: msgspec.structs.replace(mlp.make("smoke"), batch=64), "batch is 64 and was 128"),
        (lambda: _with_decay(0.01), "optimizer.weight_decay is 0.01 and was"),
    ],
    ids=["batch", "decay"],
)
def test_a_changed_workload_is_refused(change: Callable[[], Workload], difference: str) -> None:
    with pytest.raises(
        ReferenceFileError, match=rf"made for another workload \({difference}.*make_references mlp smoke"
    ):
        load_reference(change())


def _with_decay(decay: float) -> Workload:
    workload = mlp.make("smoke")
    return msgspec.structs.replace(workload, optimizer=msgspec.structs.replace(workload.optimizer, weight_decay=decay))


def test_changed_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = canonical.normal
    monkeypatch.setattr(canonical, "normal", lambda name, shape, **options: drawn(f"{name}?", shape, **options))
    with pytest.raises(ReferenceFileError, match="has other values"):
        load_reference(mlp.make("smoke"))


def test_a_missing_or_damaged_reference_says_how_to_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    with pytest.raises(ReferenceFileError, match=r"cannot be read.*make_references mlp smoke"):
        load_reference(mlp.make("smoke"))
    (tmp_path / "mlp-smoke.json").write_text('{"made_by": ')
    with pytest.raises(ReferenceFileError, match=r"damaged.*make_references mlp smoke"):
        load_reference(mlp.make("smoke"))
