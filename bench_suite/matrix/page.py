"""The matrix as a page of the documentation: ``python -m speedscore.bench_suite.matrix.page > docs/matrix.md``.

It is made from the tables and from the first paragraphs of the modules they name, which are read and not imported. It
says nothing of this machine: what is installed or found here is no part of the page.
"""

from __future__ import annotations

import ast
import importlib.util
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import DEVICE_PRECISIONS, has_cell, implementation
from speedscore.bench_suite.workloads.table import MODELS, TASKS, Model, Task
from speedscore.host.peaks import Precision
from speedscore.record.phases import DEVICES, MODEL_PHASES, PHASES, PRECISIONS, DeviceName
from speedscore.text.markdown import Markdown, code, escaped, markdown_table


def page() -> str:
    """The whole page, in Markdown."""
    notes: dict[str, int] = {}
    task_notes: dict[str, int] = {}
    lines = [line for line in FRAMEWORKS.values() if _has_models(line)]
    tasks_alone = [line for line in FRAMEWORKS.values() if not _has_models(line)]
    rows = [_cells_row(line, notes) for line in lines]
    everywhere = itertools.product(lines, MODELS.values(), DEVICES)
    places = [place for place in everywhere if has_cell(*place)]
    declined = sum(bool(_why(*place)) for place in places)
    parts = [
        "# The matrix",
        "Made by `python -m speedscore.bench_suite.matrix.page` from the tables that the suite reads; not typed.",
        f"{len(lines)} [lines](glossary.md), {len(MODELS)} models and {len(DEVICES)} devices have {len(places)} cells "
        f"of {len(MODEL_PHASES)} phases each, and {len(TASKS)} tasks have a phase of their own. "
        f"{len(places) - declined} cells are measured wherever their device and packages are, {declined} are declined "
        "everywhere. What a machine lacks is "
        "skipped, with the reason; "
        "[hardware](hardware.md) says where all this has run so far.",
        "## Cells",
        _table(rows, headers=("line", *DEVICES)),
        _footnotes(notes),
        "## Precisions",
        "The cells above are those of `float32`, whose cases are the ones that are scored. In another one a case has "
        "its name in its id, as in `jax-gpt-bfloat16-gpu`, and is compared with cases of its own precision alone "
        "([precision](precision.md)).",
        _table(
            (_precision_row(precision, lines) for precision in PRECISIONS),
            headers=("precision", "what it is", "devices", "models", "lines"),
        ),
        "The other lines are written for float32, and have no cases of another precision.",
        "## Lines",
        "An `idiomatic` line is written as the documentation of its library teaches. Where something else was found to "
        "be faster, it stands in a `tuned` line of its own, which has only the cells in which its program differs from "
        "that of the line whose name it bears. A `multi-backend` line is written in a library that runs on several "
        "frameworks, as that library's documentation teaches. "
        "[How it measures](how-it-measures.md#idiomatic-and-tuned) says which is which.",
        _table(
            map(_framework_row, lines),
            headers=("line", "how it is measured", "style", "variant", "written in", "extra", "facts"),
        ),
        'In a checkout `python -m pip install -e ".[EXTRA]"` installs a framework\'s packages; `facts` is '
        "the folder of `fixtures/ecosystem` that it is scored with.",
        "## Models",
        _table(
            ((code(model.id), _first_paragraph(model.workload), code(model.workload)) for model in MODELS.values()),
            headers=("model", "what it is", "workload"),
        ),
        "## Tasks",
        "A computation that is no model's step or pass. Libraries on JAX have none: theirs would be JAX's own program.",
        _table(
            [_task_row(task, task_notes) for task in TASKS.values()],
            headers=("task", "what it is", "not in"),
        ),
        _footnotes(task_notes),
        "### Lines with tasks alone",
        "\n".join(map(_tasks_alone, tasks_alone)),
        "## Phases",
        _table(
            ((code(f"test_{name}"), phase.metric.title, code(phase.metric.name)) for name, phase in PHASES.items()),
            headers=("test", "what a round is", "metric"),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _has_models(line: Framework) -> bool:
    return any(has_cell(line, model, device) for model in MODELS.values() for device in DEVICES)


def _footnotes(notes: Mapping[str, int]) -> str:
    return "\n".join(f"{number}. {escaped(reason)}." for reason, number in notes.items())


def _precision_row(precision: Precision, lines: Iterable[Framework]) -> tuple[str, ...]:
    models = [model.id for model in MODELS.values() if precision in model.precisions]
    return (
        code(precision),
        PRECISIONS[precision],
        ", ".join(device for device in DEVICES if precision in DEVICE_PRECISIONS[device]),
        "all" if len(models) == len(MODELS) else ", ".join(models),
        Markdown(", ".join(code(line.id) for line in lines if precision in line.precisions)),
    )


def _cells_row(framework: Framework, notes: dict[str, int]) -> list[str]:
    """One line of the table of cells; reasons go into ``notes``, each once."""
    row: list[str] = [code(framework.id)]
    for device in DEVICES:
        models = [model for model in MODELS.values() if has_cell(framework, model, device)]
        reason_by_model = {model.id: _why(framework, model, device) for model in models}
        measured = [model for model, reason in reason_by_model.items() if not reason]
        reasons = dict.fromkeys(filter(None, reason_by_model.values()))
        marks = "".join(f" [{notes.setdefault(reason, len(notes) + 1)}]" for reason in reasons)
        if not models:
            said = "no cells"
        elif len(measured) == len(MODELS):
            said = "all models"
        else:
            said = ", ".join(measured) or "declined"
        row.append(f"{said}{marks}")
    return row


def _task_row(task: Task, notes: dict[str, int]) -> tuple[str, ...]:
    """One line of the table of tasks; reasons go into ``notes``, each once."""
    without: dict[str, list[str]] = {}
    for line in FRAMEWORKS.values():
        if has_cell(line, task, "cpu") and (line.why_not(task) or not implementation(line, task)):
            without.setdefault(line.why_not(task) or "Not written", []).append(line.id)
    said = (f"{', '.join(ids)} [{notes.setdefault(reason, len(notes) + 1)}]" for reason, ids in without.items())
    return code(task.id), _first_paragraph(task.workload), "; ".join(said)


def _tasks_alone(line: Framework) -> str:
    modules = dict.fromkeys(line.models.values())
    what = " ".join(_first_paragraph(f"{line.package}.{module}") for module in modules)
    return f"- {code(line.id)}, beside {code(_first_with_its_builder(line).id)}: {what}"


def _why(framework: Framework, model: Model, device: DeviceName) -> str:
    """Why a cell is measured nowhere; empty when it is."""
    if device in framework.declined:
        return framework.declined[device]
    if model.id in framework.declined_models:
        return framework.declined_models[model.id]
    return "" if implementation(framework, model) else "The other models are not written in this framework"


def _framework_row(framework: Framework) -> tuple[str, ...]:
    return (
        code(framework.id),
        _how_it_is_measured(framework),
        framework.style,
        code(framework.variant) if framework.variant else "",
        code(framework.package),
        code(framework.extra) if framework.extra else "",
        code(framework.ecosystem),
    )


def _how_it_is_measured(framework: Framework) -> Markdown:
    """What its builder says; of a line whose builder another has already, in what it differs from that one."""
    first = _first_with_its_builder(framework)
    if first is framework:
        return _first_paragraph(framework.builder.partition(":")[0])
    own = {model: module for model, module in framework.models.items() if module != first.module_of(model)}
    said = f"As {code(first.id)}"
    if framework.variant != first.variant:
        said += f" in the variant {code(framework.variant)}"
    if not own:
        return Markdown(f"{said}.")
    what = " ".join(_first_paragraph(f"{framework.package}.{module}") for module in own.values())
    return Markdown(f"{said}, but for {', '.join(map(code, own))}: {what}")


def _first_with_its_builder(framework: Framework) -> Framework:
    return next(other for other in FRAMEWORKS.values() if other.builder == framework.builder)


def _first_paragraph(module: str) -> Markdown:
    """Of a module's docstring, which is read without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"a table names the module {module!r}, which is not there")
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return Markdown(" ".join(text.partition("\n\n")[0].split()))


def _table(rows: Iterable[Sequence[str]], *, headers: Sequence[str]) -> str:
    return "\n".join(markdown_table(rows, headers=headers))


if __name__ == "__main__":
    print(page(), end="")
