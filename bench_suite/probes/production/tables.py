"""What the families of this room have to tell, as tables made of saved answers; they compute nothing but ratios.

A family has one function, named in its line of ``families``. Rows are in the order of the saved run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, first_line, percent, size

Cell = Callable[[ProbeResult], str]


def import_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Seconds, memory and modules, by framework."""
    columns = {
        "seconds": _quantity("import_seconds", duration),
        "resident memory": _quantity("import_rss_bytes", size),
        "modules": _count("imported_modules"),
    }
    notes = ("Medians of three fresh processes; NumPy and what else the framework needs is part of it.",)
    return _table(probes, "import", "What importing costs", columns, notes=notes)


def install_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Bytes and dependencies, by framework."""
    columns = {
        "own distributions": _observation("own"),
        "own": _quantity("install_own_bytes", size),
        "with dependencies": _quantity("install_bytes", size),
        "dependencies": _count("install_dependencies"),
        "shared": _count("install_shared_dependencies"),
        "requirements": _outcome,
    }
    notes = ("Shared: those that a framework of another ecosystem, as far as it is installed here, needs too.",)
    return _table(probes, "install", "What installing brings", columns, notes=notes)


def checkpoint_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a route and model."""
    columns = {
        "model": _subject,
        "route": _target,
        "came back": _outcome,
        "arrays": _observation("arrays"),
        "save": _quantity("checkpoint_save_seconds", duration),
        "restore": _quantity("checkpoint_restore_seconds", duration),
        "bytes": _quantity("checkpoint_bytes", size),
        "first difference, or reason": lambda probe: str(probe.observations.get("first_difference") or _reason(probe)),
    }
    return _table(probes, "checkpoint", "A checkpoint saved in one process and restored in another", columns)


def reproducible_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a model, and one for random numbers."""
    columns = {
        "what": _subject,
        "answer": _outcome,
        "arrays": _observation("arrays"),
        "different in one process": _observation("different_in_one_process"),
        "different across processes": _observation("different_across_processes"),
    }
    return _table(probes, "reproducible", "The same seed twice, on one thread", columns)


def nan_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row an operation and mode."""
    columns = {
        "mode": _target,
        "NaN by": _subject,
        "switch": _observation("switch"),
        "answer": _outcome,
        "line": _observation("names_line"),
        "operation": _observation("names_operation"),
        "step with it": lambda probe: _ratio(probe, "switch_on_step_seconds", "switch_off_step_seconds"),
    }
    notes = ("Step with it: how many times as long a healthy step takes with the switch on, by medians.",)
    return _table(probes, "nan", "A NaN in the loss, and the switch that looks for it", columns, notes=notes)


def trace_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Operations, and how many of them lead to a line."""
    columns = {
        "answer": _outcome,
        "bytes": _quantity("trace_bytes", size),
        "operations": _count("trace_operations"),
        "line in the event": _share("trace_operations_without_line"),
        "with the program": _share("trace_operations_without_program_line"),
        "of the model": _share("trace_operations_without_model_line"),
    }
    notes = (
        "Operations are executions: of XLA's kernels and fusions, or of eager PyTorch's operators. The shares are of "
        "those that lead to a line of the user's: by their own event, by that or the compiled program's metadata, and "
        "of the latter to a line of the model or its layers.",
    )
    return _table(probes, "trace", "A trace of one training step", columns, notes=notes)


def debugger_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a tool."""
    columns = {
        "tool": _observation("tool"),
        "answer": _outcome,
        "shown": _observation("shown"),
        "graph breaks": _count("graph_breaks"),
        "added operations": _observation("added_operations"),
    }
    return _table(probes, "debugger", "A print and a breakpoint in compiled code", columns)


def deprecations_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Kinds of warning, by where they are laid."""
    columns = {
        "models": _observation("models"),
        "at the models' lines": _count("deprecations_in_models"),
        "inside packages": _count("deprecations_in_framework"),
        "which": _reason,
    }
    return _table(probes, "deprecations", "Warnings of deprecation in a training step of every model", columns)


def survival_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row an artefact, from its older release to the newest."""
    columns = {
        "what": _target,
        "from": _older_version,
        "to": _version,
        "answer": _outcome,
        "largest relative error": lambda probe: _error(probe.observations.get("largest_relative_error")),
        "reason": _reason,
    }
    return _table(probes, "survival", "Made under an older release, used under the newest", columns)


def _table(
    probes: Iterable[ProbeResult],
    family: str,
    title: str,
    columns: Mapping[str, Cell],
    *,
    notes: tuple[str, ...] = (),
) -> Sequence[Table]:
    """One table of what was answered; none where nothing was."""
    answered = [probe for probe in probes if probe.family == family and probe.status == "answered"]
    rows = tuple((probe.framework, *(cell(probe) for cell in columns.values())) for probe in answered)
    return (Table(("", *columns), rows, title=title, notes=notes),) if rows else ()


def _outcome(probe: ProbeResult) -> str:
    return probe.outcome


def _subject(probe: ProbeResult) -> str:
    return probe.subject


def _target(probe: ProbeResult) -> str:
    return probe.target


def _reason(probe: ProbeResult) -> str:
    return first_line(probe.reason) or NOTHING


def _observation(name: str) -> Cell:
    def cell(probe: ProbeResult) -> str:
        value = probe.observations.get(name)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return NOTHING if value is None else str(value)

    return cell


def _middle(probe: ProbeResult, name: str) -> float | None:
    measurement = probe.find(name)
    return None if measurement is None else median(measurement.samples)


def _quantity(name: str, shown: Callable[[float], str]) -> Cell:
    def cell(probe: ProbeResult) -> str:
        middle = _middle(probe, name)
        return NOTHING if middle is None else shown(middle)

    return cell


def _count(name: str) -> Cell:
    return _quantity(name, lambda count: f"{count:,.0f}")


def _share(name: str) -> Cell:
    """Of the operations of a trace those that the count ``name`` leaves over."""

    def cell(probe: ProbeResult) -> str:
        without, whole = _middle(probe, name), _middle(probe, "trace_operations")
        if without is None or not whole:
            return NOTHING
        return f"{percent(1 - without / whole)} ({whole - without:,.0f})"

    return cell


def _ratio(probe: ProbeResult, name: str, base: str) -> str:
    above, below = _middle(probe, name), _middle(probe, base)
    return NOTHING if above is None or not below else f"{above / below:.2f} ×"


def _error(error: object) -> str:
    return f"{error:.1e}" if isinstance(error, float) else NOTHING


def _version(probe: ProbeResult) -> str:
    return " ".join((name := _main_distribution(probe), probe.versions.get(name, "")))


def _older_version(probe: ProbeResult) -> str:
    name = _main_distribution(probe)
    observed = probe.observations
    return str(observed.get(f"older_{name}") or observed.get(f"older_{name}-cpu") or NOTHING)


def _main_distribution(probe: ProbeResult) -> str:
    """The framework's own among those that took part: the last of its line's packages."""
    names = [name for name in probe.versions if name not in ("python", "optax", "jaxlib")]
    return names[-1] if names else "python"
