from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from respool.cyrus.index import Index, IndexHeader, parse_index, render_index
from respool.errors import StepFailed
from respool.model.inventory import RECORD, Rows
from respool.planning.step import PlannedMessage
from respool.system.locks import record_locked
from respool.targets.spool.present_index import begins_with, has_only, is_empty, present_index


def octets(*uids: int, last_uid: int | None = None) -> bytes:
    rows: Rows = np.zeros(len(uids), dtype=RECORD)
    rows["uid"] = uids
    rows["guid"] = [np.void(bytes([uid]) * 20) for uid in uids]
    last = max(uids, default=0) if last_uid is None else last_uid
    return render_index(12, IndexHeader(last_uid=last, uidvalidity=7, highestmodseq=1), rows)


def index(*uids: int, last_uid: int | None = None) -> Index:
    return parse_index(octets(*uids, last_uid=last_uid))


def ours(*uids: int) -> list[PlannedMessage]:
    return [
        PlannedMessage(
            uid=uid, guid=bytes([uid]).hex() * 20, internaldate=1, size_bytes=1, flags=()
        )
        for uid in uids
    ]


def test_an_index_that_has_held_a_message_is_not_empty() -> None:
    assert is_empty(index())
    assert not is_empty(index(1))
    assert not is_empty(index(last_uid=1))


@pytest.mark.parametrize(
    ("present", "is_so"),
    [
        (index(1, 2, 3), True),
        (index(2), True),
        (index(1, 2, 3, 4), False),
        (index(4), False),
        (index(1, last_uid=9), False),
        (index(last_uid=2), False),
    ],
    ids=["all", "some", "more", "others", "others that are gone", "all gone"],
)
def test_an_index_has_only_messages_of_ours_or_not(present: Index, *, is_so: bool) -> None:
    assert has_only(present, ours(1, 2, 3)) is is_so


def test_a_message_of_one_of_our_uids_is_not_ours() -> None:
    (other,) = ours(9)
    mine = [PlannedMessage(uid=1, guid=other.guid, internaldate=1, size_bytes=1, flags=())]

    assert not has_only(index(1), mine)
    assert not begins_with(index(1), mine)


def test_ours_come_first_once_they_were_written_in_place() -> None:
    assert begins_with(index(1, 2, 3, 4), ours(1, 2, 3))
    assert not begins_with(index(2, 3), ours(1, 2, 3))
    assert not begins_with(index(1), [])


def test_an_index_that_was_replaced_while_it_was_waited_for_is_not_written(
    tmp_path: Path,
) -> None:
    file = tmp_path / "cyrus.index"
    file.write_bytes(octets(1))

    with record_locked(file) as descriptor:
        assert len(present_index(file, descriptor).records) == 1
        (tmp_path / "new").write_bytes(octets(1))
        (tmp_path / "new").rename(file)
        with pytest.raises(StepFailed, match="was replaced"):
            present_index(file, descriptor)


def test_an_index_that_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "cyrus.index"
    file.write_bytes(b"none" * 99)

    with (
        record_locked(file) as descriptor,
        pytest.raises(StepFailed, match="cannot be read"),
    ):
        present_index(file, descriptor)
