"""The published procedure's own example: what its user and its mailshare are to find again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path

from imapclient import imap_utf7

from tests.support.cyrus_configuration import Layout
from tests.support.imap_contents import HeldMessage, folder_names, messages_in, quota_of
from tests.support.live_server import serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Ran, Workplace, held
from tests.support.staging import Staging
from tests.support.truth import TruthMailbox, read_truth

JDOE = "jdoe@bluemind.loc"
ALICE = "alice@bluemind.loc"
CONTACT = "contact@bluemind.loc"
RESTORE_DIR = "restore_dir"
RESTORED = "restored-20171003"
PART = ("-g", "part:1234")
TRUTH = read_truth("dataprotect/truth-1234.json")

Held = Mapping[str, tuple[HeldMessage, ...]]

_SHARED = "Shared Folders/contact/"
_SEEN = frozenset({"\\Seen"})


def as_backed_up(into: str = RESTORE_DIR) -> Held:
    """What the owner of jdoe's mail is to find: messages by folder, flags and all."""
    boxes = [box for box in TRUTH.of_user(JDOE) if not box.is_deleted]
    return {_below(into, box, levels=2): tuple(map(held, box.messages)) for box in boxes}


def share_as_backed_up(into: str = RESTORED, *, reader: str | None = ALICE) -> Held:
    """What a reader is to find of contact: read what he had read, other flags as they were.

    No ``reader``: nothing is read, for the backup does not tell.
    """
    boxes = [box for box in TRUTH.mailboxes.values() if box.name.startswith("contact")]
    return _with_folders_between(
        {
            _below(into, box, levels=1): tuple(
                _read(held(each), is_read=each.uid in box.seen_by.get(reader or "", ()))
                for each in box.messages
            )
            for box in boxes
        }
    )


def as_files(staged: Staging, into: str = RESTORE_DIR) -> Held:
    """The message files of a staged user as messages: no flags, dated by the file."""
    (data,) = staged.data
    found: dict[str, list[HeldMessage]] = {}
    for file in sorted(data.rglob("*."), key=lambda one: int(one.name[:-1])):
        path = file.parent.relative_to(data).as_posix().replace("^", ".")
        shown = imap_utf7.decode(path.encode("ascii"))
        found.setdefault(into if path == "." else f"{into}/{shown}", []).append(_of_file(file))
    return _with_folders_between({path: tuple(messages) for path, messages in found.items()})


def as_owner(server: PrivateCyrus, login: str, into: str = RESTORE_DIR) -> Held:
    """Every folder at and below ``into``, as its owner sees it."""
    with server.client_as(login) as client:
        names = [name for name in folder_names(client) if name.split("/")[0] == into]
        return {name: messages_in(client, name) for name in names}


def as_reader(server: PrivateCyrus, login: str, into: str = RESTORED) -> Held:
    """Every folder at and below ``into`` in the mailshare contact, as a reader sees it."""
    with server.client_as(login) as client:
        names = [name for name in folder_names(client) if name.startswith(f"{_SHARED}{into}")]
        return {name.removeprefix(_SHARED): messages_in(client, name) for name in names}


def make_contact(server: PrivateCyrus) -> None:
    """What the console makes of a new shared mailbox that alice may write into."""
    server.create_mailbox(CONTACT, "bluemind_loc")
    with server.admin_client() as admin:
        admin.setacl(CONTACT, ALICE, "lrswipkxtecd")
        admin._imap.deleteacl(CONTACT, "anyone")
    set_limit(server, CONTACT, 51200)


def set_limit(server: PrivateCyrus, root: str, kibibytes: int) -> None:
    """Limit the storage of a quota root, by the administrator's name of it."""
    with server.admin_client() as admin:
        admin._imap.setquota(f'"{root}"', f"(STORAGE {kibibytes})")


def storage_used(server: PrivateCyrus, root: str) -> int:
    """KiB that a quota root uses, by the administrator's name of it."""
    with server.admin_client() as admin:
        return quota_of(admin, root)["STORAGE"][0]


def size_of(found: Held) -> int:
    """Octets of all messages."""
    return sum(message.size_bytes for messages in found.values() for message in messages)


@contextmanager
def serve_guide(backups: Path, state: Path, layout: Layout = "names") -> Iterator[Workplace]:
    """The command on the guide's server, on the morning after backup number 1234."""
    with server_root() as root, serve_golden_live(root, layout) as server:
        yield Workplace(server=server, backups=backups, state=state)


def part_1234(backups: Path) -> Path:
    """Where backup number 1234 lies."""
    return next(backups.rglob("imap/1234"))


def proven(ran: Ran) -> None:
    """A restore ended well, and nothing was lost."""
    assert ran.status == 0, ran.errors
    assert ran.json["verdict"] == "proven"


def directory_of(server: PrivateCyrus, name: str) -> Path:
    """Where the server keeps the message files of a mailbox."""
    done = server.run_tool("mbpath", name)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def check_sound(server: PrivateCyrus, names: list[str]) -> None:
    """``reconstruct`` knows each of ``names`` (decoded), and has nothing to mend in any."""
    encoded = {imap_utf7.encode(name).decode("ascii") for name in names}
    done = server.run_tool("reconstruct", "-n", "-G", *sorted(encoded))
    assert (done.returncode, set(done.stdout.splitlines()), done.stderr) == (0, encoded, "")
    assert server.error_lines() == ()


def _below(into: str, box: TruthMailbox, *, levels: int) -> str:
    """The path of ``box`` below ``into``, without the ``levels`` that name its account."""
    return "/".join([into, *box.name.rpartition("@")[0].split("/")[levels:]])


def _with_folders_between(found: Held) -> Held:
    above = {
        "/".join(parts[:count])
        for parts in (path.split("/") for path in found)
        for count in range(1, len(parts))
    }
    return {**dict.fromkeys(above, ()), **found}


def _read(message: HeldMessage, *, is_read: bool) -> HeldMessage:
    return replace(message, flags=message.flags | _SEEN if is_read else message.flags - _SEEN)


def _of_file(file: Path) -> HeldMessage:
    octets = file.read_bytes()
    return HeldMessage(
        uid=int(file.name[:-1]),
        flags=frozenset(),
        internaldate=datetime.fromtimestamp(int(file.stat().st_mtime), UTC),
        size_bytes=len(octets),
        sha1=sha1(octets, usedforsecurity=False).hexdigest(),
    )
