"""The models whose float64 answer NumPy gives by hand, found by their workload: wherever there is NumPy, without a
framework. It computes nothing itself."""

from __future__ import annotations

from speedscore.bench_suite.workloads import bert_reference, gpt_reference, mlp_reference
from speedscore.bench_suite.workloads.bert import Bert
from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.reference_steps import Method
from speedscore.bench_suite.workloads.workload import Workload


def numpy_method(workload: Workload) -> Method | None:
    """How NumPy computes the model of this workload; None for a model that it is not written for."""
    if isinstance(workload, Gpt):
        return gpt_reference.method(layers=workload.layers, heads=workload.heads)
    if isinstance(workload, Bert):
        return bert_reference.method(layers=workload.layers, heads=workload.heads)
    if isinstance(workload, Mlp):
        return mlp_reference.METHOD
    return None
