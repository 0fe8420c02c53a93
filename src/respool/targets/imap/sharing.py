"""Who else gets what he had of a folder, by the names that people have on the server.

Values in, values out. Another server's people are strangers until somebody says who they
are: without a map of domains nobody else gets anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Final

from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.state import UidSet
from respool.planning.chosen import Destined
from respool.planning.folder_rights import Rights, is_narrower
from respool.planning.request import RestoreRequest
from respool.targets.imap.survey import ImapSurvey

NOT_TOLD: Final = "who he is on that server was not told (--map-domain)"
ONLY_AN_ADMINISTRATOR: Final = "only an administrator's login could set it for him (--as)"
MAY_NOT: Final = "he had no right to keep what he has read there"
RIGHTS_NOT_GIVEN: Final = "rights-not-given"
NO_ACL: Final = "the server offers no rights of folders (ACL)"

# Identifiers that are nobody's login: groups, and BlueMind's ids of groups.
_INDIRECT: Final = re.compile(r"group:|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EVERYBODY: Final = frozenset({"anyone", "anonymous"})
_OLD: Final[Mapping[str, str]] = {"c": "kx", "d": "te"}  # RFC 4314, 2.1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What there is to go by; ``root_acl`` is that of the account's root in the backup."""

    request: RestoreRequest
    survey: ImapSurvey
    root_acl: Rights | None = None
    domains: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "domains", self.request.domain_map)

    def login_of(self, userid: str) -> str | None:
        """Who a person of the backup is on the server; None where that was not told.

        Who has no domain where accounts have one is an administrator of the former server.
        """
        name, _, domain = userid.partition("@")
        new = self.domains.get(domain)
        return None if new is None or not name else f"{name}@{new}"

    def rights(self, each: Destined) -> Mapping[str, str]:
        """What others get in a folder: never more than the backup gave them there."""
        if not (self.domains and self.survey.can("ACL") and each.is_new):
            return {}
        known = set(self.survey.right_letters)
        found: dict[str, str] = {}
        for who, may in each.chosen.mailbox.acl.items():
            login = None if _is_nobody(who) else self.login_of(who)
            if login is None or login == self.survey.user or who == self._owner:
                continue
            letters = (letter for each_one in may for letter in _OLD.get(each_one, each_one))
            denied = set(each.chosen.mailbox.acl.get(f"-{who}", ""))
            kept = dict.fromkeys(each_one for each_one in letters if each_one in known - denied)
            if kept:
                found[login] = "".join(kept)
        return found

    def findings(self, destined: Iterable[Destined]) -> Iterator[Finding]:
        """Who had rights in a folder and gets none there, a finding for each folder.

        Not told of: administrators of the former server, who have rights in every folder, and
        who may do nothing but send mail to it.
        """
        for each in destined:
            given = self.rights(each)
            left = {
                who: may
                for who, may in each.chosen.mailbox.acl.items()
                if not who.startswith("-")
                and who != self._owner
                and ("@" in who or _is_nobody(who) or self.request.account.domain is None)
                and set(may) - {"p"}
                and self.login_of(who) not in {*given, self.survey.user}
            }
            if left:
                people = ", ".join(f"{who} ({may})" for who, may in left.items())
                yield Finding(
                    severity=Severity.NOTE,
                    code=RIGHTS_NOT_GIVEN,
                    subject=folder_path(each.target),
                    text=f"no rights for {people}: {self._why_no_rights(each, left)}",
                    count=len(left),
                )

    def _why_no_rights(self, each: Destined, left: Iterable[str]) -> str:
        if not each.is_new:
            return "a folder that is there keeps its rights"
        if not self.survey.can("ACL"):
            return NO_ACL
        if any(self.login_of(who) is None and not _is_nobody(who) for who in left):
            return NOT_TOLD
        return "groups and everybody get none on another server"

    def most(self, each: Destined) -> Rights | None:
        """The most that others may do in a new folder; None: what the folder above it gives.

        Servers let a new folder have the rights of the one above. A user who shares his INBOX
        does not share what comes below it by that; what goes into a mailshare may have been for
        fewer people than the root of its account. Whom nobody told of (``login_of``) is
        not named: he may do nothing.
        A backup that knows no rights at all (message files alone, an export) says nothing.
        """
        acl = each.chosen.mailbox.acl
        if not self.survey.can("ACL") or not (acl or each.chosen.place.meta is not None):
            return None
        into_share = self.request.target.kind is AccountKind.MAILSHARE
        root = self.root_acl if into_share else None
        if root is not None and not is_narrower(acl, root, frozenset()):
            return None
        found: dict[str, str] = {}
        for who, may in acl.items():
            name = who.removeprefix("-")
            login = name if name in _EVERYBODY else self.login_of(name)
            if login is not None:
                found[f"-{login}" if who.startswith("-") else login] = may
        return found

    def with_marks(self, each: Destined) -> Destined:
        r"""``each`` with the ``\Seen`` of every reader, as far as they can be his again."""
        if self.request.is_without_seen:
            return each
        marks: dict[str, UidSet] = {}
        left: dict[str, str] = {}
        rights = self.rights(each)
        for userid, uids in self._seen_by(each):
            login = self.login_of(userid)
            if self._is_the_user(userid, login):
                if not each.is_seen_kept:
                    each = replace(each, is_seen_kept=True, owner_marks=uids)
                continue
            why = self._why_left(login, rights)
            if why is None and login is not None:
                marks[login] = uids
            else:
                left[login or userid] = why or NOT_TOLD
        return replace(each, marks=marks, seen_left=left)

    @property
    def _owner(self) -> str | None:
        account = self.request.account
        return account.userid if account.kind is AccountKind.USER else None

    def _is_the_user(self, userid: str, login: str | None) -> bool:
        target = self.request.target
        is_of_target = target.kind is AccountKind.USER and userid == target.userid
        return is_of_target or (login is not None and login == self.survey.user)

    def _why_left(self, login: str | None, rights: Mapping[str, str]) -> str | None:
        if login is None:
            return NOT_TOLD
        if not self.survey.can("ACL"):
            return NO_ACL
        if not self.survey.is_proxied:
            return ONLY_AN_ADMINISTRATOR
        return None if {"r", "s"} <= set(rights.get(login, "")) else MAY_NOT

    def _seen_by(self, each: Destined) -> Iterator[tuple[str, UidSet]]:
        """What every reader had read of the messages that come back, if anything."""
        uids = each.chosen.mailbox.records["uid"][each.wanted]
        for userid, seen in sorted(each.chosen.state.seen_by.items()):
            marks = UidSet.of_array(uids[seen.mask(uids)])
            if marks.ranges and userid not in _EVERYBODY:
                yield userid, marks


def _is_nobody(who: str) -> bool:
    return who in _EVERYBODY or who.startswith("-") or _INDIRECT.match(who) is not None
