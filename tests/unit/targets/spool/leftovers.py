"""Values that tests of leftovers start from."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from respool.cyrus.mailbox_records import MailboxRecord
from respool.model.names import MailboxName
from respool.targets.spool.leftover_cures import ServerCommands

INBOX_ID = "2643674d-4e4c-4245-802a-5670a5987542"
SPOOL = PurePosixPath("/var/spool/cyrus")


def commands(version: tuple[int, int, int] = (3, 6, 1), **more: Any) -> ServerCommands:  # noqa: ANN401 - passed on to a dataclass, which knows its types
    """A server like BlueMind's; ``more`` are other fields."""
    fields: dict[str, Any] = {
        "imapd_conf": "/etc/imapd.conf",
        "database": "/var/lib/cyrus/mailboxes.db",
        "database_kind": "twoskip",
        "user": "cyrus",
        "separator": "/",
        "default_domain": None,
        "programs": {"cyr_dbtool": "/usr/lib/cyrus/bin/cyr_dbtool"},
        "roots": frozenset({SPOOL / "data/b_loc", SPOOL / "meta/b_loc"}),
    }
    return ServerCommands(version=version, **{**fields, **more})


def named(*parts: str, domain: str | None = "b.loc") -> MailboxName:
    """A mailbox below jdoe's INBOX."""
    return MailboxName(domain=domain, parts=("user", "jdoe", *parts))


def record(*parts: str, uniqueid: str | None = INBOX_ID, **more: Any) -> MailboxRecord:  # noqa: ANN401 - passed on to a dataclass
    """The record of a mailbox below jdoe's INBOX."""
    fields: dict[str, Any] = {"partition": "b_loc", "kind": "el", "uidvalidity": 17, "modified": 5}
    return MailboxRecord(name=named(*parts), uniqueid=uniqueid, **{**fields, **more})
