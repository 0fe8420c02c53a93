"""docs/reference/errors.md and exit-status.md say what the error tree says."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import respool
from respool.errors import RespoolError
from tests.docs.pages import REFERENCE, first_cells, sections

EXIT_STATUSES = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 30, 130}


def tree(root: type[RespoolError]) -> Iterator[type[RespoolError]]:
    yield root
    for below in root.__subclasses__():
        if below.__module__.startswith("respool."):
            yield from tree(below)


def load_everything() -> None:
    for module in pkgutil.walk_packages(respool.__path__, "respool."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_every_error_code_has_a_heading_and_every_heading_a_code() -> None:
    load_everything()

    assert set(sections(REFERENCE / "errors.md", 2)) == {
        error.code for error in tree(RespoolError)
    }


def test_every_heading_names_the_exit_status() -> None:
    load_everything()
    page = sections(REFERENCE / "errors.md", 2)
    wrong = [
        error.code
        for error in tree(RespoolError)
        if f"Exit status: {error.exit_status}." not in page.get(error.code, "")
    ]

    assert wrong == []


def test_the_page_on_exit_statuses_lists_all_and_no_other() -> None:
    page = (REFERENCE / "exit-status.md").read_text(encoding="utf-8")

    assert [int(cell) for cell in first_cells(page)] == sorted(EXIT_STATUSES)


def test_no_error_has_a_status_of_its_own() -> None:
    load_everything()

    assert {error.exit_status for error in tree(RespoolError)} <= EXIT_STATUSES
