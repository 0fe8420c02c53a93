from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from respool.backups.caches import mapped_cache
from respool.backups.contents import (
    accounts_in,
    all_mailboxes,
    findings_of,
    list_accounts,
    mailboxes_of,
    read_mailbox,
    root_mailbox,
)
from respool.backups.discovery import open_backup
from respool.backups.source import SourceMailbox, open_message, read_header
from respool.cyrus.spool_paths import PathRules
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.generations import Generation
from respool.model.inventory import IN_DATA
from tests.support import golden
from tests.support.inventories import spool_generation
from tests.support.small_spools import OCTETS, mailbox_name, write_mailbox, write_spool

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
SPOOL = PurePosixPath("var/spool/cyrus")


def paths(generation: Generation, account: Account) -> list[str]:
    return [folder_path(source.name) for source in mailboxes_of(generation, account)]


def only(generation: Generation, account: Account) -> SourceMailbox:
    sources = mailboxes_of(generation, account)
    assert len(sources) == 1
    return sources[0]


@pytest.mark.parametrize(
    "rules",
    [PathRules(), PathRules(is_hashed=False), PathRules(is_hashed_in_full=True)],
    ids=["hashed", "flat", "fulldirhash"],
)
@pytest.mark.parametrize("domain", ["@b.loc", ""], ids=["domain", "no-domain"])
def test_every_names_layout_is_discovered(tmp_path: Path, rules: PathRules, domain: str) -> None:
    names = ["user/jdoe", "user/jdoe/Sent", "user/john.doe", "contact", "contact/Archives"]
    write_spool(tmp_path, [name + domain for name in names], rules=rules)
    generation = spool_generation(tmp_path)

    accounts = list(accounts_in(generation))
    found = [source.name for each in accounts for source in mailboxes_of(generation, each)]

    assert [account.address for account in accounts] == [
        f"contact{domain}",
        f"jdoe{domain}",
        f"john.doe{domain}",
    ]
    assert sorted(name.display for name in found) == sorted(name + domain for name in names)
    assert all(
        not source.findings for each in accounts for source in mailboxes_of(generation, each)
    )


def test_a_mailshare_s_folders_come_from_all_letters(tmp_path: Path) -> None:
    names = ["contact", "contact/Archives", "contact/restored/2017", "contact/&AMk-t&AOk-"]
    write_spool(tmp_path, [f"{name}@b.loc" for name in names])

    assert paths(spool_generation(tmp_path), CONTACT) == [
        "INBOX",
        "Été",
        "Archives",
        "restored/2017",
    ]


def test_deleted_mailboxes_belong_to_the_account_they_had(tmp_path: Path) -> None:
    names = ["user/jdoe", "DELETED/user/jdoe/Old/673A6780", "DELETED/contact/Old/673A6781"]
    write_spool(tmp_path, [f"{name}@b.loc" for name in names])
    generation = spool_generation(tmp_path)

    assert paths(generation, JDOE) == ["DELETED/Old/673A6780", "INBOX"]
    assert paths(generation, CONTACT) == ["DELETED/Old/673A6781"]
    assert {(each.account.login, each.is_deleted) for each in list_accounts(generation)} == {
        ("jdoe", False),
        ("contact", True),
    }


