"""Whose mail goes where in a BlueMind 5: by its own directory, a stand-in for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.far_bluemind import account_there, check_is_meant, far_core
from respool.app.far_logins import FarAccount
from respool.app.far_wish import FarWish
from respool.app.settings import Secret, Settings
from respool.errors import AccountNotOnServer, AmbiguousName, PlanRefused, RespoolError, UsageError
from respool.model.accounts import Account, AccountKind
from respool.system.imap_places import parse_imap_place
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

UID = "1718a2b3c4d.internal"
GROUP = "G1"
INSTALLATION = Installation(
    domains=(
        Domain(uid=UID, aliases=("example.org", "example.com"), default_alias="example.org"),
    ),
    users=(
        User(uid="U1", login="jdoe", domain=UID, emails=("jane@*",)),
        User(uid="U2", login="alice", domain=UID),
        User(uid="U3", login="zoe", domain=UID),
        User(uid="U4", login="gone", domain=UID, is_archived=True),
    ),
    mailshares=(
        Mailshare(uid="M1", name="contact", domain=UID, shared_with={"U3": "Write", "U2": "All"}),
        Mailshare(uid="M2", name="info", domain=UID, shared_with={"U1": "Read", "U4": "Write"}),
    ),
)
HOST = "imaps://127.0.0.1"
Start = Callable[..., BlueMindCore]
Find = Callable[..., FarAccount]


def settings_for(core: BlueMindCore, place: Path) -> Settings:
    return Settings(
        backups=place / "none",
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=place,
        bluemind_api=core.url,
        bluemind_key=Secret(core.keys.core_token),
    )


@pytest.fixture
def find(bluemind_core: Start, tmp_path: Path) -> Find:
    """The account that a person's words mean, of a core of some version."""

    def found(
        account: str, to: str = HOST, software: str = "5.1.3268", **domains: str
    ) -> FarAccount:
        core = bluemind_core(INSTALLATION, version=CoreVersion(software=software, name="5"))
        settings = settings_for(core, tmp_path)
        place = parse_imap_place(to)
        with far_core(settings, place) as live:
            assert live is not None
            wish = FarWish(account=account, domains=domains)
            return account_there(settings, live, place, wish)

    return found


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("jdoe@example.org", "jdoe@example.org"),
        ("jdoe@EXAMPLE.com", "jdoe@example.com"),
        (f"user/jdoe@{UID}", "jdoe@example.org"),
        ("jane@example.com", "jdoe@example.com"),
    ],
)
def test_a_user_is_found_by_login_and_address_in_any_name_of_the_domain(
    find: Find, typed: str, login: str
) -> None:
    found = find(typed)

    assert (found.login, found.user, found.share) == (login, login, None)


def test_a_core_that_says_by_a_fault_that_nobody_logs_in_so_is_asked_for_the_address(
    bluemind_core: Start, tmp_path: Path
) -> None:
    core = bluemind_core(INSTALLATION, version=CoreFamily.BM5)
    core.faults.add(Fault.answering(404), route="/mailboxes/{domain}/_byname", times=None)
    settings, place = settings_for(core, tmp_path), parse_imap_place(HOST)
    with far_core(settings, place) as live:
        assert live is not None
        found = account_there(settings, live, place, FarWish(account="jane@example.com"))

    assert found.login == "jdoe@example.com"


def test_one_person_s_address_that_is_another_s_login_is_neither_s(
    bluemind_core: Start, tmp_path: Path
) -> None:
    """Mail for jdoe@ comes to john.doe; who logs in as jdoe is somebody else."""
    people = Installation(
        domains=INSTALLATION.domains,
        users=(
            User(uid="U1", login="john.doe", domain=UID, emails=("jdoe@*",)),
            User(uid="U9", login="jdoe", domain=UID, emails=("jane.doe@*",)),
        ),
    )
    settings = settings_for(bluemind_core(people, version=CoreFamily.BM5), tmp_path)
    place = parse_imap_place(HOST)
    with far_core(settings, place) as live:
        assert live is not None
        with pytest.raises(AmbiguousName) as caught:
            account_there(settings, live, place, FarWish(account="jdoe@example.org"))

    assert "john.doe%40example.org or jdoe%40example.org" in str(caught.value.hint)


