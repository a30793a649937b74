"""What the families of this package have to tell, as tables made of saved answers; they compute nothing but ratios.

A family has one function, named in its line of ``families``. Rows are in the order of the saved run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speedscore.bench_suite.probes.columns import (
    Cell,
    answers_table,
    count,
    middle,
    observation,
    outcome,
    quantity,
    ratio,
    reason,
    subject,
    target,
)
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, percent, size


def import_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Seconds, memory and modules, by framework."""
    columns = {
        "seconds": quantity("import_seconds", duration),
        "resident memory": quantity("import_rss_bytes", size),
        "modules": count("imported_modules"),
    }
    notes = ("Medians of three fresh processes; NumPy and what else the framework needs is part of it.",)
    return answers_table(probes, "import", "What importing costs", columns, notes=notes)


def install_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Bytes and dependencies, by framework."""
    columns = {
        "own distributions": observation("own"),
        "own": quantity("install_own_bytes", size),
        "with dependencies": quantity("install_bytes", size),
        "dependencies": count("install_dependencies"),
        "shared": count("install_shared_dependencies"),
        "requirements": outcome,
    }
    notes = ("Shared: those that a framework of another ecosystem, as far as it is installed here, needs too.",)
    return answers_table(probes, "install", "What installing brings", columns, notes=notes)


def checkpoint_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a route and model."""
    columns = {
        "model": subject,
        "route": target,
        "came back": outcome,
        "arrays": observation("arrays"),
        "save": quantity("checkpoint_save_seconds", duration),
        "restore": quantity("checkpoint_restore_seconds", duration),
        "bytes": quantity("checkpoint_bytes", size),
        "first difference, or reason": lambda probe: str(probe.observations.get("first_difference") or reason(probe)),
    }
    return answers_table(probes, "checkpoint", "A checkpoint saved in one process and restored in another", columns)


def reproducible_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a model, and one for random numbers."""
    columns = {
        "what": subject,
        "answer": outcome,
        "arrays": observation("arrays"),
        "different in one process": observation("different_in_one_process"),
        "different across processes": observation("different_across_processes"),
    }
    return answers_table(probes, "reproducible", "The same seed twice, on one thread", columns)


def nan_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row an operation and mode."""
    columns = {
        "mode": target,
        "NaN by": subject,
        "switch": observation("switch"),
        "answer": outcome,
        "line": observation("names_line"),
        "operation": observation("names_operation"),
        "step with it": ratio("switch_on_step_seconds", "switch_off_step_seconds"),
    }
    notes = ("Step with it: how many times as long a healthy step takes with the switch on, by medians.",)
    return answers_table(probes, "nan", "A NaN in the loss, and the switch that looks for it", columns, notes=notes)


def trace_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Operations, and how many of them lead to a line."""
    columns = {
        "answer": outcome,
        "bytes": quantity("trace_bytes", size),
        "operations": count("trace_operations"),
        "line in the event": _share("trace_operations_without_line"),
        "with the program": _share("trace_operations_without_program_line"),
        "of the model": _share("trace_operations_without_model_line"),
    }
    notes = (
        "Operations are executions: of XLA's kernels and fusions, or of eager PyTorch's operators. The shares are of "
        "those that lead to a line of the user's: by their own event, by that or the compiled program's metadata, and "
        "of the latter to a line of the model or its layers.",
    )
    return answers_table(probes, "trace", "A trace of one training step", columns, notes=notes)


def debugger_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row a tool."""
    columns = {
        "tool": observation("tool"),
        "answer": outcome,
        "shown": observation("shown"),
        "graph breaks": count("graph_breaks"),
        "added operations": observation("added_operations"),
    }
    return answers_table(probes, "debugger", "A print and a breakpoint in compiled code", columns)


def deprecations_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """Kinds of warning, by where they are laid."""
    columns = {
        "models": observation("models"),
        "at the models' lines": count("deprecations_in_models"),
        "inside packages": count("deprecations_in_framework"),
        "which": reason,
    }
    return answers_table(probes, "deprecations", "Warnings of deprecation in a training step of every model", columns)


def survival_tables(probes: Iterable[ProbeResult]) -> Sequence[Table]:
    """A row an artefact, from its older release to the newest."""
    columns = {
        "what": target,
        "from": _older_version,
        "to": _version,
        "answer": outcome,
        "largest relative error": lambda probe: _error(probe.observations.get("largest_relative_error")),
        "reason": reason,
    }
    return answers_table(probes, "survival", "Made under an older release, used under the newest", columns)


def _share(name: str) -> Cell:
    """Of the operations of a trace those that the count ``name`` leaves over."""

    def cell(probe: ProbeResult) -> str:
        without, whole = middle(probe, name), middle(probe, "trace_operations")
        if without is None or not whole:
            return NOTHING
        return f"{percent(1 - without / whole)} ({whole - without:,.0f})"

    return cell


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
