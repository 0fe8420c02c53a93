"""What we read of a server's databases, beside what the server said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox
from respool.cyrus.mailbox_records import MailboxRecord
from respool.model.accounts import AccountKind, account_of
from respool.model.generations import Generation
from respool.model.names import MailboxName, encoded_part
from respool.model.state import SHARED, Annotation
from tests.support.inventories import sources_in
from tests.support.small_spools import mailbox_name
from tests.support.truth import Truth, TruthMailbox

CYRUS = "/vendor/cmu/cyrus-imapd"
ADMIN = "admin0"  # whose \\Seen the truth does not tell
SHARED_SEEN = f"/shared{CYRUS}/sharedseen"
IN_NO_DATABASE = (  # the server works them out when it is asked
    *("annotsize", "duplicatedeliver", "foldermodseq", "hasalarms", "lastpop", "lastupdate"),
    *("partition", "pop3newuidl", "sharedseen", "size", "synccrcs", "uniqueid", "userrawquota"),
)
SPACES = {"Shared Folders": (), "Other Users": ("user",), "user": ("user",)}

Row = tuple[int, str, str, str]  # UID or 0, entry, userid, value


def assert_kept_as_said(generation: Generation, truth: Truth, raw: Mapping[str, Any]) -> None:
    """Readers, annotations, special use, quota roots, subscriptions and mailboxes."""
    read: dict[str, object] = {}
    said: dict[str, object] = {}
    for source in sources_in(generation):
        name = source.name.display
        if not source.name.is_deleted:  # of those the server was not asked
            said[name] = facts = kept_said(truth.mailboxes[name], raw["mailboxes"][name])
            read[name] = {key: value for key, value in kept_read(source).items() if key in facts}
    place = generation.parts[0].place
    state = server_state(place)

    assert read == said
    assert_subscriptions_as_said(generation, truth)
    assert_records_as_said(state.mailbox_records(), truth)
    assert state.findings == ()


def assert_subscriptions_as_said(generation: Generation, truth: Truth) -> None:
    """A server does not list those of mailboxes that are gone."""
    place = generation.parts[0].place
    there = {mailbox_name(box.imap_name) for box in truth.mailboxes.values()}
    assert {user: read_subscriptions(place, user) & there for user in truth.subscriptions} == {
        user: subscriptions_said(truth, user) for user in truth.subscriptions
    }


def assert_records_as_said(records: Mapping[MailboxName, MailboxRecord], truth: Truth) -> None:
    """Names are those of all mailboxes; partition, rights and id as the server said."""
    there = {mailbox_name(box.imap_name): box for box in truth.mailboxes.values()}
    read = {name: facts(record, there[name]) for name, record in records.items() if name in there}

    assert read == {name: facts_said(box) for name, box in there.items()}
    assert set(records) - set(there) == set()


def facts(record: MailboxRecord, box: TruthMailbox) -> tuple[object, ...]:
    partition = None if box.partition is None else record.partition
    uniqueid = None if box.uniqueid is None else record.uniqueid
    return partition, uniqueid, dict(record.acl)


def facts_said(box: TruthMailbox) -> tuple[object, ...]:
    return box.partition, box.uniqueid, dict(box.acl)


def kept_read(source: SourceMailbox) -> dict[str, object]:
    """What was kept of a mailbox, in the words of `kept_said`."""
    account = account_of(source.name)
    assert account is not None
    mailbox, state = read_with_state(source, account)
    assert mailbox.findings == ()
    visible = mailbox.records[mailbox.visible()]
    uids = visible["uid"]
    is_in_index = mailbox.shared_seen or account.kind is AccountKind.USER
    in_index = (visible["system_flags"] & 16 != 0) & is_in_index  # else it is nobody's
    seen_by = {reader: uids[seen.mask(uids)].tolist() for reader, seen in state.seen_by.items()}
    there = set(uids.tolist())
    root = server_state(source.spool).quota_root(source.name)
    return {
        "seen by": {reader: seen for reader, seen in seen_by.items() if seen and reader != ADMIN},
        "seen in index": uids[in_index].tolist(),
        "annotations": _rows(state.annotations),
        "on messages": _rows(each for each in state.on_messages if each.uid in there),
        "special use": sorted(state.special_use(account.userid)),
        "quota": None
        if root is None
        else {key: (_shown(key, root.used[key]), limit) for key, limit in root.limits.items()},
    }


def kept_said(box: TruthMailbox, raw: Mapping[str, Any]) -> dict[str, object]:
    """What the server said of what was kept. ``raw`` is the mailbox as the truth file has it."""
    is_shared = box.annotations.get(SHARED_SEEN) == "true"
    readers = {reader: sorted(seen) for reader, seen in box.seen_by.items() if seen}
    in_index = next(iter(readers.values()), []) if is_shared else readers.get(box.owner or "", [])
    knows_index = box.owner is None or box.owner in box.seen_by  # not of who could not log in
    others = {} if is_shared else {who: seen for who, seen in readers.items() if who != box.owner}
    stored = [
        *(_said(0, key, value, None) for key, value in box.annotations.items() if _is_kept(key)),
        *(_said(0, key, value, box.owner) for key, value in box.owner_annotations.items()),
    ]
    is_root = box.quota is not None and box.quota.root == box.imap_name
    return {
        "seen by": others,
        **({"seen in index": in_index} if knows_index else {}),
        "annotations": sorted(stored),
        "on messages": sorted(
            _said_on_message(message["uid"], key, value, box.viewer)
            for message in raw["messages"]
            for key, value in message.get("annotations", {}).items()
        ),
        "special use": sorted(box.special_use),
        "quota": dict(box.quota.resources) if box.quota is not None and is_root else None,
    }


def subscriptions_said(truth: Truth, userid: str) -> set[MailboxName]:
    """What a user subscribed to, of the names that he himself sees."""
    login, _, domain = userid.rpartition("@")
    inbox = ("user", login)
    return {
        MailboxName(domain=domain, parts=_parts(name.split("/"), inbox))
        for name in truth.subscriptions[userid]
    }


def _parts(seen: list[str], inbox: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a mailbox as its reader names it: with altnamespace or without."""
    parts = tuple(encoded_part(part) for part in seen)
    if seen[0] == "INBOX":
        return inbox + parts[1:]
    if seen[0] in SPACES:
        return SPACES[seen[0]] + parts[1:]
    return parts if seen[0] == "contact" else inbox + parts


def read_subscriptions(place: PurePosixPath, userid: str) -> set[MailboxName]:
    """What we read of a user's subscriptions."""
    found = server_state(place).subscriptions(userid)
    assert len(found) == len(set(found))
    return set(found)


def _is_kept(key: str) -> bool:
    return key not in {f"/shared{CYRUS}/{name}" for name in IN_NO_DATABASE}


def _rows(annotations: Iterable[Annotation]) -> list[Row]:
    return sorted((a.uid or 0, a.entry, a.userid, a.value.decode("utf-8")) for a in annotations)


def _said(uid: int, key: str, value: str, owner: str | None) -> Row:
    _, space, entry = key.split("/", 2)
    assert (space == "shared") == (owner is None)
    return (uid, f"/{entry}", owner or SHARED, value)


def _said_on_message(uid: int, key: str, value: str, viewer: str) -> Row:
    entry, attribute = key.split(" ")
    return (uid, entry, viewer if attribute == "value.priv" else SHARED, value)


def _shown(resource: str, used: int) -> int:
    """IMAP says whole KiB of what is counted in octets, rounded down."""
    return used // 1024 if "STORAGE" in resource else used
