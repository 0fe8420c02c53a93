"""What a server says to APPEND, and about what: a message, the mailbox, or the quota."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from respool.model.dataclasses import dataclass

# BlueMind 5 once gave the UID alone: net.bluemind.imap.endpoint.driver, AppendStatus.java.
_UIDS: Final = re.compile(rb"\[APPENDUID (?:(\d{1,10}) )?(\d[\d:,]*)\]", re.IGNORECASE)
_CODE: Final = re.compile(rb"\s*\[([A-Za-z-]+)[^\]]*\]")
_GUID: Final = re.compile(rb"(?<![0-9A-Za-z])([0-9a-f]{40})(?![0-9A-Za-z])")
_QUOTA_WORDS: Final = re.compile(
    rb"over ?quota|quota (?:is )?exceeded|exceed\w* quota", re.IGNORECASE
)
_FLAG_WORDS: Final = re.compile(rb"\bflags?\b|keyword", re.IGNORECASE)
_DATE_WORDS: Final = re.compile(rb"\bdate\b", re.IGNORECASE)
_MAILBOX_WORDS: Final = re.compile(
    rb"permission denied|mailbox does(?: not|n't) exist|unknown mailbox|i/o error"
    rb"|mailbox is (?:locked|currently locked)|no space left|internal (?:server )?error",
    re.IGNORECASE,
)
# RFC 3501, 7.1; RFC 5530, 3; RFC 4314 has no codes of its own.
_MAILBOX_CODES: Final = frozenset(
    {
        "AUTHORIZATIONFAILED",
        "CLOSED",
        "CONTACTADMIN",
        "CORRUPTION",
        "EXPIRED",
        "INUSE",
        "NONEXISTENT",
        "NOPERM",
        "PRIVACYREQUIRED",
        "READ-ONLY",
        "SERVERBUG",
        "TRYCREATE",
        "UNAVAILABLE",
    }
)


class Outcome(StrEnum):
    """What an answer is about."""

    TAKEN = "taken"  # all messages of the command are in the mailbox
    MESSAGE_REFUSED = "message-refused"  # something is wrong with one of them
    MAILBOX_REFUSED = "mailbox-refused"  # no message would be taken there now
    OVER_QUOTA = "over-quota"  # nor one of that size, wherever in the account


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendAnswer:
    """An answer to APPEND.

    ``uids`` are those of the messages, in the order of the command; empty where the server
    does not tell. ``uidvalidity`` as well is None where it does not. ``guid`` is the SHA-1
    that BlueMind 5 names for the octets it took. ``words`` are the server's own, and
    ``is_about_flags`` and ``is_about_date`` what they may blame.
    """

    outcome: Outcome
    words: str
    uids: tuple[int, ...] = ()
    uidvalidity: int | None = None
    guid: str | None = None
    is_about_flags: bool = False
    is_about_date: bool = False


def parse_append_answer(status: bytes, text: bytes, *, count: int) -> AppendAnswer:
    """The answer ``status`` ``text`` to a command of ``count`` messages.

    Source: RFC 4315, section 3 (APPENDUID); RFC 3502, section 6.3.11; RFC 9208, section
    4.3.1 (OVERQUOTA); seen on Cyrus 3.6.1; AppendStatus.java of BlueMind 5.

    >>> parse_append_answer(b"OK", b"[APPENDUID 7 3:5] Completed", count=3).uids
    (3, 4, 5)
    """
    words = text.decode("utf-8", "replace").strip()
    if status.upper() != b"OK":
        return AppendAnswer(
            outcome=_why_refused(text),
            words=words,
            is_about_flags=bool(_FLAG_WORDS.search(text)) or status.upper() == b"BAD",
            is_about_date=bool(_DATE_WORDS.search(text)),
        )
    told = _UIDS.search(text)
    uids = _numbers(told[2], count) if told else ()
    guid = _GUID.search(text) if count == 1 else None
    return AppendAnswer(
        outcome=Outcome.TAKEN,
        words=words,
        uids=uids,
        uidvalidity=int(told[1]) if told and told[1] and uids else None,
        guid=guid[1].decode("ascii") if guid else None,
    )


def _why_refused(text: bytes) -> Outcome:
    found = _CODE.match(text)
    code = found[1].decode("ascii").upper() if found else ""
    if code == "OVERQUOTA" or _QUOTA_WORDS.search(text):
        return Outcome.OVER_QUOTA
    if code in _MAILBOX_CODES or _MAILBOX_WORDS.search(text):
        return Outcome.MAILBOX_REFUSED
    return Outcome.MESSAGE_REFUSED


def _numbers(uid_set: bytes, count: int) -> tuple[int, ...]:
    """The ``count`` numbers of a set, in its order; none where it has another count."""
    numbers: list[int] = []
    for part in uid_set.split(b","):
        ends = part.split(b":")
        if len(ends) > 2 or not all(end.isdigit() for end in ends):
            return ()
        first, last = sorted((int(ends[0]), int(ends[-1])))
        if last - first >= count:
            return ()
        numbers.extend(range(first, last + 1))
    return tuple(numbers) if len(numbers) == count else ()
