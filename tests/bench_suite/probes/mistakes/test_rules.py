"""The rules on single sentences, labelled by hand: a value, which value it is, what was expected, what to do."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.probes.mistakes.rules import load_rules

RULES = load_rules()


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        # A value without its name, and a name without its value.
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x3 and 5x2)", "value"),
        ("TypeError: add does not accept dtypes key<fry>, int32.", "value"),
        ("IndexError: Too many indices: 1-dimensional array indexed with 2 regular indices.", "value"),
        ("KeyError: 'kernel'", "which"),
        ("OverflowError: an overflow in an argument whose argument path is count.", "which"),
        ("ValueError: The problem is with the `length` argument to `scan`.", "which"),
        # Both.
        ("TypeError: Argument 'p['dense']['kernel']' of shape float32[4,2] is not a valid JAX type.", "value which"),
        ("ValueError: axis 0 of argument x of type float32[4];", "value which"),
        ("TypeError: the carry component carry[1] has type float32[]", "value which"),
        ('flax.errors.ScopeParamShapeError: parameter "kernel" has shape (3, 4)', "value which"),
        # What was expected.
        ("RuntimeError: expected scalar type Long but found Float", "value expected"),
        ("ValueError: all input arrays must have the same shape.", "expected"),
        ("RuntimeError: Only Tensors of floating point and complex dtype can require gradients", "expected"),
        # What to do. What a function of that name does is no order.
        ("ValueError: The truth value is ambiguous. Use a.any() or a.all()", "remedy"),
        ("NameError: unbound axis name. To fix this, please call psum under `jax.shard_map`.", "remedy"),
        ("TypeError: add got an unexpected keyword.", ""),
        # Nothing of the kind.
        ("TypeError: 'ArrayImpl' object does not support item assignment", ""),
        ("TypeError: '<class 'jaxlib.xla_extension.ArrayImpl'>' object does not support item assignment.", ""),
        ("RuntimeError: Array has been deleted.", ""),
        ("RuntimeError: the argument to this function is wrong", ""),
    ],
)
def test_of_a_sentence_is_read_what_it_says(sentence: str, said: str) -> None:
    looked = {"value": RULES.values, "which": RULES.name, "expected": RULES.expected, "remedy": RULES.remedy}
    assert " ".join(name for name, rule in looked.items() if rule.is_in(sentence)) == said


def test_the_program_of_a_compiler_is_no_part_of_a_message() -> None:
    message = (
        "ValueError: Cannot lower jaxpr with verifier errors: #loc = loc(unknown)\n"
        '"builtin.module"() <{sym_name = "jit_abs"}> ({\n'
        "  ^bb0(%arg0: tensor<3xui8> loc(unknown)):\n"
        '    %0 = "stablehlo.abs"(%arg0) : (tensor<3xui8>) -> tensor<3xui8> loc(#loc2)\n'
        "}) {mhlo.num_partitions = 1 : i32} : () -> () loc(#loc)\n"
        "#loc1 = loc(unknown)\n"
    )
    assert RULES.noise.taken_out_of(message).splitlines() == [message.splitlines()[0]]
