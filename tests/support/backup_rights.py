"""Golden spools in which some folder was for fewer people than the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def set_backup_rights(spool: Path, directory: str, rights: Mapping[str, str]) -> None:
    """Give a mailbox, by its directory below the domain's, exactly ``rights``.

    Its ``cyrus.header`` must be one of text, as servers before 3.6 write it.
    """
    (header,) = spool.rglob(f"meta/bluemind_loc/domain/b/bluemind.loc/{directory}/cyrus.header")
    *lines, _ = header.read_bytes().rstrip(b"\n").split(b"\n")
    acl = "".join(f"{who}\t{may}\t" for who, may in rights.items())
    header.write_bytes(b"\n".join([*lines, acl.encode(), b""]))
