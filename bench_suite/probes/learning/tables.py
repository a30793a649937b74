"""What the families of learning have to tell, as tables made of saved answers alone. It asks and ranks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.columns import Cell, answers_table, count, list_answered, outcome, quantity
from speedscore.bench_suite.probes.learning.changes import CHANGES
from speedscore.bench_suite.probes.learning.documentation import RESULTS
from speedscore.bench_suite.probes.learning.documentation import metric_of as docstring_metric
from speedscore.bench_suite.probes.learning.idiom_process import KINDS
from speedscore.bench_suite.probes.learning.idioms import CRASHED
from speedscore.bench_suite.probes.learning.idioms import metric_of as idiom_metric
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.record.probe_result import ProbeResult
from speedscore.text.numbers import duration, size

Probes = Sequence[ProbeResult]


def surface_tables(probes: Probes) -> Sequence[Table]:
    """Numbers by framework and model, and which concepts each framework's code has in any of its models."""
    answered = list_answered(probes, "surface")
    if not answered:
        return ()
    models = list(dict.fromkeys(probe.subject for probe in answered))
    counted = Table(
        ("", *models),
        tuple(
            (framework, *(_cell(of_framework, model, _counted) for model in models))
            for framework, of_framework in _by_framework(answered)
        ),
        title="Lines / tokens / names of the framework / concepts of a model and its training step",
    )
    found = {
        framework: {concept for probe in of_framework for concept in str(probe.observations["concepts"]).split(", ")}
        for framework, of_framework in _by_framework(answered)
    }
    concepts = sorted({concept for of_framework in found.values() for concept in of_framework})
    return (
        counted,
        Table(
            ("", *found),
            tuple(
                (concept, *("yes" if concept in found[framework] else NOTHING for framework in found))
                for concept in concepts
            ),
            title="Concepts found in any of the models",
        ),
    )


def change_tables(probes: Probes) -> Sequence[Table]:
    """Lines and tokens that each change takes away or adds."""
    rows = tuple(
        (framework, *(_cell(of_framework, change, _changed) for change in CHANGES))
        for framework, of_framework in _by_framework(list_answered(probes, "change"))
    )
    headers = ("", *(kind.title for kind in CHANGES.values()))
    table = Table(headers, rows, title="Lines, and tokens, that a change takes away or adds")
    return (_without_nothing(table),) if rows else ()


def idiom_tables(probes: Probes) -> Sequence[Table]:
    """How many idioms came to each kind."""
    columns = {"asked": count("idioms"), **{kind: count(idiom_metric(kind)) for kind in (*KINDS, CRASHED)}}
    return _answers(probes, "idioms", "NumPy idioms by what became of them", columns)


def documentation_tables(probes: Probes) -> Sequence[Table]:
    """Who has docstrings and examples, and what the examples that were run came to."""
    columns = {
        "objects": count("public_objects"),
        "with docstring": count("documented_objects"),
        "with example": count("objects_with_example"),
        **{result: count(docstring_metric(result)) for result in RESULTS},
    }
    title = "Public objects, and what the examples of their docstrings that were run came to"
    return _answers(probes, "documentation", title, columns)


def first_tables(probes: Probes) -> Sequence[Table]:
    """Seconds by stage, and how long the program is."""
    columns = {
        "outcome": outcome,
        "environment": quantity("venv_seconds", duration),
        "install": quantity("install_seconds", duration),
        "import": quantity("import_seconds", duration),
        "gradient": quantity("first_gradient_seconds", duration),
        "all": quantity("first_success_seconds", duration),
        "installed": quantity("first_installed_bytes", size),
        "lines": count("first_lines"),
    }
    return _answers(probes, "first", "From a bare environment to a first gradient", columns)


def _answers(probes: Probes, family: str, title: str, columns: Mapping[str, Cell]) -> Sequence[Table]:
    """A row for each answer, in the order of the frameworks."""
    ordered = [probe for _, of_framework in _by_framework(probes) for probe in of_framework]
    return tuple(map(_without_nothing, answers_table(ordered, family, title, columns)))


def _without_nothing(table: Table) -> Table:
    """The table without the columns in which all have 0 or nothing."""
    said = [place for place in range(len(table.headers)) if any(row[place] not in ("0", NOTHING) for row in table.rows)]
    return msgspec.structs.replace(
        table,
        headers=tuple(table.headers[place] for place in said),
        rows=tuple(tuple(row[place] for place in said) for row in table.rows),
    )


def _by_framework(probes: Probes) -> Iterable[tuple[str, list[ProbeResult]]]:
    for framework in FRAMEWORKS:
        if of_framework := [probe for probe in probes if probe.framework == framework]:
            yield framework, of_framework


def _cell(probes: Probes, subject: str, cell: Cell) -> str:
    """Of the probe about that subject."""
    return next((cell(probe) for probe in probes if probe.subject == subject), NOTHING)


def _counted(probe: ProbeResult) -> str:
    return " / ".join(count(f"surface_{what}")(probe) for what in ("lines", "tokens", "names", "concepts"))


def _changed(probe: ProbeResult) -> str:
    return f"{count('change_lines')(probe)}, {count('change_tokens')(probe)}"
