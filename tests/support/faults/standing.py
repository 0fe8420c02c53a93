"""How one account stands, over IMAP, on disk and for BlueMind, to compare with another's."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from imapclient.exceptions import IMAPClientError

from tests.support.directions import TargetAccount
from tests.support.given_back import annotations_of, message_annotations_of
from tests.support.imap_contents import (
    acl_of,
    folder_names,
    messages_in,
    quota_of,
    subscriptions_of,
)
from tests.support.private_cyrus import PrivateCyrus

ACCOUNT: Final = "ACCOUNT"  # stands for the login of whichever account it is
_OF_EVERY_MAILBOX: Final = frozenset({"cyrus.header", "cyrus.index"})
Files = Mapping[str, frozenset[str]]  # directory below the spool → what is told of each file


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that an account has; each a set of lines, so that differences can be told.

    Counters of the server (UIDVALIDITY, modification sequences) and empty directories are
    not among them, nor the files that the server makes when it likes. ``known`` is what
    BlueMind's core has of it, where there is one.
    """

    folders: frozenset[str]
    messages: frozenset[str]
    rights: frozenset[str]
    quota: frozenset[str]
    subscriptions: frozenset[str]
    annotations: frozenset[str]
    files: frozenset[str]
    known: frozenset[str]

    def differences(self, wanted: Standing) -> list[str]:
        """One line for each thing that is missing here or too much."""
        told = []
        for each in fields(self):
            here, there = getattr(self, each.name), getattr(wanted, each.name)
            told += [f"{each.name}: lacks {line}" for line in sorted(there - here)]
            told += [f"{each.name}: has {line}" for line in sorted(here - there)]
        return told

    def lost(self, wanted: Standing) -> int:
        """How many messages that should be here are not, as each reader sees it."""
        return len(wanted.messages - self.messages)


def spool_files(root: Path) -> Files:
    """Every directory below ``root`` with files in it, and of each file what must be right.

    Of a message: name, owner, group, mode, size and time; of the index and header of a
    mailbox all but size and time; of anything that is not the server's own, its name.
    """
    found: dict[str, frozenset[str]] = {}
    for directory, _, names in os.walk(root):
        lines = frozenset(_lines(Path(directory), names))
        if lines:
            found[os.path.relpath(directory, root)] = lines
    return found


class Lines:
    """Lines by kind, with one word in place of the account's login."""

    def __init__(self, login: str) -> None:
        """Of the account of ``login``, which is without a domain."""
        self.login = login
        self.found: dict[str, set[str]] = {}

    def add(self, kind: str, *words: object) -> None:
        """One more; ``kind`` is a field of `Standing`."""
        line = " | ".join(str(word) for word in words).replace(self.login, ACCOUNT)
        self.found.setdefault(kind, set()).add(line)

    def standing(self) -> Standing:
        """All of them."""
        return Standing(
            **{each.name: frozenset(self.found.get(each.name, ())) for each in fields(Standing)}
        )


def read_standing(
    server: PrivateCyrus, target: TargetAccount, others: Files, lines: Lines
) -> None:
    """How ``target`` stands now; ``others`` are the files that were there before it was."""
    with server.admin_client() as admin:
        local = target.root.partition("@")[0]
        names = {name for name in folder_names(admin) if _is_of(name, local)}
        for name in sorted(names):
            lines.add("folders", name)
            if not name.startswith("DELETED/"):
                for who, may in acl_of(admin, name).items():
                    lines.add("rights", name, who, may)
        if target.root in names:
            for resource, (used, limit) in quota_of(admin, target.root).items():
                lines.add("quota", resource, used, limit)
    for reader in target.readers if target.root in names else ():
        _read_as(server, target, reader, lines)
    _read_files(server, others, lines)


def _read_as(server: PrivateCyrus, target: TargetAccount, reader: str, lines: Lines) -> None:
    with server.client_as(reader) as client:
        for name in subscriptions_of(client):
            if _is_seen(name, target):
                lines.add("subscriptions", reader, name)
        for name in sorted(folder_names(client)):
            if not _is_seen(name, target):
                continue
            try:
                held = messages_in(client, name)
            except IMAPClientError as error:
                lines.add("messages", reader, name, error)
                continue
            for entry, value in annotations_of(client, name).items():
                lines.add("annotations", reader, name, entry, value)
            for one in held:
                told = (one.uid, sorted(one.flags), one.internaldate, one.size_bytes, one.sha1)
                lines.add("messages", reader, name, *told)
            notes: Mapping[int, Any] = message_annotations_of(client, name) if held else {}
            for uid, values in notes.items():
                lines.add("annotations", reader, name, uid, sorted(values.items()))


def _is_seen(name: str, target: TargetAccount) -> bool:
    if target.kind == "user":
        return not name.startswith(("Shared Folders/", "Other Users/"))
    above = target.name_for_readers("INBOX")
    return name == above or name.startswith(f"{above}/")


def _read_files(server: PrivateCyrus, others: Files, lines: Lines) -> None:
    seen: Counter[str] = Counter()
    present = spool_files(server.root / "spool")
    for directory, files in present.items():
        if others.get(directory) == files:
            continue
        parts = Path(directory).parts
        place = directory if server.layout == "names" else f"{parts[0]}/{parts[1]}/UNIQUEID"
        told = f"{place}: {', '.join(sorted(files))}"
        seen[told] += 1  # two mailboxes that hold the same are two
        lines.add("files", told, seen[told])
    for directory in others.keys() - present.keys():
        lines.add("files", f"{directory} of another account is gone")


def _lines(directory: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        if name.startswith("cyrus.") and name not in _OF_EVERY_MAILBOX:
            continue
        try:
            status = (directory / name).lstat()
        except FileNotFoundError:
            continue
        told = f"{name} {status.st_uid}:{status.st_gid} {stat.filemode(status.st_mode)}"
        if name[:-1].isdigit() and name.endswith("."):
            told += f" {status.st_size} {int(status.st_mtime)}"
        yield told


def _is_of(name: str, local: str) -> bool:
    path = name.partition("@")[0].removeprefix("DELETED/")
    return path == local or path.startswith(f"{local}/")
