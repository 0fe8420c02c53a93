"""The JSON examples of docs/reference/commands.md have the shape of what the commands print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import FENCE, REFERENCE, sections

ACCOUNT = "jdoe@bluemind.loc"
READING = {
    "respool backups": (),
    "respool accounts": (),
    "respool show": (ACCOUNT,),
    "respool ls": (ACCOUNT, "INBOX"),
    "respool cat": (ACCOUNT, "INBOX", "3"),
    "respool diff": (ACCOUNT, "-g", "87", "89", "--details"),
    "respool check": (),
    "respool watch": (),
    "respool catalogue": (),
    "respool find": ("--account", ACCOUNT, "--subject", "phone"),
    "respool history": (ACCOUNT, "Projects/2017"),
}

# The sample has stubs, and no store that they stand for.
STATUS = {"respool check": 3, "respool diff": 3, "respool watch": 3}

LINES = {"respool ls", "respool find"}

DATA = {"acl", "resources"}


def example(command: str) -> Any:  # noqa: ANN401 - JSON
    blocks = FENCE.findall(sections(REFERENCE / "commands.md", 2)[command])
    block = next(each for each in blocks if each.startswith("```json"))
    return json.loads(block.removeprefix("```json").removesuffix("```"))


def shape(value: object) -> object:
    """Names of fields, at every depth; a list has the shape of all its entries together.

    The names in an ACL and of a quota's resources are data, not fields.
    """
    if isinstance(value, dict):
        return {name: None if name in DATA else shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [merged([shape(part) for part in value])] if value else []
    return None


def merged(shapes: list[object]) -> object:
    """One shape of several: what one lacks because it was null or empty, another has."""
    named = [each for each in shapes if isinstance(each, dict)]
    if named:
        names = {name: None for each in named for name in each}
        return {name: merged([each[name] for each in named if name in each]) for name in names}
    return next((each for each in shapes if each), shapes[0])


def fitted(example_shape: object, found: object) -> object:
    """``example_shape`` without what the output is too empty to show."""
    if isinstance(example_shape, dict) and isinstance(found, dict):
        return {
            name: fitted(part, found.get(name, "not there"))
            for name, part in example_shape.items()
        }
    if isinstance(example_shape, list) and isinstance(found, list):
        return [fitted(example_shape[0], found[0])] if example_shape and found else []
    return None if found is None else example_shape


@pytest.mark.parametrize("command", READING)
def test_the_example_has_the_shape_of_the_output(command: str, backup_tree: Path) -> None:
    words = [*command.split()[1:], *READING[command], "--json", "--backups", str(backup_tree)]

    done = subprocess.run(
        [sys.executable, "-m", "respool", *words], capture_output=True, check=False, text=True
    )
    assert done.returncode == STATUS.get(command, 0), done.stderr

    first = done.stdout.splitlines()[0] if command in LINES else done.stdout
    found = shape(json.loads(first))
    assert fitted(shape(example(command)), found) == found
