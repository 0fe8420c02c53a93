"""Classes of data are all made by one decorator, and have nothing that it does not know."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import python_files, relative, tree_of

DECORATOR = "src/respool/model/dataclasses.py"
UNKNOWN_THERE = frozenset({"__getstate__", "__setstate__", "__setattr__", "__delattr__"})
OF_THE_LIBRARY = frozenset({"dataclass", "make_dataclass", "InitVar"})


def unknown_in(tree: ast.Module) -> Iterator[str]:
    """What the decorator would overlook, or would take the library's place for."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="dataclasses", names=names):
                yield from (f"dataclasses.{a.name}" for a in names if a.name in OF_THE_LIBRARY)
            case ast.Attribute(value=ast.Name(id="dataclasses"), attr=name) if (
                name in OF_THE_LIBRARY
            ):
                yield f"dataclasses.{name}"
            case ast.ClassDef() if any(map(_is_of_data, node.decorator_list)):
                yield from _unknown_in_class(node)
            case _:
                pass


def _is_of_data(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).startswith("dataclass")


def _unknown_in_class(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.FunctionDef(name=name) if name in UNKNOWN_THERE:
                yield f"{node.name}.{name}"
            case ast.Assign(targets=[ast.Name(id="__hash__")]):
                yield f"{node.name}.__hash__"
            case _:
                pass


def test_classes_of_data_have_nothing_that_their_decorator_does_not_know() -> None:
    files = [path for path in python_files("src") if relative(path) != DECORATOR]
    assert {relative(path): told for path in files if (told := [*unknown_in(tree_of(path))])} == {}


def test_what_the_decorator_does_not_know_is_found() -> None:
    source = (
        "from dataclasses import InitVar, dataclass, field\n"
        "@dataclass(frozen=True)\n"
        "class One:\n"
        "    __hash__ = None\n"
        "    def __getstate__(self): ...\n"
    )
    found = ["dataclasses.InitVar", "dataclasses.dataclass", "One.__hash__", "One.__getstate__"]
    assert sorted(unknown_in(ast.parse(source))) == sorted(found)
