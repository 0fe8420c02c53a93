"""What an IMAP server tells of itself and of a user's folders; nothing is changed by asking."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from respool.errors import ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.system.imap import ImapSession, quoted, text_of
from respool.system.mailbox_admin import Administration

# XLIST, which BlueMind 5 and old Gmail have: the words of RFC 6154 for its own.
_OF_XLIST: Final[Mapping[str, str]] = {
    "\\spam": "\\Junk",
    "\\allmail": "\\All",
    "\\starred": "\\Flagged",
}
OF_BLUEMIND_5: Final = "BM-ROCKS"  # the capability by which it is known
BY_UIDVALIDITY: Final = "uidvalidity"  # begins an id that other folders may have, too
_USES: Final[Mapping[str, str]] = {
    word.lower(): word
    for word in ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")
} | {"\\outbox": "\\Outbox", "\\templates": "\\Templates"}  # of BlueMind, in XLIST
_SHUT: Final = frozenset({"\\noselect", "\\nonexistent"})
_LETTERS: Final = "lrswipkxtea"
_OLD_LETTERS: Final = "lrswipa"  # RFC 2086 had c and d besides, which stand for others
_MOST_SECONDS_WITHOUT: Final = 5.0  # a UIDVALIDITY
_REST_SECONDS: Final = 0.05
_APPEND_LIMIT: Final = re.compile(r"APPENDLIMIT=(\d+)")
_CANNOT_BE: Final = ("[cannot]", "not allowed in mailbox name", "invalid mailbox name")
_RIGHTS: Final = re.compile(r"RIGHTS=([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFolder:
    r"""One folder of LIST: its name as the server spells it, and what it is for (``\Sent``)."""

    name: str
    uses: frozenset[str]
    is_selectable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNamespace:
    """Prefix and separator of a namespace; ``separator`` None: no folder in another."""

    prefix: str
    separator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNamespaces:
    """Those of one's own folders, of other users and of what is shared (RFC 2342)."""

    personal: tuple[ToldNamespace, ...]
    others: tuple[ToldNamespace, ...]
    shared: tuple[ToldNamespace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """How a folder stands; ``recent`` are the messages that no session was told of yet."""

    uidvalidity: int
    uidnext: int
    messages: int
    recent: int


def namespaces(session: ImapSession) -> ToldNamespaces:
    """The namespaces that the server tells; without NAMESPACE what LIST says of the separator."""
    if session.can("NAMESPACE"):
        told = session.ask("NAMESPACE", response="NAMESPACE")
        personal, others, shared = (*told, None, None, None)[:3]
        return ToldNamespaces(personal=_told(personal), others=_told(others), shared=_told(shared))
    words = session.ask("LIST", '""', '""', response="LIST")
    separator = None if len(words) < 2 or words[1] is None else text_of(words[1])
    one = ToldNamespace(prefix="", separator=separator)
    return ToldNamespaces(personal=(one,), others=(), shared=())


def separator(session: ImapSession) -> str | None:
    """What stands between the parts of a name of one's own; None: no folder in another."""
    personal = namespaces(session).personal
    return personal[0].separator if personal else None


def _told(words: Any) -> tuple[ToldNamespace, ...]:  # noqa: ANN401 - words of an answer
    return tuple(
        ToldNamespace(
            prefix=text_of(each[0] or b""),
            separator=None if each[1] is None else text_of(each[1]),
        )
        for each in words or ()
    )


def listed_folders(session: ImapSession) -> tuple[ListedFolder, ...]:
    """All that LIST shows, with special uses where the server tells them by any command.

    Source: RFC 6154; XLIST: developers.google.com/gmail/imap (former), BlueMind 5.
    """
    found = {each.name: each for each in _listed(session, "LIST", '""', '"*"')}
    for each in _with_uses(session):
        known = found.get(each.name)
        if known is not None:
            found[each.name] = ListedFolder(
                name=each.name,
                uses=known.uses | each.uses,
                is_selectable=known.is_selectable,
            )
    return tuple(found.values())


def _with_uses(session: ImapSession) -> Iterator[ListedFolder]:
    if session.can("SPECIAL-USE"):
        try:
            yield from _listed(session, "LIST", "(SPECIAL-USE)", '""', '"*"')
        except ServerSaidNo:  # BlueMind 5 names the capability, but has no extended LIST
            pass
        else:
            return
    if session.can("XLIST"):
        yield from _listed(session, "XLIST", '""', '"*"')


def _listed(session: ImapSession, command: str, *words: str) -> Iterator[ListedFolder]:
    answer = session.ask(command, *words, response=command)
    for attributes, _, name in zip(answer[::3], answer[1::3], answer[2::3], strict=True):
        shown = {text_of(word).lower() for word in attributes or ()}
        yield ListedFolder(
            name=text_of(name),
            uses=frozenset(_uses(shown)),
            is_selectable=not shown & _SHUT,
        )


def _uses(words: set[str]) -> Iterator[str]:
    for word in words:
        use = _USES.get(word) or _OF_XLIST.get(word)
        if use is not None:
            yield use


def status(session: ImapSession, mailbox: str) -> FolderStatus:
    """UIDVALIDITY, UIDNEXT, MESSAGES and RECENT of ``mailbox``.

    Dovecot may say 0 for UIDVALIDITY, which no folder has, of one that was just made while
    another session looks at it (Maildir, 2.3.19): then it is asked again.

    Raises:
        ServerSaidNo: there is no such folder, or it may not be looked at.
    """
    until = time.monotonic() + _MOST_SECONDS_WITHOUT
    found = _status(session, mailbox)
    while not found.uidvalidity and time.monotonic() < until:
        time.sleep(_REST_SECONDS)
        found = _status(session, mailbox)
    return found


def _status(session: ImapSession, mailbox: str) -> FolderStatus:
    items = "(UIDVALIDITY UIDNEXT MESSAGES RECENT)"
    answer = session.ask("STATUS", quoted(mailbox), items, response="STATUS")
    if len(answer) < 2:
        raise ServerSaidNo(f"STATUS of {mailbox} was not answered")
    found = dict(zip(answer[1][::2], answer[1][1::2], strict=False))
    return FolderStatus(
        uidvalidity=int(found[b"UIDVALIDITY"]),
        uidnext=int(found[b"UIDNEXT"]),
        messages=int(found[b"MESSAGES"]),
        recent=int(found.get(b"RECENT", 0)),
    )


def exists(session: ImapSession, mailbox: str) -> bool:
    """Whether LIST shows ``mailbox`` as one that can be opened; its name has no wildcard."""
    shown = _listed(session, "LIST", '""', quoted(mailbox))
    return any(each.name == mailbox and each.is_selectable for each in shown)


def refused_characters(session: ImapSession, prefix: str, asked: str) -> frozenset[str]:
    """Those of ``asked`` that no folder's name may hold, as the server says.

    It is asked for the STATUS of folders that are not there: of a name that cannot be it says
    so in another way (Dovecot: ``NO [CANNOT] Character not allowed in mailbox name: '.'``).

    Source: RFC 5530, CANNOT; seen on Dovecot 2.3.19 with Maildir++ and ``/``.
    """
    refused = set()
    for character in asked:
        name = f"{prefix}respool{character}respool"
        try:
            session.ask("STATUS", quoted(name), "(MESSAGES)", response="STATUS")
        except ServerSaidNo as error:
            if any(word in (error.why or "").lower() for word in _CANNOT_BE):
                refused.add(character)
    return frozenset(refused)


def names_below(session: ImapSession, mailbox: str, separator: str | None) -> tuple[str, ...]:
    """What LIST shows below ``mailbox``, outermost first."""
    if separator is None:
        return ()
    shown = _listed(session, "LIST", '""', quoted(f"{mailbox}{separator}*"))
    return tuple(sorted((each.name for each in shown), key=lambda name: (len(name), name)))


def folder_id(session: ImapSession, mailbox: str) -> str:
    """What ``mailbox`` is known by under any name, as far as the server has such a thing.

    Cyrus tells its own id; STATUS (MAILBOXID, RFC 8474) is not asked of it: 3.6.1 answers
    with stray octets. Elsewhere UIDVALIDITY has to do.

    Raises:
        ServerSaidNo: there is no such folder.
    """
    if session.can("METADATA") or session.can("ANNOTATEMORE"):
        with suppress(ServerSaidNo):
            (told,) = Administration.over(session).server_entries(mailbox, "uniqueid")
            if told:
                return told
    return f"{BY_UIDVALIDITY} {status(session, mailbox).uidvalidity}"


def name_among_others(session: ImapSession, owner: str, own: Sequence[str]) -> str:
    """What who is logged in calls folder ``own`` (parts) of ``owner``, another user.

    Servers write the owner with or without his domain, and Cyrus the domain at the end.

    Raises:
        ServerSaidNo: he sees no such folder.

    Source: RFC 2342; lib/mboxname.c of Cyrus; Dovecot, namespace ``shared/%%u/``.
    """
    login, _, domain = owner.partition("@")
    for namespace in namespaces(session).others:
        for who in dict.fromkeys((owner, login)):
            name = namespace.prefix + (namespace.separator or "").join((who, *own))
            for written in (name, f"{name}@{domain}"):
                if exists(session, written):
                    return written
    raise ServerSaidNo(f"no folder {'/'.join(own)} of {owner} is shown", why="not in NAMESPACE")


def permanent_flags(session: ImapSession, mailbox: str) -> frozenset[str] | None:
    r"""What messages of ``mailbox`` may keep, ``\*`` among it; None: not told.

    The folder is selected: ask only of one where that changes nothing (no ``\Recent``).

    Source: RFC 3501, 7.1: without PERMANENTFLAGS all flags can be changed.
    """
    session.open_to_change(mailbox)
    answer = session.answered("PERMANENTFLAGS")
    session.leave_folder()
    words = answer[0] if answer and isinstance(answer[0], tuple) else answer
    return frozenset(map(text_of, words)) if answer else None


def append_limit(capabilities: frozenset[str]) -> int | None:
    """The most octets that one message may have (RFC 7889); None: not told."""
    found = [_APPEND_LIMIT.fullmatch(each) for each in capabilities]
    return min((int(each[1]) for each in found if each), default=None)


def my_rights(session: ImapSession, mailbox: str) -> str:
    """What who is logged in may do with ``mailbox`` (RFC 4314, MYRIGHTS).

    Raises:
        ServerSaidNo: he may not even see it.
    """
    answer = session.ask("MYRIGHTS", quoted(mailbox), response="MYRIGHTS")
    return text_of(answer[-1]) if answer else ""


def right_letters(capabilities: frozenset[str]) -> str:
    """The rights that the server knows, as letters (RFC 4314, 2.2)."""
    for each in capabilities:
        found = _RIGHTS.fullmatch(each)
        if found is not None:
            return "".join(dict.fromkeys(_OLD_LETTERS + found[1].lower()))
    return _LETTERS if "ACL" in capabilities else ""


def server_name(session: ImapSession) -> tuple[str, tuple[int, int, int] | None]:
    """What the server calls itself, and its version where it is a Cyrus.

    ``("Cyrus IMAP 3.6.1", (3, 6, 1))``, ``("Dovecot", None)``, ``("an IMAP server", None)``.
    """
    told: dict[str, str] = {}
    if session.can("ID"):
        words = session.ask("ID", "NIL", response="ID")
        fields = words[0] if words and isinstance(words[0], tuple) else ()
        told = {
            text_of(key).lower(): text_of(value or b"")
            for key, value in zip(fields[::2], fields[1::2], strict=False)
        }
    name = " ".join(filter(None, (told.get("name"), told.get("version")))).strip()
    told_of_itself = f"{session.greeting} {name}".lower()
    version = session.version if "cyrus" in told_of_itself else None
    if version is not None:
        major, minor, patch = (int(number) for number in version.split("."))
        return name or f"Cyrus IMAP {version}", (major, minor, patch)
    return name or _greeted(session.greeting), None


def _greeted(greeting: str) -> str:
    for known in ("Dovecot", "BlueMind", "Courier", "Exchange", "Gimap", "Zimbra"):
        if known.lower() in greeting.lower():
            return known
    return "an IMAP server"
