"""The GPT-2 form of transformer in Equinox with dense layers and a normalisation that XLA's host backend runs fastest.

The rest of the model is that of ``gpt``.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.equinox.gpt import make_model
from speedscore.bench_suite.frameworks.equinox.tuned_layers import TUNED
from speedscore.bench_suite.workloads.gpt import Gpt


def make(workload: Gpt, *, platform: str) -> EquinoxModel:
    """The model as a module for one example, for the host alone."""
    del platform
    return make_model(workload, TUNED)
