"""Spools of servers that do not run, found by an imapd.conf as those of a live server are."""

from __future__ import annotations

from pathlib import Path

from respool.app.settings import Settings


def at_its_place(root: Path) -> Path:
    """The ``etc/imapd.conf`` of a spool below ``root``, made to name its directories there."""
    file = root / "etc" / "imapd.conf"
    file.write_text(file.read_text("utf-8").replace(": /var/", f": {root}/var/"), "utf-8")
    return file


def settings_for(imapd_conf: Path, *, backups: Path | None = None) -> Settings:
    """Settings that name this server, and a backup."""
    return Settings(
        backups=backups or imapd_conf.parent / "no-backups",
        imapd_conf=imapd_conf,
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=imapd_conf.parent / "state",
    )
