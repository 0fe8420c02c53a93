"""Folders of a live mailbox whose rights are their own, which BlueMind would overwrite.

BlueMind has one list of sharings for a mailbox, and writes all of its folders by it, restored
and live ones: one that its owner closed to somebody would be open to him again. Nothing puts
such rights back, so BlueMind is not asked to write any where it would change one. Source:
MailboxAclRepair (mailboxAcls) and the saving of sharings give each folder the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from respool.errors import ServerSaidNo, StepFailed
from respool.finishing.kept_rights import KeptRights
from respool.model.accounts import Account
from respool.model.names import MailboxName
from respool.planning.finishing import RIGHTS_BY_REPAIR
from respool.system.below import folders_below
from respool.system.cyrus_server import CyrusServer

_SHORTHAND: Final = frozenset("cd")  # the server's own, for other letters (RFC 4314)
_ANYONE: Final = "anyone"
_GROUP: Final = "group:"
_NONE: Final[frozenset[str]] = frozenset()
# Source: DbAclToCyrusAcl.java; Manage gives none in Cyrus. Seen marks and posting ("s", "p")
# are left out: they open nothing.
_GIVEN: Final = {
    "Read": frozenset("lr"),
    "Write": frozenset("lrwikxte"),
    "All": frozenset("lrwikxtea"),
}

Rights = Mapping[str, frozenset[str]]


def administrators(server: CyrusServer) -> frozenset[str]:
    """Whose rights do not count: theirs come and go."""
    return frozenset({server.admin_name, *server.configuration.admins})


def apart_of(server: CyrusServer, account: Account, owner: str) -> frozenset[str]:
    """Administrators, and the account's owner by directory uid and by login."""
    return administrators(server) | {owner, account.address, account.userid}


def shared(acl: Mapping[str, str], admins: frozenset[str]) -> Rights:
    """Who may do what, administrators apart; letters that mean the same are the same.

    >>> shared({"al": "lrcd", "cyrus": "lr"}, frozenset({"cyrus"})) == {"al": frozenset("lr")}
    True
    """
    found = {who: frozenset(may) - _SHORTHAND for who, may in acl.items() if who not in admins}
    return {who: may for who, may in found.items() if may}


def folders_of(server: CyrusServer, root: MailboxName) -> tuple[str, ...]:
    """Every folder of a mailbox, the root first; as the administrator writes them.

    Raises:
        StepFailed: the mailbox is not there any more.
    """
    name = root.admin_with(server.separator)
    if root.domain is not None and root.domain == server.default_domain:
        name = name.removesuffix(f"@{root.domain}")
    if not server.admin.exists(name):
        raise StepFailed(f"the server has no {name} any more")
    return (name, *folders_below(server, name))


def with_own_rights(server: CyrusServer, root: str, folders: Iterable[str]) -> tuple[str, ...]:
    """Those of ``folders`` whose rights are not ``root``'s; one that is gone has none."""
    admins = administrators(server)
    usual = shared(server.admin.acl(root), admins)
    return tuple(sorted(_differing(server, usual, admins, set(folders) - {root})))


def still_as_given(server: CyrusServer, planned: str, made: Iterable[str]) -> set[str]:
    """Those of ``made``, folders of a run, whose rights are the root's of when it was planned.

    They are nobody's own where the root has others by now: another run had those written.
    ``planned`` is that fact of the plan: who and what he may, with commas between.
    """
    pairs = (each.rpartition(" ") for each in planned.split(", ") if each)
    admins = administrators(server)
    usual = shared({who: may for who, _, may in pairs}, admins)
    made = set(made)
    return made - set(_differing(server, usual, admins, made))


def _differing(
    server: CyrusServer, usual: Rights, admins: frozenset[str], folders: Iterable[str]
) -> Iterator[str]:
    for each in folders:
        with suppress(ServerSaidNo):
            if shared(server.admin.acl(each), admins) != usual:
                yield each


def changed_by(
    entries: Iterable[Any], domain: str, acl: Mapping[str, str], apart: frozenset[str]
) -> KeptRights:
    """To whom BlueMind's list gives more than ``acl``, the root's, and whom it shuts out.

    ``entries`` are those of AccessControlEntry; ``domain`` is the uid of theirs. ``apart`` are
    identities that do not count: of administrators, and of the owner, who has all anyway.

    >>> changed_by([{"subject": "U2", "verb": "Read"}], "b.loc", {"al": "lr"}, frozenset())
    KeptRights(own=(), more=('U2',), less=('al',))
    """
    nobody = {each.lower() for each in apart}
    has = {who.lower(): frozenset(may) for who, may in acl.items() if who.lower() not in nobody}
    listed: dict[str, frozenset[str]] = {}
    for each in entries:
        if isinstance(each, dict):
            subject, letters = str(each.get("subject")), _GIVEN.get(str(each.get("verb")), _NONE)
            listed[subject] = listed.get(subject, _NONE) | letters
    everybody = has.get(_ANYONE, _NONE)
    more, stays = [], set()
    for subject, given in listed.items():
        names = _names(subject, domain)
        had = everybody.union(*(has.get(each, _NONE) for each in names))
        had -= frozenset().union(*(has.get(f"-{each}", _NONE) for each in names))
        if given - had and not names & nobody:
            more.append(subject)
        if "r" in given:
            stays |= names
    less = [who for who, may in acl.items() if "r" in may and who.lower() not in stays | nobody]
    return KeptRights(
        more=tuple(sorted(more)),
        less=tuple(sorted(who for who in less if not who.startswith("-"))),
    )


def _names(subject: str, domain: str) -> set[str]:
    who = f"{subject}@{domain}".lower()
    return {who, f"{_GROUP}{who}"}


def left_as_they_are(kept: KeptRights, address: str) -> dict[str, Any]:
    """What is noted where rights are not written, and what is left to a person."""
    return {
        "operation": RIGHTS_BY_REPAIR,
        "skipped": "; ".join(kept.reasons()),
        "left_to_do": [kept.warning(address)],
    }
