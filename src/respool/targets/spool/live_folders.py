"""Looks at live mailboxes that may be filled in place, or added to; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace

from respool.errors import LoginRefused, ServerSaidNo
from respool.model.names import MailboxName
from respool.planning.forecast import QuotaLimit
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.imap_listing import my_rights
from respool.system.namespaces import name_for
from respool.targets.spool.in_place import TO_ADD
from respool.targets.spool.live_indexes import LiveMailbox, against_adding_to
from respool.targets.spool.survey import LiveFolder


def live_folders(
    server: CyrusServer,
    live: Mapping[str, LiveMailbox],
    *,
    owner: str | None,
    roots: frozenset[str],
) -> Mapping[str, LiveFolder]:
    """Each of ``live``, by its administrator's name; one that was renamed meanwhile lacks.

    ``owner`` is who appends to what holds mail, None: the administrator. ``roots`` are the
    account's own quota roots.
    """
    with ExitStack() as stack:
        session = None
        if owner is not None and any(each.is_used for each in live.values()):
            with suppress(LoginRefused):
                session = stack.enter_context(server.as_user(owner))
        appending = _Appending(server=server, owner=owner, session=session)
        return dict(_looked_at(server, live, appending, roots))


def _looked_at(
    server: CyrusServer,
    live: Mapping[str, LiveMailbox],
    appending: _Appending,
    roots: frozenset[str],
) -> Iterator[tuple[str, LiveFolder]]:
    for name, each in sorted(live.items()):
        with suppress(ServerSaidNo):
            folder = LiveFolder(
                acl=server.admin.acl(name),
                limits=tuple(_limits(server, name, roots)),
                is_seen_shared=each.is_seen_shared,
            )
            if each.is_used:
                folder = replace(folder, obstacle=against_adding_to(server, each))
                folder = appending.with_name(folder, name)
            yield name, folder


def _limits(server: CyrusServer, name: str, roots: Iterable[str]) -> Iterator[QuotaLimit]:
    for use in server.admin.quota(name):
        if use.root not in roots:
            yield QuotaLimit(root=use.root, resource=use.resource, used=use.used, limit=use.limit)


class _Appending:
    """Who would append to a mailbox: its owner himself, or of a mailshare the administrator.

    The administrator gives himself the rights for as long as it takes. ``session`` is the
    owner's, None where he cannot log in.
    """

    def __init__(
        self, *, server: CyrusServer, owner: str | None, session: ImapSession | None
    ) -> None:
        self.server = server
        self.owner = owner
        self.session = session

    def with_name(self, folder: LiveFolder, name: str) -> LiveFolder:
        if self.owner is None:
            return replace(folder, called=name, may=TO_ADD)
        if self.session is None:
            return folder
        try:
            called = self._called(self.session, self.owner, name)
            return replace(folder, called=called, may=my_rights(self.session, called))
        except ServerSaidNo:
            return folder

    def _called(self, session: ImapSession, owner: str, name: str) -> str:
        local, _, domain = name.partition("@")
        default = self.server.default_domain
        mailbox = MailboxName(
            domain=domain or default, parts=tuple(local.split(self.server.separator))
        )
        return name_for(session, owner, mailbox, default_domain=default)
