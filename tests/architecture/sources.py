"""The project's own files, as the architecture tests read them."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TypeAlias

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "src" / "respool"

PURE_GLOBS = (
    "model/*.py",
    "cyrus/*.py",
    "bluemind/*.py",
    "exports/*.py",
    "planning/*.py",
    "verification/compare.py",
    "targets/*/steps.py",
    "targets/*/planner.py",
    "finishing/*/steps.py",
    "finishing/*/planner.py",
)

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    """``path`` from the project's root, with slashes."""
    return path.relative_to(PROJECT).as_posix()


def pure_files() -> list[Path]:
    """Every module that must touch nothing, in order of name."""
    return sorted(path for glob in PURE_GLOBS for path in PACKAGE.glob(glob))


def module_name(path: Path) -> str:
    """``src/respool/model/names.py`` as ``respool.model.names``."""
    dotted = PurePosixPath(path.relative_to(PROJECT / "src").as_posix()).with_suffix("").parts
    return ".".join(dotted[:-1] if dotted[-1] == "__init__" else dotted)


def python_files(*folders: str) -> list[Path]:
    """Every Python file below ``folders`` of the project, in order of name."""
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    """Syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions_in(tree: ast.AST) -> Iterator[FunctionNode]:
    """Every function and method, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def project_files() -> list[Path]:
    """Every file that is, or would be, in a commit; all files where git does not answer."""
    listed = listed_by_git()
    if listed is not None:
        return [PROJECT / name for name in listed if (PROJECT / name).is_file()]
    return [
        path
        for path in PROJECT.rglob("*")
        if path.is_file() and not any(made_here(part) for part in path.parts)
    ]


def listed_by_git() -> list[str] | None:
    """Names from the project's root; None where there is no git, or no history."""
    git = shutil.which("git")
    if git is None:
        return None
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        return None
    return [name for name in listing.stdout.decode().split("\0") if name]


def made_here(part: str) -> bool:
    """Whether a folder of that name is made by tools and belongs in no commit."""
    return part in {".git", ".venv", ".hypothesis", "__pycache__"} or part.endswith("_cache")


def text_of(path: Path) -> str | None:
    """Contents of a text file; None for anything else."""
    octets = path.read_bytes()
    if b"\0" in octets:
        return None
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
