"""What commands ask of BlueMind's core, and what they say when it knows, or does not answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.backups import backup_of, list_backups
from respool.app.bluemind_generations import going_findings
from respool.app.bluemind_identity import directory_identity
from respool.app.settings import Settings, read_settings
from respool.errors import AccountNotInGeneration, AmbiguousName
from respool.model.accounts import Account, AccountKind
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.command import document, printed
from tests.support.small_spools import part_directory, write_description, write_spool

UID = "1718a2b3c4d.internal"
PEOPLE = Installation(
    domains=(
        Domain(uid=UID, aliases=("example.org", "example.com"), default_alias="example.org"),
    ),
    users=(
        User(uid="4F2A", login="john.d", domain=UID, name="John Doe", emails=("jdoe@*", "boss@*")),
        User(uid="77B1", login="jean", domain=UID, name="Jean Martin", emails=("jean@*",)),
        User(uid="77B2", login="jmartin", domain=UID, name="Jean Martin"),
    ),
    mailshares=(Mailshare(uid="9C", name="sales", domain=UID),),
)
NAMES = ["user/john^d", "user/jean", "user/jmartin", "sales"]
DAY = 86_400_000
NOON = 1_700_000_000_000

Start = Callable[..., BlueMindCore]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Generations 85 to 87 of a technical domain, of which nothing says what people call it."""
    place = tmp_path / "backups"
    for number in (85, 86, 87):
        write_spool(part_directory(place, number + 1000), [f"{name}@{UID}" for name in NAMES])
        begun = NOON + number * DAY
        part = {"id": number + 1000, "begin": begun, "end": begun}
        write_description(place, number, [part])
    return place


@pytest.fixture
def using(monkeypatch: pytest.MonkeyPatch, root: Path) -> Callable[[BlueMindCore], None]:
    """Sets where a core answers, and its key."""

    def use(core: BlueMindCore) -> None:
        monkeypatch.setenv("RESPOOL_BACKUPS", str(root))
        monkeypatch.setenv("RESPOOL_BLUEMIND_API", core.url)
        monkeypatch.setenv("RESPOOL_BLUEMIND_KEY", core.keys.core_token)

    return use


Use = Callable[[BlueMindCore], None]


@pytest.mark.parametrize("family", list(CoreFamily))
@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("jdoe@example.org", "john.d"),
        ("Boss@example.com", "john.d"),
        ("john doe", "john.d"),
        ("share/sales", "sales"),
    ],
)
def test_each_family_tells_who_is_meant(
    bluemind_core: Start, using: Use, family: CoreFamily, text: str, account: str
) -> None:
    using(bluemind_core(PEOPLE, version=family))

    assert document("show", text)["account"] == f"{account}@{UID}"


def test_what_the_backup_tells_is_not_asked(bluemind_core: Start, using: Use) -> None:
    core = bluemind_core(PEOPLE)
    using(core)

    document("show", f"jean@{UID}")

    assert core.requests.calls() == []


def test_two_people_of_one_name_are_an_error_whose_spellings_work(
    bluemind_core: Start, using: Use
) -> None:
    using(bluemind_core(PEOPLE))

    with pytest.raises(AmbiguousName) as raised:
        printed("show", "Jean Martin")

    assert f"user/jean@{UID} (Jean Martin) and user/jmartin@{UID}" in raised.value.what
    assert document("show", f"user/jmartin@{UID}")["account"] == f"jmartin@{UID}"


def test_only_what_reads_is_asked(bluemind_core: Start, using: Use) -> None:
    core = bluemind_core(PEOPLE)
    using(core)

    document("show", "John Doe")

    assert {each.path for each in core.requests.changes()} == {f"/directory/{UID}/_search"}


def test_a_core_that_is_away_changes_no_command_and_is_named_where_it_would_have_told(
    bluemind_core: Start, using: Use
) -> None:
    core = bluemind_core(PEOPLE)
    using(core)
    core.faults.add(Fault.answering(500), route="/system/installation/version")

    assert document("show", f"jean@{UID}")["account"] == f"jean@{UID}"
    with pytest.raises(AccountNotInGeneration) as raised:
        printed("show", "jdoe@example.org")
    assert "BlueMind's core was not asked" in (raised.value.why or "")


def settings_for(core: BlueMindCore, root: Path) -> Settings:
    options = {"backups": str(root), "bluemind_api": core.url}
    environment = {"RESPOOL_BLUEMIND_KEY": core.keys.core_token}
    return read_settings(options, environment, root / "none.toml")


