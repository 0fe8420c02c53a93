"""Is the machine's clock to be believed, by what was written before? Values in, reasons out.

What goes back in time is what the server dates itself: UIDVALIDITY of new folders is the time
of their creation (imap/mboxname.c, ``mboxname_nextuidvalidity``), and so are modification dates.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from respool.cyrus.index import IndexHeader
from respool.model.checks import Check, Mark
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity

_TOLERATED: Final = timedelta(days=1)
_OF_A_BACKUP: Final = timedelta(hours=1)
_END_OF_TIME: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSigns:
    """What of the live server was written last, each None where unknown.

    ``mail`` is when the account's newest message came or its newest folder was made, by their
    indexes; ``databases`` when the server's list of mailboxes was written.
    """

    mail: datetime | None
    databases: datetime | None


def newest_in(headers: Iterable[IndexHeader]) -> datetime | None:
    """The newest time that the indexes of live mailboxes speak of."""
    times = [time for each in headers for time in (each.last_appenddate, each.uidvalidity)]
    fitting = [time for time in times if 0 < time < _END_OF_TIME]
    return datetime.fromtimestamp(max(fitting), UTC) if fitting else None


def clock_reasons(now: datetime, signs: ClockSigns) -> tuple[str, ...]:
    """Where both signs are more than a day ahead of ``now``: one alone may be damaged."""
    if not _is_ahead(signs.mail, now) or not _is_ahead(signs.databases, now):
        return ()
    reason = (
        f"the clock of this machine says {_shown(now)}, but the live account was written at"
        f" {_shown(signs.mail)} and the server's databases at {_shown(signs.databases)}: set it,"
        " for new folders get their ids and dates from it"
    )
    return (reason,)


def clock_findings(now: datetime, signs: ClockSigns) -> tuple[Finding, ...]:
    """One sign alone is said."""
    ahead = [each for each in (signs.mail, signs.databases) if _is_ahead(each, now)]
    if len(ahead) != 1:
        return ()
    text = (
        f"something of the live account or server is dated {_shown(ahead[0])}, which is to come"
        " by this machine's clock"
    )
    return (_doubtful("the clock", text),)


def backup_findings(now: datetime, taken_at: datetime | None) -> tuple[Finding, ...]:
    """A backup of a time that is to come."""
    if taken_at is None or taken_at - now <= _OF_A_BACKUP:
        return ()
    text = f"it is dated {_shown(taken_at)}, which is to come by this machine's clock"
    return (_doubtful("the generation", text),)


def clock_check(now: datetime, databases: datetime | None, newest: datetime | None) -> Check:
    """The clock against the server's databases and the ``newest`` generation."""
    ahead = [
        f"{what} is dated {_shown(time)}"
        for what, time, tolerated in (
            ("the server's list of mailboxes", databases, _TOLERATED),
            ("the newest backup", newest, _OF_A_BACKUP),
        )
        if time is not None and time - now > tolerated
    ]
    if not ahead:
        return Check(what="clock", mark=Mark.OK, found=_shown(now))
    found = f"{_shown(now)}, but {' and '.join(ahead)}"
    return Check(what="clock", mark=Mark.NOTE, found=found, hint="is the clock right?")


def _is_ahead(time: datetime | None, now: datetime) -> bool:
    return time is not None and time - now > _TOLERATED


def _shown(time: datetime | None) -> str:
    return "?" if time is None else f"{time:%Y-%m-%d %H:%M} UTC"


def _doubtful(subject: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code="clock-doubtful", subject=subject, text=text)
