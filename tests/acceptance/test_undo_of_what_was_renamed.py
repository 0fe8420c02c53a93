"""Mail that was added to a live folder which its owner has renamed since."""

from __future__ import annotations

import pytest

from tests.support.restoring import Workplace, owner_sees

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"


def test_what_was_added_to_a_folder_that_was_renamed_since_is_left_and_named(
    live: Workplace,
) -> None:
    """Undone is said of nothing that is still there; under its old name it goes."""
    with live.server.client_as(JDOE) as client:
        client.select_folder("Projects/2024")
        client.delete_messages(client.search("ALL"))
        client.expunge()
        client.unselect_folder()
    ran = live.run("restore", JDOE, "=Projects/2024", "--only-missing", "--yes", "--json")
    assert ran.status == 0
    added = ran.json["messages"]
    assert added > 0
    with live.server.client_as(JDOE) as client:
        client.rename_folder("Projects/2024", "Elsewhere")

    undone = live.run("undo", "1", "--yes", "--json")

    assert undone.status == 21
    assert "renamed" in str(undone.json)
    assert len(owner_sees(live.server, JDOE, ["Elsewhere"])["Elsewhere"]) == added
    with live.server.client_as(JDOE) as client:
        client.rename_folder("Elsewhere", "Projects/2024")
    assert live.run("undo", "1", "--yes").status == 0
    assert owner_sees(live.server, JDOE, ["Projects/2024"])["Projects/2024"] == ()
