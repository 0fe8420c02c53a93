"""The repair operations of the stand-in core: which a version has, in running order.

Source: reference of BlueMind 5.3; DiagnosticReportCheckId in MailboxRepairSupport.java for
the order, and for users and mailshares having the same ones. Which operations 3.5 had is not
established: here are those that need no replication.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

_BM3: Final = CoreFamily.BM3
_ALL: Final = frozenset(CoreFamily)
_CYRUS: Final = _ALL - {CoreFamily.BM5}
_SINCE_4: Final = _ALL - {_BM3}
_ONLY_4: Final = _CYRUS - {_BM3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, and how it tells that it failed.

    ``is_reported``: an entry of the report up to 4.8. ``is_noted``: a line of the log since
    4.9. ``is_last``: nothing after it is done. ``is_silent``: it tells nothing, ever.
    """

    id: str
    families: frozenset[CoreFamily]
    since: tuple[int, int] = (0, 0)
    is_reported: bool = True
    is_noted: bool = True
    is_last: bool = False
    is_silent: bool = False


# How they fail: each operation's own class, such as MailboxQuotaMaintenanceOperation.java.
# Where an exception ends all, neither the report nor the log of 4.9 has a word of it.
OPERATIONS: Final = (
    Operation(id="mailboxExists", families=_ALL),
    Operation(id="mailboxIndexExists", families=_ALL),
    Operation(id="mailboxAclsContainer", families=_ALL),
    Operation(id="mailboxAcls", families=_CYRUS, is_reported=False, is_noted=False, is_last=True),
    Operation(id="mailboxHsm", families=frozenset({_BM3})),
    Operation(id="mailboxFilesystem", families=_CYRUS, is_noted=False, is_last=True),
    Operation(id="mailboxImapHierarchy", families=_ONLY_4),
    Operation(id="mailboxQuota", families=_CYRUS),
    Operation(id="mailboxFilters", families=_CYRUS),
    Operation(id="mailboxPostfixMaps", families=_ALL),
    Operation(id="mailboxSubscription", families=_SINCE_4),
    Operation(
        id="mailboxDefaultFolders",
        families=_SINCE_4,
        is_reported=False,
        is_noted=False,
        is_last=True,
    ),
    Operation(id="mailboxSharedSeen", families=_ONLY_4, since=(4, 5)),
    Operation(
        id="replication.subtree",
        families=_SINCE_4,
        is_reported=False,
        is_noted=False,
        is_last=True,
    ),
    Operation(id="replication.parentUid", families=_SINCE_4, is_silent=True),
    Operation(id="containers", families=_SINCE_4),
)


def operations_for(version: CoreVersion) -> list[Operation]:
    """Those that a core of that version has, in running order."""
    return [
        each
        for each in OPERATIONS
        if version.family in each.families and version.release >= each.since
    ]
