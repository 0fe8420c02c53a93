"""What ``--to`` means: an account of this server, one of another server, or files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

from respool.errors import PlanRefused, UsageError
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead

_SERVERS: Final = frozenset({"imap", "imaps"})
_FORMS: Final = frozenset({"maildir", "mbox", "zip", "eml"})


class TargetKind(StrEnum):
    """The kinds of target; the value is what a plan's head says."""

    SPOOL = "spool"  # an account of the server on this machine
    IMAP = "imap"  # one of any server, spoken to
    EXPORT = "export"  # files
    STATE = "state"  # messages of this machine's server, which stay: their flags alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A kind of target; ``text`` is an account, an address, or a path with its form before it."""

    kind: TargetKind
    text: str | None

    @property
    def form(self) -> str:
        """Of files: ``maildir``, ``mbox``, ``zip`` or ``eml``."""
        return (self.text or "").partition(":")[0]

    @property
    def path(self) -> Path:
        """Of files: where they are to be, absolute."""
        return Path((self.text or "").partition(":")[2]).absolute()


def where_of(typed: str | None) -> Where:
    """What was typed after ``--to``.

    Raises:
        UsageError: a form without a path, or one that we do not write.
    """
    word, colon, rest = (typed or "").partition(":")
    if colon and word.lower() in _SERVERS:
        return Where(kind=TargetKind.IMAP, text=typed)
    if colon and word.lower() not in _FORMS and rest.startswith("/"):
        raise UsageError(
            f'--to "{typed}": nothing is restored to {word}:',
            hint=f"an account, imaps://USER@HOST, or {', '.join(sorted(_FORMS))}: with a path",
        )
    if not colon or word.lower() not in _FORMS:
        return Where(kind=TargetKind.SPOOL, text=typed)
    if not rest:
        raise UsageError(f'--to "{typed}" names no place', hint=f"--to {word}:/path/to/it")
    return Where(kind=TargetKind.EXPORT, text=f"{word.lower()}:{Path(rest).absolute()}")


def where_of_plan(head: PlanHead) -> Where:
    """Where a plan goes.

    Raises:
        PlanRefused: this version knows no such kind.
    """
    try:
        return Where(kind=TargetKind(head.target_kind), text=head.where)
    except ValueError as error:
        reasons = (f"target {head.target_kind}",)
        raise PlanRefused("this plan cannot be carried out", reasons) from error


def where_of_export(path: str) -> str:
    """``export ACCOUNT PATH`` as ``--to`` says it: by its form, else by the ending of its name.

    >>> where_of_export("jdoe.zip"), where_of_export("Mail"), where_of_export("eml:Mail")
    ('zip:jdoe.zip', 'maildir:Mail', 'eml:Mail')
    """
    if path.partition(":")[0].lower() in _FORMS and ":" in path:
        return path
    ending = Path(path).suffix.lower()
    form = {".zip": "zip", ".mbox": "mbox"}.get(ending, "maildir")
    return f"{form}:{path}"
