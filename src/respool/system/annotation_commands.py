"""Writing and reading annotations over IMAP: of a mailbox, and of messages of the open one.

Source: RFC 5464 (METADATA), draft-daboo-imap-annotatemore-08 (ANNOTATEMORE, before 2.5),
RFC 5257 (ANNOTATE-EXPERIMENT-1); seen on Cyrus 3.2.6, 3.6.1 and 3.10.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from respool.errors import ServerSaidNo
from respool.model.state import UidSet
from respool.system.imap import ImapSession, quoted, text_of

ON_MESSAGES: Final = "ANNOTATE-EXPERIMENT-1"
_WILDCARDS: Final = frozenset("*%")


def set_on_mailbox(
    session: ImapSession, mailbox: str, entry: str, value: bytes | None, *, is_shared: bool
) -> None:
    """One annotation of ``mailbox``, None: there is to be none; twice is as once.

    Raises:
        ServerSaidNo: it may not be set, or cannot be sent.
    """
    if session.can("METADATA"):
        words = b"(%b %b)" % (_entry(f"{_scope(is_shared)}{entry}"), _value(value))
        session.ask("SETMETADATA", quoted(mailbox), words)
    else:
        words = b"(%b %b)" % (_attribute(is_shared), _value(value))
        session.ask("SETANNOTATION", quoted(mailbox), _entry(entry), words)


def on_mailbox(session: ImapSession, mailbox: str, entry: str, *, is_shared: bool) -> bytes | None:
    """The value of one annotation of ``mailbox``; None where there is none.

    Raises:
        ServerSaidNo: it may not be read.
    """
    if session.can("METADATA"):
        words: tuple[bytes, ...] = (b"(%b)" % _entry(f"{_scope(is_shared)}{entry}"),)
        answer = session.ask("GETMETADATA", quoted(mailbox), *words, response="METADATA")
    else:
        words = (_entry(entry), b"(%b)" % _attribute(is_shared))
        answer = session.ask("GETANNOTATION", quoted(mailbox), *words, response="ANNOTATION")
    value: Any = answer[-1] if answer else None
    while isinstance(value, tuple):
        value = value[-1] if value else None
    return value if isinstance(value, bytes) else None


def set_on_messages(
    session: ImapSession, uids: UidSet, entry: str, value: bytes, *, is_shared: bool
) -> None:
    """The same annotation of each of ``uids`` in the open mailbox; twice is as once.

    Raises:
        ServerSaidNo: it may not be set, or cannot be sent.
    """
    words = b"(%b (%b %b))" % (_entry(entry), _attribute(is_shared), _value(value))
    session.ask("UID", "STORE", str(uids), "ANNOTATION", words)


def on_messages(
    session: ImapSession, uids: UidSet, entries: Sequence[str], *, is_shared: bool
) -> Iterator[tuple[int, str, bytes]]:
    """UID, entry and value of each annotation of ``uids`` that is there, in the open mailbox.

    Raises:
        ServerSaidNo: they may not be read.
    """
    asked = b" ".join(map(_entry, entries))
    words = b"(ANNOTATION ((%b) (%b)))" % (asked, _attribute(is_shared))
    answer = session.ask("UID", "FETCH", str(uids), words, response="FETCH")
    for items in answer[1::2]:
        named = dict(zip(items[::2], items[1::2], strict=False))
        found = named.get(b"ANNOTATION", ())
        for entry, attributes in zip(found[::2], found[1::2], strict=False):
            value = attributes[1] if len(attributes) > 1 else None
            if value is not None:
                yield int(named[b"UID"]), text_of(entry), value


def special_uses(session: ImapSession) -> frozenset[str]:
    r"""``\Sent`` and the like that folders of who is logged in have; none before 2.5."""
    if not session.can("SPECIAL-USE"):
        return frozenset()
    answer = session.ask("LIST", "(SPECIAL-USE)", '""', '"*"', response="LIST")
    words = {text_of(word) for attributes in answer[::3] for word in attributes or ()}
    return frozenset(word for word in words if not word.lower().startswith(("\\has", "\\no")))


def _scope(is_shared: bool) -> str:  # noqa: FBT001 - a word of two
    return "/shared" if is_shared else "/private"


def _attribute(is_shared: bool) -> bytes:  # noqa: FBT001 - a word of two
    return b'"value.shared"' if is_shared else b'"value.priv"'


def _entry(entry: str) -> bytes:
    if _WILDCARDS & set(entry):
        raise ServerSaidNo(f"{entry} was not sent", why="* and % stand for other entries")
    return quoted(entry).encode("ascii")


def _value(octets: bytes | None) -> bytes:
    """As a literal that is not waited for (LITERAL+, which every Cyrus offers), or NIL."""
    if octets is None:
        return b"NIL"
    return b"{%d+}\r\n%b" % (len(octets), octets)
