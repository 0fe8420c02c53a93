"""Talking IMAP, as an administrator or as a user through him: what a logged-in session can do.

Mailbox names are the server's own spelling (modified UTF-7, ASCII) on this side of the door.
"""

from __future__ import annotations

import hashlib
import imaplib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from imapclient.exceptions import IMAPClientError, LoginError

from respool.errors import LoginRefused, ServerSaidNo, ServerUnreachable, TargetError
from respool.model.messages import ReadBack
from respool.system.answer_words import parse_words
from respool.system.fetch_answer import FetchedMessage, parse_fetch
from respool.system.imap_connection import Wire, connect, disconnect, is_cut_short
from respool.system.imap_places import ImapAddress

NO_OCTETS = "unreadable"

_PIECE_OCTETS = 4 << 20
_STATE = "FLAGS INTERNALDATE RFC822.SIZE"
_NO_DATE = datetime.fromtimestamp(0, UTC)
_VERSION = re.compile(rb"Cyrus IMAP(?:4)?(?: Murder)? v?(\d+\.\d+\.\d+)")
_NUMBERS = re.compile(rb"(\d+\.\d+\.\d+)")
_MOST_IN_A_GROUP = 500
_STATES_AT_ONCE = 2000
# What a server tells of itself while messages change: the library would keep all of it.
_UNASKED = ("FETCH", "EXPUNGE", "VANISHED")
# The library allows a command that it does not know only where it was first used.
_ANYWHERE = ("GETANNOTATION", "GETMETADATA", "SETANNOTATION", "SETMETADATA")
imaplib.Commands.update(dict.fromkeys(_ANYWHERE, ("AUTH", "SELECTED")))


