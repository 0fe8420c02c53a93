"""Records and the message files that a directory lists, brought together."""

from __future__ import annotations

import tracemalloc

import numpy as np

from respool.cyrus.mailbox import place_records
from respool.model.inventory import FILE, IN_DATA, RESTORED, Rows

MANY = 100_000
MOST_OCTETS = 24  # for each message, on top of both; 31 where the order of the files is needed


def rows_of(count: int) -> tuple[Rows, Rows]:
    """Records and their files, each as large as its UID, in the order of UIDs."""
    records: Rows = np.zeros(count, dtype=RESTORED)
    files: Rows = np.zeros(count, dtype=FILE)
    for rows in (records, files):
        rows["uid"] = np.arange(1, count + 1)
    files["size"], files["place"] = files["uid"], IN_DATA
    return records, files


def test_each_record_gets_its_own_file_in_whatever_order_they_are_listed() -> None:
    for order in (slice(None), slice(None, None, -1)):
        records, files = rows_of(1000)

        assert not len(place_records(records, files[order]))
        assert (records["file_size"] == records["uid"]).all()


def test_files_that_are_listed_in_order_take_no_room_for_their_order() -> None:
    records, files = rows_of(MANY)

    tracemalloc.start()
    try:
        place_records(records, files)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < MOST_OCTETS * MANY
