"""What imports cannot show: pure modules open, print, ask the clock for, and run nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import module_name, pure_files, relative, tree_of

IMPURE_CALLS = frozenset({"open", "print", "input", "exec", "eval", "breakpoint"})
IMPURE_METHODS = frozenset({"now", "utcnow", "today"})
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "glob",
        "logging",
        "os",
        "random",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
    }
)
PURE_ALL_THE_SAME = frozenset({"urllib.parse"})  # text in, text out
# It compiles what sets the fields of a class, from their names alone.
MAY_COMPILE = ("src/respool/model/dataclasses.py", ["exec()"])
LOADED_BY_NOBODY = ("subprocess", "socket", "sqlite3")


def impurities(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = {alias.name.partition(".")[0] for alias in names}
                yield from sorted(modules & IMPURE_MODULES)
                if "pathlib" in modules:
                    yield "import pathlib (say: from pathlib import PurePosixPath)"
            case ast.ImportFrom(module=str(module), names=names):
                if module.partition(".")[0] in IMPURE_MODULES and module not in PURE_ALL_THE_SAME:
                    yield module
                if module == "pathlib":
                    yield from (f"pathlib.{a.name}" for a in names if "Pure" not in a.name)
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield f"{name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                yield f".{name}()"
            case _:
                pass


@pytest.mark.parametrize("path", pure_files(), ids=relative)
def test_a_pure_module_touches_nothing(path: Path) -> None:
    file, calls = MAY_COMPILE
    assert list(impurities(tree_of(path))) == (calls if relative(path) == file else [])


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from time import sleep",
        "from pathlib import Path",
        "import pathlib",
        "open('x')",
        "print('x')",
        "datetime.now(UTC)",
        "date.today()",
    ],
)
def test_the_check_itself_sees(source: str) -> None:
    assert list(impurities(ast.parse(source)))


def test_pure_paths_are_allowed() -> None:
    assert list(impurities(ast.parse("from pathlib import PurePosixPath"))) == []


def test_importing_pure_modules_loads_no_door_to_the_machine() -> None:
    """NumPy and email are loaded first: what they load for themselves is not ours."""
    modules = [module_name(path) for path in pure_files()]
    program = (
        "import email.parser, email.utils, importlib, sys, numpy\n"
        f"doors = set({LOADED_BY_NOBODY!r}) - set(sys.modules)\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "    loaded = doors & set(sys.modules)\n"
        "    assert not loaded, f'{name} loads {sorted(loaded)}'\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
