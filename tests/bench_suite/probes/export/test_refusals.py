"""What kind a refusal is, by messages that tools have printed here."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.export.refusals import first_words, kind_of
from speedscore.bench_suite.probes.process import Lost, Raised


def raised(type_name: str, message: str) -> Raised:
    return Raised(type_name=type_name, module="", message=message, traceback="")


ERFC = (
    "[ONNXRuntimeError] : 10 : INVALID_GRAPH : Load model from /tmp/speedscore-probe-1yn8k24p/artefact/model.onnx "
    'failed:This is an invalid model. In Node, ("Gelu/Erfc", Erfc, "", -1) : ("Gelu/mul_1:0": tensor(float),) -> '
    '("Gelu/Erfc:0",) , Error No Op registered for Erfc with domain_version of 18'
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (raised("InvalidGraph", ERFC), "unsupported operator"),
        (raised("NotImplementedError", "No plugin found for primitive 'erf_inv'"), "unsupported operator"),
        (raised("ConverterError", "'vhlo.dynamic_gather_v2' op is not supported"), "unsupported operator"),
        (raised("TracerBoolConversionError", "Attempted boolean conversion of traced array"), "tracing"),
        (raised("InconclusiveDimensionOperation", "Symbolic dimension comparison 'b' >= '2'"), "tracing"),
        (raised("AttributeError", "module 'jax.core' has no attribute 'Jaxpr'"), "version"),
        (raised("ModuleNotFoundError", "No module named 'keras.src.legacy'"), "version"),
        (raised("RuntimeError", "failed to create XNNPACK runtime"), "other"),
        (Lost("died: SIGSEGV\nlast lines", hung=False), "crash"),
        (Lost("hung: no answer in 3 s", hung=True), "hang"),
    ],
)
def test_the_kind_is_read_from_the_words(error: Raised | Lost, kind: str) -> None:
    assert kind_of(error) == kind


def test_the_first_line_that_says_something_is_given() -> None:
    assert first_words(raised("ValueError", "\n  what is wrong\nmore")) == "ValueError: what is wrong"
    assert first_words(raised("KeyError", "")) == "KeyError"
    assert first_words(Lost("died: SIGSEGV\nlast lines", hung=False)) == "died: SIGSEGV"


def test_the_folder_of_one_probe_is_left_out_so_that_two_say_the_same() -> None:
    words = first_words(raised("InvalidGraph", ERFC))
    assert "Load model from artefact/model.onnx failed" in words
    assert words == first_words(raised("InvalidGraph", ERFC.replace("1yn8k24p", "z_e9bm5p")))
