"""The options that ask for flags alone, as typed: ``--state-only``, ``--exact`` and between what.

``--state-only`` may stand without a value, which the command-line library does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from respool.errors import UsageError
from respool.planning.request import Conflict
from respool.planning.state_wish import ALL, WORDS, StateWish, parse_state_wish

if TYPE_CHECKING:
    from respool.cli.restore_options import Wishes

OPTION: Final = "--state-only"
_NOT_WITH: Final = {
    "as_user": "--as",
    "map_domain": "--map-domain",
    "mend_line_ends": "--mend-line-ends",
    "into": "--into",
    "rename": "--rename",
    "without_metadata": "--without-metadata",
    "include_expunged": "--include-expunged",
    "create_account": "--create-account",
    "in_place": "--in-place",
    "only_missing": "--only-missing",
    "on_conflict": "--on-conflict",
    "raise_quota": "--raise-quota",
    "no_annotations": "--no-annotations",
    "no_finishing": "--no-finishing",
    "remove_after": "--remove-after",
    "rehearse": "--rehearse",
}


def with_value(words: Sequence[str]) -> list[str]:
    """The words of a command line, each ``--state-only`` with its value.

    What follows is its value only if each part of it is a word for flags, or a keyword as
    ``$Forwarded``: so a folder may follow, too.

    >>> with_value(["jdoe", "--state-only", "seen"])
    ['jdoe', '--state-only=seen']
    >>> with_value(["jdoe", "--state-only", "Projects"])
    ['jdoe', '--state-only=all', 'Projects']
    """
    found: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*found, word, *waiting]
        if word == OPTION:
            is_value = bool(waiting) and all(map(_is_flag, waiting[0].split(",")))
            word = f"{OPTION}={waiting.pop(0) if is_value else ALL}"
        found.append(word)
    return found


def generation_of(wishes: Wishes) -> str | None:
    """The generation whose state is wanted.

    Raises:
        UsageError: it is named twice.
    """
    if wishes.changed_between is None:
        return wishes.generation
    if wishes.generation is not None:
        raise UsageError(
            "--changed-between and -g exclude each other",
            why="the first of its two generations is the one whose state comes back",
        )
    return wishes.changed_between[0]


def state_wish_of(wishes: Wishes) -> StateWish | None:
    """What is wanted of flags alone; None where mail is wanted.

    Raises:
        UsageError: no flags, or options that contradict each other.
    """
    if wishes.state_only is None:
        for name in ("exact", "changed_between"):
            if getattr(wishes, name):
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} is for {OPTION}", hint=f"{OPTION} seen {option}")
        return None
    for name, option in _NOT_WITH.items():
        if getattr(wishes, name):
            raise UsageError(
                f"{OPTION} and {option} exclude each other",
                why="only flags of messages that are there are changed",
            )
    if wishes.exact and wishes.changed_between is not None:
        raise UsageError(
            "--exact and --changed-between exclude each other",
            why="what changed between the two is put back in both directions",
        )
    until = None if wishes.changed_between is None else wishes.changed_between[1]
    try:
        return parse_state_wish(wishes.state_only, is_exact=wishes.exact, until=until)
    except ValueError as error:
        raise UsageError(str(error), hint=f"{OPTION}=seen,flagged,keywords") from error


def conflict_of(wishes: Wishes) -> Conflict | None:
    """What becomes of what the live account has already; None where nothing was said.

    Raises:
        UsageError: no such rule, or one that does not go with the other wishes.
    """
    if wishes.on_conflict is None:
        return None
    try:
        found = Conflict(wishes.on_conflict)
    except ValueError as error:
        rules = ", ".join(each.value for each in Conflict)
        raise UsageError(
            f'--on-conflict "{wishes.on_conflict}" is no rule', why=f"rules are {rules}"
        ) from error
    if not (wishes.in_place or wishes.only_missing):
        raise UsageError(
            "--on-conflict is for --in-place and --only-missing",
            why="a new folder holds nothing yet",
        )
    if wishes.only_missing and found is Conflict.COPY:
        raise UsageError(
            "--only-missing and --on-conflict copy exclude each other",
            why="a copy of what is there is not missing",
        )
    return found


def _is_flag(word: str) -> bool:
    return word.removeprefix("\\").lower() in WORDS or word.startswith("$")
