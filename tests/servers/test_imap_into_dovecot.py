"""Restores over IMAP into an account of a real Dovecot, with prefix and dots and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.app.settings import Settings
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.verification.report import Verdict
from tests.support import golden
from tests.support.directions import INTO, true_folders
from tests.support.distribution import DOVECOT
from tests.support.dovecot_configuration import DovecotOptions
from tests.support.imap_contents import folder_names, messages_in, subscriptions_of
from tests.support.imap_restoring import begun, imap_server, plain, plan_into
from tests.support.missing import give_up
from tests.support.private_dovecot import PrivateDovecot
from tests.support.restoring import wish
from tests.support.server_root import server_root
from tests.support.truth import read_truth

VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"
USER = "jdoe@example.org"
PREFIXED = DovecotOptions(prefix="INBOX.", separator=".", has_metadata=False)


@pytest.fixture(scope="module", params=[PREFIXED, DovecotOptions()], ids=["dots", "slashes"])
def dovecot(request: pytest.FixtureRequest, as_root: None) -> Iterator[PrivateDovecot]:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    with server_root() as root, PrivateDovecot(root, request.param) as one:
        one.create_user(USER)
        yield one


@pytest.fixture
def account(dovecot: PrivateDovecot) -> Iterator[ImapServer]:
    address = ImapAddress(host=dovecot.host, port=dovecot.port)
    server = imap_server(address, USER, dovecot.password)
    yield server
    server.close()


def settings_of(backups: Path, state: Path) -> Settings:
    return Settings(
        backups=backups,
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=state,
        staged=None,
    )


def test_a_whole_account_comes_back_and_goes_again(
    dovecot: PrivateDovecot, account: ImapServer, tmp_path: Path
) -> None:
    backup = golden.unpack_spool(VERSION, tmp_path / "backup")
    settings = settings_of(backup, tmp_path / "state")
    with dovecot.client_as(USER) as client:
        before = folder_names(client), subscriptions_of(client)
    wished = wish(JDOE, into=INTO, renames=("auto",))
    plan = plan_into(settings, wished, account)
    with begun(settings, plan, account) as run:
        run.carry_out()
        proofs = run.proofs()
        truth = plain(true_folders(read_truth(VERSION), JDOE))
        renamed = {
            each.source_path: each.target_name for each in plan.head.mailboxes if each.source_path
        }
        for path, messages in truth.items():
            if path in renamed:
                with dovecot.client_as(USER) as client:
                    client.folder_encode = False
                    found = messages_in(client, renamed[path])
                assert (path, plain({"x": found})["x"]) == (path, messages)
        assert [p for p in proofs.values() if p["proven"] != p["expected"]] == []
        run.take_back()
    with dovecot.client_as(USER) as client:
        assert (folder_names(client), subscriptions_of(client)) == before


def test_a_folder_that_is_for_something_is_proven_to_be_for_it_again(
    dovecot: PrivateDovecot, tmp_path: Path
) -> None:
    """Its use is given by the server's configuration as soon as it is there."""
    login = "special@example.org"
    dovecot.create_user(login)
    server = imap_server(
        ImapAddress(host=dovecot.host, port=dovecot.port), login, dovecot.password
    )
    settings = settings_of(golden.unpack_spool(VERSION, tmp_path / "backup"), tmp_path / "state")
    plan = plan_into(settings, wish(JDOE, "Sent", is_in_place=True), server)
    with begun(settings, plan, server) as run:
        run.carry_out()
        receipt = run.receipt_of_later_look()
    server.close()

    assert [each.special_use for each in plan.head.mailboxes if each.special_use] == [("\\Sent",)]
    assert (receipt.annotations.given, receipt.annotations.proven) == (1, 1)
    assert receipt.verdict is Verdict.PROVEN
