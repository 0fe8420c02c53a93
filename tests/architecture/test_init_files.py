"""``__init__.py`` says in one sentence what lives beside it, and does nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGE, relative, tree_of

BELOW_THE_TOP = sorted(path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)


@pytest.mark.parametrize("path", BELOW_THE_TOP, ids=relative)
def test_an_init_file_is_one_sentence(path: Path) -> None:
    tree = tree_of(path)
    sentence = ast.get_docstring(tree)

    assert sentence is not None
    assert len(tree.body) == 1
    assert re.findall(r"[.!?](?:\s|$)", sentence) == ["."], sentence


def test_every_folder_of_the_source_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}

    assert [relative(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []
