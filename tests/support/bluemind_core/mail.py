"""The mail that the stand-in core works on: what it asks of a mail store, and one without mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from tests.support.bluemind_core.entries import USER, Entry

# Source: BlueMind's DbAclToCyrusAcl.java.
RIGHTS_OF_VERB: Final[Mapping[str, str]] = {
    "All": "lrswipkxtea",
    "Write": "lrswipkxte",
    "Read": "lrp",
}
ADMIN_RIGHTS: Final = "lrswipkxtecdan"
POST: Final = "p"
DEFAULT_OF_USER: Final = ("Sent", "Trash", "Drafts", "Junk", "Outbox", "Templates")

Opens: TypeAlias = Callable[[str, str], bool]  # a login with its domain, and a key


class MailTrouble(Exception):
    """The mail store refused; the text says what it said."""


class Mail(Protocol):
    """What the core does to mail. Every method raises `MailTrouble` where it is refused."""

    def trust(self, opens: Opens) -> None:
        """Take for a password what ``opens`` says is one."""

    def folders(self, entry: Entry) -> list[str]:
        """Every folder of a mailbox, the root first."""

    def write_rights(self, entry: Entry, rights: Mapping[str, str]) -> None:
        """Make these the rights to every folder; none but these."""

    def set_quota(self, entry: Entry) -> None:
        """Make the entry's quota that of its mailbox."""

    def used_kib(self, entry: Entry) -> int:
        """What it holds."""

    def count(self, entry: Entry) -> Mapping[str, int]:
        """Messages of each folder, counted where they lie."""

    def reconstruct(self, entry: Entry) -> None:
        """Let the store look at its files anew, and find folders."""

    def create_missing(self, entry: Entry, names: tuple[str, ...]) -> list[str]:
        """Make those of the default folders that are missing; which."""

    def touch(self, entry: Entry) -> None:
        """Append a dummy to each folder, and expunge all there that is marked as deleted.

        Where it is refused, nothing is said. Source: ReplicationParentUidRepair.java.
        """

    def create(self, entry: Entry, partition: str, names: tuple[str, ...]) -> None:
        """Make a new mailbox with its default folders."""

    def delete(self, entry: Entry) -> None:
        """Remove a mailbox with its mail."""


def default_folders(entry: Entry, *, has_trash: bool) -> tuple[str, ...]:
    """The folders that each mailbox has; a mailshare's Trash came with 4.7."""
    if entry.kind == USER:
        return DEFAULT_OF_USER
    return ("Sent", "Trash") if has_trash else ("Sent",)


@dataclass(slots=True, kw_only=True)
class NoMail:
    """No mail at all: it keeps what it was asked to do, and mailboxes that a test puts in.

    ``messages`` has counts by folder, by mailbox; ``rights`` and ``quotas_kib`` what was set.
    """

    messages: dict[str, dict[str, int]] = field(default_factory=dict)
    rights: dict[str, dict[str, str]] = field(default_factory=dict)
    quotas_kib: dict[str, int | None] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def trust(self, opens: Opens) -> None:
        """Nobody logs in here."""

    def folders(self, entry: Entry) -> list[str]:
        """Those that were put in."""
        return list(self.messages.get(entry.mailbox, {}))

    def write_rights(self, entry: Entry, rights: Mapping[str, str]) -> None:
        """Keep them."""
        self.done.append(f"rights of {entry.mailbox}")
        self.rights[entry.mailbox] = dict(rights)

    def set_quota(self, entry: Entry) -> None:
        """Keep it."""
        self.done.append(f"quota of {entry.mailbox}")
        self.quotas_kib[entry.mailbox] = entry.quota_kib

    def used_kib(self, entry: Entry) -> int:
        """One KiB for each message."""
        return sum(self.messages.get(entry.mailbox, {}).values())

    def count(self, entry: Entry) -> Mapping[str, int]:
        """What was put in."""
        self.done.append(f"index of {entry.mailbox}")
        return dict(self.messages.get(entry.mailbox, {}))

    def reconstruct(self, entry: Entry) -> None:
        """Nothing."""
        self.done.append(f"reconstruction of {entry.mailbox}")

    def create_missing(self, entry: Entry, names: tuple[str, ...]) -> list[str]:
        """Those that nobody put in."""
        there = self.messages.setdefault(entry.mailbox, {})
        missing = [name for name in names if name not in there]
        there |= dict.fromkeys(missing, 0)
        self.done.append(f"default folders of {entry.mailbox}")
        return missing

    def touch(self, entry: Entry) -> None:
        """Nothing."""
        self.done.append(f"dummy messages of {entry.mailbox}")

    def create(self, entry: Entry, partition: str, names: tuple[str, ...]) -> None:
        """Empty folders."""
        self.done.append(f"new {entry.mailbox} on {partition}")
        self.messages[entry.mailbox] = dict.fromkeys(("INBOX", *names), 0)

    def delete(self, entry: Entry) -> None:
        """Forget it."""
        self.done.append(f"end of {entry.mailbox}")
        self.messages.pop(entry.mailbox, None)