class TestIdentity:
    JOHN = Account(kind=AccountKind.USER, login="john.d", domain=UID)

    def test_the_directory_names_people_as_acls_do(self, bluemind_core: Start, root: Path) -> None:
        told = directory_identity(settings_for(bluemind_core(PEOPLE), root), self.JOHN, None)

        assert (told.userid, told.silence) == (f"4F2A@{UID}", None)

    def test_nobody_of_that_name_is_nobody(self, bluemind_core: Start, root: Path) -> None:
        settings = settings_for(bluemind_core(PEOPLE), root)
        nobody = Account(kind=AccountKind.USER, login="gone", domain=UID)
        elsewhere = Account(kind=AccountKind.USER, login="john.d", domain="other.loc")

        assert directory_identity(settings, nobody, None).userid is None
        assert directory_identity(settings, elsewhere, None).silence is None

    def test_a_core_that_refuses_is_said(self, bluemind_core: Start, root: Path) -> None:
        core = bluemind_core(PEOPLE)
        core.faults.add(Fault.answering(500), route="/system/installation/version")
        told = directory_identity(settings_for(core, root), self.JOHN, None)

        assert told.userid is None
        assert "was not asked whose it is" in (told.silence or "")


class TestGenerations:
    def test_a_generation_that_goes_next_and_the_newest_have_their_ends(
        self, bluemind_core: Start, root: Path
    ) -> None:
        core = bluemind_core(PEOPLE, backup_root=root)
        core.policy = {"daily": 3, "weekly": None, "monthly": None}
        found = list_backups(settings_for(core, root), own_root=root).as_json()

        generations = found["generations"]
        assert isinstance(generations, list)
        assert [(each["generation"], each["goes_next"]) for each in generations] == [
            (87, False),
            (86, False),
            (85, True),
        ]
        assert all(each["kept_until"] for each in generations)

    def test_what_the_core_does_not_know_and_what_the_disk_lacks_are_said(
        self, bluemind_core: Start, root: Path
    ) -> None:
        core = bluemind_core(PEOPLE, backup_root=root)
        core.generations = [
            json.loads(json.dumps(each).replace("1085", "85")) for each in core.generations[:2]
        ]
        summary = list_backups(settings_for(core, root), own_root=root)
        found = {each.generation.label: each for each in summary.generations}

        assert found["87"].is_at_risk
        assert [each.code for each in found["87"].findings] == ["unknown-to-bluemind"]
        assert found["85"].standing is not None
        assert [each.code for each in found["85"].findings] == ["unknown-to-bluemind"]
        assert summary.bluemind is not None
        assert summary.bluemind.as_json()["lacking"] == [
            {"generation": 85, "part": 85, "server": "srv"}
        ]

    def test_a_key_without_the_role_for_the_policy_tells_the_rest(
        self, bluemind_core: Start, root: Path
    ) -> None:
        people = Installation(
            domains=PEOPLE.domains,
            users=(User(uid="1", login="a", domain=UID, roles=("manageRestore",)),),
        )
        core = bluemind_core(people, backup_root=root)
        options = {"backups": str(root), "bluemind_api": core.url}
        key = {"RESPOOL_BLUEMIND_KEY": core.keys.user_key(UID, "1")}
        said = list_backups(read_settings(options, key, root / "none.toml"), root).bluemind

        assert said is not None
        assert (said.as_json()["asked"], said.as_json()["retention"]) == (True, None)

    def test_a_restore_from_one_that_a_running_backup_deletes_is_warned(
        self, bluemind_core: Start, root: Path
    ) -> None:
        core = bluemind_core(PEOPLE, backup_root=root)
        core.policy = {"daily": 3, "weekly": None, "monthly": None}
        settings = settings_for(core, root)
        backup = backup_of(settings)
        oldest, newest = backup.generations[-1], backup.generations[0]

        assert going_findings(settings, backup, oldest, root) == ()
        running = json.loads(json.dumps(core.generations[-1]).replace("1087", "1088"))
        running |= {"id": 88}
        running["parts"][0]["end"] = None
        core.generations.append(running)
        warned = going_findings(settings, backup, oldest, root)

        assert [each.code for each in warned] == ["generation-may-go"]
        assert "writing generation 88, and then deletes this one, by its retention, 3 daily" in (
            warned[0].text
        )
        assert going_findings(settings, backup, newest, root) == ()

    def test_the_screen_says_what_is_kept_and_why_nobody_was_asked(
        self, bluemind_core: Start, using: Use
    ) -> None:
        core = bluemind_core(PEOPLE)
        using(core)

        assert "another's backup, or a copy" in printed("backups")
        core.faults.add(Fault.answering(500), route="/system/installation/version")
        assert "BlueMind's core was not asked" in printed("backups")
