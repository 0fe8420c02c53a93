"""FETCH, STORE and SEARCH over kept messages, and the arguments of APPEND."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.support.imap_words import Word, text, texts
from tests.support.kept_mail import KeptFolder, KeptMessage

_PART = re.compile(r"BODY(\.PEEK)?\[(|HEADER|TEXT)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_WHOLE = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}
_MACROS = {"FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]}
_HAS_FLAG = {
    "ANSWERED": "\\answered",
    "DELETED": "\\deleted",
    "DRAFT": "\\draft",
    "FLAGGED": "\\flagged",
    "SEEN": "\\seen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """One message of an APPEND."""

    flags: set[str]
    internaldate: datetime | None
    octets: bytes


def new_mails(words: Sequence[Word]) -> list[NewMail]:
    """The messages of an APPEND, from what follows the name of the folder.

    Raises:
        ValueError: they are not as RFC 3501 and RFC 3502 say.
    """
    mails: list[NewMail] = []
    rest = list(words)
    while rest:
        flags = set(texts(rest.pop(0))) if isinstance(rest[0], list) else set()
        date = None
        if len(rest) > 1 and re.fullmatch(r"[ \d]\d-\w{3}-\d{4} .*", _short(rest[0])):
            date = datetime.strptime(text(rest.pop(0)).strip(), "%d-%b-%Y %H:%M:%S %z")
        if not rest or isinstance(rest[0], list):
            raise ValueError("APPEND without a message")
        octets = rest.pop(0)
        assert isinstance(octets, bytes)
        mails.append(NewMail(flags=flags, internaldate=date, octets=octets))
    if not mails:
        raise ValueError("APPEND without a message")
    return mails


def chosen(folder: KeptFolder, words: str, *, by_uid: bool) -> list[tuple[int, KeptMessage]]:
    """Number and message of all that a set names.

    Raises:
        ValueError: it is no set.
    """
    messages = folder.messages
    most = (messages[-1].uid if messages else 0) if by_uid else len(messages)
    ranges = list(_ranges(words, most))
    return [
        (number, each)
        for number, each in enumerate(messages, 1)
        if any(first <= (each.uid if by_uid else number) <= last for first, last in ranges)
    ]


def fetch_answer(
    number: int, message: KeptMessage, items: Word, *, by_uid: bool, is_to_change: bool
) -> bytes:
    """The answer to FETCH for one message.

    Raises:
        ValueError: an item that this server does not know.
    """
    names = [name.upper() for name in texts(items)]
    names = [each for name in names for each in _MACROS.get(name, [name])]
    if by_uid and "UID" not in names:
        names.insert(0, "UID")
    parts = [_item(message, name, is_to_change=is_to_change) for name in names]
    return b"* %d FETCH (%s)\r\n" % (number, b" ".join(parts))


def store(message: KeptMessage, how: str, flags: Iterable[str]) -> None:
    """Change flags: ``FLAGS``, ``+FLAGS``, ``-FLAGS``.

    Raises:
        ValueError: anything else.
    """
    match how.upper().removesuffix(".SILENT"):
        case "FLAGS":
            message.flags = set(flags)
        case "+FLAGS":
            message.flags |= set(flags)
        case "-FLAGS":
            message.flags -= set(flags)
        case other:
            raise ValueError(f"{other} is unknown")


def search(folder: KeptFolder, words: Sequence[Word], *, by_uid: bool) -> list[int]:
    """Numbers, or UIDs, of the messages that fit all of a few simple conditions.

    Raises:
        ValueError: a condition that this server does not know.
    """
    found = list(enumerate(folder.messages, 1))
    rest = [text(word).upper() for word in words]
    while rest:
        name = rest.pop(0)
        if name == "ALL":
            continue
        if name == "UID" and rest:
            named = chosen(folder, rest.pop(0), by_uid=True)
            found = [each for each in found if each in named]
            continue
        flag = _HAS_FLAG.get(name.removeprefix("UN"))
        if flag is None:
            raise ValueError(f"SEARCH {name} is unknown")
        wanted = not name.startswith("UN")
        found = [each for each in found if (flag in _lower(each[1])) is wanted]
    return [message.uid if by_uid else number for number, message in found]


def flags_text(flags: Iterable[str]) -> str:
    """Flags in parentheses."""
    return f"({' '.join(sorted(flags))})"


def _item(message: KeptMessage, name: str, *, is_to_change: bool) -> bytes:
    match name:
        case "UID":
            return b"UID %d" % message.uid
        case "FLAGS":
            return f"FLAGS {flags_text(message.flags)}".encode()
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(message.octets)
        case "INTERNALDATE":
            date = message.internaldate.strftime("%d-%b-%Y %H:%M:%S %z")
            return f'INTERNALDATE "{date}"'.encode()
        case _:
            return _part(message, name, is_to_change=is_to_change)


def _part(message: KeptMessage, name: str, *, is_to_change: bool) -> bytes:
    found = _PART.fullmatch(_WHOLE.get(name, name))
    if found is None:
        raise ValueError(f"FETCH {name} is unknown")
    if not found[1] and is_to_change:
        message.flags.add("\\Seen")
    head, blank, body = message.octets.partition(b"\r\n\r\n")
    octets = {"": message.octets, "HEADER": head + blank, "TEXT": body}[found[2].upper()]
    shown = name if name in _WHOLE else f"BODY[{found[2].upper()}]"
    if found[3] is not None:
        offset = int(found[3])
        octets = octets[offset : offset + int(found[4])]
        shown += f"<{offset}>"
    return b"%s {%d}\r\n%s" % (shown.encode(), len(octets), octets)


def _ranges(words: str, most: int) -> Iterator[tuple[int, int]]:
    for part in words.split(","):
        ends = [most if end == "*" else int(end) for end in part.split(":")]
        yield min(ends), max(ends)


def _lower(message: KeptMessage) -> set[str]:
    return {flag.lower() for flag in message.flags}


def _short(word: Word) -> str:
    return "" if isinstance(word, list) else word[:40].decode("latin-1")
