"""Which case a mistyped ``-k`` or node id may have meant."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.matrix.cases import matrix
from speedscore.bench_suite.matrix.misspelled import misspelled_keywords, misspelled_node_ids
from speedscore.record.phases import PHASES

NAMES = {
    **{f"test_{phase}": [case.id for case in matrix(phase)] for phase in PHASES},
    "test_export": ["torch-gpt-onnx-cpu", "flax-linen-mlp-litert-int8-cpu"],
}


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("tensorflw and not mlp", ["-k: no case has 'tensorflw' in its name; did you mean 'tensorflow'?"]),
        ("jax-mpl-cpu", ["-k: no case has 'jax-mpl-cpu' in its name; did you mean 'jax-mlp-cpu'?"]),
        ("litrt-int8", ["-k: no case has 'litrt-int8' in its name; did you mean 'litert-int8'?"]),
        ("onnx and flax-linen", []),
        ("traning or infrence", ["'training'", "'inference'"]),
        ("JAX and (gpt or Training)", []),
        ("xyzzy", []),
        ("", []),
    ],
    ids=["framework", "case", "target", "probe", "phases", "right", "like none", "nothing"],
)
def test_a_keyword_that_no_case_has_is_answered(expression: str, lines: list[str]) -> None:
    said = misspelled_keywords(expression, NAMES)
    assert len(said) == len(lines)
    assert all(line in one for one, line in zip(said, lines, strict=True))


@pytest.mark.parametrize(
    ("node_id", "lines"),
    [
        (
            "bench_suite/test_training.py::test_training[torch-gtp-cpu]",
            ["test_training: there is no case 'torch-gtp-cpu'; did you mean 'torch-gpt-cpu'?"],
        ),
        ("bench_suite/test_training.py::test_training[torch-gpt-cpu]", []),
        ("bench_suite/test_training.py::test_traning[torch-gtp-cpu]", []),
        ("bench_suite/test_training.py", []),
    ],
    ids=["case", "right", "no such phase", "a file"],
)
def test_a_case_that_there_is_not_is_answered(node_id: str, lines: list[str]) -> None:
    assert misspelled_node_ids([node_id], NAMES) == lines
