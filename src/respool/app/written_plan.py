"""Writing a plan to a file that nobody else may read."""

from __future__ import annotations

from pathlib import Path

from respool.app.reached import Plan
from respool.errors import UsageError
from respool.planning.codec import parse_tail, render_plan
from respool.planning.plan import PlanTail
from respool.system.durable import new_private_file


def write_plan(plan: Plan, file: Path) -> PlanTail:
    """Write the lines of ``plan`` to a new file that only we may read; its last line.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    try:
        with new_private_file(file) as lines:
            line = ""
            for line in render_plan(plan.head, plan.steps()):
                lines.write(f"{line}\n")
            return parse_tail(line)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="choose another --out") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written", why=str(error)) from error
