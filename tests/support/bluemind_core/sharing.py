"""From the directory's list of sharings to the rights in Cyrus.

Source: BlueMind's DbAclToCyrusAcl.java: the identity is the directory uid and the domain
uid; admin0 may do everything; anybody may post into a mailshare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.support.bluemind_core.entries import USER, Directory, Entry
from tests.support.bluemind_core.json_values import Json
from tests.support.bluemind_core.mail import ADMIN_RIGHTS, POST, RIGHTS_OF_VERB
from tests.support.bluemind_core.server_faults import unreadable
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

_VERBS_OF_3: Final = ("Invitation", "Freebusy", "Read", "Write", "Manage", "All")
_VERBS_OF_4: Final = ("SendOnBehalf",)
_VERBS_OF_5: Final = ("Visible", "SendAs", "ReadExtended")


def rights_of(directory: Directory, entry: Entry) -> dict[str, str]:
    """Rights by identity. Of several verbs for one, the strongest counts."""
    rights = {"admin0": ADMIN_RIGHTS}
    if entry.kind == USER:
        rights[entry.identity] = RIGHTS_OF_VERB["All"]
    else:
        rights["anyone"] = POST
    granted: dict[str, str] = {}
    for line in entry.acl:
        letters = RIGHTS_OF_VERB.get(line["verb"], "")
        who = _identity(directory, entry.domain, line["subject"])
        granted[who] = max(granted.get(who, ""), letters, key=len)
    return rights | {who: letters for who, letters in granted.items() if letters}


def subscribers_of(directory: Directory, entry: Entry) -> set[str]:
    """The users who have any sharing of a mailbox, those of groups as well."""
    subjects = {str(line["subject"]) for line in entry.acl}
    members = {user for each in subjects for user in directory.groups.get(each, ())}
    users = {each.uid for each in directory.of_domain(entry.domain, USER)}
    return (subjects | members) & users


def verbs_of(version: CoreVersion) -> frozenset[str]:
    """The verbs that a core of that version knows. Source: Verb in the published clients."""
    known = [*_VERBS_OF_3]
    if version.family is not CoreFamily.BM3:
        known += _VERBS_OF_4
    if version.family is CoreFamily.BM5:
        known += _VERBS_OF_5
    return frozenset(known)


def check_acl(version: CoreVersion, lines: Sequence[Json], parameter: str) -> None:
    """Raises:
    ServerFault: a line is none, or has a verb that this core does not know.
    """
    for line in lines:
        is_line = isinstance(line, dict) and isinstance(line.get("subject"), str)
        if not is_line or line.get("verb") not in verbs_of(version):
            raise unreadable(parameter)


def _identity(directory: Directory, domain: str, subject: str) -> str:
    prefix = "group:" if subject in directory.groups else ""
    return f"{prefix}{subject}@{domain}"
