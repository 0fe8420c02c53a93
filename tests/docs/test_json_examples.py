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
}


def example(command: str) -> Any:  # noqa: ANN401 - JSON
    block = FENCE.findall(sections(REFERENCE / "commands.md", 2)[command])[0]
    return json.loads(block.removeprefix("```json").removesuffix("```"))


def shape(value: object) -> object:
    """Names of fields, at every depth; a list has the shape of its first entry.

    An ACL's names are data, not fields.
    """
    if isinstance(value, dict):
        return {name: None if name == "acl" else shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value[:1]] if value and isinstance(value[0], dict) else []
    return None


@pytest.mark.parametrize("command", READING)
def test_the_example_has_the_shape_of_the_output(command: str, backup_tree: Path) -> None:
    words = [*command.split()[1:], *READING[command], "--json", "--backups", str(backup_tree)]

    done = subprocess.run(
        [sys.executable, "-m", "respool", *words], capture_output=True, check=True, text=True
    )

    first = done.stdout.splitlines()[0] if command == "respool ls" else done.stdout
    assert shape(example(command)) == shape(json.loads(first))
