"""Looks at an account on an IMAP server before a restore; changes nothing."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final

from respool.errors import ServerSaidNo
from respool.model.accounts import INBOX, AccountKind
from respool.model.names import decoded_part
from respool.planning.forecast import QuotaLimit
from respool.planning.request import RestoreRequest
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession
from respool.system.imap_listing import ListedFolder, ToldNamespace, ToldNamespaces
from respool.system.imap_server import ImapServer
from respool.system.mailbox_admin import Administration
from respool.system.subscriptions import subscribed_names
from respool.targets.imap.names import ImapNames
from respool.targets.imap.survey import ImapFolder, ImapSurvey

# Servers that were seen to rename a folder with all below it, and to keep its UIDs.
_RENAMING: Final = ("cyrus", "dovecot")
# Dovecot's Maildir++ makes one directory of a whole name; a file system takes 255 octets.
_MAILDIR_NAME_OCTETS: Final = 240
_MOST_LOOKED_AT: Final = 50


def survey_imap(server: ImapServer, request: RestoreRequest) -> ImapSurvey:
    """What the server tells of itself and of the account.

    Raises:
        ServerUnreachable, LoginRefused: it cannot be asked.
        ServerSaidNo: it does not tell what has to be known.
    """
    with server.session() as session:
        return _Looking(server, request, session).survey()


class _Looking:
    """One look at one account."""

    def __init__(self, server: ImapServer, request: RestoreRequest, session: ImapSession) -> None:
        self.server = server
        self.request = request
        self.session = session
        self.capabilities = session.capabilities
        self.name, self.cyrus = listing.server_name(session)

    def survey(self) -> ImapSurvey:
        told = listing.namespaces(self.session)
        every = listing.listed_folders(self.session)
        names = self._names(told, frozenset(each.name for each in every))
        own = {each.name: each for each in every if self._is_own(each.name, names)}
        folders = {name: self._folder(each) for name, each in own.items()}
        return ImapSurvey(
            where=self.server.where,
            server=self.name,
            login=self.server.login,
            user=self.server.user,
            capabilities=self.capabilities,
            names=names,
            folders=folders,
            subscribed=subscribed_names(self.session) & folders.keys(),
            quotas=tuple(self._quotas(names)),
            permanent_flags=self._permanent_flags(own.values()),
            append_limit=listing.append_limit(self.capabilities),
            right_letters=listing.right_letters(self.capabilities),
            is_renamed_safely=any(word in self.name.lower() for word in _RENAMING),
            obstacles=tuple(self._obstacles(names, folders, told)),
        )

    def _names(self, told: ToldNamespaces, listed: AbstractSet[str]) -> ImapNames:
        """The user's own folders, or below a mailshare those of the shared namespace."""
        others = tuple(each.prefix for each in (*told.others, *told.shared) if each.prefix)
        if self.request.target.kind is AccountKind.USER:
            first = told.personal[0] if told.personal else _FLAT
            return self._named(first, inbox=INBOX, prefix=first.prefix, others=others)
        first, inbox = self._shared(told.shared, listed)
        prefix = f"{inbox}{first.separator or ''}"
        return self._named(first, inbox=inbox, prefix=prefix, others=())

    def _shared(
        self, told: Sequence[ToldNamespace], listed: AbstractSet[str]
    ) -> tuple[ToldNamespace, str]:
        """The namespace that shows the mailshare, with what it is called; else the first."""
        login = self.request.target.login
        called = [(each, each.prefix + login) for each in told]
        called += [(each, f"{each.prefix}{each.separator}{login}") for each in told]
        shown = [each for each in called if each[1] in listed]
        return (*shown, *called, (_FLAT, login))[0]

    def _named(
        self, first: ToldNamespace, *, inbox: str, prefix: str, others: tuple[str, ...]
    ) -> ImapNames:
        is_maildir = "dovecot" in self.name.lower() and first.separator == "."
        return ImapNames(
            root=self.request.target.root,
            inbox=inbox,
            prefix=prefix,
            separator=first.separator,
            others=tuple(each for each in others if not prefix.startswith(each)),
            refused=self._refused(first, prefix),
            cyrus=self.cyrus,
            most_name_octets=_MAILDIR_NAME_OCTETS if is_maildir else _MOST_NAME_OCTETS,
        )

    def _refused(self, first: ToldNamespace, prefix: str) -> frozenset[str]:
        """What a Cyrus takes is known."""
        if self.cyrus is not None:
            return frozenset()
        asked = _ASKED.replace(first.separator or "", "")
        refused = listing.refused_characters(self.session, prefix, asked)
        return (
            refused | _REFUSED_BY_BLUEMIND
            if listing.OF_BLUEMIND_5 in self.capabilities
            else refused
        )

    def _is_own(self, name: str, names: ImapNames) -> bool:
        if name == names.inbox:
            return True
        is_of_others = any(name.startswith(prefix) for prefix in names.others)
        return name.startswith(names.prefix) and not is_of_others

    def _folder(self, listed: ListedFolder) -> ImapFolder:
        """Its messages are counted only where that matters: in place."""
        messages: int | None = None
        if self.request.is_in_place and listed.is_selectable:
            with suppress(ServerSaidNo):
                messages = listing.status(self.session, listed.name).messages
        return ImapFolder(uses=listed.uses, messages=messages, is_there=listed.is_selectable)

    def _quotas(self, names: ImapNames) -> Iterator[QuotaLimit]:
        """Limits of the account (RFC 9208); of a server that offers none, none."""
        if not any(each.split("=")[0] == "QUOTA" for each in self.capabilities):
            return
        with suppress(ServerSaidNo):
            for each in Administration.over(self.session).quota(names.inbox):
                yield QuotaLimit(
                    root=each.root, resource=each.resource, used=each.used, limit=each.limit
                )

    def _permanent_flags(self, folders: Iterable[ListedFolder]) -> frozenset[str] | None:
        r"""As a folder tells that may be opened without a change: none of it is ``\Recent``."""
        shown = sorted(
            (each for each in folders if each.is_selectable),
            key=lambda each: (each.name != INBOX, each.name),
        )
        for each in shown[:_MOST_LOOKED_AT]:
            with suppress(ServerSaidNo):
                if listing.status(self.session, each.name).recent == 0:
                    return listing.permanent_flags(self.session, each.name)
        return None

    def _obstacles(
        self, names: ImapNames, folders: Mapping[str, ImapFolder], told: ToldNamespaces
    ) -> Iterator[str]:
        if names.inbox not in folders:
            seen = self._shared_names(told)
            yield f"{self.server.where} has no {decoded_part(names.inbox)}{seen}"
            return
        if self.request.target.kind is AccountKind.MAILSHARE and "ACL" in self.capabilities:
            may = set(listing.my_rights(self.session, names.inbox))
            where = decoded_part(names.inbox)
            if not {"k", "c"} & may:
                yield f"{self.server.user} may not create folders in {where} (right k)"
            if "i" not in may:
                yield f"{self.server.user} may not put mail into {where} (right i)"

    def _shared_names(self, told: ToldNamespaces) -> str:
        """What a mailshare was looked for among, where one was."""
        if self.request.target.kind is AccountKind.USER:
            return ""
        if not told.shared:
            return f": it shows {self.server.user} no shared folders at all (NAMESPACE)"
        return f" that {self.server.user} could see: who may write to it has to log in"


_ASKED: Final = "".join(sorted(set(string.punctuation) - set("&*%")))
_REFUSED_BY_BLUEMIND: Final = frozenset("@")  # BM-15023
_FLAT: Final = ToldNamespace(prefix="", separator="/")
_MOST_NAME_OCTETS: Final = 490
