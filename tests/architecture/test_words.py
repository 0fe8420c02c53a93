"""One word, one meaning: what docs/glossary.md rejects is found nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import (
    PACKAGE,
    PROJECT,
    project_files,
    python_files,
    relative,
    text_of,
    tree_of,
)

REJECTED = frozenset({"provider", "repo", "sink", "rollback", "revert", "campaign"})
HOMELESS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"})
GLOSSARY = PROJECT / "docs" / "glossary.md"
PYTHON = python_files("src", "tests", "tools")
PAGES = sorted({*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")} - {GLOSSARY})
MACHINE_PATHS = tuple(f"/{folder}/" for folder in ("work", "root"))
LOCK_LINE = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+")


def words_in(name: str) -> set[str]:
    """Words of an identifier: ``takeBack_to`` has take, back, to."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def identifiers(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case _:
                pass


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_no_identifier_uses_a_rejected_word(path: Path) -> None:
    found = {name for name in identifiers(tree_of(path)) if words_in(name) & REJECTED}

    assert found == set()


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_no_page_uses_a_rejected_word(path: Path) -> None:
    words = set(re.findall(r"[a-z]+", path.read_text(encoding="utf-8").lower()))

    assert words & REJECTED == set()


@pytest.mark.parametrize("word", sorted(REJECTED))
def test_the_glossary_names_what_it_rejects(word: str) -> None:
    assert re.search(rf"\b{word}\b", GLOSSARY.read_text(encoding="utf-8"))


def test_no_module_is_a_home_for_the_homeless() -> None:
    """A thing without a home means that a word is missing from the glossary."""
    assert [relative(path) for path in PYTHON if path.stem in HOMELESS] == []


def test_there_is_no_dry_run_below_the_command_line() -> None:
    """Dry run is printing the plan."""
    below = [path for path in python_files("src") if not path.is_relative_to(PACKAGE / "cli")]

    assert [relative(p) for p in below if "dry_run" in p.read_text(encoding="utf-8")] == []


def test_no_file_names_a_directory_of_one_machine() -> None:
    texts = {relative(path): text_of(path) or "" for path in project_files()}

    assert [name for name, text in texts.items() if any(p in text for p in MACHINE_PATHS)] == []


def test_the_lock_file_holds_names_and_versions_only() -> None:
    lines = (PROJECT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not LOCK_LINE.fullmatch(line)] == []
