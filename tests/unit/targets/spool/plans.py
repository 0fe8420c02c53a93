"""Mailboxes of a backup and surveys of a server, as values, for tests of planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from respool.model.accounts import Account, AccountKind, folder_parts
from respool.model.inventory import FILE, IN_DATA, RECORD, MailboxPlace, Rows, StoredMailbox
from respool.model.messages import PartitionName, UidValidity
from respool.model.rooms import FreeRoom
from respool.model.state import Annotation, MailboxState, UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.context import PlanContext
from respool.planning.forecast import QuotaLimit
from respool.planning.source_place import SourcePlace
from respool.targets.spool.in_place import TO_ADD
from respool.targets.spool.names import NameRules
from respool.targets.spool.planner import plan_restore
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.survey import LiveFolder, SpoolSurvey
from tests.unit.planning.plans import ACCOUNT, REQUEST

SHARE = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
RULES = NameRules(version=(3, 6, 1), separator="/", is_uuid_layout=False)
RIGHTS = {"jdoe@b.loc": "lrswipkxtecda", "admin0": "lrswipkxtecda", "anyone": "p"}
SHARE_RIGHTS = {"admin0": "lrswipkxtecda", "asmith@b.loc": "lrswip", "anyone": "p"}
ROOM = FreeRoom(
    directory="/spool",
    pool="8:1",
    size_bytes=1 << 40,
    inodes=1_000_000,
    total_bytes=1 << 41,
    total_inodes=2_000_000,
    block_bytes=4096,
    kind="ext4",
)
INBOX = "user/jdoe@b.loc"
SURVEY = SpoolSurvey(
    server="mail, Cyrus 3.6.1",
    version=(3, 6, 1),
    separator="/",
    layout="names",
    partition="b_loc",
    owner="jdoe@b.loc",
    admins=("admin0",),
    rights=RIGHTS,
    existing=frozenset({INBOX}),
    used=frozenset({INBOX}),
    quotas=(),
    data_room=ROOM,
    meta_room=ROOM,
    archive_room=None,
    has_conversations=False,
    has_search_index=False,
    is_seen_shared=False,
    name_rules=RULES,
)
SHARE_SURVEY = replace(
    SURVEY,
    owner=None,
    rights=SHARE_RIGHTS,
    existing=frozenset({"contact@b.loc"}),
    used=frozenset({"contact@b.loc"}),
)
ABSENT = replace(SURVEY, existing=frozenset(), used=frozenset(), is_absent=True)
NEVER_USED = replace(SURVEY, used=frozenset())
HOLDING_MAIL = replace(SURVEY, live={INBOX: LiveFolder(acl=RIGHTS, called="INBOX", may=TO_ADD)})
IN_PLACE = {"is_in_place": True}
CONTEXT = PlanContext(
    software="0",
    now=datetime(2026, 3, 2, tzinfo=UTC),
    generation_label="1234",
    taken_at=datetime(2026, 3, 1, tzinfo=UTC),
    is_about=False,
    source="a backup",
    is_older=False,
    skipped={},
    root_acl=RIGHTS,
    logins=frozenset({"asmith@b.loc"}),
)


def rows_of(count: int, **columns: Any) -> Rows:  # noqa: ANN401 - as NumPy takes them
    """Sound RECORD rows of UIDs 1 to ``count``; ``columns`` are set over the usual values."""
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1)
    rows["internaldate"] = 1_700_000_000 + rows["uid"]
    rows["size"] = 100
    rows["file_size"] = 100
    rows["place"] = IN_DATA
    rows["guid"] = [np.void(bytes([1 + uid % 255]) * 20) for uid in range(1, count + 1)]
    for name, values in columns.items():
        rows[name] = values
    return rows


def files_of(*uids: int, place: int = IN_DATA, mtime: int = 1_600_000_000) -> Rows:
    """FILE rows of 100 octets each; their times are one second apart."""
    files: Rows = np.zeros(len(uids), dtype=FILE)
    files["uid"] = uids
    files["size"] = 100
    files["mtime"] = mtime + np.arange(len(uids))
    files["place"] = place
    return files


def stored(rows: Rows | int = 1, **changes: Any) -> StoredMailbox:  # noqa: ANN401
    """A mailbox of a backup; ``changes`` are any of its fields."""
    mailbox = StoredMailbox(
        name=ACCOUNT.root,
        place=MailboxPlace(partition=PartitionName("b_loc")),
        has_index=True,
        index_version=13,
        uniqueid="id",
        uidvalidity=UidValidity(7),
        last_uid=9,
        highestmodseq=5,
        shared_seen=False,
        quota_root=None,
        acl=RIGHTS,
        keywords=("Travail", "$Forwarded"),
        records=rows_of(rows) if isinstance(rows, int) else rows,
        orphans=np.zeros(0, dtype=FILE),
    )
    return replace(mailbox, **changes)


def chosen(
    path: str,
    rows: Rows | int = 1,
    *,
    account: Account = ACCOUNT,
    **changes: Any,  # noqa: ANN401 - any field of the mailbox
) -> ChosenMailbox:
    """A folder of a backup, by its decoded path; of jdoe's, where no account is named."""
    name = account.root.child(*folder_parts(path)) if path != "INBOX" else account.root
    place = SourcePlace(
        spool=PurePosixPath("/backup"),
        partition="b_loc",
        data=PurePosixPath("data") / path,
        meta=None,
        archive=None,
    )
    return ChosenMailbox(place=place, mailbox=stored(rows, **{"name": name, **changes}))


