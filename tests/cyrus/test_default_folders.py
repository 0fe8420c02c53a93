"""Default folders that BlueMind makes after a restore in place go again with it, or are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from respool.finishing import default_folders
from respool.runs.actor import Note
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site
from tests.support.private_cyrus import NewMessage, append_messages
from tests.support.restoring import restored, wish
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")


def folders(site: Site) -> set[str]:
    with site.server.client_as(site.target.readers[0]) as client:
        return {name for _, _, name in client.list_folders() if name != "INBOX"}


def test_those_that_nobody_used_go_with_the_run_and_the_others_are_named(
    site_of: Callable[..., Site],
) -> None:
    site = site_of(CoreFamily.BM4)
    with site.server.client_as(site.target.readers[0]) as client:
        client.create_folder("Drafts")
    before = folders(site)
    wished = wish(JDOE, "Sent", to=site.target.written, is_in_place=True)

    receipt = restored(site.settings, wished)
    assert receipt.verdict.value == "proven"
    assert folders(site) > {"Drafts", "Sent", "Trash", "Junk"}
    assert undone(site.settings, receipt.run).state.value == "undone"
    assert folders(site) == before

    again = restored(site.settings, wished)
    with site.server.client_as(site.target.readers[0]) as client:
        append_messages(client, "Junk", [NEW])
    report = undone(site.settings, again.run)
    assert folders(site) == {*before, "Junk"}
    assert report.state.value == "partly undone"
    junk = site.target.mailbox("Junk")
    assert report.others == (f"default folders that BlueMind made stay: {junk} holds mail",)


def test_those_that_came_when_the_run_was_cut_off_go_too(
    site_of: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between BlueMind's making them and the note of it."""
    site = site_of(CoreFamily.BM4)
    before = folders(site)

    def cut_off(*_: object) -> Note:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(default_folders, "made_since", cut_off)
        with pytest.raises(BaseException, match="stopped"):
            restored(site.settings, wish(JDOE, "Sent", to=site.target.written, is_in_place=True))
    assert "Trash" in folders(site)

    assert undone(site.settings).state.value == "undone"
    assert folders(site) == before
