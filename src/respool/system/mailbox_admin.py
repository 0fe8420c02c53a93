"""What an administrator asks of mailboxes: create, list, rights, quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from respool.model.dataclasses import dataclass
from respool.system.annotation_commands import on_mailbox
from respool.system.imap import ImapSession, quoted, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStatus:
    """How a mailbox stands on the server."""

    uidvalidity: int
    uidnext: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """One limit of a quota root; storage is in KiB, as the server counts."""

    root: str
    resource: str
    used: int
    limit: int


class Administration:
    """An administrator's commands; each over a session that he is lent for it."""

    def __init__(self, lend: Callable[[], AbstractContextManager[ImapSession]]) -> None:
        self.lend = lend

    @classmethod
    def over(cls, session: ImapSession) -> Administration:
        """Over this one session."""
        return cls(lambda: nullcontext(session))

    def create(self, mailbox: str, *, partition: str | None) -> None:
        """Create ``mailbox``, in ``partition`` where one is named."""
        extra = () if partition is None else (partition,)
        self._ask("CREATE", quoted(mailbox), *extra)

    def exists(self, mailbox: str) -> bool:
        """Whether LIST shows ``mailbox`` as one that can be selected.

        LIST knows no escape: a wildcard in a name matches itself, and more.
        """
        return any(name == mailbox for name in self.names(mailbox))

    def names(self, pattern: str) -> tuple[str, ...]:
        """Selectable mailboxes that LIST shows for ``pattern``, as the server spells them."""
        words = self._ask("LIST", '""', quoted(pattern), response="LIST")
        listed = []
        for attributes, name in zip(words[::3], words[2::3], strict=True):
            shown = {item.lower() for item in attributes if isinstance(item, bytes)}
            if not shown & {b"\\noselect", b"\\nonexistent"}:
                listed.append(text_of(name))
        return tuple(listed)

    def status(self, mailbox: str) -> MailboxStatus:
        """UIDVALIDITY, UIDNEXT and MESSAGES of ``mailbox``."""
        items = "(UIDVALIDITY UIDNEXT MESSAGES)"
        answer = self._ask("STATUS", quoted(mailbox), items, response="STATUS")
        found = dict(zip(answer[1][::2], answer[1][1::2], strict=True))
        return MailboxStatus(
            uidvalidity=int(found[b"UIDVALIDITY"]),
            uidnext=int(found[b"UIDNEXT"]),
            messages=int(found[b"MESSAGES"]),
        )

    def server_entries(self, mailbox: str, *entries: str) -> tuple[str | None, ...]:
        """``/vendor/cmu/cyrus-imapd/`` entries, such as ``uniqueid`` and ``partition``.

        They come in the order they are named, by one question where METADATA is known: the
        answer waits while a ``reconstruct`` is at any mailbox of the same account (3.6.1).
        STATUS (MAILBOXID) is not asked: 3.6.1 answers it with stray octets.
        """
        paths = [f"/vendor/cmu/cyrus-imapd/{entry}" for entry in entries]
        with self.lend() as session:
            if session.can("METADATA"):
                asked = " ".join(f'"/shared{path}"' for path in paths)
                words = session.ask(
                    "GETMETADATA", quoted(mailbox), f"({asked})", response="METADATA"
                )
                flat = [word for each in words if isinstance(each, tuple) for word in each]
                told = dict(zip(map(text_of, flat[::2]), flat[1::2], strict=False))
                values = [told.get(f"/shared{path}") for path in paths]
            else:
                values = [on_mailbox(session, mailbox, path, is_shared=True) for path in paths]
        return tuple(None if value is None else text_of(value) for value in values)

    def acl(self, mailbox: str) -> dict[str, str]:
        """Identifier → rights."""
        answer = self._ask("GETACL", quoted(mailbox), response="ACL")
        words = [text_of(word) for word in answer[1:]]
        return dict(zip(words[::2], words[1::2], strict=True))

    def set_rights(self, mailbox: str, identifier: str, rights: str) -> None:
        """Give ``identifier`` exactly ``rights``; none removes its entry."""
        if rights:
            self._ask("SETACL", quoted(mailbox), quoted(identifier), quoted(rights))
        else:
            self._ask("DELETEACL", quoted(mailbox), quoted(identifier))

    def quota(self, mailbox: str) -> tuple[QuotaUse, ...]:
        """The limits that ``mailbox`` counts against; none where it has no quota root."""
        with self.lend() as session:
            session.ask("GETQUOTAROOT", quoted(mailbox), response="QUOTAROOT")
            words = session.answered("QUOTA")
        return tuple(
            QuotaUse(
                root=text_of(root),
                resource=text_of(resources[at]),
                used=int(resources[at + 1]),
                limit=int(resources[at + 2]),
            )
            for root, resources in zip(words[::2], words[1::2], strict=True)
            for at in range(0, len(resources), 3)
        )

    def set_limits(self, root: str, limits: Mapping[str, int]) -> None:
        """Set the limits of a quota root, all of them: by resource, storage in KiB.

        Resources that are not named lose theirs (RFC 9208, 4.1.3).
        """
        words = " ".join(f"{resource} {limit}" for resource, limit in limits.items())
        self._ask("SETQUOTA", quoted(root), f"({words})")

    def _ask(self, *words: str, response: str | None = None) -> tuple[Any, ...]:
        with self.lend() as session:
            return session.ask(*words, response=response)


def delete_mailbox(admin: Administration, mailbox: str) -> None:
    """Delete ``mailbox``; what is below it stays. The right ``x`` is needed.

    Raises:
        ServerSaidNo: so, too, where it holds others (3.6).
    """
    with admin.lend() as session:
        session.ask("DELETE", quoted(mailbox))


def rename_mailbox(admin: Administration, mailbox: str, to: str) -> None:
    """Give ``mailbox``, and all below it, another name."""
    with admin.lend() as session:
        session.ask("RENAME", quoted(mailbox), quoted(to))
