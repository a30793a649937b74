"""Lines, tokens and names of an interface in source text, by Python's own parser and tokenizer. It reads no file."""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from collections.abc import Collection, Mapping

import msgspec

_NO_TOKENS = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ENCODING,
    }
)


class Change(msgspec.Struct, frozen=True):
    """By how much one program differs from another."""

    lines_before: int
    lines_after: int
    lines_removed: int
    lines_added: int
    tokens_removed: int
    tokens_added: int


def normalised_lines(node: ast.AST) -> list[str]:
    """A statement a line, however it was written; no comments and no blank lines."""
    return [line for line in ast.unparse(node).splitlines() if line.strip()]


def list_tokens(source: str) -> list[str]:
    """Names, numbers, strings and operators; neither comments nor what only lays the text out."""
    readline = io.StringIO(source).readline
    return [token.string for token in tokenize.generate_tokens(readline) if token.type not in _NO_TOKENS]


def interface_names(node: ast.AST, *, imports: Mapping[str, str], packages: Collection[str]) -> set[str]:
    """Dotted names of ``packages`` that the code uses, resolved through imports: ``jnp.ones`` is ``jax.numpy.ones``.

    Methods of an object are not among them, for their type is not known from the text; nor are packages themselves.
    """
    found = {
        dotted
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute | ast.Name) and (dotted := resolve(inner, imports=imports)) is not None
    }
    used = {name for name in found if name.partition(".")[0] in packages and name not in imports.values()}
    used |= {
        imports[inner.id]
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and _names_a_member(imports.get(inner.id, ""), packages)
    }
    return {name for name in used if not any(other.startswith(f"{name}.") for other in found)}


def _names_a_member(dotted: str, packages: Collection[str]) -> bool:
    return "." in dotted and dotted.partition(".")[0] in packages


def resolve(node: ast.AST, *, imports: Mapping[str, str]) -> str | None:
    """The dotted name that a name or chain of attributes stands for; None where it does not begin with an import."""
    if isinstance(node, ast.Name):
        return imports.get(node.id)
    if isinstance(node, ast.Attribute) and (owner := resolve(node.value, imports=imports)) is not None:
        return f"{owner}.{node.attr}"
    return None


def strip_docstrings(tree: ast.Module) -> ast.Module:
    """The same without any statement that is only a string."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                inner
                for inner in body
                if not (
                    isinstance(inner, ast.Expr)
                    and isinstance(inner.value, ast.Constant)
                    and isinstance(inner.value.value, str)
                )
            ]
    return tree


def count_change(before: str, after: str) -> Change:
    """Lines and tokens that differ, both programs normalised first, so that no layout and no comment counts."""
    lines = [normalised_lines(strip_docstrings(ast.parse(text))) for text in (before, after)]
    tokens = [list_tokens("\n".join(of_program)) for of_program in lines]
    lines_removed, lines_added = _differences(*lines)
    tokens_removed, tokens_added = _differences(*tokens)
    return Change(
        lines_before=len(lines[0]),
        lines_after=len(lines[1]),
        lines_removed=lines_removed,
        lines_added=lines_added,
        tokens_removed=tokens_removed,
        tokens_added=tokens_added,
    )


def _differences(before: list[str], after: list[str]) -> tuple[int, int]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    removed = added = 0
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag != "equal":
            removed += last - first
            added += other_last - other_first
    return removed, added
