"""What a user calls a mailbox: by the namespaces that the server tells him."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from respool.errors import ServerSaidNo
from respool.model.accounts import INBOX
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.system.imap import ImapSession, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """Prefix and separator of one namespace: ``Shared Folders/`` and ``/``."""

    prefix: str
    separator: str

    def name(self, *parts: str) -> str:
        """The name of ``parts`` in it."""
        return self.prefix + self.separator.join(parts)


def personal_prefix(session: ImapSession) -> tuple[str, str]:
    """Prefix and separator of the logged-in user's own folders: ``("", "/")``."""
    personal = session.ask("NAMESPACE", response="NAMESPACE")[0]
    if not personal:
        return "", "/"
    return text_of(personal[0][0]), text_of(personal[0][1])


def not_his_own(session: ImapSession, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names``, as LIST has them, that are not folders of who is logged in.

    Source: RFC 2342.
    """
    personal, others, shared = _namespaces(session)
    beyond = tuple(each.prefix for each in (others, shared) if each is not None and each.prefix)
    own = "" if personal is None else personal.prefix

    def is_his(name: str) -> bool:
        return name.upper() == INBOX or (name.startswith(own) and not name.startswith(beyond))

    return tuple(each for each in names if not is_his(each))


def name_for(
    session: ImapSession, userid: str, mailbox: MailboxName, *, default_domain: str | None
) -> str:
    """What ``userid``, who is logged in, calls ``mailbox``.

    A mailbox of another domain has that domain after its name.

    Raises:
        ServerSaidNo: the server has no such namespace for him, or his own folder's name stands
            for another mailbox.

    Source: RFC 2342; lib/mboxname.c of Cyrus 3.6; seen on 3.6.1.
    """
    login, _, domain = userid.partition("@")
    is_at_home = (domain or default_domain) == (mailbox.domain or default_domain)
    personal, others, shared = _namespaces(session)
    if not mailbox.is_user:
        name = _there(shared, "shared folders").name(*mailbox.parts)
    elif is_at_home and mailbox.parts[1] == login:
        own = mailbox.parts[2:]
        return _own_name(_there(personal, "folders of his own"), own, others, shared)
    else:
        name = _there(others, "other users").name(*mailbox.parts[1:])
    return name if is_at_home else f"{name}@{mailbox.domain or default_domain}"


def _own_name(personal: Namespace, own: tuple[str, ...], *of_others: Namespace | None) -> str:
    """Of a folder of his own; INBOX without any part.

    Raises:
        ServerSaidNo: the server would take that name for another mailbox.
    """
    if not own:
        return INBOX
    name = personal.name(*own)
    taken = {each.prefix for each in of_others if each is not None and len(each.prefix) > 1} - {
        personal.prefix
    }
    path = f"{name}{personal.separator}".lower()
    if name.upper() == INBOX or any(path.startswith(prefix.lower()) for prefix in taken):
        raise ServerSaidNo(f"{name} cannot be named", why="it stands for another mailbox here")
    return name


def _namespaces(session: ImapSession) -> tuple[Namespace | None, ...]:
    """Those of one's own folders, of other users, and of what is shared."""
    told = session.ask("NAMESPACE", response="NAMESPACE")
    return tuple(_first(each) for each in (*told, None, None, None)[:3])


def _first(told: Any) -> Namespace | None:  # noqa: ANN401 - words of an answer
    if not told:
        return None
    return Namespace(prefix=text_of(told[0][0]), separator=text_of(told[0][1]))


def _there(found: Namespace | None, what: str) -> Namespace:
    if found is None:
        raise ServerSaidNo(f"the server has no namespace for {what}")
    return found
