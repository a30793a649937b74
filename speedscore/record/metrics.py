"""The metrics there are, each with its unit, its direction and its title: known here, and never guessed from a name.

It measures nothing and formats nothing. Adding a metric: a line in ``METRICS``. A framework of another package declares
what its programs report beyond this table in its own line of the matrix (``Framework.metrics``); a program that reports
what nobody declared fails with that reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Unit = Literal["s", "bytes", "count"]
"""``count`` is a number of things or operations, without a unit."""

Better = Literal["lower", "higher"]


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a number means."""

    name: str
    """Says quantity, definition and unit, as in ``peak_rss_running_bytes``. It stands in saved runs and never
    changes."""
    unit: Unit
    better: Better
    title: str
    """In words, for the head of a table."""


WARM = "warm_"
"""Before the name of a compile figure: the compilation began with the caches that an earlier process had filled."""


def _seconds(name: str, title: str) -> Metric:
    return Metric(name, unit="s", better="lower", title=title)


def _bytes(name: str, title: str) -> Metric:
    return Metric(name, unit="bytes", better="lower", title=title)


def _count(name: str, title: str) -> Metric:
    return Metric(name, unit="count", better="lower", title=title)


def _more(name: str, title: str) -> Metric:
    return Metric(name, unit="count", better="higher", title=title)


_OTHER_IDIOMS = {
    "warns": "NumPy's answer with a warning",
    "other_dtype": "another dtype",
    "other_shape": "another shape",
    "other_value": "another value",
    "raises": "raises",
    "missing": "missing",
    "crashed": "ends or hangs its process",
}

_OTHER_DOCSTRINGS = {
    "other_output": "printed something else",
    "name_not_defined": "use a name that is not defined",
    "raised": "raised",
    "timed_out": "took too long",
    "crashed": "ended the process",
    "not_reached": "were not reached in time",
}

_COMPILE_SECONDS = {
    "optimizer_state_seconds": "seconds of making the optimizer and its state",
    "trace_seconds": "seconds of tracing",
    "lower_seconds": "seconds of lowering",
    "trace_and_lower_seconds": "seconds of tracing and lowering",
    "backend_compile_seconds": "seconds of the compiler's own work",
    "first_step_seconds": "seconds of the first step itself",
    "time_to_first_step_seconds": "seconds to the first step",
}

_STALLS = {
    "collection": "garbage collection",
    "recompilation": "recompilation",
    "host": "the host",
    "unknown": "an unknown cause",
}

