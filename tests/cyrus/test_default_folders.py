"""Default folders that BlueMind makes after a restore in place go again with it, or are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from imapclient.exceptions import IMAPClientError

from respool.finishing import default_folders
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site
from tests.support.imap_contents import acl_of
from tests.support.private_cyrus import NewMessage, append_messages
from tests.support.restoring import restored, wish
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")


def folders(site: Site) -> set[str]:
    with site.server.client_as(site.target.readers[0]) as client:
        return {name for _, _, name in client.list_folders() if name != "INBOX"}


def rights_on(site: Site, mailbox: str) -> Mapping[str, str]:
    with site.server.admin_client() as client:
        return acl_of(client, mailbox)


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


@pytest.mark.parametrize("when", [1, 2])
def test_mail_that_comes_between_our_look_and_the_deletion_stays(
    when: int,
    site_of: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the first look, when it comes in, or after the last one, when nobody may any more."""
    site = site_of(CoreFamily.BM4)
    receipt = restored(site.settings, wish(JDOE, "Sent", to=site.target.written, is_in_place=True))
    junk = site.target.mailbox("Junk")
    rights = rights_on(site, junk)
    look, looks = default_folders._why_held, Counter[str]()
    taken: list[bool] = []

    def looking(server: CyrusServer, name: str, uniqueid: object) -> str | None:
        why = look(server, name, uniqueid)
        looks[name] += 1
        if name == junk and looks[name] == when:
            with site.server.client_as(site.target.readers[0]) as client:
                try:
                    append_messages(client, "Junk", [NEW])
                except IMAPClientError:
                    taken.append(False)
                else:
                    taken.append(True)
        return why

    monkeypatch.setattr(default_folders, "_why_held", looking)
    report = undone(site.settings, receipt.run)

    assert taken == [when == 1]
    assert ("Junk" in folders(site)) == (when == 1)
    if when == 1:
        assert report.others == (f"default folders that BlueMind made stay: {junk} holds mail",)
        assert rights_on(site, junk) == rights
