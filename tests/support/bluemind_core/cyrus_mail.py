"""The mail of the stand-in core in a real, private Cyrus: what BlueMind does to it is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from imapclient import IMAPClient, imap_utf7
from imapclient.exceptions import IMAPClientError

from tests.support.bluemind_core.entries import USER, Entry
from tests.support.bluemind_core.mail import ADMIN_RIGHTS, MailTrouble, Opens
from tests.support.private_cyrus import PrivateCyrus

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Passed over by name, whatever the server calls them. Source: ReplicationParentUidRepair.java.
_NOT_HIS: Final = ("Dossiers partagés/", "Autres utilisateurs/")
_EXAMINED: Final = re.compile(r"Examining (.+?)\.\.\. Mailbox Header|Number of Messages: (\d+)")


class CyrusMail:
    """The mailboxes of a private server, worked on as its administrator.

    Folders are called as the administrator calls them (``user/jdoe/Sent@bluemind.loc``).
    """

    def __init__(self, server: PrivateCyrus) -> None:
        self.server = server

    def trust(self, opens: Opens) -> None:
        """Let sessions of the core in."""
        self.server.trust(opens)

    def folders(self, entry: Entry) -> list[str]:
        """Every folder of a mailbox, the root first."""
        with self._admin() as client:
            return _folders(client, entry)

    def write_rights(self, entry: Entry, rights: Mapping[str, str]) -> None:
        """Make these the rights to every folder; none but these."""
        with self._admin() as client:
            for folder in _folders(client, entry):
                there = {who.decode() for who, _ in client.getacl(folder)}
                for who, letters in rights.items():
                    client.setacl(folder, who, letters)
                for who in there - {each.lower() for each in rights}:
                    _plain(client, "deleteacl", folder, who)

    def set_quota(self, entry: Entry) -> None:
        """Make the entry's quota that of its mailbox."""
        limit = f"(STORAGE {entry.quota_kib})" if entry.quota_kib else "()"
        with self._admin() as client:
            _plain(client, "setquota", entry.mailbox, limit)

    def used_kib(self, entry: Entry) -> int:
        """What it holds: what the quota root says, or the sizes of its messages."""
        with self._admin() as client:
            _, quotas = client.get_quota_root(entry.mailbox)
            for quota in quotas:
                if quota.resource == "STORAGE":
                    return int(quota.usage)
        return 0

    def count(self, entry: Entry) -> Mapping[str, int]:
        """Messages of each folder, by its index as it lies in the spool."""
        below = _below(entry)
        said = self.server.run_tool("mbexamine", entry.mailbox, below).stdout
        counts: dict[str, int] = {}
        name = ""
        for found in _EXAMINED.finditer(said):
            if found[1]:
                name = found[1]
            else:
                counts[name] = int(found[2])
        return counts

    def reconstruct(self, entry: Entry) -> None:
        """As BlueMind runs it: with the folders below, forced, found ones added."""
        done = self.server.run_tool("reconstruct", "-r", "-f", "-R", entry.mailbox)
        if done.returncode:
            raise MailTrouble(done.stderr)

    def create_missing(self, entry: Entry, names: tuple[str, ...]) -> list[str]:
        """Make those of the default folders that are missing; which."""
        with self._admin() as client:
            there = set(_folders(client, entry))
            missing = [each for each in names if _child(entry, each) not in there]
            for name in missing:
                client.create_folder(_child(entry, name))
        return missing

    def touch(self, entry: Entry) -> None:
        """Append a dummy to each folder, and expunge all there that is marked as deleted.

        Of a user BlueMind logs in as himself, and goes through all that he sees.
        """
        dummy = f"From: noreply@{entry.domain}\r\n".encode()
        with self._walking(entry) as (client, folders):
            for folder in folders:
                with suppress(IMAPClientError):  # over quota, say: the core says nothing either
                    client.select_folder(folder)
                    client.append(folder, dummy, (r"\Deleted", r"\Seen"), _LONG_AGO)
                with suppress(IMAPClientError):
                    client.expunge()

    def create(self, entry: Entry, partition: str, names: tuple[str, ...]) -> None:
        """Make a new mailbox; on ``partition`` if the server has it, or else on the default."""
        where = partition if partition in self.server.files.partitions else None
        self.server.create_mailbox(entry.mailbox, where)
        self.create_missing(entry, names)

    def delete(self, entry: Entry) -> None:
        """Remove a mailbox with its mail."""
        with self._admin() as client:
            for folder in reversed(_folders(client, entry)):
                client.setacl(folder, self.server.admin, ADMIN_RIGHTS)
                client.delete_folder(folder)

    @contextmanager
    def _walking(self, entry: Entry) -> Iterator[tuple[IMAPClient, list[str]]]:
        if entry.kind == USER:
            with _told(), self.server.client_as(f"{entry.name}@{entry.domain}") as client:
                listed = client.list_folders("", "*")
                names = [name for flags, _, name in listed if b"\\Noselect" not in flags]
                yield client, [name for name in names if not name.startswith(_NOT_HIS)]
        else:
            with self._admin() as client:
                yield client, _folders(client, entry)

    @contextmanager
    def _admin(self) -> Iterator[IMAPClient]:
        with _told(), self.server.admin_client() as client:
            yield client


def _folders(client: IMAPClient, entry: Entry) -> list[str]:
    listed = client.list_folders("", entry.mailbox) + client.list_folders("", _below(entry))
    return [name for _, _, name in listed]


def _below(entry: Entry) -> str:
    return _child(entry, "*")


def _child(entry: Entry, name: str) -> str:
    root, _, domain = entry.mailbox.rpartition("@")
    return f"{root}/{name}@{domain}"


def _plain(client: IMAPClient, command: str, *words: str) -> None:
    """A command that imapclient has no method for."""
    encoded = [imap_utf7.encode(word).decode("ascii") for word in words]
    quoted: list[Any] = [f'"{word}"' if "(" not in word else word for word in encoded]
    status, said = getattr(client._imap, command)(*quoted)
    if status != "OK":
        raise MailTrouble(f"{command}: {said!r}")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except IMAPClientError as error:
        raise MailTrouble(str(error)) from error
