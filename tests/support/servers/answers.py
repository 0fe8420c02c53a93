"""What a server said to being asked whether it holds something, and what came back of it."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imapclient import IMAPClient

Verdict = Literal["kept", "partly", "changed", "refused", "not offered"]
# A command that the library does not know is else allowed only where it is first used.
imaplib.Commands.update(dict.fromkeys(("GETMETADATA", "SETMETADATA"), ("AUTH", "SELECTED")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One thing asked of one server: what became of it, and a few words on it.

    "kept": it came back as it was given. "partly": some of it did, which ``note`` tells.
    "changed": the server took it and gives something else. "refused": it said no, and
    ``note`` is what it said. "not offered": there is no command for it there.
    """

    verdict: Verdict
    note: str = ""

    def as_json(self) -> Mapping[str, str]:
        """``{"verdict": "kept"}``, with ``note`` where there is one."""
        said = {"verdict": str(self.verdict)}
        return {**said, "note": self.note} if self.note else said


KEPT = Answer(verdict="kept")
NOT_OFFERED = Answer(verdict="not offered")


def refused(said: str) -> Answer:
    """It said no, in these words."""
    return Answer(verdict="refused", note=said)


def said_by(error: Exception) -> str:
    """The server's own words, without those of the library around them.

    >>> said_by(ValueError("APPEND to x: [b'Message contains bare newlines']"))
    'Message contains bare newlines'
    """
    text = re.sub(r" \([0-9.]+( \+ [0-9.]+)* secs\)\.?", "", str(error))
    text = re.sub(r"^[A-Za-z ]+ failed: |^APPEND to [^:]*: |^\w+ command error: ", "", text)
    return re.sub(r"^(BAD )?\[b['\"](.*)['\"]\]$", r"\2", text)


def compared(given: object, came_back: object, note: str = "") -> Answer:
    """Kept if both are equal, else changed."""
    return KEPT if given == came_back else Answer(verdict="changed", note=note or f"{came_back!r}")


def counted(kept: int, given: int, note: str) -> Answer:
    """So many of so many came back."""
    if kept == given:
        return KEPT
    return Answer(verdict="partly" if kept else "refused", note=note)


def ask(client: IMAPClient, command: str, *words: str) -> tuple[str, str]:
    """A command that the library has no call for: OK, NO or BAD, and the words with that."""
    try:
        status, said = client._imap.xatom(command, *words)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        return "BAD", said_by(error)
    text = said[0].decode("utf-8", "replace") if said and said[0] else ""
    return str(status), said_by(ValueError(text))
