"""Backup trees of every kind, built small: generations of one spool, and what lies beside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.support.small_spools import write_spool

NAMES = ("user/jdoe@b.loc", "contact@b.loc")


def write_generation(place: Path, names: Sequence[str] = NAMES, *, at: str | None = None) -> None:
    """A spool at ``place``, whose indexes and whose top are of ``at`` (ISO, with a zone)."""
    write_spool(place, names)
    if at is not None:
        for path in (*place.rglob("cyrus.index"), place):
            set_time(path, at)


def set_time(path: Path, at: str) -> None:
    """Set a file's or directory's time of modification to ``at`` (ISO, with a zone)."""
    seconds = datetime.fromisoformat(at).timestamp()
    os.utime(path, (seconds, seconds))


def write_rsnapshot(root: Path) -> None:
    """Three days and a week of machine ``localhost``, a copy under way, one being deleted."""
    for number, day in ((0, 20), (1, 19), (2, 18)):
        write_generation(root / f"daily.{number}/localhost")
        set_time(root / f"daily.{number}", f"2024-11-{day}T01:10:00Z")
    write_generation(root / "weekly.0/localhost")
    set_time(root / "weekly.0", "2024-11-10T01:10:00Z")
    write_generation(root / ".sync/localhost")
    write_generation(root / "_delete.1234/localhost")


def write_snapper(root: Path) -> None:
    """Snapshots 11 and 12; 12 has its description, 11 has lost it."""
    for number, at in ((11, "2024-11-18T01:00:00Z"), (12, "2024-11-19T01:00:00Z")):
        write_generation(root / f".snapshots/{number}/snapshot", at=at)
    text = (
        '<?xml version="1.0"?>\n<snapshot>\n  <type>single</type>\n  <num>12</num>\n'
        "  <date>2024-11-19 01:00:03</date>\n  <cleanup>timeline</cleanup>\n</snapshot>\n"
    )
    (root / ".snapshots/12/info.xml").write_text(text, "utf-8")


def write_dated(root: Path) -> None:
    """Three nights, the last one still being written, and a link to the newest."""
    for name in ("2024-11-17_0100", "2024-11-18_0100", "2024-11-19_0100.tmp"):
        write_generation(root / name)
    (root / "latest").symlink_to("2024-11-18_0100")
    (root / "mysql").mkdir()


def write_restic(root: Path) -> None:
    """Two nights of two servers under all four views."""
    for host, login, minute in (("mail1", "jdoe", "00"), ("mail2", "alice", "07")):
        for day in (18, 19):
            time = f"2024-11-{day}T01:{minute}:00+01:00"
            for view in ("snapshots", f"hosts/{host}", "tags/mail", f"ids/{login}{day}"):
                name = "" if view.startswith("ids") else time
                write_generation(root / view / name, [f"user/{login}@b.loc"])
        (root / f"hosts/{host}/latest").symlink_to(f"2024-11-19T01:{minute}:00+01:00")


def write_archives(root: Path) -> None:
    """Archives of two servers with dates, one of neither."""
    for host, login in (("mail1", "jdoe"), ("mail2", "alice")):
        for day in (18, 19):
            place = root / f"{host}-2024-11-{day}T01:00:00Z"
            write_generation(place, [f"user/{login}@b.loc"])
    write_generation(root / "before-move", at="2020-02-02T02:02:02Z")
    (root / "empty").mkdir()
