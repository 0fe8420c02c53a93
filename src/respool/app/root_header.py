"""What the root mailbox of an account says of the whole account."""

from __future__ import annotations

from collections.abc import Mapping

from respool.app.selection import Selection
from respool.backups.source import read_header


def root_of(selection: Selection) -> tuple[Mapping[str, str] | None, str | None]:
    """ACL and unique id of the account's root in the backup, None where they are not known."""
    header = None if selection.root is None else read_header(selection.root)
    return (None, None) if header is None else (header.acl or None, header.uniqueid)
