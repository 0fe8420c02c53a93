"""The messages of a folder, one by one: how much of a large one is held at once."""

from __future__ import annotations

import json
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from respool.app.ls import list_messages
from respool.app.selection import Wanted
from respool.app.settings import Settings
from respool.cyrus.index import IndexHeader, render_index
from respool.model.conditions import Conditions
from respool.model.inventory import EXPUNGED, RECORD, Rows
from respool.model.state import UidSet
from tests.support.small_spools import write_spool
from tests.unit.backups.test_server_state import put, seen

JDOE = "jdoe@b.loc"
MANY = 100_000
MOST_OCTETS = 160  # for each record: 95 of its columns, and what goes with some at a time
SEEN_FILE = "domain/b/b.loc/user/j/jdoe.seen"


def settings_of(backups: Path) -> Settings:
    return Settings(
        backups=backups,
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=backups.parent / "state",
        staged=None,
    )


def crowded(place: Path, version: int, count: int) -> Settings:
    """A folder whose second message is expunged; of the first there is a file, and it was seen."""
    place = place / "spool"
    write_spool(place, [f"user/{JDOE}"])
    put(place, SEEN_FILE, {b"id": seen("1")})
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1)
    rows["system_flags"][1] = EXPUNGED
    header = IndexHeader(last_uid=count, uidvalidity=7, highestmodseq=1)
    (index,) = place.rglob("cyrus.index")
    index.write_bytes(render_index(version, header, rows))
    return settings_of(place)


@pytest.mark.parametrize("version", [10, 17])
def test_of_each_record_no_more_is_held_than_is_listed(tmp_path: Path, version: int) -> None:
    r"""Neither for one that is not listed, nor where the owner's ``\Seen`` is put into them."""
    settings = crowded(tmp_path, version, MANY)
    wanted = Wanted(account=JDOE, folders=("INBOX",))
    few = crowded(tmp_path / "few", version, 5)  # modules that are loaded late are no records
    list(list_messages(few, wanted).messages)

    tracemalloc.start()
    try:
        listed = list(islice(list_messages(settings, wanted).messages, 5))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [each.uid for each in listed] == [1, 3, 4, 5, 6]
    assert [each.flags for each in listed[:2]] == [("\\Seen",) if version == 10 else (), ()]
    assert most < MOST_OCTETS * MANY


def test_of_each_record_that_conditions_are_asked_of_little_more_is_held(tmp_path: Path) -> None:
    settings = crowded(tmp_path, 17, MANY)
    wanted = Wanted(account=JDOE, folders=("INBOX",))
    conditions = Conditions(uids=UidSet(ranges=((1, 5),)))
    few = crowded(tmp_path / "few", 17, 5)
    list(list_messages(few, wanted, conditions=conditions).messages)

    tracemalloc.start()
    try:
        listed = list(list_messages(settings, wanted, conditions=conditions).messages)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [each.uid for each in listed] == [1, 3, 4, 5]
    assert most < (MOST_OCTETS + 16) * MANY


@pytest.mark.parametrize("version", [6, 10, 12, 13, 17, 20])
def test_with_all_of_its_record_a_message_is_listed_as_without(
    tmp_path: Path, version: int
) -> None:
    settings = crowded(tmp_path, version, 5)
    wanted = Wanted(account=JDOE, folders=("INBOX",))

    short, whole = (
        [each.as_json() for each in list_messages(settings, wanted, has_raw=raw).messages]
        for raw in (False, True)
    )

    assert [each["uid"] for each in short] == [1, 3, 4, 5]
    assert all(each.pop("raw") for each in whole)
    assert json.dumps(short) == json.dumps(whole)
