"""Messages that are gone from a folder, told from the trash by what they are."""

from __future__ import annotations

from typing import Any

import pytest

from respool.planning.step import PlannedMessage
from respool.system import imap_listing
from respool.system.imap_listing import ListedFolder
from respool.verification import moved_since
from respool.verification.moved_since import in_trash

TRASH = ListedFolder(name="Bin", uses=frozenset({"\\Trash"}), is_selectable=True)
ALIKE = {
    uid: PlannedMessage(uid=uid, guid="a" * 40, internaldate=0, size_bytes=1, flags=())
    for uid in (1, 2)
}


@pytest.mark.parametrize("copies", [0, 1, 2, 3])
def test_each_copy_in_the_trash_answers_one_message_of_these_octets(
    copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [("a" * 40, 1)] * copies + [("b" * 40, 1)]
    monkeypatch.setattr(imap_listing, "listed_folders", lambda _session: [TRASH])
    monkeypatch.setattr(moved_since, "_held", lambda *_asked: iter(held))
    session: Any = None

    found = dict(in_trash(session, ALIKE))

    assert len(found) == min(copies, len(ALIKE))
    assert set(found.values()) <= {"Bin"}
