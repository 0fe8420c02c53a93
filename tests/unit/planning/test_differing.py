r"""What became of messages and their marks: small accounts, one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from respool.model.inventory import (
    EXPUNGED,
    FILE,
    IN_DATA,
    NOWHERE,
    RECORD,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.messages import PartitionName, UidValidity
from respool.model.names import MailboxName
from respool.model.state import MailboxState, UidSet
from respool.planning.compared import Fate, compare
from respool.planning.differing import (
    Changed,
    FolderDifference,
    folder_differences,
    message_differences,
)
from respool.planning.state_changes import FolderState, Mark

SEEN, FLAGGED = 1 << 4, 1 << 1
Message = tuple[int, int]  # its content, its system flags


def folder(
    path: str,
    messages: Sequence[Message],
    *,
    uniqueid: str | None = None,
    keywords: Mapping[str, Sequence[int]] | None = None,
    seen_by: Mapping[str, str] | None = None,
    has_index: bool = True,
) -> FolderState:
    """A folder of a user; ``keywords`` name the UIDs that have them. UIDs begin at 1."""
    parts = ("user", "a", *path.split("/")) if path != "INBOX" else ("user", "a")
    if path.startswith("DELETED/"):
        parts = ("DELETED", "user", "a", *path.split("/")[1:])
    rows: Rows = np.zeros(len(messages), dtype=RECORD)
    for at, (content, flags) in enumerate(messages):
        rows[at]["uid"], rows[at]["place"] = at + 1, IN_DATA
        rows[at]["guid"] = np.void(content.to_bytes(20, "big"))
        rows[at]["system_flags"] = flags
    for slot, uids in enumerate((keywords or {}).values()):
        for uid in uids:
            rows["user_flags"][uid - 1, slot // 32] |= np.uint32(1 << slot % 32)
    mailbox = StoredMailbox(
        name=MailboxName(domain=None, parts=parts),
        place=MailboxPlace(partition=PartitionName("p")),
        has_index=has_index,
        index_version=13,
        uniqueid=uniqueid,
        uidvalidity=UidValidity(1),
        last_uid=len(messages),
        highestmodseq=1,
        shared_seen=False,
        quota_root=None,
        acl={},
        keywords=tuple(keywords or ()),
        records=rows if has_index else rows[:0],
        orphans=np.zeros(0, dtype=FILE),
    )
    marks = {who: UidSet.parse(uids) for who, uids in (seen_by or {}).items()}
    return FolderState(
        mailbox=mailbox,
        state=MailboxState(seen_by=marks),
        is_seen_known=True,
        are_readers_known=True,
    )


def became(before: Sequence[FolderState], after: Sequence[FolderState]) -> list[FolderDifference]:
    return list(folder_differences(compare(before, after)))


def test_flags_and_keywords_that_came_and_went_are_counted_by_mark() -> None:
    before = folder("INBOX", [(1, 0), (2, SEEN | FLAGGED)], keywords={"Travail": [1]})
    after = folder("INBOX", [(1, SEEN), (2, SEEN)], keywords={"x": [], "TRAVAIL": [1, 2]})

    (found,) = became([before], [after])

    assert found.changed == 2
    assert found.marks == {
        Mark(name="\\Seen"): Changed(gained=1),
        Mark(name="\\Flagged"): Changed(lost=1),
        Mark(name="Travail"): Changed(gained=1),  # case makes no difference to a server
    }


def test_what_a_reader_has_read_is_told_by_reader() -> None:
    before = folder("INBOX", [(1, 0), (2, 0)], seen_by={"bob": "1"})
    after = folder("INBOX", [(1, 0), (2, 0)], seen_by={"eve": "1:2"})

    (found,) = became([before], [after])

    assert found.marks == {
        Mark(name="\\Seen", reader="bob"): Changed(lost=1),
        Mark(name="\\Seen", reader="eve"): Changed(gained=2),
    }


def test_a_renamed_folder_is_one_folder_and_none_of_its_mail_moved() -> None:
    (found,) = became(
        [folder("Old", [(1, 0)], uniqueid="i")], [folder("New", [(1, 0)], uniqueid="i")]
    )

    assert (found.path, found.now, found.fate) == ("Old", "New", Fate.RENAMED)
    assert (found.moved, found.missing, found.new) == (0, 0, 0)


def test_mail_that_is_expunged_and_gone_from_disk_is_missing() -> None:
    kept, gone = (folder("INBOX", [(1, EXPUNGED)]) for _ in range(2))
    gone.mailbox.records["place"] = NOWHERE
    before = [folder("INBOX", [(1, 0)])]

    assert [(each.missing, each.kept) for each in became(before, [kept])] == [(0, 1)]
    assert [(each.missing, each.kept) for each in became(before, [gone])] == [(1, 0)]


def test_a_deleted_folder_keeps_its_mail_and_is_no_folder_that_people_see() -> None:
    before = [folder("A", [(1, 0), (2, 0)], uniqueid="i")]
    after = [folder("DELETED/A/673C4583", [(1, 0)], uniqueid="i")]

    (found,) = became(before, after)

    assert (found.fate, found.now, found.messages_now) == (Fate.DELETED, "DELETED/A/673C4583", 0)
    assert (found.kept, found.missing) == (1, 1)


def test_what_was_expunged_or_deleted_before_is_not_asked_for() -> None:
    before = [folder("INBOX", [(1, EXPUNGED)]), folder("DELETED/A/673C4583", [(2, 0)])]

    assert [each.is_equal for each in became(before, [folder("INBOX", [])])] == [True]


def test_a_later_folder_that_cannot_be_read_makes_nothing_missing() -> None:
    (found,) = became([folder("A", [(1, 0)])], [folder("A", [(1, 0)], has_index=False)])

    assert (found.missing, found.unknown) == (0, 1)
    assert not found.is_equal


def test_each_message_is_told_once_with_where_it_is_now() -> None:
    before = [folder("INBOX", [(1, 0), (2, 0), (3, 0)])]
    after = [folder("INBOX", [(1, SEEN)]), folder("B", [(2, FLAGGED), (9, 0)])]

    told = [
        (each.kind.value, each.before, each.after, [str(mark) for mark in each.gained])
        for each in message_differences(compare(before, after))
    ]

    assert told == [
        ("missing", (0, 3), None, []),
        ("changed", (0, 1), (0, 1), ["\\Seen"]),
        ("moved", (0, 2), (1, 1), ["\\Flagged"]),
        ("new", None, (1, 2), []),
    ]
