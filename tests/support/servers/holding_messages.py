"""What a server can hold of messages: flags, keywords, dates, octets, sizes, annotations."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

from imapclient.exceptions import IMAPClientError

from tests.support.appending import NewMessage
from tests.support.imap_contents import HeldMessage
from tests.support.servers.answers import (
    KEPT,
    NOT_OFFERED,
    Answer,
    ask,
    compared,
    counted,
    refused,
    said_by,
)
from tests.support.servers.asked import Asked

_HEAD = b"From: a@bluemind.loc\r\nSubject: asked\r\nDate: Mon, 18 Nov 2024 10:00:00 +0000\r\n"
_PLAIN = _HEAD + b"\r\nBody\r\n"
_SYSTEM = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted")
_KEYWORDS = ("$Forwarded", "$label1", "NonJunk", "Old-Mail_2")
_MANY = 200
_ODD = ("a.b", "a/b", "a&b", "a:b", "a+b", "a'b", "x" * 200)
_MIB = 1 << 20
LARGE_MIB = 64


def flags(asked: Asked) -> Answer:
    """All that IMAP has (RFC 3501, 2.3.2), \\Recent apart."""
    return _flagged(asked, _SYSTEM)


def keywords(asked: Asked) -> Answer:
    """Such as mail programs set."""
    return _flagged(asked, _KEYWORDS)


def many_keywords(asked: Asked) -> Answer:
    """How many different ones one folder has at most, to the nearest four."""
    wanted = [f"key{number}" for number in range(_MANY)]
    folder = asked.new_folder()
    kept = 0
    for first in range(0, _MANY, 4):
        given = tuple(wanted[first : first + 4])
        try:
            asked.client.append(folder, _PLAIN, given)
        except IMAPClientError as error:
            return Answer(verdict="partly", note=f"{kept}, then: {said_by(error)}")
        asked.client.select_folder(folder, readonly=True)
        last = max(asked.client.search())
        had = {flag.decode() for flag in asked.client.get_flags([last])[last]}
        kept += len(had & set(given))
        if not had >= set(given):
            return Answer(verdict="partly", note=f"{kept}; more are left out without a word")
    return Answer(verdict="kept", note=f"{_MANY} and more")


def odd_keywords(asked: Asked) -> Answer:
    """Which of some that RFC 3501 allows (atom) are kept as they are."""
    lost = [each for each in _ODD if _flagged(asked, (each,)) != KEPT]
    told = ", ".join(f"`{each[:3]}…`" if len(each) > 9 else f"`{each}`" for each in lost)
    return counted(len(_ODD) - len(lost), len(_ODD), f"not {told}")


def dates(asked: Asked) -> Answer:
    """Instants from the first second of Unix to 2037, with zones and none."""
    given = (
        datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2024, 3, 31, 1, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        datetime(2037, 12, 31, tzinfo=UTC),
    )
    held = asked.put(*(NewMessage(octets=_PLAIN, internaldate=each) for each in given))
    if isinstance(held, str):
        return refused(held)
    pairs = zip(held, given, strict=True)
    lost = [
        f"{gave:%d-%b-%Y} becomes {_instant(had.internaldate)}"
        for had, gave in pairs
        if had.internaldate != gave
    ]
    return counted(len(given) - len(lost), len(given), "; ".join(lost))


def _instant(moment: datetime) -> str:
    is_now = abs(datetime.now(UTC) - moment) < timedelta(hours=1)
    return "the time of the restore" if is_now else f"{moment:%d-%b-%Y %H:%M:%S %z}"


def uids(asked: Asked) -> Answer:
    """Whether a client can say which UID a message gets: no server of IMAP lets him."""
    note = "new ones, told in the answer" if "UIDPLUS" in asked.capabilities else "new ones"
    return Answer(verdict="changed", note=note)


def eight_bit(asked: Asked) -> Answer:
    """Raw octets in header and body, and a line of 20,000."""
    head = _HEAD.replace(b"asked", b"caf\xe9 \xc3\xa9t\xc3\xa9")
    return _octets(asked, head + b"\r\n" + b"x" * 20_000 + b"\xff\xfe\x80\r\n.\r\nlast")


def bare_lf(asked: Asked) -> Answer:
    """A line that ends in LF alone."""
    return _octets(asked, _HEAD + b"\r\none\ntwo\r\n")


def bare_cr(asked: Asked) -> Answer:
    """A CR within a line."""
    return _octets(asked, _HEAD + b"\r\none\rtwo\r\n")


def nul(asked: Asked) -> Answer:
    """A NUL in the body, in a literal of RFC 3501, which may not have one."""
    return _octets(asked, _HEAD + b"\r\none\0two\r\n")


def no_header(asked: Asked) -> Answer:
    """A body without a header."""
    return _octets(asked, b"\r\nBody\r\n")


def nothing(asked: Asked) -> Answer:
    """A message of no octets: RFC 3501 says that APPEND may refuse it."""
    return _octets(asked, b"")


def size(asked: Asked) -> Answer:
    """One message of 64 MiB, and what limit the server tells (RFC 7889)."""
    told = sorted(word for word in asked.capabilities if word.startswith("APPENDLIMIT"))
    line = b"x" * 1022 + b"\r\n"
    answer = _octets(asked, _HEAD + b"\r\n" + line * (LARGE_MIB * _MIB // len(line)))
    note = "; ".join([f"{LARGE_MIB} MiB", *told])
    return Answer(verdict="kept", note=note) if answer == KEPT else answer


def message_annotations(asked: Asked) -> Answer:
    """Of messages (RFC 5257)."""
    if not any(word.startswith("ANNOTATE") for word in asked.capabilities):
        return NOT_OFFERED
    folder = asked.new_folder()
    asked.client.append(folder, _PLAIN)
    asked.client.select_folder(folder)
    given = 'ANNOTATION ("/comment" ("value.shared" "asked"))'
    status, said = ask(asked.client, "STORE", "1", given)
    if status != "OK":
        return refused(said)
    wanted = '(ANNOTATION ("/comment" "value.shared"))'
    _, answer = asked.client._imap.fetch("1", wanted)
    return compared(given=True, came_back=b"asked" in repr(answer).encode(), note="lost")


def _flagged(asked: Asked, given: tuple[str, ...]) -> Answer:
    held = asked.put(NewMessage(octets=_PLAIN, flags=given))
    if isinstance(held, str):
        return refused(held)
    lost = sorted(set(given) - held[0].flags)
    return counted(len(given) - len(lost), len(given), f"not {' '.join(lost)}")


def _octets(asked: Asked, octets: bytes) -> Answer:
    held = asked.put(NewMessage(octets=octets))
    if isinstance(held, str):
        return refused(held)
    if not held:
        return Answer(verdict="changed", note="taken, and nothing is there")
    return _same(octets, held[0])


def _same(octets: bytes, held: HeldMessage) -> Answer:
    if held.sha1 == hashlib.sha1(octets, usedforsecurity=False).hexdigest():
        return KEPT
    difference = held.size_bytes - len(octets)
    return Answer(
        verdict="changed", note=f"{difference:+} octets" if difference else "other octets"
    )
