"""What stands in messages is found through the catalogue as if each message was read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.catalogue_report import catalogue
from respool.app.find import FindWish, finding
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.backups.choice import choose_generation
from respool.backups.contents import accounts_in, mailboxes_of, read_mailbox
from respool.backups.discovery import open_backup
from respool.backups.source import open_message
from respool.cyrus.message_headers import parse_message_headers
from respool.cyrus.message_text import message_text
from respool.model.conditions import Conditions, contains
from tests.support import golden
from tests.support.live_spool import settings_for

QUIETLY = IndexWish(agree=bool)
NEEDLES = (
    "Quartal",
    "ARTAL",
    "facture",
    "日程",
    "résumé",
    ".pdf",
    "the ",
    "e",
    "nobody wrote this",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    place = tmp_path_factory.mktemp("bodies")
    backups = golden.unpack_dataprotect(place / "backup")
    return replace(settings_for(place / "imapd.conf", backups=backups), state=place / "state")


@pytest.fixture(scope="module")
def messages(settings: Settings) -> dict[str, bytes]:
    """All messages of the newest generation, by their GUIDs, that people see or that are kept."""
    generation = choose_generation(open_backup(settings.backups).generations, "89")
    found: dict[str, bytes] = {}
    for account in accounts_in(generation):
        for source in mailboxes_of(generation, account):
            mailbox = read_mailbox(source)
            for row in mailbox.records[mailbox.visible() | mailbox.recoverable()]:
                with open_message(source, int(row["uid"]), int(row["place"])) as file:
                    found[row["guid"].tobytes().hex()] = file.read()
    return found


def texts(octets: bytes) -> list[str | None]:
    found = message_text(octets)
    return [parse_message_headers(octets).subject, "\n".join((found.text, *found.attachments))]


@pytest.mark.parametrize("needle", NEEDLES)
def test_a_text_is_found_wherever_it_stands(
    needle: str, settings: Settings, messages: dict[str, bytes]
) -> None:
    report = catalogue(settings, None, QUIETLY, has_bodies=True)
    wish = FindWish(conditions=Conditions(text=needle), generation="89")

    with finding(settings, wish, QUIETLY) as looked:
        found = {each.found.message.guid for each in looked.messages}
        blind = {each.what.value for each in looked.not_searched}

    assert found == {guid for guid, octets in messages.items() if contains(texts(octets), needle)}
    assert "bodies-not-indexed" not in blind
    assert report.messages == 145


def test_attachments_are_told_alike_by_caches_and_by_bodies(
    settings: Settings, messages: dict[str, bytes]
) -> None:
    wish = FindWish(conditions=Conditions(has_attachment=True), generation="89")
    expected = {guid for guid, octets in messages.items() if message_text(octets).attachments}
    with finding(settings, wish, QUIETLY) as looked:
        by_cache = {each.found.message.guid for each in looked.messages}

    assert by_cache == expected
    assert expected


def test_bodies_of_new_mail_are_taken_in_and_no_others(settings: Settings) -> None:
    catalogue(settings, None, QUIETLY, has_bodies=True)

    assert catalogue(settings, None, QUIETLY, has_bodies=True).bodies == 0


def test_what_cannot_be_read_is_said_to_be_not_searched(tmp_path: Path) -> None:
    backups = golden.unpack_dataprotect(tmp_path / "backup")
    for file in backups.rglob("user/alice/8."):
        file.unlink()
    settings = replace(
        settings_for(tmp_path / "imapd.conf", backups=backups), state=tmp_path / "state"
    )

    report = catalogue(settings, None, QUIETLY, has_bodies=True)

    said = {each.what.value: each.count for each in report.not_searched}
    assert said["bodies-not-indexed"] == 1
    assert said["messages-without-file"] == 1