def test_who_only_logs_in_so_there_gets_no_mail_of_another_login_in_the_backup(
    find: Find,
) -> None:
    found = find("alice@example.org")
    assert found.is_by_login

    check_is_meant(found, Account(kind=AccountKind.USER, login="alice", domain="b.loc"))
    with pytest.raises(AmbiguousName):
        check_is_meant(found, Account(kind=AccountKind.USER, login="a^martin", domain="b.loc"))


def test_a_mailshare_is_written_to_by_the_first_who_may(find: Find) -> None:
    found = find("contact@example.org")

    assert (found.login, found.share) == ("alice@example.org", "contact")
    assert found.account.kind is AccountKind.MAILSHARE
    assert found.where == "imaps://alice%40example.org@127.0.0.1:993/share/contact"


def test_whoever_was_named_writes_and_a_plan_finds_him_again(find: Find) -> None:
    found = find("", to="imaps://zoe%40example.org@127.0.0.1/share/contact")

    assert (found.login, found.share) == ("zoe@example.org", "contact")
    assert find("", to=found.where) == found


def test_members_of_a_group_may_write_where_no_person_was_named(
    bluemind_core: Start, tmp_path: Path
) -> None:
    share = Mailshare(uid="M1", name="contact", domain=UID, shared_with={GROUP: "Write"})
    installation = Installation(
        domains=INSTALLATION.domains,
        users=INSTALLATION.users,
        mailshares=(share,),
        groups={GROUP: ("U3", "U4")},
    )
    settings = settings_for(bluemind_core(installation, version=CoreFamily.BM5), tmp_path)
    place = parse_imap_place(HOST)
    with far_core(settings, place) as live:
        assert live is not None
        found = account_there(settings, live, place, FarWish(account="contact@example.org"))

    assert found.login == "zoe@example.org"


@pytest.mark.parametrize(
    ("account", "to", "software", "error", "said"),
    [
        ("bob@example.org", HOST, "5.1.1", AccountNotOnServer, "no bob@example.org"),
        ("share/jdoe@example.org", HOST, "5.1.1", AccountNotOnServer, "no mailshare jdoe"),
        ("gone@example.org", HOST, "5.1.1", PlanRefused, "suspended"),
        ("info@example.org", HOST, "5.1.1", AccountNotOnServer, "nobody may write"),
        ("contact@example.org", HOST, "5.6.0", PlanRefused, "dropped them with 5.6"),
        ("", f"{HOST[:8]}zoe@127.0.0.1/share/contact", "5.7.3268", PlanRefused, "to a user"),
        ("jdoe", HOST, "5.1.1", UsageError, "with its domain"),
        ("jdoe@b.loc", HOST, "5.1.1", UsageError, "--map-domain b.loc=NEW"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(
    find: Find, account: str, to: str, software: str, error: type[RespoolError], said: str
) -> None:
    with pytest.raises(error) as refused:
        find(account, to, software)

    told = f"{refused.value.what} {refused.value.why} {refused.value.hint}"
    told += " ".join(getattr(refused.value, "reasons", ()))
    assert said in told


def test_a_domain_that_was_told_is_taken(find: Find) -> None:
    assert find("jdoe@b.loc", **{"b.loc": "example.org"}).login == "jdoe@example.org"


def test_a_key_of_one_host_is_not_shown_to_another(bluemind_core: Start, tmp_path: Path) -> None:
    core = bluemind_core(INSTALLATION, version=CoreFamily.BM5)
    with far_core(settings_for(core, tmp_path), parse_imap_place("imaps://elsewhere")) as live:
        assert live is None
    assert core.requests.calls() == []
