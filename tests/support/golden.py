"""The golden spools: small samples written by real servers, and how to unpack them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPOOLS = Path(__file__).resolve().parents[1] / "golden" / "spools"
VERSIONS = ("2.4.20", "2.5.17", "3.0.18", "3.2.12", "3.4.9", "3.8.7", "3.10.3")
DAMAGED_VERSIONS = ("3.0.18", "3.8.7")
INTACT = "intact"
DATAPROTECT_PARTS = ("1232", "1233", "1234")
BM4_PART = "412"
BACKUP_ROOT = Path("var/backups/bluemind")


def damages() -> tuple[str, ...]:
    """Names of the damages, sorted, the same for each version; ``INTACT`` is not one."""
    archives = (SPOOLS / "damaged" / DAMAGED_VERSIONS[0]).glob("*.tar.gz")
    names = {archive.name.removesuffix(".tar.gz") for archive in archives}
    return tuple(sorted(names - {INTACT}))


def unpack_spool(version: str, into: Path) -> Path:
    """Unpack the spool that Cyrus ``version`` wrote, and return ``into``.

    Below it lie ``etc/imapd.conf``, ``var/spool/cyrus/{data,meta}`` and ``var/lib/cyrus``.
    """
    return unpack(SPOOLS / version / "spool.tar.gz", into)


def unpack_dataprotect(into: Path) -> Path:
    """Unpack the DataProtect tree of generations 87 to 89, and return its backup root."""
    return unpack(SPOOLS / "dataprotect" / "backups.tar.gz", into) / BACKUP_ROOT


def unpack_dataprotect_bm4(into: Path) -> Path:
    """Unpack the tree in the manner of BlueMind 4, generation 31, and return its root."""
    return unpack(SPOOLS / "dataprotect-bm4" / "backups.tar.gz", into) / BACKUP_ROOT


def unpack_live(into: Path) -> Path:
    """Unpack the server's own spool on the morning after part 1234, and return ``into``."""
    return unpack(SPOOLS / "dataprotect" / "live.tar.gz", into)


def unpack_damaged(version: str, damage: str, into: Path) -> Path:
    """Unpack the account that was spoiled by ``damage`` (or ``INTACT``); returns ``into``."""
    return unpack(SPOOLS / "damaged" / version / f"{damage}.tar.gz", into)


def unpack(archive: Path, into: Path) -> Path:
    """Unpack ``archive`` as it is, and return ``into``, which is made if need be.

    Owners (as root), modes, mtimes and hard links are kept; symbolic links and named
    pipes are made as they are, wherever they point: only our own archives go here.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, _path: member  # ours; before 3.11.4 nobody asks
        tar.extractall(into)
    return into


def truth(path_name: str) -> Mapping[str, Any]:
    """A truth file as parsed, by its path below the spools (``dataprotect/truth-1233.json``).

    A version alone (``3.0.18``) means its ``truth.json``.
    """
    name = f"{path_name}/truth.json" if path_name in VERSIONS else path_name
    parsed: dict[str, Any] = json.loads((SPOOLS / name).read_text("utf-8"))
    return parsed


def expected_of_damage(version: str, damage: str) -> Mapping[str, Any]:
    """What is still intact after ``damage``: lists of UIDs by state, flags, a remark."""
    everything = json.loads((SPOOLS / "damaged" / "expected.json").read_text("utf-8"))
    expected: dict[str, Any] = everything[version][damage]
    return expected
