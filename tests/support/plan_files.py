"""Plan files as somebody else would write them: altered, with a digest that is right again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Fields = list[dict[str, Any]]


def forge(plan: Path, alter: Callable[[Fields], None]) -> None:
    """Let ``alter`` change the lines of ``plan`` but the last: the head, then the steps."""
    *lines, last = map(json.loads, plan.read_text("ascii").splitlines())
    alter(lines)
    body = [json.dumps(each, separators=(",", ":")) for each in lines]
    last["digest"] = hashlib.sha256("".join(body).encode("ascii")).hexdigest()
    plan.write_text("".join(f"{line}\n" for line in (*body, json.dumps(last))), "ascii")
