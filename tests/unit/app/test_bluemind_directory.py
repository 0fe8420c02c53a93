from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from respool.app.account_lookup import find_account
from respool.app.bluemind_directory import AskCore, LiveNames, told_by
from respool.backups.addresses import MapsOfThisMachine
from respool.backups.discovery import open_backup
from respool.bluemind.api_answers import ApiDomain, ApiMailbox
from respool.bluemind.directory_entries import ApiEntry, ApiServer
from respool.errors import (
    AccountNotInGeneration,
    AmbiguousName,
    BluemindFault,
    BluemindRefused,
    BluemindUnreachable,
)
from respool.model.accounts import AccountKind
from respool.model.generations import Generation
from tests.support.small_spools import (
    part_directory,
    write_description,
    write_mailbox,
    write_spool,
)

UID = "1718a2b3c4d.internal"


def mailbox(uid: str, name: str, *emails: str, kind: AccountKind | None = None) -> ApiMailbox:
    return ApiMailbox(
        uid=uid,
        name=name,
        kind=kind or AccountKind.USER,
        emails=emails,
        quota_kib=None,
        is_archived=False,
        data_location="bm-master",
    )


@dataclass
class Core:
    """A directory of two people and a mailshare without an address; ``asked``: what it was."""

    asked: list[str] = field(default_factory=list)
    names: dict[str, str] = field(
        default_factory=lambda: {"4F2A": "John Doe", "77": "Jane Doe", "9": "Équipe commerciale"}
    )
    may_list: bool = True

    boxes = (
        mailbox("4F2A", "john.d", "jdoe@example.org", "boss@example.com"),
        mailbox("77", "jane", "jane@example.org"),
        mailbox("9", "sales", kind=AccountKind.MAILSHARE),
    )

    def domains(self) -> tuple[ApiDomain, ...]:
        self.asked.append("domains")
        if not self.may_list:
            raise BluemindRefused("no role")
        return (ApiDomain(uid=UID, names=("example.org", "example.com")),)

    def mailbox_with(self, domain: str, email: str) -> ApiMailbox | None:
        self.asked.append(email)
        assert domain == UID
        return next((each for each in self.boxes if email.lower() in each.emails), None)

    def mailbox_called(self, domain: str, name: str) -> ApiMailbox | None:
        self.asked.append(name)
        assert domain == UID
        found = next((each for each in self.boxes if each.name == name), None)
        if found is None:
            raise BluemindFault("none", status=404)
        return found

    def mailbox(self, domain: str, uid: str) -> ApiMailbox | None:
        assert domain == UID
        return next(each for each in self.boxes if each.uid == uid)

    def servers(self) -> tuple[ApiServer, ...]:
        return (ApiServer(uid="bm-master", name="", addresses=("10.0.0.1",)),)

    def entries_like(self, domain: str, name: str) -> tuple[ApiEntry, ...]:
        self.asked.append(f"*{name}*")
        assert domain == UID
        folded = name.casefold()
        return tuple(
            ApiEntry(uid=uid, display_name=shown)
            for uid, shown in self.names.items()
            if folded in shown.casefold()
        )


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    """A technical domain, and nothing in the backup that says what people call it."""
    write_spool(tmp_path, [f"user/john^d@{UID}", f"user/jane@{UID}", f"sales@{UID}"])
    return open_backup(tmp_path).generations[0]


def live(core: Core | None, *, is_expected: bool = True) -> LiveNames:
    ask: AskCore = lambda question: None if core is None else question(core)  # noqa: E731
    maps = MapsOfThisMachine(etc=PurePosixPath("/nowhere"))
    return LiveNames(maps=maps, ask=ask, is_expected=is_expected)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("jdoe@example.org", "john.d"),
        ("Boss@Example.com", "john.d"),
        ("user/jdoe@example.org", "john.d"),
        ("jane@example.com", "jane"),  # her login, in an alias where she has no address
        ("John Doe", "john.d"),
        ("doe  john", "john.d"),
        ("équipe COMMERCIALE", "sales"),
        ("share/Équipe commerciale", "sales"),
    ],
)
def test_the_core_tells_what_the_backup_does_not(
    generation: Generation, text: str, login: str
) -> None:
    assert find_account(generation, text, live(Core())).login == login


@pytest.mark.parametrize("text", [f"john.d@{UID}", "john.d", "user/jane", "SALES"])
def test_the_core_is_not_asked_what_the_backup_tells(generation: Generation, text: str) -> None:
    core = Core()

    find_account(generation, text, live(core))

    assert core.asked == []


def test_a_name_of_two_people_is_an_error_that_says_who_they_are(generation: Generation) -> None:
    core = Core(names={"4F2A": "Jean Martin", "77": "Jean Martin"})

    with pytest.raises(AmbiguousName) as raised:
        find_account(generation, "Jean Martin", live(core))

    assert f"user/john.d@{UID} (Jean Martin) and user/jane@{UID}" in raised.value.what


