"""One program of the corpus as text: which statement errs, and what number is right. It is read and never run here.

A program defines ``RIGHT``, the number that its twin must return, and two functions without arguments: ``mistake()``
and ``twin()``. The statement that errs carries the comment ``# <- the mistake``.
"""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec

MARK = "# <- the mistake"
FUNCTIONS = ("mistake", "twin")


class ProgramError(ValueError):
    """The program cannot be used. The message names its file and what it lacks."""


class MarkedProgram(msgspec.Struct, frozen=True):
    """What must be known of a program in order to judge what was seen of it."""

    file: str
    """As it stands in what is printed and in tracebacks."""
    lines: frozenset[int]
    """Of the statement that errs; of one that holds others, as ``if`` does, its head alone. The first line is 1."""
    right: float
    """What it returns where nothing goes wrong."""


def read_program(path: Path, *, shown_as: str = "") -> MarkedProgram:
    """Read the program at ``path``, which is run as the file ``shown_as``, or where it lies.

    Raises ProgramError where it is no Python, has no mark, or lacks ``RIGHT`` or one of its functions.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError) as error:
        raise ProgramError(f"{path}: cannot be read as Python: {error}") from None
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if missing := [name for name in FUNCTIONS if name not in functions]:
        raise ProgramError(f"{path}: expected a function {missing[0]}()")
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.rstrip().endswith(MARK)]
    if not marked:
        raise ProgramError(f"{path}: no line ends with {MARK!r}; mark the statement that errs")
    lines = frozenset(line for mark in marked for line in _statement(tree, mark))
    return MarkedProgram(shown_as or str(path), lines, _right(tree, path))


def _statement(tree: ast.Module, line: int) -> range:
    """The lines of the innermost statement that holds ``line``; its head, where it holds others."""
    ranges = [
        range(node.lineno, _last_line(node) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= _last_line(node)
    ]
    return min(ranges, key=len, default=range(line, line + 1))


def _last_line(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(node.lineno, int(body[0].lineno) - 1)
    return node.end_lineno or node.lineno


def _right(tree: ast.Module, path: Path) -> float:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "RIGHT" for t in node.targets):
            try:
                return float(ast.literal_eval(node.value))
            except (ValueError, TypeError):
                break
    raise ProgramError(f"{path}: expected RIGHT = <a number>, what the twin returns")
