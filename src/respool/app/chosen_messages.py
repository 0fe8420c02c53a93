"""Messages that were chosen one by one: read from a file, or from what is piped in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from respool.app.selection import Wanted
from respool.errors import SelectionInvalid, UsageError
from respool.planning.chosen_lines import (
    LONGEST_LINE,
    STANDARD_INPUT,
    ChosenGroup,
    one_group,
    parse_chosen,
)

Chosen = tuple[Wanted, ChosenGroup]


def chosen_of_selection(file: str, wanted: Wanted) -> tuple[Chosen, ...]:
    """As `chosen_of_lines`, of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with Path(file).open("rb") as lines:
            return chosen_of_lines(lines, wanted, file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read", why=error.strerror or str(error)) from error


def chosen_of_lines(
    lines: BinaryIO, wanted: Wanted, file: str = STANDARD_INPUT
) -> tuple[Chosen, ...]:
    """The messages of each account, and where they are to be looked for: one generation.

    ``file`` is where the lines come from, as it was typed.

    An account or a generation in ``wanted`` takes those of it alone.

    Raises:
        SelectionInvalid: a line is no message, or those of an account are of several
            generations.
    """
    every = parse_chosen(_bounded(lines))
    groups: dict[str, list[ChosenGroup]] = {}
    for each in every:
        if _is_meant(each, wanted):
            groups.setdefault(each.account, []).append(each)
    if not groups:
        asked = " ".join(each for each in (wanted.account, wanted.generation or "") if each)
        raise SelectionInvalid(
            f"the selection has no message of {asked}",
            why=f"it is of {every[0].account}, generation {every[0].generation}",
        )
    found = (one_group(each, wanted.command, file) for each in groups.values())
    return tuple((_wanted(group, wanted), group) for group in found)


def only_one(chosen: tuple[Chosen, ...], command: str) -> Chosen:
    """The messages of one account.

    Raises:
        SelectionInvalid: they are of several; all of them are named.
    """
    group = one_group((each for _, each in chosen), command)
    return next(each for each in chosen if each[1] is group)


def _wanted(group: ChosenGroup, wanted: Wanted) -> Wanted:
    label = group.generation
    return replace(
        wanted,
        account=f"{'user' if group.is_of_user else 'share'}/{group.account}",
        generation=f"generation:{label}" if label.isdigit() else label,
    )


def _is_meant(group: ChosenGroup, wanted: Wanted) -> bool:
    account = wanted.account.removeprefix("user/").removeprefix("share/")
    is_of_account = not account or account.casefold() == group.account.casefold()
    generation = (wanted.generation or "").removeprefix("generation:")
    return is_of_account and generation in {"", group.generation}


def _bounded(lines: BinaryIO) -> Iterator[bytes]:
    """Line by line, however long one is: what is too long is refused later."""
    while line := lines.readline(LONGEST_LINE + 1):
        yield line
