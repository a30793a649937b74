"""Runs an idiom of NumPy's users under NumPy and under a framework's namespace, and says how the answers differ.

It runs in the framework's process and imports the namespace by the name that it is given. It decides no more than the
kind of a difference: the first that applies, of those in ``KINDS``.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Sequence
from typing import Any

KINDS = ("same", "warns", "other dtype", "other shape", "other value", "raises", "missing")
"""The best first. ``missing``: the namespace, or its array, lacks a name that the idiom uses."""
_RTOL = 1e-4
_ATOL = 1e-5
"""What float32 may differ by, summed in another order."""
_REASON_CHARACTERS = 200


def open_namespace(memory: dict[str, Any], *, namespace: str, before: str) -> None:
    """Import ``namespace``, and call the function of it named ``before`` where one is named."""
    module = importlib.import_module(namespace)
    if before:
        getattr(module, before)()
    memory["namespace"] = module


def compare(memory: dict[str, Any], *, setup: str, code: str) -> dict[str, str]:
    """The kind of difference, and in words what it is. Raises whatever NumPy itself raises: the idiom is wrong then."""
    import numpy as np

    expected, expected_warnings = run(f"{setup}\n{code}", np)
    try:
        found, found_warnings = run(f"{setup}\n{code}", memory["namespace"])
        found = to_numpy(found)
    except (AttributeError, NotImplementedError) as error:
        return {"kind": "missing", "reason": _words(error)}
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is an answer
        kind = "missing" if "has no attribute" in str(error) else "raises"
        return {"kind": kind, "reason": _words(error)}
    kind, reason = difference(to_numpy(expected), found)
    if kind == "same" and (new := [text for text in found_warnings if text not in expected_warnings]):
        return {"kind": "warns", "reason": new[0]}
    return {"kind": kind, "reason": reason}


def run(code: str, namespace: Any) -> tuple[Any, list[str]]:
    """The value of the last expression with ``np`` standing for ``namespace``, and what was warned of meanwhile."""
    tree = ast.parse(code)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise ValueError(f"an idiom ends with an expression, its answer; found {ast.unparse(last)!r}")
    variables = {"np": namespace}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(tree, "idiom", "exec"), variables)
        value = eval(compile(ast.Expression(last.value), "idiom", "eval"), variables)
    return value, [f"{warning.category.__name__}: {warning.message}"[:_REASON_CHARACTERS] for warning in caught]


def to_numpy(value: Any) -> Any:
    """Arrays as NumPy's, in the tuples and lists that they come in; Python's own values as they are."""
    import numpy as np

    if isinstance(value, tuple | list):
        return [to_numpy(part) for part in value]
    if isinstance(value, bool | int | float | complex | str) or value is None:
        return value
    return np.asarray(value)


def difference(expected: Any, found: Any) -> tuple[str, str]:
    """The first kind that applies, of value, shape and dtype; ``same`` where none does."""
    import numpy as np

    if isinstance(expected, list) or isinstance(found, list):
        return _difference_of_sequences(expected, found)
    if isinstance(expected, str) or isinstance(found, str):
        same = isinstance(expected, str) and isinstance(found, str) and expected == found
        return ("same", "") if same else ("other value", f"{found!r} for {expected!r}"[:_REASON_CHARACTERS])
    left, right = np.asarray(expected), np.asarray(found)
    if left.shape != right.shape:
        return "other shape", f"{right.shape} for {left.shape}"
    if not _are_numbers(left, right) or not np.allclose(left, right, rtol=_RTOL, atol=_ATOL, equal_nan=True):
        return "other value", f"{right.tolist()} for {left.tolist()}"[:_REASON_CHARACTERS]
    # A Python number has no dtype to differ.
    if isinstance(expected, np.ndarray) and left.dtype != right.dtype:
        return "other dtype", f"{right.dtype} for {left.dtype}"
    return "same", ""


def _are_numbers(*arrays: Any) -> bool:
    return all(array.dtype.kind in "biufc" for array in arrays)


def _difference_of_sequences(expected: Any, found: Any) -> tuple[str, str]:
    import numpy as np

    if isinstance(expected, np.ndarray) or isinstance(found, np.ndarray):
        expected, found = list(np.asarray(expected)), list(np.asarray(found))
    if not isinstance(expected, list) or not isinstance(found, list) or len(expected) != len(found):
        return "other shape", f"{type(found).__name__} for {type(expected).__name__}, or another length"
    differences = [difference(left, right) for left, right in zip(expected, found, strict=True)]
    return max(differences, key=lambda item: KINDS.index(item[0]), default=("same", ""))


def _words(error: Exception) -> str:
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:_REASON_CHARACTERS]
