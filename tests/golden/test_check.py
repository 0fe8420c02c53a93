"""``check`` of the golden spools: each damage gives its findings and files, and no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from respool.app.check import CheckWish, opened_check
from respool.app.check_report import CheckReport
from respool.app.settings import read_settings
from tests.support import golden

DATA = "data/bluemind_loc/domain/b/bluemind.loc/a/user/anna"
META = "meta/bluemind_loc/domain/b/bluemind.loc/a/user/anna"
ACCOUNT = "anna@bluemind.loc"

# Findings by code and file, both relative to anna's INBOX; None where it is about no file.
EXPECTED: dict[str, set[tuple[str, str | None]]] = {
    "intact": set(),
    "cache-missing": {("cache-missing", f"{META}/cyrus.cache")},
    "cache-truncated": {("cache-records-damaged", f"{META}/cyrus.cache")},
    "data-without-meta": {
        ("header-missing", f"{META}/cyrus.header"),
        ("index-missing", f"{META}/cyrus.index"),
    },
    "directory-with-symlink-to-etc-passwd": {("unsafe-entry", f"{DATA}/passwd")},
    "extra-message-without-record": {("message-file-without-record", f"{DATA}/99.")},
    "header-empty": {
        ("header-unreadable", f"{META}/cyrus.header"),
        ("keyword-without-name", None),
    },
    "header-garbage": {
        ("header-unreadable", f"{META}/cyrus.header"),
        ("keyword-without-name", None),
    },
    "header-missing": {
        ("header-missing", f"{META}/cyrus.header"),
        ("keyword-without-name", None),
    },
    "hot-copy": {
        ("message-file-missing", f"{DATA}/7."),
        ("message-file-missing", f"{DATA}/8."),
        ("message-file-without-record", f"{DATA}/9."),
    },
    "index-cut-in-header": {("index-unreadable", f"{META}/cyrus.index")},
    "index-cut-in-record-3": {
        ("index-cut", f"{META}/cyrus.index"),
        *(("message-file-without-record", f"{DATA}/{uid}.") for uid in range(3, 9)),
    },
    "index-header-record-count-too-high": {("index-count-too-high", f"{META}/cyrus.index")},
    "index-zero-bytes": {("index-unreadable", f"{META}/cyrus.index")},
    "message-file-bytes-changed": {("guid-differs", f"{DATA}/5.")},
    "message-file-empty": {("message-file-size-differs", f"{DATA}/5.")},
    "message-file-is-fifo": {
        ("message-file-missing", f"{DATA}/5."),
        ("unsafe-entry", f"{DATA}/5."),
    },
    "message-file-is-symlink": {
        ("message-file-missing", f"{DATA}/5."),
        ("unsafe-entry", f"{DATA}/5."),
    },
    "message-file-missing": {("message-file-missing", f"{DATA}/5.")},
    "message-file-truncated": {("message-file-size-differs", f"{DATA}/5.")},
    "meta-without-data": {
        ("message-file-missing", f"{DATA}/{uid}.") for uid in (1, 2, 3, 5, 6, 7, 8)
    },
    "name-not-valid-utf7": {("name-not-decodable", f"{META}/Factures &AOk")},
    "name-with-newline": {("name-not-decodable", f"{META}/Fac\ntures")},
}
# What the samples lack by design: databases beside the damaged account, an HSM store.
BY_DESIGN = {"databases-missing", "hsm-store-missing", "part-not-valid"}


def check(place: Path, *, account: str | None = None, jobs: int = 1) -> CheckReport:
    settings = read_settings({"backups": str(place)})
    wish = CheckWish(account=account, jobs=jobs, is_detailed=True)
    with opened_check(settings, wish) as opened:
        return opened.run(lambda _progress: None)


def found_in(report: CheckReport) -> set[tuple[str, str | None]]:
    listed = [each for folder in report.folders for each in folder.findings]
    return {
        (each.code, None if each.file is None else str(each.file).removeprefix("var/spool/cyrus/"))
        for each in (*listed, *report.findings.kept)
        if each.code not in BY_DESIGN
    }


def test_every_damage_is_expected() -> None:
    assert set(EXPECTED) == {golden.INTACT, *golden.damages()}


@pytest.mark.parametrize("damage", EXPECTED)
def test_a_damage_gives_exactly_its_findings(
    damage: str,
    as_root: None,
    tmp_path: Path,
    unchanged: Callable[[Path], AbstractContextManager[None]],
) -> None:
    """Of one version: what is read of each is what `test_damaged` compares."""
    version = golden.DAMAGED_VERSIONS[len(damage) % 2]
    place = golden.unpack_damaged(version, damage, tmp_path)

    with unchanged(place):
        whole = check(place)
        account = check(place, account=ACCOUNT)

    assert found_in(whole) == EXPECTED[damage]
    assert found_in(account) == EXPECTED[damage]
    assert account.is_sound == (damage == golden.INTACT)


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_an_intact_spool_is_sound_and_is_read_whole(
    version: str, as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_spool(version, tmp_path)

    report = check(place, jobs=2)

    assert found_in(report) == set()
    files = [path for path in place.glob("var/spool/cyrus/**/*.") if path.is_file()]
    inodes = {path.stat().st_ino: path.stat().st_size for path in files}
    assert (report.files, report.size_bytes) == (len(inodes), sum(inodes.values()))


def test_every_generation_of_a_backup_tree_is_sound(backup_tree: Path) -> None:
    assert found_in(check(backup_tree)) == set()
