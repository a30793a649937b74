"""What the conftest of a sample session does before pytest is configured: a short preset, and a small matrix.

The session is another process than the test that wants it, so what is wanted crosses as one line of JSON.
"""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.workloads.presets import PRESETS, Preset
from speedscore.bench_suite.workloads.table import MODELS


class SampleTables(msgspec.Struct, frozen=True):
    """The tables of one sample session."""

    preset: Preset
    """Takes the place of the preset of its name."""
    variants: dict[str, str]
    """Framework → how the sample framework behaves under that name. Empty leaves frameworks and models as they are."""


def sample(name: str, *, variant: str = "") -> Framework:
    """The sample framework as a line of the table, behaving as ``variant`` says."""
    return Framework(
        name,
        builder="sample_framework.program:build",
        ecosystem="sample",
        extra="sample",
        packages=(),
        variant=variant,
    )


def set_up(document: str) -> None:
    """Change the tables of this process to those of ``document``: with variants, the perceptron is the only model."""
    wanted = msgspec.json.decode(document, type=SampleTables)
    PRESETS[wanted.preset.name] = wanted.preset
    if wanted.variants:
        FRAMEWORKS.clear()
        FRAMEWORKS.update({name: sample(name, variant=variant) for name, variant in wanted.variants.items()})
        for model in MODELS.keys() - {"mlp"}:
            del MODELS[model]
