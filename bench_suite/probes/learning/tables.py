"""What the families of learning have to tell, as tables made of saved answers alone. It asks and ranks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
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


def learning_tables(probes: Probes) -> tuple[Table, ...]:
    """All of them, in the order of the documentation; none of a family that has no answers."""
    makers = (surface_tables, change_tables, idiom_tables, documentation_tables, first_tables)
    return tuple(table for make in makers for table in make(probes))


def surface_tables(probes: Probes) -> Sequence[Table]:
    """Numbers by framework and model, and which concepts each framework's code has in any of its models."""
    answered = _answered(probes, "surface")
    if not answered:
        return ()
    models = list(dict.fromkeys(probe.subject for probe in answered))
    numbers = ("surface_lines", "surface_tokens", "surface_names", "surface_concepts")
    counted = Table(
        ("", *models),
        tuple(
            (
                framework,
                *(" / ".join(_count(_one(of_framework, model), name) for name in numbers) for model in models),
            )
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
    answered = _answered(probes, "change")
    return _table(
        answered,
        title="Lines, and tokens, that a change takes away or adds",
        columns={
            kind.title: lambda of_framework, change=change: _pair(  # type: ignore[misc]
                _one(of_framework, change), "change_lines", "change_tokens"
            )
            for change, kind in CHANGES.items()
        },
    )


def idiom_tables(probes: Probes) -> Sequence[Table]:
    """How many idioms came to each kind."""
    return _table(
        _answered(probes, "idioms"),
        title="NumPy idioms by what became of them",
        columns={
            "asked": _counted("idioms"),
            **{kind: _counted(idiom_metric(kind)) for kind in (*KINDS, CRASHED)},
        },
    )


def documentation_tables(probes: Probes) -> Sequence[Table]:
    """Who has docstrings and examples, and what the examples that were run came to."""
    return _table(
        _answered(probes, "documentation"),
        title="Public objects, and what the examples of their docstrings that were run came to",
        columns={
            "objects": _counted("public_objects"),
            "with docstring": _counted("documented_objects"),
            "with example": _counted("objects_with_example"),
            **{result: _counted(docstring_metric(result)) for result in RESULTS},
        },
    )


def first_tables(probes: Probes) -> Sequence[Table]:
    """Seconds by stage, and how long the program is."""
    return _table(
        _answered(probes, "first"),
        title="From a bare environment to a first gradient",
        columns={
            "outcome": lambda of_framework: of_framework[0].outcome,
            "environment": _timed("venv_seconds"),
            "install": _timed("install_seconds"),
            "import": _timed("import_seconds"),
            "gradient": _timed("first_gradient_seconds"),
            "all": _timed("first_success_seconds"),
            "installed": lambda of_framework: _figure(of_framework[0], "first_installed_bytes", size),
            "lines": _counted("first_lines"),
        },
    )


_Cell = Callable[[Probes], str]


def _table(answered: Probes, *, title: str, columns: dict[str, _Cell]) -> tuple[Table, ...]:
    """A row for each framework that answered; no table where none did, no column where all have 0 or nothing."""
    rows = [
        (framework, *(cell(of_framework) for cell in columns.values()))
        for framework, of_framework in _by_framework(answered)
    ]
    if not rows:
        return ()
    said = [place for place in range(len(rows[0])) if any(row[place] not in ("0", NOTHING) for row in rows)]
    headers = ("", *columns)
    return (
        Table(
            tuple(headers[place] for place in said),
            tuple(tuple(row[place] for place in said) for row in rows),
            title=title,
        ),
    )


def _answered(probes: Probes, family: str) -> list[ProbeResult]:
    return [probe for probe in probes if probe.family == family and probe.status == "answered"]


def _by_framework(probes: Probes) -> Iterable[tuple[str, list[ProbeResult]]]:
    for framework in FRAMEWORKS:
        if of_framework := [probe for probe in probes if probe.framework == framework]:
            yield framework, of_framework


def _one(probes: Probes, subject: str) -> ProbeResult | None:
    return next((probe for probe in probes if probe.subject == subject), None)


def _figure(probe: ProbeResult | None, name: str, text: Callable[[float], str]) -> str:
    measurement = probe.find(name) if probe is not None else None
    return NOTHING if measurement is None else text(measurement.samples[0])


def _count(probe: ProbeResult | None, name: str) -> str:
    return _figure(probe, name, lambda value: f"{value:.0f}")


def _pair(probe: ProbeResult | None, first: str, second: str) -> str:
    return NOTHING if probe is None else f"{_count(probe, first)}, {_count(probe, second)}"


def _counted(name: str) -> _Cell:
    return lambda of_framework: _count(of_framework[0], name)


def _timed(name: str) -> _Cell:
    return lambda of_framework: _figure(of_framework[0], name, duration)
