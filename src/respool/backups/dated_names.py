"""When a backup was taken, by the name of its directory.

Sources: zfsonlinux/zfs-auto-snapshot, src/zfs-auto-snapshot.sh (UTC); jimsalterjrs/sanoid
(its systemd unit sets UTC, by hand it is local time: issue 560); restic, cmd_mount.go
(RFC 3339); Samba's vfs_shadow_copy2 (``@GMT-`` is UTC); common use of ``date(1)``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from respool.model.dataclasses import dataclass

_DATE: Final = re.compile(
    r"""(?<![0-9])
    (?P<year>(?:19|20)[0-9]{2})(?P<between>[-._]?)(?P<month>[0-9]{2})(?P=between)(?P<day>[0-9]{2})
    (?:[T_\ .:@-]?(?P<hour>[01][0-9]|2[0-3])(?P<colon>[-:.h_]?)(?P<minute>[0-5][0-9])
       (?:(?P=colon)(?P<second>[0-5][0-9])(?:[.,][0-9]{1,9})?)?
       (?P<zone>Z|[-_\ ]?UTC|[+-][0-9]{2}:?[0-9]{2})?
    )?
    (?![0-9])""",
    re.ASCII | re.VERBOSE,
)
_UNDERWAY: Final = re.compile(
    r"(?:^|[._-])(?:tmp|temp|partial|incomplete|in[._-]?progress|running|unfinished|sync)"
    r"(?:$|[._-])",
    re.ASCII | re.IGNORECASE,
)
_RETENTION: Final = re.compile(
    r"(?:^|[._-])(?:frequent(?:ly)?|hourly|daily|weekly|monthly|yearly)(?=$|[._-])",
    re.ASCII | re.IGNORECASE,
)
_OF_UTC: Final = ("zfs-auto-snap", "@GMT", "autosnap")
_OF_UTC_PERHAPS: Final = "autosnap"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedName:
    """What a directory's name says.

    ``taken_at`` is aware UTC; ``is_about`` where the name has no hour, or not for certain
    a zone. ``prefix`` is what stands before the date without words such as ``daily``,
    often a server.
    """

    taken_at: datetime
    is_about: bool
    prefix: str


def date_in(name: str, zone: tzinfo | None = None) -> DatedName | None:
    """The date in a directory's name, its first; None where it has none.

    Without a zone in the name it is meant in ``zone``, the machine's own where None; a
    bare date is the beginning of that day.

    >>> date_in("mail1-2024-11-19T01:00:00Z").taken_at.isoformat()
    '2024-11-19T01:00:00+00:00'
    >>> date_in("2024-11-19", UTC).is_about, date_in("2024-13-45"), date_in("daily.0")
    (True, None, None)
    """
    for found in _DATE.finditer(name):
        try:
            moment = _moment(found, name, zone)
        except (ValueError, OverflowError):
            continue
        return DatedName(
            taken_at=moment,
            is_about=found["hour"] is None or name.startswith(_OF_UTC_PERHAPS),
            prefix=_RETENTION.sub("", name[: found.start()]).strip("-_.:@ "),
        )
    return None


def is_underway(name: str) -> bool:
    """Whether a name says that a copy is still being written: ``.sync``, ``2024-11-19.tmp``."""
    return _UNDERWAY.search(name) is not None


def _moment(found: re.Match[str], name: str, zone: tzinfo | None) -> datetime:
    numbers = [int(found[field] or 0) for field in ("year", "month", "day", "hour", "minute")]
    year, month, day, hour, minute = numbers
    moment = datetime(year, month, day, hour, minute, int(found["second"] or 0))  # noqa: DTZ001
    meant = _zone(found["zone"]) or (UTC if name.startswith(_OF_UTC) else zone)
    aware = moment.astimezone() if meant is None else moment.replace(tzinfo=meant)
    return aware.astimezone(UTC)


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if not text[-1].isdigit():
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