def test_of_two_people_one_is_not_meant_because_the_backup_lacks_the_other(
    tmp_path: Path,
) -> None:
    write_spool(tmp_path, [f"user/jane@{UID}"])
    core = Core(names={"4F2A": "Jean Martin", "77": "Jean Martin"})

    with pytest.raises(AmbiguousName):
        find_account(open_backup(tmp_path).generations[0], "Jean Martin", live(core))


def test_part_of_a_name_means_nobody_and_says_whose_names_have_it(generation: Generation) -> None:
    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(generation, "Doe", live(Core()))

    why = raised.value.why or ""
    assert f"user/john.d@{UID} (John Doe), user/jane@{UID} (Jane Doe)" in why


def test_somebody_who_is_live_and_not_in_the_backup_is_named(tmp_path: Path) -> None:
    write_spool(tmp_path, [f"user/jane@{UID}"])

    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(open_backup(tmp_path).generations[0], "jdoe@example.org", live(Core()))

    assert f"BlueMind means user/john.d@{UID}" in (raised.value.why or "")


def test_a_core_that_is_away_is_said_and_stops_nothing(generation: Generation) -> None:
    def away(_: object) -> None:
        raise BluemindUnreachable("nothing answers at localhost:8090", why="refused")

    names = LiveNames(
        maps=MapsOfThisMachine(etc=PurePosixPath("/nowhere")), ask=away, is_expected=True
    )

    assert find_account(generation, "jane", names).login == "jane"
    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(generation, "jdoe@example.org", names)
    assert "core was not asked: nothing answers at localhost:8090: refused" in str(
        raised.value.why
    )


@pytest.mark.parametrize(("is_expected", "is_said"), [(True, True), (False, False)])
def test_that_no_key_is_set_is_said_of_a_backup_of_bluemind_alone(
    generation: Generation, *, is_expected: bool, is_said: bool
) -> None:
    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(generation, "John Doe", live(None, is_expected=is_expected))

    assert ("RESPOOL_BLUEMIND_KEY_FILE" in (raised.value.why or "")) is is_said


def test_the_same_name_is_asked_once_for_all_generations(generation: Generation) -> None:
    core = Core()
    names = live(core)

    for _ in range(3):
        find_account(generation, "jdoe@example.org", names)

    assert core.asked.count("domains") == 1


def test_of_an_address_no_other_domain_is_asked() -> None:
    """A host has hundreds."""
    core = Core()

    assert told_by(core, "nobody@elsewhere.org", [UID]).accounts == ()
    assert core.asked == ["domains"]


def test_a_key_that_may_not_list_domains_asks_about_those_of_the_backup() -> None:
    told = told_by(Core(may_list=False), "boss@example.com", [UID])

    assert [each.account.login for each in told.accounts] == ["john.d"]


class TestNotInTheGeneration:
    """The account is live, and the generation has nothing of that name."""

    def why(self, root: Path) -> str:
        with pytest.raises(AccountNotInGeneration) as raised:
            find_account(open_backup(root).generations[0], "jdoe@example.org", live(Core()))
        return raised.value.why or ""

    def backed_up(self, root: Path, server: str, address: str, name: str = "user/jane") -> Path:
        write_spool(part_directory(root, 12, address), [f"{name}@{UID}"])
        write_description(root, 1, [{"id": 12, "server": server}])
        return root

    def test_that_no_part_is_of_its_server_is_said(self, tmp_path: Path) -> None:
        why = self.why(self.backed_up(tmp_path, "srv2", "10.0.0.2"))

        assert "its mail lies on bm-master, of which the generation has no part" in why

    @pytest.mark.parametrize(
        ("server", "address"), [("bm-master", "10.0.0.9"), ("srv2", "10.0.0.1")]
    )
    def test_a_part_of_its_server_is_known_by_uid_and_by_address(
        self, tmp_path: Path, server: str, address: str
    ) -> None:
        assert "no part" not in self.why(self.backed_up(tmp_path, server, address))

    def test_whose_login_was_another_is_named_by_the_rights_of_the_old_one(
        self, tmp_path: Path
    ) -> None:
        root = self.backed_up(tmp_path, "bm-master", "10.0.0.1", "user/jdupont")
        below = f"b_loc/domain/q/{UID}/j/user/jdupont"
        base = part_directory(root, 12) / "var/spool/cyrus"
        header = f"\t1\n\n4F2A@{UID}\tlrswipkxtea\t\n"
        for found in base.rglob("jdupont"):
            below = str(found.relative_to(base).relative_to(found.relative_to(base).parts[0]))
        write_mailbox(base / "meta" / below, base / "data" / below, header=header)

        assert f"user/jdupont@{UID} belongs to 4F2A@{UID} there" in self.why(root)


def test_an_account_that_moved_to_another_server_since_is_found_where_it_was(
    tmp_path: Path,
) -> None:
    write_spool(part_directory(tmp_path, 11, "10.0.0.1"), [f"user/jane@{UID}"])
    write_spool(part_directory(tmp_path, 12, "10.0.0.2"), [f"user/john^d@{UID}"])
    write_description(tmp_path, 1, [{"id": 11}, {"id": 12, "server": "srv2"}])

    found = find_account(open_backup(tmp_path).generations[0], "jdoe@example.org", live(Core()))

    assert found.login == "john.d"
