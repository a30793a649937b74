"""The BERT form of encoder in Equinox with dense layers and a normalisation that XLA's host backend runs fastest.

The rest of the model is that of ``bert``.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.equinox.bert import make_model
from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.equinox.tuned_layers import TUNED
from speedscore.bench_suite.workloads.bert import Bert


def make(workload: Bert, *, platform: str) -> EquinoxModel:
    """The model as a module for one example, for the host alone."""
    del platform
    return make_model(workload, TUNED)