def quoted(text: str) -> str:
    """``text`` as an IMAP quoted string.

    Raises:
        ServerSaidNo: it holds what no quoted string can (controls, 8-bit).
    """
    if not all(" " <= character <= "~" for character in text):
        raise ServerSaidNo("a name cannot be sent", why=f"no quoted string holds {text!r:.80}")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class ImapSession:
    """One logged-in connection.

    ``uidvalidity``, ``uidnext`` and ``highest_modseq`` are those of the mailbox opened last;
    0: not told.
    """

    uidvalidity: int = 0
    uidnext: int = 0
    highest_modseq: int = 0
    wire: Wire

    def __init__(self, client: Any, address: ImapAddress) -> None:  # noqa: ANN401 - untyped library
        self._client = client
        self._address = address
        self._imap: imaplib.IMAP4 = client._imap  # noqa: SLF001 - its commands lack ours
        self.wire = Wire(self._imap, address)

    @property
    def version(self) -> str | None:
        """The server's version from its greeting or ID, e.g. ``3.6.1``; None if it hides it."""
        found = _VERSION.search(self._client.welcome or b"")
        if found is None and self._client.has_capability("ID"):
            words = self.ask("ID", "NIL", response="ID")
            fields = words[0] if words and isinstance(words[0], tuple) else words
            told = dict(zip(fields[::2], fields[1::2], strict=False)).get(b"version", b"")
            found = _NUMBERS.match(told or b"")
        return found.group(1).decode("ascii") if found else None

    @property
    def greeting(self) -> str:
        """What the server said first."""
        return bytes(self._client.welcome or b"").decode("utf-8", "replace")

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server offers now that somebody is logged in, in capitals."""
        return frozenset(text_of(each).upper() for each in self._client.capabilities())

    def can(self, capability: str) -> bool:
        """Whether the server offers ``capability``."""
        return bool(self._client.has_capability(capability))

    def ask(
        self, command: str, *words: str | bytes, response: str | None = None
    ) -> tuple[Any, ...]:
        """Send one command; the words of its untagged ``response``, parsed, or nothing.

        ``words`` go as they are: quote names with `quoted`; octets are for literals alone.

        Raises:
            ServerSaidNo: NO or BAD, with what the server said.
            ServerUnreachable: the connection is gone.
        """
        imap = self._imap
        for former in (*_UNASKED, *filter(None, (response,))):
            imap.untagged_responses.pop(former, None)
        texts = [word for word in words if isinstance(word, str)]
        if any(character < " " or character == "\x7f" for text in texts for character in text):
            raise ServerSaidNo(f"{command} was not sent", why="a word of it would end its line")
        with self._answers(command):
            status, data = imap.xatom(command, *words)  # type: ignore[arg-type]  # octets, too
        if status != "OK":
            said = b" ".join(item for item in data if isinstance(item, bytes))
            what = f"{command} {texts[0] if texts else ''}".strip()
            raise ServerSaidNo(f"{what} was refused", why=said.decode("utf-8", "replace"))
        return self.answered(response) if response is not None else ()

    def answered(self, response: str) -> tuple[Any, ...]:
        """The words of another untagged ``response`` of the last command, parsed."""
        raw = self._imap.untagged_responses.pop(response, [])
        try:
            return parse_words(raw)
        except ValueError as error:
            raise ServerSaidNo(f"the answer {response} cannot be read", why=str(error)) from error

    def open_to_read(self, mailbox: str) -> int:
        """EXAMINE ``mailbox``; how many messages it holds."""
        return self._open(mailbox, is_to_change=False)

    def open_to_change(self, mailbox: str) -> int:
        """SELECT ``mailbox``; how many messages it holds."""
        return self._open(mailbox, is_to_change=True)

    def _open(self, mailbox: str, *, is_to_change: bool) -> int:
        command = "SELECT" if is_to_change else "EXAMINE"
        with self._answers(f"{command} {quoted(mailbox)}"):
            answer = self._client.select_folder(mailbox, readonly=not is_to_change)
        self.uidvalidity = int(answer.get(b"UIDVALIDITY", 0))
        self.uidnext = int(answer.get(b"UIDNEXT", 0))
        self.highest_modseq = int(answer.get(b"HIGHESTMODSEQ", 0))
        return int(answer[b"EXISTS"])

    def leave_folder(self) -> bool:
        """Have no folder open any more, nothing expunged; whether that was possible (RFC 3691)."""
        if self._imap.state != "SELECTED":
            return True
        if not self.can("UNSELECT"):
            return False
        with self._answers("UNSELECT"):
            self._client.unselect_folder()
        return True

    def read_back(self, sizes: Mapping[int, int]) -> Iterator[ReadBack]:
        """The messages of the open mailbox whose UIDs are keys of ``sizes``, hashed.

        ``sizes`` are the octets that each is expected to have; they decide how many
        are asked at once, so that no more than a few MiB are ever held. Messages that
        are not there are left out; the GUID of one whose octets the server cannot give
        is NO_OCTETS (3.6.1 leaves it out of the answer if the body is asked for).
        """
        for uids in _groups(sizes):
            fetched = self._fetch(uids, f"{_STATE} BODY.PEEK[]")
            lacking = [uid for uid in uids if uid not in fetched]
            if lacking:
                fetched |= self._fetch(lacking, _STATE)
            for uid in uids:
                if uid in fetched:
                    yield _seen(fetched[uid], _guid(fetched[uid].octets))
        for uid, size in sizes.items():
            if size > _PIECE_OCTETS:
                for answer in self._fetch([uid], _STATE).values():
                    yield _seen(answer, self._guid_in_pieces(uid))

    def held(self, count: int) -> Iterator[FetchedMessage]:
        """UID, flags and GUID, as the index has them, of the first ``count`` messages.

        In the order of their UIDs, in the open mailbox; nothing of the messages is read.
        Where the server does not offer them, there are no GUIDs.
        """
        items = "(UID FLAGS DIGEST.SHA1)" if self.can("DIGEST=SHA1") else "(UID FLAGS)"
        for first in range(1, count + 1, _STATES_AT_ONCE):
            last = min(first + _STATES_AT_ONCE - 1, count)
            self._imap.untagged_responses.pop("FETCH", None)
            with self._answers("FETCH"):
                status, data = self._imap.fetch(f"{first}:{last}", items)
            if status != "OK":
                raise ServerSaidNo("FETCH was refused", why=repr(data)[:200])
            yield from parse_fetch(data)

    def states(self, uids: str, *more: str) -> tuple[FetchedMessage, ...]:
        """UID, flags, date, size and GUID of those of ``uids`` that the open mailbox has.

        In the order of their UIDs. As `held`: nothing of them is read, and where the server
        tells no GUID there is none. ``more`` are other items: ``MODSEQ``.
        """
        items = [_STATE, *(["DIGEST.SHA1"] if self.can("DIGEST=SHA1") else []), *more]
        self._imap.untagged_responses.pop("FETCH", None)
        with self._answers("FETCH"):
            status, data = self._imap.uid("FETCH", uids, f"({' '.join(items)})")
        if status != "OK":
            raise ServerSaidNo("FETCH was refused", why=repr(data)[:200])
        return tuple(sorted(parse_fetch(data), key=lambda each: each.uid))

    def _guid_in_pieces(self, uid: int) -> str:
        digest = hashlib.sha1(usedforsecurity=False)
        offset = 0
        while True:
            fetched = self._fetch([uid], f"BODY.PEEK[]<{offset}.{_PIECE_OCTETS}>")
            piece = fetched[uid].octets if uid in fetched else None
            if piece is None:
                return NO_OCTETS
            digest.update(piece)
            offset += len(piece)
            if len(piece) < _PIECE_OCTETS:
                return digest.hexdigest()

    def _fetch(self, uids: Sequence[int], items: str) -> dict[int, FetchedMessage]:
        self._imap.untagged_responses.pop("FETCH", None)
        with self._answers("FETCH"):
            status, data = self._imap.uid("FETCH", ",".join(map(str, uids)), f"({items})")
        if status != "OK":
            raise ServerSaidNo("FETCH was refused", why=repr(data)[:200])
        return {message.uid: message for message in parse_fetch(data)}

    @contextmanager
    def _answers(self, command: str) -> Iterator[None]:
        """What the library says when a command fails, in our words."""
        try:
            yield
        except (imaplib.IMAP4.abort, OSError) as error:
            raise self._gone(error) from error
        except (imaplib.IMAP4.error, IMAPClientError) as error:
            if is_cut_short(error):
                self.wire.cut()  # the rest of it would be taken for the next answer
                raise self._gone(error) from error
            raise ServerSaidNo(f"{command} was refused", why=str(error)) from error

    def close(self) -> None:
        """Log out, and never fail at it."""
        try:
            self._client.logout()
        except (IMAPClientError, imaplib.IMAP4.error, OSError):
            self.wire.cut()

    def _gone(self, error: Exception) -> TargetError:
        return ServerUnreachable(
            f"the server at {self._address} is gone", why=str(error), hint="respool doctor"
        )


def is_alive(session: ImapSession) -> bool:
    """Whether the server still listens: it ends sessions that are idle for long."""
    try:
        session.ask("NOOP")
    except TargetError:
        return False
    return True


def has_left_folder(session: ImapSession) -> bool:
    """Whether no folder is open any more, so that another may have the session."""
    try:
        return session.leave_folder()
    except TargetError:
        return False


@contextmanager
def session(
    address: ImapAddress, *, admin: str, password: str, as_user: str | None = None
) -> Iterator[ImapSession]:
    """Log in as ``admin``, or through him as ``as_user``, for the length of a block.

    Raises:
        ServerUnreachable: nothing answers.
        LoginRefused: the name or the password is wrong, or he is no administrator.
    """
    logged_in = log_in(address, admin=admin, password=password, as_user=as_user)
    try:
        yield logged_in
    finally:
        logged_in.close()


def log_in(
    address: ImapAddress, *, admin: str, password: str, as_user: str | None = None
) -> ImapSession:
    """As `session`; the caller closes it."""
    client = connect(address)
    try:
        client.plain_login(admin, password, as_user)
    except (LoginError, IMAPClientError, imaplib.IMAP4.error) as error:
        disconnect(client)
        who = admin if as_user is None else f"{admin} as {as_user}"
        raise LoginRefused(
            f"the server at {address} refused the login of {who}",
            why=str(error),
            hint="RESPOOL_IMAP_PASSWORD_FILE names a file with the administrator's password; "
            "as root on the server none is needed",
        ) from error
    except OSError as error:
        raise ServerUnreachable(f"the server at {address} is gone", why=str(error)) from error
    return ImapSession(client, address)


def _groups(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    group: list[int] = []
    octets = 0
    for uid, size in sizes.items():
        if size > _PIECE_OCTETS:
            continue
        if group and (octets + size > _PIECE_OCTETS or len(group) >= _MOST_IN_A_GROUP):
            yield group
            group, octets = [], 0
        group.append(uid)
        octets += size
    if group:
        yield group


def _seen(answer: FetchedMessage, guid: str) -> ReadBack:
    return ReadBack(
        uid=answer.uid,
        flags=answer.flags or frozenset(),
        internaldate=answer.internaldate or _NO_DATE,
        size_bytes=-1 if answer.size_bytes is None else answer.size_bytes,
        guid=guid,
    )


def _guid(octets: bytes | None) -> str:
    if octets is None:
        return NO_OCTETS
    return hashlib.sha1(octets, usedforsecurity=False).hexdigest()


def text_of(word: Any) -> str:  # noqa: ANN401 - what the library's parser gives
    """A word of an answer as text; octets that are no UTF-8 are kept."""
    return word.decode("utf-8", "surrogateescape") if isinstance(word, bytes) else str(word)
