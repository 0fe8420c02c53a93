"""Messages chosen one by one: each must be the one that was found."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from respool.app.pickers import OneByOne
from respool.backups.source import SourceMailbox
from respool.errors import MessageNotInMailbox
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from respool.planning.chosen_lines import parse_chosen
from tests.unit.targets.spool.plans import chosen, rows_of

NAME = chosen("a").mailbox.name
NOWHERE = SourceMailbox(
    name=NAME,
    spool=PurePosixPath("/"),
    place=MailboxPlace(partition=PartitionName("p"), data=None, meta=None, archive=None),
)


@pytest.mark.parametrize(
    ("size", "date", "is_it"),
    [(100, 60, True), (101, 60, False), (100, 61, False)],
)
def test_what_has_no_guid_is_known_by_size_and_date(
    size: int,
    date: int,
    is_it: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    rows = rows_of(1, guid=b"", size=size, internaldate=date)
    mailbox = chosen("a", rows).mailbox
    uid = int(rows["uid"][0])
    line = {"account": "a", "generation": "1", "mailbox": NAME.admin, "uid": uid, "guid": None}
    line |= {"size_bytes": 100, "internaldate": "1970-01-01T00:01:00Z"}
    (group,) = parse_chosen([json.dumps(line).encode()])

    if is_it:
        assert OneByOne(group=group).pick(NOWHERE, mailbox).uids.count == 1
    else:
        with pytest.raises(MessageNotInMailbox, match="not the one that was chosen"):
            OneByOne(group=group).pick(NOWHERE, mailbox)
