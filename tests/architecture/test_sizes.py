"""Sizes beyond which a thing has to be split: the "stop" column of CONTRIBUTING.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import (
    PACKAGE,
    FunctionNode,
    functions_in,
    python_files,
    relative,
    tree_of,
)

MODULE_LINES = 400
COMMAND_LINES = 100
FUNCTION_LINES = 50
PARAMETERS = 6
PUBLIC_METHODS = 10
NESTING = 4

TABLES = {
    PACKAGE / "cyrus" / "index_layouts.py",
    PACKAGE / "model" / "finding_kinds.py",
}
ALL = python_files("src", "tests", "tools")
SOURCE = python_files("src")
BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


def lines_of(node: FunctionNode) -> int:
    """Lines of a function from ``def`` to its end, without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        whole -= (first.end_lineno or first.lineno) - first.lineno + 1
    return whole


def parameters_of(node: FunctionNode) -> int:
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def public_methods(node: ast.ClassDef) -> list[str]:
    """Names of methods; properties are values."""
    return [
        part.name
        for part in node.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        and not part.name.startswith("_")
        and not any("property" in ast.unparse(mark) for mark in part.decorator_list)
    ]


def nesting_of(node: ast.AST, *, is_elif: bool = False) -> int:
    """Depth of blocks inside blocks; ``elif`` adds none."""
    own = 1 if isinstance(node, BLOCKS) and not is_elif else 0
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        chained = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        deepest = max(deepest, nesting_of(child, is_elif=chained))
    return own + deepest


@pytest.mark.parametrize("path", [p for p in ALL if p not in TABLES], ids=relative)
def test_a_module_can_be_read_in_five_minutes(path: Path) -> None:
    limit = COMMAND_LINES if path.parent == PACKAGE / "cli" / "commands" else MODULE_LINES

    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", ALL, ids=relative)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = functions_in(tree_of(path))

    assert [(f.name, lines_of(f)) for f in functions if lines_of(f) > FUNCTION_LINES] == []


@pytest.mark.parametrize("path", ALL, ids=relative)
def test_blocks_are_not_nested_deeply(path: Path) -> None:
    functions = functions_in(tree_of(path))

    assert [(f.name, nesting_of(f)) for f in functions if nesting_of(f) > NESTING] == []


@pytest.mark.parametrize("path", SOURCE, ids=relative)
def test_seven_parameters_are_a_missing_value(path: Path) -> None:
    """A command has as many as it has options."""
    if path.is_relative_to(PACKAGE / "cli" / "commands"):
        return
    functions = functions_in(tree_of(path))

    assert [(f.name, parameters_of(f)) for f in functions if parameters_of(f) > PARAMETERS] == []


@pytest.mark.parametrize("path", SOURCE, ids=relative)
def test_a_class_does_one_thing(path: Path) -> None:
    classes = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]

    assert [c.name for c in classes if len(public_methods(c)) > PUBLIC_METHODS] == []
