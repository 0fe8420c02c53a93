"""Restores between accounts of both kinds: fresh targets, what they hold, what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

from tests.support.imap_contents import (
    HeldMessage,
    acl_of,
    folder_names,
    messages_in,
    quota_of,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import held
from tests.support.truth import Truth, TruthMailbox

INTO = "back"
DOMAIN = "bluemind.loc"
PARTITION = "bluemind_loc"
Kind = Literal["user", "share"]
Folders = Mapping[str, tuple[HeldMessage, ...]]
_NUMBERS = count(1)
_NO_FLAGS: frozenset[str] = frozenset()
_OF_OTHERS = ("Shared Folders/", "Other Users/")
_STATUS = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", "UNSEEN", "HIGHESTMODSEQ"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAccount:
    """A live account; ``readers`` are logins that see its folders as people do.

    A user has one reader, who is its owner; a mailshare has two who may read it.
    """

    kind: Kind
    login: str
    readers: tuple[str, ...]

    @property
    def written(self) -> str:
        """As it is typed for ``--to``: ``share/contact@bluemind.loc``."""
        return f"{self.kind}/{self.login}"

    @property
    def root(self) -> str:
        """The administrator's name of its INBOX or root."""
        return f"user/{self.login}" if self.kind == "user" else self.login

    def mailbox(self, path: str) -> str:
        """The administrator's name of a folder, by its decoded path."""
        local, _, domain = self.root.partition("@")
        return f"{local}/{path}@{domain}" if path != "INBOX" else self.root

    def name_for_readers(self, path: str) -> str:
        """What its readers call a folder, by its decoded path."""
        if self.kind == "user":
            return path
        above = f"Shared Folders/{self.login.partition('@')[0]}"
        return above if path == "INBOX" else f"{above}/{path}"


def fresh_target(server: PrivateCyrus, kind: Kind) -> TargetAccount:
    """A new, empty account of a name that no other has."""
    number = next(_NUMBERS)
    login = f"{'target' if kind == 'user' else 'team'}{number}@{DOMAIN}"
    if kind == "user":
        server.create_user(login, PARTITION)
        return TargetAccount(kind=kind, login=login, readers=(login,))
    readers = (f"anna{number}@{DOMAIN}", f"berta{number}@{DOMAIN}")
    create_share(server, login, dict.fromkeys(readers, "lrs"))
    return TargetAccount(kind=kind, login=login, readers=readers)


def create_share(server: PrivateCyrus, name: str, rights: Mapping[str, str]) -> None:
    """A mailshare with exactly ``rights``, and those of the administrator."""
    server.create_mailbox(name, PARTITION)
    with server.admin_client() as admin:
        admin.setacl(name, "anyone", '""')
        for who, may in rights.items():
            admin.setacl(name, who, may)


def folders_of(
    server: PrivateCyrus, target: TargetAccount, reader: str, below: str = INTO
) -> Folders:
    """Messages of the folder ``below`` of an account and all below that, by former path."""
    above = target.name_for_readers(below)
    with server.client_as(reader) as client:
        names = [n for n in folder_names(client) if n == above or n.startswith(f"{above}/")]
        return {
            name.removeprefix(above).removeprefix("/") or "INBOX": messages_in(client, name)
            for name in names
        }


def all_folders_of(server: PrivateCyrus, target: TargetAccount, reader: str) -> Folders:
    """Messages of every folder of an account, INBOX or root included, by path."""
    if target.kind == "share":
        return folders_of(server, target, reader, "INBOX")
    with server.client_as(reader) as client:
        own = [name for name in folder_names(client) if not name.startswith(_OF_OTHERS)]
        return {name: messages_in(client, name) for name in own}


def true_folders(truth: Truth, account: str) -> Folders:
    """Messages of an account by path, as its viewer saw them; DELETED is left out.

    A folder that only holds others, no mailbox then, is one after a restore: empty.
    """
    local, _, domain = account.removeprefix("share/").partition("@")
    found: dict[str, tuple[HeldMessage, ...]] = {}
    for box in truth.mailboxes.values():
        if not box.is_deleted and _is_of(box.name, local, domain):
            path = _path(box, local)
            found[path] = tuple(map(held, box.messages))
    above = {path.rsplit("/", depth)[0] for path in found for depth in range(path.count("/") + 1)}
    return {**dict.fromkeys(above, ()), **found}


def _is_of(name: str, local: str, domain: str) -> bool:
    path, _, its = name.rpartition("@")
    return its == domain and f"{path}/".startswith(f"{local}/")


def _path(box: TruthMailbox, local: str) -> str:
    path, _, _ = box.name.rpartition("@")
    return path.removeprefix(local).removeprefix("/") or "INBOX"


def unread(folders: Folders) -> Folders:
    """The same, nothing of it seen."""
    return {
        path: tuple(replace(each, flags=each.flags - {"\\Seen"}) for each in messages)
        for path, messages in folders.items()
    }


def without_flags(folders: Folders) -> Folders:
    """The same, as message files alone tell it."""
    return {
        path: tuple(replace(each, flags=_NO_FLAGS) for each in messages)
        for path, messages in folders.items()
    }


def state_of(server: PrivateCyrus, target: TargetAccount) -> Mapping[str, object]:
    """All about each mailbox of an account: rights, numbers, and what each reader sees."""
    with server.admin_client() as admin:
        names = [name for _, _, name in admin.list_folders("", target.root)]
        local, _, domain = target.root.partition("@")
        names += [name for _, _, name in admin.list_folders("", f"{local}/*@{domain}")]
        rights = {name: acl_of(admin, name) for name in names}
    seen: dict[str, list[object]] = {name: [acl] for name, acl in rights.items()}
    for reader in target.readers:
        with server.client_as(reader) as client:
            for name, found in seen.items():
                path = name.rpartition("@")[0].removeprefix(local).removeprefix("/")
                folder = target.name_for_readers(path or "INBOX")
                found += [client.folder_status(folder, _STATUS), messages_in(client, folder)]
    return seen


def check_target_sound(
    server: PrivateCyrus, target: TargetAccount, told: tuple[str, ...] = ()
) -> None:
    """Nothing is left to mend or to count in an account; the log holds no error but ``told``."""
    names = mailboxes_of(server, target)
    done = server.run_tool("reconstruct", "-n", "-G", *names)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.splitlines()) == set(names)
    counted = _quota(server, target)
    local, _, domain = target.root.partition("@")
    server.run_tool("quota", "-f", "-d", domain, local)
    assert _quota(server, target) == counted
    assert server.error_lines() == told


def mailboxes_of(server: PrivateCyrus, target: TargetAccount) -> Sequence[str]:
    """The administrator's names, encoded, of all mailboxes of an account."""
    local, _, domain = target.root.partition("@")
    with server.admin_client() as admin:
        admin.folder_encode = False
        listed = [
            *admin.list_folders("", target.root),
            *admin.list_folders("", f"{local}/*@{domain}"),
        ]
    return [name.decode() for flags, _, name in listed if b"\\Noselect" not in flags]


def _quota(server: PrivateCyrus, target: TargetAccount) -> Mapping[str, tuple[int, int]]:
    with server.admin_client() as admin:
        return quota_of(admin, target.root)
