"""The mail of the stand-in core for BlueMind 5: accounts of the IMAP stand-in, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.bluemind5_server import BlueMind5Server
from tests.support.bluemind_core.entries import USER, Entry
from tests.support.bluemind_core.mail import MailTrouble, Opens
from tests.support.kept_mail import KeptAccount, KeptFolder


class BlueMind5Mail:
    """Accounts are called by login and domain uid (``jdoe@bluemind.loc``), as they log in."""

    def __init__(self, server: BlueMind5Server) -> None:
        self.server = server

    def trust(self, opens: Opens) -> None:
        """Let sessions of the core in."""
        self.server.opens = opens

    def folders(self, entry: Entry) -> list[str]:
        """Every folder."""
        return list(self._folders(entry))

    def write_rights(self, entry: Entry, rights: Mapping[str, str]) -> None:
        """BlueMind 5 has no rights in mail folders: the core's list is all there is."""

    def set_quota(self, entry: Entry) -> None:
        """Make the entry's quota that of its account."""
        if entry.kind == USER:
            limit = entry.quota_kib
            self._account(entry).quota_octets = None if limit is None else limit * 1024

    def used_kib(self, entry: Entry) -> int:
        """What it holds."""
        return sum(each.size_bytes for each in self._folders(entry).values()) // 1024

    def count(self, entry: Entry) -> Mapping[str, int]:
        """Messages of each folder."""
        return {name: len(each.messages) for name, each in self._folders(entry).items()}

    def reconstruct(self, entry: Entry) -> None:
        """BlueMind 5 cannot."""
        raise MailTrouble(f"there is no Cyrus with a mailbox {entry.mailbox}")

    def create_missing(self, entry: Entry, names: tuple[str, ...]) -> list[str]:
        """Make those of the default folders that are missing; which."""
        prefix = "" if entry.kind == USER else f"{entry.name}/"
        there = self.server.shared if entry.kind != USER else self._account(entry).folders
        missing = [each for each in names if prefix + each not in there]
        there |= {prefix + each: KeptFolder() for each in missing}
        return missing

    def touch(self, entry: Entry) -> None:
        """A UID is used up in each folder, and what is marked as deleted is gone."""
        for folder in self._folders(entry).values():
            folder.uidnext += 1
            folder.messages = [x for x in folder.messages if "\\Deleted" not in x.flags]

    def create(self, entry: Entry, partition: str, names: tuple[str, ...]) -> None:
        """A new mailbox with its default folders; there are no partitions."""
        del partition
        if entry.kind == USER:
            self.server.add_account(f"{entry.name}@{entry.domain}")
        else:
            self.server.add_mailshare(entry.name)
        self.create_missing(entry, names)

    def delete(self, entry: Entry) -> None:
        """Remove a mailbox with its mail."""
        if entry.kind == USER:
            self.server.accounts.pop(f"{entry.name}@{entry.domain}", None)
        for name in self._folders(entry) if entry.kind != USER else ():
            self.server.shared.pop(name, None)

    def _account(self, entry: Entry) -> KeptAccount:
        try:
            return self.server.accounts[f"{entry.name}@{entry.domain}"]
        except KeyError:
            raise MailTrouble(f"no mailbox of {entry.name}") from None

    def _folders(self, entry: Entry) -> dict[str, KeptFolder]:
        if entry.kind == USER:
            return self._account(entry).folders
        own = entry.name
        shared = self.server.shared.items()
        return {name: each for name, each in shared if name == own or name.startswith(f"{own}/")}
