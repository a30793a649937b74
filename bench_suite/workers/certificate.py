"""The proof that a program computes what its workload says, against the float64 reference.

Works through the program's verbs alone, on the very step or pass that is timed. It never imports a framework, never
times anything, and never repairs: a quantity that cannot be compared has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workers import second_batch
from speedscore.bench_suite.workers.optimizer_check import check_optimizer
from speedscore.bench_suite.workers.second_batch import check_second_batch
from speedscore.bench_suite.workloads.reference import Reference, load_reference
from speedscore.bench_suite.workloads.reference_steps import mean_loss
from speedscore.bench_suite.workloads.sketch import Sketch, distance
from speedscore.bench_suite.workloads.workload import CERTIFIED_STEPS, Tolerances, Workload
from speedscore.record.phases import Role
from speedscore.record.run_record import Certificate, Check

INCOMPARABLE = 1e300
"""The error of a tensor that is missing, misshapen or not finite; a saved run holds no infinity, so it is none."""

PRECISION: Final = "precision"
"""The least error of the outputs that the precision can have over the error that was found: above 1 it computes in a
finer one."""
_EXACT = 1e-16
"""An error that float64 itself may have."""
_FLOOR = 1e-3
"""A tensor whose gradient is below this part of the whole gradient is judged by the whole: what it lacks is noise."""
_VANISHING = 1e-10
"""A gradient below this part of the whole is zero in exact arithmetic, and rounding in float64."""


class CertificateError(AssertionError):
    """A program does not compute what its workload says, so nothing that it does may be timed."""

    def __init__(self, case: str, certificate: Certificate) -> None:
        failure = certificate.first_failure
        if failure is None:
            message = f"{case}: the certificate holds no check; it proves nothing"
        else:
            where = f" at {failure.tensor}" if failure.tensor else ""
            message = (
                f"{case}: {failure.quantity} wrong{where}: error {failure.error:.3g}, "
                f"tolerance {failure.tolerance:.3g}, against {certificate.reference}; "
                "correct the model or its options before timing it"
            )
        super().__init__(message)
        self.certificate = certificate


def require_passed(case: str, certificate: Certificate) -> None:
    """Raises CertificateError naming case, first failing quantity, tensor, error and tolerance."""
    if not certificate.passed:
        raise CertificateError(case, certificate)


def certify(program: Program, workload: Workload, role: Role, *, reference: Reference | None = None) -> Certificate:
    """Compare ``program`` with the reference of ``workload``, passed or not, and leave it in its canonical state.

    The reference is the one in the workload's file, unless another is given.

    Training: parameter count, logits, loss, gradients, parameters after five steps. Inference and throughput:
    parameter count, logits of the timed pass, and the loss that follows from these logits.
    Raises ReferenceFileError when there is no reference for these numbers.
    """
    reference = reference or load_reference(workload)
    program.load()
    wanted = sum(values.size for values in workload.parameters().values())
    count = Check("parameter count", "", abs(float(program.trained_count() - wanted)), 0.0)
    checks = (count, *_COMPARED[role](program, workload, reference))
    program.load()
    return Certificate(reference.made_by, checks)


def expected_limits(workload: Workload, role: Role) -> dict[str, float]:
    """Each quantity that a certificate of the role compares, with the tolerance that it is held to."""
    limits = workload.tolerances
    expected = {"parameter count": 0.0, "forward outputs": limits.outputs, "loss": limits.loss}
    expected |= {PRECISION: 1.0} if limits.least_outputs is not None else {}
    if role == "training":
        expected |= {"gradients": limits.gradients, "parameters after five steps": limits.update}
        expected |= {"state after five steps": limits.state} if workload.state() else {}
        expected |= {"optimizer": limits.optimizer}
    if second_batch.has_another(workload):
        expected |= {"second batch": second_batch.limit(workload, role)}
    return expected


def _inference(program: Program, workload: Workload, reference: Reference) -> Iterable[Check]:
    yield from _pass(
        program, workload, reference.single_outputs, reference.single_loss, name="single_outputs", examples=1
    )


def _throughput(program: Program, workload: Workload, reference: Reference) -> Iterable[Check]:
    examples = len(workload.targets())
    yield from _pass(
        program, workload, reference.batch_outputs, reference.batch_loss, name="batch_outputs", examples=examples
    )


def _pass(
    program: Program, workload: Workload, wanted: Sketch, wanted_loss: float, *, name: str, examples: int
) -> Iterable[Check]:
    program.infer()
    program.wait()
    logits, limits = program.forward(), workload.tolerances
    yield from _outputs(logits, wanted, name, workload)
    loss = mean_loss(logits, workload.targets()[:examples]) if logits.shape == wanted.shape else float("nan")
    yield Check("loss", "", _relative(loss - wanted_loss, wanted_loss), limits.loss)
    role: Role = "inference" if name == "single_outputs" else "throughput"
    yield from check_second_batch(program, workload, role, logits)


def _training(program: Program, workload: Workload, reference: Reference) -> Iterable[Check]:
    limits = workload.tolerances
    logits = program.forward()
    yield from _outputs(logits, reference.outputs, "outputs", workload)
    loss, gradients = program.loss_and_gradients()
    program.load()
    program.step()
    program.wait()
    # The loss of the timed step counts as much as the one that came with the gradients.
    losses = (loss, program.loss())
    worst = max(_relative(step_loss - reference.loss, reference.loss) for step_loss in losses)
    yield Check("loss", "", worst, limits.loss)
    whole = _whole(reference.gradients)
    scales = {name: max(sketch.norm, _FLOOR * whole) for name, sketch in reference.gradients.items()}
    yield from _gradients(_errors(gradients, reference.gradients, scales), reference, limits)
    for _ in range(CERTIFIED_STEPS - 1):
        program.step()
    program.wait()
    yield from _steps(program.weights(), workload, reference)
    yield check_optimizer(program, workload, gradients, aimless=list_aimless(reference))
    if logits.shape == reference.outputs.shape:
        yield from check_second_batch(program, workload, "training", logits)


_COMPARED: Mapping[Role, Callable[[Program, Workload, Reference], Iterable[Check]]] = {
    "training": _training,
    "inference": _inference,
    "throughput": _throughput,
}


def _outputs(logits: NDArray[np.float32], reference: Sketch, name: str, workload: Workload) -> Iterable[Check]:
    limits = workload.tolerances
    tensor, error = _worst({name: logits}, {name: reference}, {name: reference.norm})
    yield Check("forward outputs", tensor, error, limits.outputs)
    if limits.least_outputs is not None:
        # A certificate of the very numbers of the reference is of no use to a division.
        yield Check(PRECISION, f"{name}, off by {error:.2g}", limits.least_outputs / max(error, _EXACT), 1.0)


def _gradients(errors: Mapping[str, float], reference: Reference, limits: Tolerances) -> Iterable[Check]:
    yield Check("gradients", *_furthest(errors, without=()), limits.gradients)
    if limits.most_gradients is not None:
        kernels = (name for name, sketch in reference.gradients.items() if len(sketch.shape) > 1)
        nearest = sorted((errors.get(name, INCOMPARABLE), name) for name in kernels)
        error, name = nearest[len(nearest) // 4]
        yield Check("gradients", f"{name}, behind a quarter of the kernels", error, limits.most_gradients)


def _steps(after: Mapping[str, NDArray[np.float32]], workload: Workload, reference: Reference) -> Iterable[Check]:
    before = {**workload.parameters(), **workload.state()}
    updates = {
        name: values - before[name].astype(np.float64)
        if name in before and values.shape == before[name].shape
        else values
        for name, values in after.items()
    }
    scales = {name: sketch.norm for name, sketch in reference.updates.items()}
    scales |= dict.fromkeys(list_aimless(reference), float("inf"))
    limits, state = workload.tolerances, workload.state().keys()
    errors = _errors(updates, reference.updates, scales)
    yield Check("parameters after five steps", *_furthest(errors, without=state), limits.update)
    if state:
        yield Check("state after five steps", *_furthest(errors, without=errors.keys() - state), limits.state)


def list_aimless(reference: Reference) -> list[str]:
    """Tensors whose exact gradient is zero, as that of a key's bias under softmax.

    Adam divides rounding noise by its own size and takes whole steps in no direction. Such a tensor must be there and
    finite, but its way is not compared.
    """
    vanishing = _VANISHING * _whole(reference.gradients)
    return [name for name, sketch in reference.gradients.items() if sketch.norm < vanishing]


def _whole(sketches: Mapping[str, Sketch]) -> float:
    """The L2 norm over all tensors together."""
    return float(np.sqrt(sum(sketch.norm**2 for sketch in sketches.values())))


def _relative(error: float, scale: float) -> float:
    relative = abs(error) / scale
    return relative if np.isfinite(relative) else INCOMPARABLE


def _worst(
    tensors: Mapping[str, NDArray[np.floating]], sketches: Mapping[str, Sketch], scales: Mapping[str, float]
) -> tuple[str, float]:
    """Name and error of the tensor that is furthest off."""
    return _furthest(_errors(tensors, sketches, scales), without=())


def _furthest(errors: Mapping[str, float], *, without: Collection[str]) -> tuple[str, float]:
    tensor = max((name for name in errors if name not in without), key=lambda name: errors[name])
    return tensor, errors[tensor]


def _errors(
    tensors: Mapping[str, NDArray[np.floating]], sketches: Mapping[str, Sketch], scales: Mapping[str, float]
) -> dict[str, float]:
    """Of each tensor; one that is missing, extra or misshapen is furthest of all, and its name says so."""
    errors: dict[str, float] = {}
    for name in sorted(tensors.keys() | sketches.keys()):
        if name not in tensors:
            errors[f"{name} (missing)"] = INCOMPARABLE
        elif name not in sketches:
            errors[f"{name} (not in the workload)"] = INCOMPARABLE
        elif tensors[name].shape != sketches[name].shape:
            errors[f"{name} (shape {tensors[name].shape}, not {sketches[name].shape})"] = INCOMPARABLE
        else:
            errors[name] = _relative(distance(name, tensors[name], sketches[name]), scales[name])
    return errors
