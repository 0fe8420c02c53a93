"""What the live server itself still keeps of messages that are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from respool.model.inventory import EXPUNGED, StoredMailbox
from respool.model.names import MailboxName
from respool.planning.chosen import ChosenMailbox
from respool.planning.kept import Period, with_kept
from tests.unit.targets.spool.plans import chosen, rows_of, stored

PLACE = replace(chosen("live").place, partition="live")
DELETED = MailboxName(domain="b.loc", parts=("DELETED", "user", "jdoe", "a", "65F00000"))
PERIOD = Period(expunged=100, deleted=1000)


def live(count: int, *hidden: int, **more: Any) -> StoredMailbox:  # noqa: ANN401 - of a mailbox
    """A live folder of which the messages ``hidden`` are expunged, their files kept."""
    rows = rows_of(count, last_updated=5000)
    rows["system_flags"][np.isin(rows["uid"], hidden)] = EXPUNGED
    return stored(rows, **{"name": chosen("a").mailbox.name, **more})


def kept(
    folder: ChosenMailbox, box: StoredMailbox, *, is_new: bool = False, period: Period = PERIOD
) -> ChosenMailbox:
    return with_kept(folder, [(PLACE, [box])], has_expunged=False, is_new=is_new, period=period)


def test_expunged_messages_are_taken_from_the_live_folder_until_it_forgets_them() -> None:
    folder = replace(chosen("a", 3), there=np.array([True, False, False]))

    found = kept(folder, live(2, 2)).kept

    assert found is not None
    assert (found.place, found.uids.tolist(), found.until) == (PLACE, [2], 5100)


@pytest.mark.parametrize(
    "box",
    [
        live(2),
        live(2, 2, uniqueid="other"),
        stored(rows_of(2, system_flags=EXPUNGED, guid=[np.void(b"x" * 20)] * 2)),
        stored(rows_of(2, system_flags=EXPUNGED, file_size=7)),
    ],
    ids=["seen", "another folder", "other octets", "cut"],
)
def test_what_is_not_the_same_message_is_not_taken(box: StoredMailbox) -> None:
    assert kept(chosen("a", 2), box).kept is None


def test_a_folder_that_is_made_again_comes_from_its_deleted_copy_alone() -> None:
    found = kept(chosen("a", 2), live(2, name=DELETED), is_new=True)

    assert found.place == PLACE
    assert found.kept is not None
    assert found.kept.until == 0x65F00000 + 1000


def test_a_folder_that_is_kept_in_part_comes_from_the_backup() -> None:
    folder = chosen("a", 3)

    assert kept(folder, live(2, name=DELETED), is_new=True) == folder


def test_where_the_server_does_not_say_how_long_it_is_not_known() -> None:
    found = kept(chosen("a", 1), live(1, 1), period=Period()).kept

    assert found is not None
    assert found.until is None
