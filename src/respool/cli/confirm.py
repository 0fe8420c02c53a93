"""Asking a person, on the terminal even where standard input is something else."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from pathlib import Path


def asked_secret(what: str) -> str:
    """What the person at the terminal types, which is not shown.

    Raises:
        NoConfirmation: there is no terminal to ask on, or nothing was typed.
    """
    import getpass

    from respool.errors import NoConfirmation

    hint = "RESPOOL_TO_PASSWORD_FILE names a file with it"
    try:
        with Path("/dev/tty").open("r+b", buffering=0):
            typed = getpass.getpass(f"{what}: ")
    except (OSError, EOFError) as error:
        raise NoConfirmation(
            f"nobody can be asked for the {what[0].lower()}{what[1:]}",
            why="there is no terminal",
            hint=hint,
        ) from error
    if not typed:
        raise NoConfirmation("nothing was typed", hint=hint)
    return typed


def agreed(question: str) -> bool:
    """Whether the person at the terminal says yes. Anything but y or yes is a no.

    Raises:
        NoConfirmation: there is no terminal to ask on.
    """
    from respool.errors import NoConfirmation

    try:
        with Path("/dev/tty").open("r+b", buffering=0) as terminal:
            terminal.write(f"{question} [y/N] ".encode("utf-8", "backslashreplace"))
            answer = terminal.readline().decode("utf-8", "replace")
    except OSError as error:
        raise NoConfirmation(
            "nobody can be asked",
            why="there is no terminal",
            hint="--yes goes on without a question",
        ) from error
    return answer.strip().lower() in {"y", "yes"}
