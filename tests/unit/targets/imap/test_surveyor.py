from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from respool.model.accounts import Account, AccountKind
from respool.system import imap_listing
from respool.system.imap_places import ImapAddress
from respool.targets.imap.survey import ImapSurvey
from respool.targets.imap.surveyor import survey_imap
from tests.support.bluemind5_server import BlueMind5Server
from tests.support.imap_restoring import imap_server
from tests.support.stand_in_server import StandInServer
from tests.unit.planning.plans import REQUEST

USER = "jdoe"
BARE = ("IMAP4rev1", "AUTH=PLAIN", "APPENDLIMIT=5000", "APPENDLIMIT=9000")


@contextmanager
def bluemind5(quota_octets: int | None = None) -> Iterator[StandInServer]:
    with BlueMind5Server() as server:
        server.add_account(USER, quota_octets=quota_octets)
        yield server


def survey(server: StandInServer, **request: object) -> ImapSurvey:
    account = imap_server(ImapAddress(port=server.port), USER, server.password)
    try:
        return survey_imap(account, replace(REQUEST, **request))  # type: ignore[arg-type]
    finally:
        account.close()


def test_special_uses_are_found_where_only_xlist_tells_them() -> None:
    with bluemind5() as server:
        found = survey(server)
    assert found.special_uses["\\Sent"] == "Sent"
    assert "XLIST" in found.capabilities


def test_what_others_share_is_none_of_the_account_s_own_folders() -> None:
    with bluemind5() as server:
        server.add_mailshare("contact")
        found = survey(server)
    assert found.names.others == ("Autres utilisateurs/", "Dossiers partag&AOk-s/")
    assert not any(name.startswith("Dossiers") for name in found.folders)


def test_a_quota_is_read_before_anything_else() -> None:
    with bluemind5(quota_octets=2 << 20) as server:
        (limit,) = survey(server).quotas
    assert (limit.resource, limit.limit) == ("STORAGE", 2048)


def test_rights_are_those_that_the_server_names() -> None:
    with bluemind5() as server:
        letters = survey(server).right_letters
    assert set(letters) == set("lrswipakxten")


def test_a_server_that_offers_nothing_is_asked_nothing_that_it_does_not_offer() -> None:
    with StandInServer(BARE) as server:
        server.add_account(USER)
        found = survey(server)
        commands = set(server.commands)
    assert found.quotas == ()
    assert found.append_limit == 5000
    assert (found.names.prefix, found.names.separator) == ("", "/")
    assert not commands & {"NAMESPACE", "GETQUOTAROOT", "XLIST", "MYRIGHTS", "ID"}


def test_no_folder_is_opened_whose_mail_nobody_was_told_of_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    r"""To SELECT it would take its ``\Recent`` from who comes next."""
    real = imap_listing.status
    monkeypatch.setattr(imap_listing, "status", lambda *words: replace(real(*words), recent=1))
    with bluemind5() as server:
        found = survey(server)
        assert "SELECT" not in server.commands
    assert found.permanent_flags is None


def test_looking_changes_nothing() -> None:
    with bluemind5() as server:
        server.folder(USER, "INBOX").add(b"Subject: x\r\n\r\n", set())
        before = repr(server.accounts)
        survey(server, is_in_place=True)
        assert repr(server.accounts) == before
        assert not set(server.commands) & {"CREATE", "APPEND", "STORE", "SUBSCRIBE", "CLOSE"}


CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain=None)


@pytest.mark.parametrize("prefix", ["Dossiers partag&AOk-s/", "Shared folders/"])
def test_a_mailshare_s_folders_are_below_it_by_the_prefix_that_the_server_tells(
    prefix: str,
) -> None:
    with bluemind5() as server:
        server.prefixes = ("Others/", prefix)
        server.add_mailshare("contact")
        found = survey(server, target=CONTACT)
    assert found.names.inbox == f"{prefix}contact"
    assert found.names.written(CONTACT.root.child("x")) == f"{prefix}contact/x"
    assert found.obstacles == ()


def test_a_mailshare_is_found_where_its_prefix_is_told_without_a_separator() -> None:
    with bluemind5() as server:
        server.prefixes = ("Others/", "Shared")
        server.add_mailshare("/contact")
        found = survey(server, target=CONTACT)
    assert found.names.inbox == "Shared/contact"


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [(BARE, "no shared folders at all"), ((*BARE, "NAMESPACE"), "that jdoe could see")],
)
def test_a_mailshare_that_is_not_shown_is_refused(
    capabilities: tuple[str, ...], said: str
) -> None:
    with StandInServer(capabilities) as server:
        server.add_account(USER)
        (obstacle,) = survey(server, target=CONTACT).obstacles
    assert said in obstacle


def test_who_may_only_read_a_mailshare_cannot_fill_it() -> None:
    with bluemind5() as server:
        server.add_mailshare("contact")
        server.may = "lrp"
        obstacles = survey(server, target=CONTACT).obstacles
    assert [each.rpartition("(")[2] for each in obstacles] == ["right k)", "right i)"]
    assert all(each.startswith(f"{USER} may not") for each in obstacles)
