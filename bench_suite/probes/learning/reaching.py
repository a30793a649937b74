"""Which definitions of the suite's own implementations a model and its training step stand on, found by reading them.

It follows names from stated roots: to functions, classes and constants of the same module, to what a module imports
from beside it, and from a method to what it reads of ``self``. It imports nothing and counts nothing.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

PACKAGE = "speedscore.bench_suite.frameworks"


class Module(msgspec.Struct, frozen=True):
    """One file, parsed."""

    name: str
    """``torch.gpt``: dotted, from the folder of frameworks on."""
    imports: dict[str, str]
    """Name in the module → dotted name of what it stands for."""
    definitions: dict[str, ast.stmt]
    """What stands at the top of the module, by name."""

    @classmethod
    def parse(cls, name: str, text: str) -> Module:
        tree = ast.parse(text)
        imports: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    # "import a.b" binds a.
                    imports[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                imports |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        definitions: dict[str, ast.stmt] = {}
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                definitions[statement.name] = statement
            elif isinstance(statement, ast.Assign | ast.AnnAssign):
                definitions |= dict.fromkeys(_targets(statement), statement)
                if isinstance(statement.value, ast.Name) and statement.value.id in imports:
                    # "_nn: Any = nn" is another name for what was imported.
                    imports |= dict.fromkeys(_targets(statement), imports[statement.value.id])
        return cls(name, imports, definitions)


class Part(msgspec.Struct, frozen=True):
    """One definition that is counted."""

    module: Module
    name: str
    """``Block``, ``PureDriver._step``; of an attribute, the statement that sets it."""
    node: ast.stmt
    """Without docstrings, annotations of functions, and what was left out."""


def reach(
    roots: Collection[str], *, folder: Path, leave_out: Collection[str] = (), stop_at: Collection[str] = ()
) -> tuple[Part, ...]:
    """Every definition that the roots stand on, themselves included, in a stable order.

    A root is ``torch.gpt:LanguageModel`` or ``jax.driver:PureDriver._step``, in ``folder``. A statement that names one
    of ``leave_out`` is dropped, and so is a block that is empty without it; what is named in ``stop_at`` may be used
    but is not followed. Raises LookupError for a root that is not there.
    """
    parts: dict[tuple[str, str], Part] = {}
    waiting = [_split(root) for root in roots]
    while waiting:
        module_name, name = waiting.pop()
        owner, _, member = name.partition(".")
        if (module_name, name) in parts or (module_name, owner) in parts:
            continue
        module = _read(folder, module_name)
        node = _find(module, owner, member)
        if node is None:
            if f"{module_name}:{name}" in roots:
                raise LookupError(f"{module_name}:{name} is not in {folder}; correct the file of roots")
            continue
        kept = _strip(node, frozenset(leave_out))
        if kept is None:
            continue
        parts[module_name, name] = Part(module, name, kept)
        waiting += [key for key in _references(module, owner, kept, folder) if key[1].split(".")[-1] not in stop_at]
    return tuple(
        part
        for (module_name, name), part in sorted(parts.items())
        if "." not in name or (module_name, name.partition(".")[0]) not in parts
    )


def _split(root: str) -> tuple[str, str]:
    module, _, name = root.partition(":")
    return module, name


@functools.cache
def _read(folder: Path, name: str) -> Module:
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    if not path.is_file():
        raise LookupError(f"there is no module {name!r} in {folder}; correct the file of roots")
    return Module.parse(name, path.read_text())


def _find(module: Module, owner: str, member: str) -> ast.stmt | None:
    node = module.definitions.get(owner)
    if not member or not isinstance(node, ast.ClassDef):
        return None if member else node
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == member:
            return statement
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign | ast.AnnAssign) and f"self.{member}" in _targets(inner):
            return inner
    return None


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [ast.unparse(target) for target in flat]


def _references(module: Module, owner: str, node: ast.stmt, folder: Path) -> Iterator[tuple[str, str]]:
    """What a definition names: modules and names in them, whether or not there is such a definition."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            if inner.id in module.definitions:
                yield module.name, inner.id
            elif (found := _beside(module.imports.get(inner.id, ""), folder)) is not None:
                yield found
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            if inner.value.id == "self":
                yield module.name, f"{owner}.{inner.attr}"
            elif (found := _beside(f"{module.imports.get(inner.value.id, '')}.{inner.attr}", folder)) is not None:
                yield found


def _beside(dotted: str, folder: Path) -> tuple[str, str] | None:
    """The module in the folder of frameworks and the name in it; None for whatever lies elsewhere."""
    if not dotted.startswith(f"{PACKAGE}."):
        return None
    module, _, name = dotted.removeprefix(f"{PACKAGE}.").rpartition(".")
    return (module, name) if module and folder.joinpath(*module.split(".")).with_suffix(".py").is_file() else None


def _strip(node: ast.stmt, leave_out: frozenset[str]) -> ast.stmt | None:
    """A copy without docstrings, annotations of functions and what names ``leave_out``; None where nothing is left."""
    copied = ast.parse(ast.unparse(node)).body[0]
    stripped = _Stripper(leave_out).visit(copied)
    return ast.fix_missing_locations(stripped) if isinstance(stripped, ast.stmt) else None


class _Stripper(ast.NodeTransformer):
    def __init__(self, leave_out: frozenset[str]) -> None:
        self._leave_out = leave_out

    def visit(self, node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.stmt) and not getattr(node, "body", None) and self._names(node):
            return None
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in self._leave_out:
            return None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None  # a docstring, of whatever it is
        visited: ast.AST | None = super().visit(node)
        if isinstance(visited, ast.FunctionDef):
            visited.returns = None
        if isinstance(visited, ast.arg):
            visited.annotation = None
        emptied = isinstance(visited, ast.stmt) and hasattr(visited, "body") and not visited.body
        return None if emptied else visited

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # A field of a class is declared by its annotation; what has a value is not.
        if node.value is None:
            return node
        return ast.Assign([node.target], node.value)

    def _names(self, node: ast.AST) -> bool:
        return any(
            (isinstance(inner, ast.Name) and inner.id in self._leave_out)
            or (isinstance(inner, ast.Attribute) and inner.attr in self._leave_out)
            for inner in ast.walk(node)
        )
