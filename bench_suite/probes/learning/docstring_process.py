"""Finds and runs the examples in the docstrings of a module, in a process of its own. It imports by name.

The docstrings are those of live objects, for some are attached to functions that no source file shows. It decides what
an example came to; how long it may take is up to whoever calls.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import hashlib
import importlib
import inspect
import io
import math
import re
import textwrap
import warnings
from typing import Any

RAN, OTHER_OUTPUT, UNDEFINED, RAISED = "ran as written", "other output", "name not defined", "raised"
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
"""What only lays out what is printed."""
_FENCED = re.compile(r"^```(?:python|py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""A block of code in Markdown, as Equinox's docstrings have them: it says nothing of what it prints."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_RTOL = 1e-3
_ATOL = 1e-6
_REASON_CHARACTERS = 160


def open_module(memory: dict[str, Any], *, module: str, imports: str, most: int) -> dict[str, Any]:
    """How many public objects, docstrings and examples it has, and the names of those to run."""
    found = importlib.import_module(module)
    variables = dict(vars(found))
    exec(imports, variables)
    docstrings = {name: inspect.getdoc(value) or "" for name, value in public_objects(found).items()}
    with_example = [name for name, text in docstrings.items() if ">>>" in text or _FENCED.search(text)]
    memory["docstrings"], memory["variables"] = docstrings, variables
    return {
        "objects": len(docstrings),
        "documented": sum(bool(text.strip()) for text in docstrings.values()),
        "with_example": len(with_example),
        "names": sample(with_example, most=most),
    }


def public_objects(module: Any) -> dict[str, Any]:
    """Functions and classes that the module lists and its package defines, each once, under the first of its names."""
    names = getattr(module, "__all__", None) or [name for name in sorted(vars(module)) if not name.startswith("_")]
    package = module.__name__.partition(".")[0]
    found: dict[int, tuple[str, Any]] = {}
    for name in names:
        value = getattr(module, name, None)
        # A function may say no module, or one of the package's other names: builtins of torch do.
        origin = str(getattr(value, "__module__", None) or package).partition(".")[0].lstrip("_")
        if callable(value) and not inspect.ismodule(value) and origin in (package, "builtins", "jaxlib"):
            found.setdefault(id(value), (name, value))
    return dict(found.values())


def sample(names: list[str], *, most: int) -> list[str]:
    """At most so many, by the SHA-256 of their names: the same ones each time."""
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:most])


def run_docstring(memory: dict[str, Any], *, name: str) -> dict[str, str]:
    """What the examples of one docstring came to as a whole: the first that fails decides."""
    return run_examples(memory["docstrings"][name], memory["variables"], name=name)


def run_examples(docstring: str, variables: dict[str, Any], *, name: str) -> dict[str, str]:
    """``result`` and, where they did not run as written, ``reason``. A docstring that doctest cannot read raised."""
    prints = ">>>" in docstring
    try:
        if not prints:
            docstring = "\n".join(_as_example(block) for block in _FENCED.findall(docstring))
        test = doctest.DocTestParser().get_doctest(docstring, dict(variables), name, None, None)
    except ValueError as error:
        return {"result": RAISED, "reason": f"cannot be read: {error}"[:_REASON_CHARACTERS]}
    runner = _FirstFailure(_Checker(), verbose=False, optionflags=_FLAGS)
    runner.prints = prints
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        runner.run(test, out=lambda _: None)
    return runner.failure or {"result": RAN, "reason": ""}


def _as_example(block: str) -> str:
    """Each of its statements with doctest's prompts, whatever it prints."""
    try:
        statements = ast.parse(textwrap.dedent(block)).body
    except SyntaxError as error:
        raise ValueError(f"a block of code is not Python: {error}") from None
    return "\n".join(
        f">>> {line}" if not number else f"... {line}"
        for statement in statements
        for number, line in enumerate(ast.unparse(statement).splitlines())
    )


class _Checker(doctest.OutputChecker):
    """Lets numbers be printed another way: spaces within an array, ``1.`` for ``1.0``, a last digit that differs."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or same_but_for_digits(want, got)


def same_but_for_digits(want: str, got: str) -> bool:
    """Whether the texts are the same without white space, each number within one in a thousand."""
    wanted, found = ("".join(text.split()) for text in (want, got))
    if _NUMBER.sub("#", wanted) != _NUMBER.sub("#", found):
        return False
    return all(
        math.isclose(float(left), float(right), rel_tol=_RTOL, abs_tol=_ATOL)
        for left, right in zip(_NUMBER.findall(wanted), _NUMBER.findall(found), strict=True)
    )


class _FirstFailure(doctest.DocTestRunner):
    """Keeps the first failure and prints nothing."""

    failure: dict[str, str] | None = None
    prints = True
    """Whether the examples say what they print."""

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        del out, test
        if self.prints:
            self._keep(OTHER_OUTPUT, f"{example.source.strip()}: {got.strip()!r} for {example.want.strip()!r}")

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        del out, test
        error = exc_info[1]
        result = UNDEFINED if isinstance(error, NameError) else RAISED
        self._keep(result, f"{example.source.strip()}: {type(error).__name__}: {error}")

    def _keep(self, result: str, reason: str) -> None:
        if self.failure is None:
            self.failure = {"result": result, "reason": reason[:_REASON_CHARACTERS]}
