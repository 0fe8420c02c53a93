"""Whose marks of what was read come back, and why one gets none. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.chosen import Destined
from respool.planning.folder_rights import Rights, effective
from respool.planning.request import RestoreRequest
from respool.targets.spool.rights import RightsRules
from respool.targets.spool.survey import SpoolSurvey

GONE: Final = "no such account any more"
MAY_NOT_READ: Final = "may not read this folder"
MAY_NOT_KEEP: Final = "may not keep what he has read here"
ALL_SHARE: Final = "all readers share what they have read here"

_ANYONE: Final = "anyone"
_SEEN_BIT: Final = np.uint32(1 << 4)
# Identifiers that are no login, but may mean one: BlueMind's (seen in contact/Clients/2018 of
# the golden spools) and groups (lib/auth_*.c).
_INDIRECT: Final = re.compile(
    r"group:|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(@|$)", re.IGNORECASE
)


def login_of(userid: str, default_domain: str | None) -> str:
    """``userid`` as a server with that default domain calls him.

    >>> login_of("al@b.loc", "b.loc"), login_of("al@b.loc", None)
    ('al', 'al@b.loc')
    """
    login, _, domain = userid.partition("@")
    return login if domain and domain == default_domain else userid


def account_named(login: str) -> Account:
    """The account of a login, whether or not there is one."""
    name, _, domain = login.partition("@")
    return Account(kind=AccountKind.USER, login=name, domain=domain or None)


def why_unkept(acl: Rights, login: str) -> str | None:
    r"""Why ``login`` cannot have marks of his own where ``acl`` holds; None where he can.

    Where an identifier may mean him that is not his login, only the server knows.

    Source: RFC 4314: ``r`` to select, ``s`` to keep ``\Seen``.
    """
    if any(_INDIRECT.match(who) for who in acl):
        return None
    may = effective(acl, login)
    if "r" not in may:
        return MAY_NOT_READ
    return None if "s" in may else MAY_NOT_KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The readers of a backup and the server; ``logins`` are those with an account there."""

    request: RestoreRequest
    survey: SpoolSurvey
    logins: frozenset[str]

    def with_marks(self, each: Destined, rules: RightsRules) -> Destined:
        r"""``each`` with the marks of every reader, as far as they can be his again.

        Of a user's folder that goes to a mailshare, its owner becomes a reader; of a
        mailshare that goes to a user, his marks become the folder's own ``\Seen``.
        """
        if self.request.is_without_seen:
            return each
        marks, left = dict(self._marks(each)), dict[str, str]()
        owner = self.survey.owner
        own = marks.pop(owner, None) if owner is not None else None
        if own is not None and self._is_from_share and not each.is_seen_kept:
            each = replace(each, is_seen_kept=True, owner_marks=own)
        acl = self._acl(each, rules)
        for login in sorted(marks):
            why = self._why_left(each, acl, login)
            if why is not None:
                left[login] = why
                del marks[login]
        return replace(each, marks=marks, seen_left=left)

    def _why_left(self, each: Destined, acl: Rights, login: str) -> str | None:
        if each.is_seen_shared:
            return ALL_SHARE
        return why_unkept(acl, login) if login in self.logins else GONE

    @property
    def _is_from_share(self) -> bool:
        return self.request.account.kind is AccountKind.MAILSHARE

    def _marks(self, each: Destined) -> Iterator[tuple[str, UidSet]]:
        """What every reader had read of the messages that come back, if anything."""
        default = self.survey.name_rules.default_domain
        uids = each.chosen.mailbox.records["uid"][each.wanted]
        found: dict[str, UidSet] = {}
        for userid, seen in self._seen_by(each).items():  # with and without his domain: one
            login = login_of(userid, default)
            found[login] = found.get(login, UidSet()).plus(seen)
        for login, seen in found.items():
            if login == _ANYONE or login in self.survey.admins:
                continue
            marks = UidSet.of_array(uids[seen.mask(uids)])
            if marks.ranges:
                yield login, marks

    def _seen_by(self, each: Destined) -> Mapping[str, UidSet]:
        found = dict(each.chosen.state.seen_by)
        box, account = each.chosen.mailbox, self.request.account
        if account.kind is AccountKind.USER and not (each.is_seen_kept or box.shared_seen):
            has_read = each.wanted & ((box.records["system_flags"] & _SEEN_BIT) != 0)
            found[account.userid] = UidSet.of_array(box.records["uid"][has_read])
        return found

    def _acl(self, each: Destined, rules: RightsRules) -> Rights:
        """The rights that the folder will have."""
        if each.is_new:
            return rules.of_folder(each.chosen.mailbox.acl)
        return self.survey.live_acl(each.target)
