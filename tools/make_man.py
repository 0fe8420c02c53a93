"""Write docs/man/respool.1, the manual page, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

import respool
from respool.cli.main import ABOUT, COMMANDS, app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "man" / "respool.1"
SUMMARY = "restore mailboxes of BlueMind and Cyrus IMAP from their backups, and prove it"
STATUSES = (
    (0, "done; for restore and verify: proven"),
    (1, "a bug of respool"),
    (2, "wrong usage or settings"),
    (3, "done, with findings that someone should read"),
    (10, "not found"),
    (11, "locked by another run"),
    (12, "plan refused, nothing changed"),
    (13, "the server cannot be reached, or refuses"),
    (20, "stopped part-way; the message says what was left"),
    (30, "restored, but what was read back differs"),
    (130, "interrupted, or answered with no"),
)


def escaped(text: str) -> str:
    """``text`` as roff takes it."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


def page() -> str:
    """The whole manual page."""
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    """Its lines, in order."""
    yield f'.TH RESPOOL 1 "" "respool {respool.__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"respool \\- {SUMMARY}"
    yield ".SH SYNOPSIS"
    yield ".B respool\n.I COMMAND\n[ARGS]..."
    yield ".SH DESCRIPTION"
    yield from (escaped(line) for line in ABOUT.splitlines() if line)
    yield ".SH COMMANDS"
    group: Any = get_command(app)
    for command in COMMANDS:
        yield from of_command(command.name, group.commands[command.name])
    yield ".SH EXIT STATUS"
    for status, meaning in STATUSES:
        yield f".TP\n.B {status}\n{escaped(meaning)}"
    yield ".SH FILES"
    yield ".TP\n.I /etc/respool.toml\nsettings"
    yield ".TP\n.I /var/lib/respool\njournal, plans and receipts of root"


def of_command(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - untyped library
    """One command: what it does, its options, its examples."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = " ".join(escaped(each.metavar or each.name.upper()) for each in arguments)
    yield f".SS respool {name} {words}".rstrip()
    told = (line.strip() for line in (command.help or "").splitlines())
    yield from (escaped(line) for line in told if line)
    for option in command.params:
        if option.param_type_name == "option":
            spelled = ", ".join(f"\\fB{escaped(each)}\\fR" for each in option.opts)
            value = f" \\fI{escaped(option.metavar)}\\fR" if option.metavar else ""
            yield f".TP\n{spelled}{value}\n{escaped(option.help or '')}"
    yield ".PP\n.nf"
    yield from (
        escaped(line)
        for line in (command.epilog or "").replace("\b", "").splitlines()
        if line.strip()
    )
    yield ".fi"
    for below, part in getattr(command, "commands", {}).items():
        yield from of_command(f"{name} {below}", part)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