def planned(
    folders: Sequence[ChosenMailbox],
    *,
    request: Mapping[str, Any] | None = None,
    onto: SpoolSurvey = SURVEY,
    context: Mapping[str, Any] | None = None,
    **survey: Any,  # noqa: ANN401 - any field of the survey
) -> SpoolPlan:
    """The plan of a restore of ``folders``."""
    asked = replace(REQUEST, **(request or {}))
    known = replace(CONTEXT, **(context or {}))
    return plan_restore(asked, folders, replace(onto, **survey), known)


ANNOTATED = replace(
    chosen("INBOX", 3),
    state=MailboxState(
        annotations=(
            Annotation(entry="/comment", userid="", value=b"x"),
            Annotation(entry="/specialuse", userid="jdoe@b.loc", value=b"\\Sent"),
        ),
        on_messages=(Annotation(entry="/comment", userid="jdoe@b.loc", value=b"y", uid=2),),
    ),
)
READ_BY_ASMITH = replace(
    chosen("INBOX", 3, account=SHARE, acl=SHARE_RIGHTS),
    state=MailboxState(seen_by={"asmith@b.loc": UidSet.parse("1:2")}),
)
LIMITS = (
    QuotaLimit(root=INBOX, resource="STORAGE", used=1, limit=1000),
    QuotaLimit(root=INBOX, resource="MESSAGE", used=5, limit=8),
)
CREATING = {"is_creating_account": True}
ONTO_SHARE = {"target": SHARE}
FROM_SHARE = {"account": SHARE}
IN_SHARED_STATE = replace(SHARE_SURVEY, is_seen_shared=True)
WAYS: Mapping[str, tuple[Sequence[ChosenMailbox], Mapping[str, Any], SpoolSurvey]] = {
    "beside": ([chosen("INBOX", 3), chosen("x/a", 0)], {}, SURVEY),
    "in-place": ([chosen("INBOX", 2), chosen("x/a")], IN_PLACE, NEVER_USED),
    "added-to": ([chosen("INBOX", 2), chosen("x/a")], IN_PLACE, HOLDING_MAIL),
    "created": ([chosen("x/a", 3)], CREATING, ABSENT),
    "created-in-place": ([chosen("INBOX", 3)], {**CREATING, **IN_PLACE}, ABSENT),
    "onto-a-share": ([chosen("INBOX", 3), chosen("b")], ONTO_SHARE, SHARE_SURVEY),
    "onto-a-shared-state": ([chosen("x/a", 3)], ONTO_SHARE, IN_SHARED_STATE),
    "from-a-share": ([chosen("INBOX", 3, account=SHARE)], FROM_SHARE, SURVEY),
    "annotated": ([ANNOTATED, chosen("b", 2)], {}, SURVEY),
    "read-by-others": (
        [READ_BY_ASMITH, chosen("b", 2, account=SHARE)],
        {**FROM_SHARE, **ONTO_SHARE},
        SHARE_SURVEY,
    ),
    "a-shared-state": (
        [chosen("INBOX", 3, account=SHARE, shared_seen=True), chosen("b", account=SHARE)],
        {**FROM_SHARE, **ONTO_SHARE, **IN_PLACE},
        replace(SHARE_SURVEY, used=frozenset()),
    ),
}


def planned_by(way: str, *, is_raising: bool = False, **survey: Any) -> SpoolPlan:  # noqa: ANN401
    """The plan of one of the ways of restoring, with limits to be raised or with room."""
    folders, request, onto = WAYS[way]
    roomy = tuple(replace(each, limit=1 << 40) for each in LIMITS)
    return planned(
        folders,
        request={**request, "is_raising_quota": is_raising},
        onto=replace(onto, quotas=LIMITS if is_raising else roomy),
        **survey,
    )