_TABLE = (
    _seconds("seconds_per_step", "seconds per step, steps queued"),
    _seconds("one_device_seconds_per_step", "seconds per step on one of the devices"),
    _seconds("latency_seconds", "seconds per call on one input, each waited for"),
    _seconds("seconds_per_batch", "seconds per pass of the batch, passes queued"),
    _seconds("seconds_per_call", "seconds per call of a task, calls queued"),
    *(_seconds(name, f"{title}, from empty caches") for name, title in _COMPILE_SECONDS.items()),
    *(_seconds(f"{WARM}{name}", f"{title}, from warm caches") for name, title in _COMPILE_SECONDS.items()),
    _seconds("dispatch_seconds", "seconds that a step takes in Python"),
    # What a compiler allocated and did not free is resident still, and no kernel tells it from the program's own.
    _bytes(
        "peak_rss_running_bytes",
        "highest resident memory while stepping, above that after importing, with what compiling left behind",
    ),
    # Of the worker's own process: a compiler that it starts beside it, as Inductor's for C++, is not in it.
    _bytes("peak_rss_with_compile_bytes", "highest resident memory, compiling included, above that after importing"),
    _bytes("allocator_peak_bytes", "highest that the framework's own allocator held"),
    _bytes("allocator_reserved_bytes", "highest that the framework's own allocator had reserved"),
    _bytes("static_plan_bytes", "bytes in XLA's plan of memory"),
    _bytes("xla_temporary_bytes", "bytes of temporaries in XLA's plan"),
    _bytes("xla_bytes_accessed", "bytes accessed by XLA's count"),
    _bytes("exported_bytes", "bytes of exported program"),
    _bytes("residual_bytes", "bytes that the forward pass keeps for the backward pass, parameters and batch apart"),
    _more("largest_batch", "most examples whose residuals fit into the stated budget"),
    _count("xla_flops", "XLA FLOPs"),
    _count("hlo_fusions", "fusions in the optimised program"),
    _count("graph_breaks", "graph breaks"),
    _count("graph_operations", "operations in the captured graph"),
    _count("recompilations", "recompilations"),
    _seconds("import_seconds", "seconds of importing"),
    _bytes("import_rss_bytes", "resident memory that importing adds"),
    *(_count(f"surface_{what}", f"{what} of a model and its step") for what in ("lines", "tokens", "concepts")),
    _count("surface_names", "names of the framework in a model and its step"),
    _count("change_lines_before", "lines of a program before a change"),
    _count("change_lines_after", "lines of a program after a change"),
    _count("change_lines", "lines that a change takes away or adds"),
    _count("change_tokens", "tokens that a change takes away or adds"),
    _more("idioms", "NumPy idioms that were run"),
    _more("idioms_same", "NumPy idioms with NumPy's answer"),
    *(_count(f"idioms_{name}", f"NumPy idioms: {title}") for name, title in _OTHER_IDIOMS.items()),
    _more("public_objects", "public functions and classes"),
    _more("documented_objects", "public functions and classes with a docstring"),
    _more("objects_with_example", "public functions and classes with an example"),
    _more("docstrings_ran_as_written", "docstrings whose examples ran as written"),
    *(_count(f"docstrings_{name}", f"docstrings whose examples {title}") for name, title in _OTHER_DOCSTRINGS.items()),
    _seconds("venv_seconds", "seconds of making a bare environment"),
    _seconds("install_seconds", "seconds of installing the framework"),
    _bytes("first_installed_bytes", "bytes that installing the framework adds to a bare environment"),
    _seconds("first_gradient_seconds", "seconds of the first program, after importing"),
    _seconds("first_success_seconds", "seconds from nothing to a first gradient"),
    _count("first_lines", "lines of the first program"),
    _count("first_tokens", "tokens of the first program"),
    _count("imported_modules", "Python modules that importing loads"),
    _bytes("install_own_bytes", "installed bytes of the framework's own distributions"),
    _bytes("install_bytes", "installed bytes with all dependencies"),
    _count("install_dependencies", "distributions that it depends on"),
    _count("install_shared_dependencies", "of them those that a framework of another ecosystem needs too"),
    _seconds("checkpoint_save_seconds", "seconds until a checkpoint is complete"),
    _seconds("checkpoint_restore_seconds", "seconds until a checkpoint is restored"),
    _bytes("checkpoint_bytes", "bytes of a checkpoint"),
    _seconds("switch_off_step_seconds", "seconds per step without the switch that looks for NaNs"),
    _seconds("switch_on_step_seconds", "seconds per step with the switch that looks for NaNs"),
    _bytes("trace_bytes", "bytes of the trace of one step"),
    _count("trace_operations", "operations in the trace of one step"),
    _count("trace_operations_without_line", "of them those whose event names no line of the user's"),
    _count("trace_operations_without_program_line", "those that lead to none by the compiled program either"),
    _count("trace_operations_without_model_line", "those that lead to no line of the model"),
    _seconds("steady_step_seconds", "seconds of each step of a long run, each waited for"),
    _seconds("steady_p50_seconds", "median seconds per step of a long run"),
    _seconds("steady_p99_seconds", "99th percentile of the seconds per step of a long run"),
    _seconds("steady_worst_seconds", "seconds of the longest step of a long run"),
    *(_seconds(f"{name}_stall_seconds", f"seconds over the median of stalls by {by}") for name, by in _STALLS.items()),
    _seconds("first_size_seconds", "seconds to the first result at a program's first batch size"),
    _seconds("first_size_step_seconds", "seconds per step at the first batch size"),
    _seconds("new_size_seconds", "seconds to the first result at a second batch size"),
    _seconds("new_size_step_seconds", "seconds per step at the second batch size"),
    _seconds("third_size_seconds", "seconds to the first result at a third batch size"),
    _seconds("eager_new_size_seconds", "seconds to eager PyTorch's first result at the second batch size"),
    _seconds("eager_new_size_step_seconds", "seconds per step of eager PyTorch at the second batch size"),
    _count("break_even_steps", "steps at the second batch size from which on compiling has paid against eager PyTorch"),
    _count("deprecations_in_models", "kinds of warning of deprecation whose line is in the suite's own models"),
    _count("deprecations_in_framework", "kinds of warning of deprecation whose line is in installed packages"),
    _seconds("seconds_to_message", "seconds until a user sees what a framework says of a mistake"),
    _seconds("convert_seconds", "seconds of converting a model"),
    _bytes("artefact_bytes", "bytes of a converted model"),
    _seconds("first_answer_seconds", "seconds from the start of a process to a converted model's first answer"),
    _seconds("runtime_latency_seconds", "seconds per call of a converted model on one input"),
    _seconds("request_latency_seconds", "seconds per request to a served model, several clients at once"),
    _seconds("serving_seconds", "seconds in which a served model was asked"),
    _count("failed_requests", "requests that a served model failed"),
    Metric("served_requests", unit="count", better="higher", title="requests that a served model answered meanwhile"),
    _seconds("native_latency_seconds", "seconds per call of the framework on one input, beside a converted model's"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}
"""All that the suite saves, by name."""


def find_metric(name: str, declared: Iterable[Metric] = ()) -> Metric:
    """The metric of that name: of the table, else of those ``declared`` by a framework's line.

    Raises LookupError for a name that stands in neither.
    """
    metric = METRICS.get(name) or next((metric for metric in declared if metric.name == name), None)
    if metric is None:
        raise LookupError(
            f"a program reports {name!r}, which is no metric: expected one of the table in speedscore.record.metrics "
            "or of Framework.metrics; declare its unit and direction in the framework's line"
        )
    return metric