def test_one_login_in_two_domains_is_two_accounts(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"], partition="b_loc")
    write_spool(tmp_path, ["user/jdoe@c.org", "user/jdoe/Sent@c.org"], partition="c_org")

    assert paths(spool_generation(tmp_path), JDOE) == ["INBOX"]


def test_a_folder_under_a_letter_that_cannot_be_right_is_kept_with_a_finding(
    tmp_path: Path,
) -> None:
    write_spool(tmp_path, ["contact@b.loc"])
    base = tmp_path / SPOOL
    wrong = PurePosixPath("b_loc/domain/b/b.loc/c/contact/jobs")
    write_mailbox(base / "meta" / wrong, base / "data" / wrong)

    found = {
        folder_path(source.name): [finding.code for finding in source.findings]
        for source in mailboxes_of(spool_generation(tmp_path), CONTACT)
    }

    assert found == {"INBOX": [], "jobs": ["letter-differs"]}


def test_a_mailbox_found_twice_is_kept_twice_under_two_names(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"], partition="b_loc")
    write_spool(tmp_path, ["user/jdoe@b.loc"], partition="c_org")

    sources = mailboxes_of(spool_generation(tmp_path), JDOE)

    assert [source.name.parts[-1] for source in sources] == ["jdoe", "jdoe~2"]
    assert [finding.code for source in sources for finding in source.findings] == [
        "mailbox-found-twice"
    ]


def test_an_account_in_two_parts_has_the_mailboxes_of_both(tmp_path: Path) -> None:
    write_spool(tmp_path / "one", ["user/jdoe@b.loc"])
    write_spool(tmp_path / "two", ["user/jdoe/Sent@b.loc", "user/asmith@b.loc"])
    one, two = spool_generation(tmp_path / "one"), spool_generation(tmp_path / "two")
    both = replace(one, parts=(*one.parts, *two.parts))

    assert paths(both, JDOE) == ["INBOX", "Sent"]
    assert [account.login for account in accounts_in(both)] == ["asmith", "jdoe"]


def test_meta_beside_the_messages_is_the_oldest_layout(tmp_path: Path) -> None:
    directory = tmp_path / SPOOL / "b_loc" / "domain" / "b" / "b.loc" / "j" / "user" / "jdoe"
    write_mailbox(directory, directory, uids=(1, 2))
    generation = spool_generation(tmp_path)

    source = only(generation, JDOE)
    mailbox = read_mailbox(source)

    assert source.place.partition == "b_loc"
    assert source.place.meta is None
    assert mailbox.restorable().sum() == 2
    assert mailbox.findings == ()


def test_a_mailbox_with_an_archive_only_is_found(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/asmith@b.loc"])
    archived = tmp_path / "var/spool/bm-hsm/cyrus-archives/b_loc/domain/b/b.loc/j/user/jdoe"
    archived.mkdir(parents=True)
    (archived / "1.").write_bytes(OCTETS)

    source = only(spool_generation(tmp_path), JDOE)

    assert (source.place.data, source.place.meta) == (None, None)
    assert read_mailbox(source).orphans["uid"].tolist() == [1]


def test_the_uuid_layout_is_read_by_the_names_in_the_headers(tmp_path: Path) -> None:
    base = tmp_path / SPOOL
    header = "%(T e N b.loc!user.jdoe.v1^2 I ab12 A %(jdoe lrs))\n"
    below = PurePosixPath("b_loc/uuid/a/b/ab12")
    write_mailbox(base / "meta" / below, base / "data" / below, header=header)
    nameless = PurePosixPath("b_loc/uuid/c/d/cd34")
    write_mailbox(base / "meta" / nameless, base / "data" / nameless)
    generation = spool_generation(tmp_path)

    source = only(generation, JDOE)

    assert source.name == mailbox_name("user/jdoe/v1.2@b.loc")
    assert read_mailbox(source).restorable().sum() == 1
    assert [finding.code for finding in findings_of(generation)] == ["mailbox-without-name"]


def test_directories_above_mailboxes_are_no_mailboxes(tmp_path: Path) -> None:
    write_spool(tmp_path, ["contact/zzz/inner@b.loc"])

    assert paths(spool_generation(tmp_path), CONTACT) == ["zzz/inner"]


def test_links_to_directories_are_not_followed(tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", ["user/jdoe@b.loc"])
    write_spool(tmp_path / "other", ["user/jdoe/Stolen@b.loc"])
    below = SPOOL / "data/b_loc/domain/b/b.loc/j/user/jdoe"
    (tmp_path / "spool" / below / "Stolen").symlink_to(tmp_path / "other" / below / "Stolen")
    (tmp_path / "spool" / below.parent / "asmith").symlink_to(tmp_path / "other" / below)
    generation = spool_generation(tmp_path / "spool")

    assert paths(generation, JDOE) == ["INBOX"]
    assert [account.login for account in accounts_in(generation)] == ["jdoe"]


def test_a_message_is_opened_from_a_source_made_again_of_its_places(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    source = only(spool_generation(tmp_path), JDOE)
    again = SourceMailbox(
        name=source.name, spool=PurePosixPath(str(source.spool)), place=source.place
    )

    with open_message(again, 1, IN_DATA) as file:
        assert file.read() == OCTETS
    with mapped_cache(again) as cache:
        assert cache is None


def test_index_and_header_are_taken_from_data_where_meta_has_only_the_cache(
    tmp_path: Path,
) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    below = PurePosixPath("b_loc/domain/b/b.loc/j/user/jdoe")
    meta, data = tmp_path / SPOOL / "meta" / below, tmp_path / SPOOL / "data" / below
    for file_name in ("cyrus.index", "cyrus.header"):
        (meta / file_name).rename(data / file_name)

    mailbox = read_mailbox(only(spool_generation(tmp_path), JDOE))

    assert mailbox.has_index
    assert mailbox.acl == {"anyone": "lrs"}


def test_an_empty_spool_has_no_accounts(tmp_path: Path) -> None:
    assert list(accounts_in(spool_generation(tmp_path))) == []


@pytest.mark.parametrize(
    "rules",
    [PathRules(), PathRules(is_hashed=False), PathRules(is_hashed_in_full=True)],
    ids=["hashed", "flat", "fulldirhash"],
)
@pytest.mark.parametrize("domain", ["b.loc", None], ids=["domain", "no-domain"])
def test_the_root_of_an_account_is_found_alone(
    tmp_path: Path, rules: PathRules, domain: str | None
) -> None:
    names = ["user/jdoe", "user/jdoe/Sent", "user/john.doe", "contact", "contact/Archives"]
    write_spool(tmp_path, [f"{name}@{domain}" if domain else name for name in names], rules=rules)
    generation = spool_generation(tmp_path)

    for login, kind in (("jdoe", JDOE.kind), ("john.doe", JDOE.kind), ("contact", CONTACT.kind)):
        account = Account(kind=kind, login=login, domain=domain)
        source = root_mailbox(generation, account)
        assert source is not None
        assert source == next(
            s for s in mailboxes_of(generation, account) if s.name == source.name
        )
        assert source.name == account.root


def test_an_account_without_a_root_has_no_root_mailbox(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe/Sent@b.loc", "user/jdoe@c.org", "contact@b.loc"])

    assert root_mailbox(spool_generation(tmp_path), JDOE) is None


@pytest.mark.parametrize("likely", [(), ("ab12",), ("ee99", "../ab12", "ab12")])
def test_the_root_is_found_in_the_uuid_layout_with_and_without_a_likely_id(
    tmp_path: Path, likely: tuple[str, ...]
) -> None:
    base = tmp_path / SPOOL
    for uniqueid, name in (("ab12", "b.loc!user.jdoe"), ("cd34", "b.loc!user.jdoe.Sent")):
        below = Path("b_loc/uuid", uniqueid[0], uniqueid[1], uniqueid)
        header = f"%(T e N {name} I {uniqueid} A %(jdoe@b.loc lrswipkxtecda))\n"
        write_mailbox(base / "meta" / below, base / "data" / below, header=header)

    source = root_mailbox(spool_generation(tmp_path), JDOE, likely)

    assert source is not None
    header_read = read_header(source)
    assert header_read is not None
    assert header_read.uniqueid == "ab12"


def test_a_header_that_is_none_reads_as_none(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    source = only(spool_generation(tmp_path), JDOE)
    assert source.place.meta is not None
    header = tmp_path / source.place.meta / "cyrus.header"
    header.write_bytes(b"garbage")

    assert read_header(source) is None

    header.unlink()
    assert read_header(source) is None


@pytest.mark.parametrize("unpack", [golden.unpack_dataprotect, golden.unpack_dataprotect_bm4])
def test_one_walk_gives_every_account_the_mailboxes_that_it_has_by_itself(
    unpack: Callable[[Path], Path], tmp_path: Path
) -> None:
    for generation in open_backup(unpack(tmp_path)).generations:
        each_alone = {
            account: mailboxes_of(generation, account) for account in accounts_in(generation)
        }

        assert all_mailboxes(generation) == each_alone
