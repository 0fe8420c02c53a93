"""Conditions as people type them, and as they are said to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, tzinfo
from typing import Final

from respool.model.ages import parse_age
from respool.model.conditions import Conditions
from respool.model.messages import SYSTEM_FLAGS, is_keyword
from respool.model.state import UidSet

_SIZE: Final = re.compile(r"([0-9]{1,15}) ?([KkMmGg]?)[Bb]?", re.ASCII)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_GUID: Final = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"[\w@.+$\\/*=:-]+")
_FLAGS: Final = {name.removeprefix("\\").lower(): name for _, name in SYSTEM_FLAGS}
_SHOWN: Final = 3


def parse_when(text: str, zone: tzinfo | None, now: datetime) -> datetime:
    """A day (its begin), a time, or how long ago: ``2017-10-03``, ``2017-10-03T18:00``, ``3d``.

    ``zone`` is where days and times are meant, the machine's own where None. UTC, whole
    seconds.

    Raises:
        ValueError: something else.

    >>> parse_when("2017-10-03", UTC, datetime.max).isoformat()
    '2017-10-03T00:00:00+00:00'
    """
    wanted = text.strip()
    try:
        if _DAY.fullmatch(wanted):
            moment = datetime.combine(datetime.fromisoformat(wanted).date(), time.min)
        elif _TIME.fullmatch(wanted):
            moment = datetime.fromisoformat(wanted)
        else:
            moment = now - parse_age(wanted)
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"{text!r:.80} is no day (2017-10-03), time (2017-10-03T18:00) or age (3d)"
        ) from error


def parse_size(text: str) -> int:
    """Octets: ``10k``, ``5M``, ``1G`` (of 1024), or a number.

    Raises:
        ValueError: something else.

    >>> parse_size("10k"), parse_size("512")
    (10240, 512)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r:.80} is no size such as 10k or 5M")
    return int(found[1]) * _UNITS[found[2].lower()]


def parse_flag(text: str) -> str:
    r"""A flag: ``\Seen``, ``seen``, or a keyword such as ``$Forwarded``.

    Raises:
        ValueError: nothing that a server could keep.

    >>> parse_flag("flagged"), parse_flag("$Forwarded")
    ('\\Flagged', '$Forwarded')
    """
    system = _FLAGS.get(text.strip().removeprefix("\\").lower())
    if system is not None:
        return system
    if not is_keyword(text.strip()):
        raise ValueError(f"{text!r:.80} is no flag such as flagged or $Forwarded")
    return text.strip()


def parse_guid(text: str) -> str:
    """A GUID in lower case.

    Raises:
        ValueError: not 40 hexadecimal digits.
    """
    if not _GUID.fullmatch(text.strip()):
        raise ValueError(f"{text!r:.80} is no GUID: 40 hexadecimal digits")
    return text.strip().lower()


def parse_uids(text: str) -> UidSet:
    """UIDs as IMAP writes them: ``3,7:9``.

    Raises:
        ValueError: something else, or none.
    """
    found = UidSet.parse(text.replace(" ", ""))
    if not found.ranges:
        raise ValueError("no UID was given")
    return found


def conditions_text(conditions: Conditions, zone: tzinfo | None = None) -> str:
    """What is asked for, for people, days and times in ``zone``, the machine's where None.

    >>> conditions_text(Conditions(sender="alice", since=datetime(2024, 11, 2, tzinfo=UTC)), UTC)
    'from alice, since 2 Nov 2024'
    """
    return ", ".join(_pieces(conditions, zone))


def _pieces(wanted: Conditions, zone: tzinfo | None) -> Iterator[str]:
    texts = (
        ("from", wanted.sender),
        ("to", wanted.recipient),
        ("subject", wanted.subject),
        ("text", wanted.text),
        ("Message-ID", wanted.message_id),
    )
    yield from (f"{word} {_quoted(text)}" for word, text in texts if text is not None)
    if wanted.guids:
        yield f"GUID {_some(wanted.guids)}"
    if wanted.uids is not None:
        yield f"UID {_some(str(wanted.uids).split(','))}"
    times = (
        ("since", wanted.since),
        ("before", wanted.before),
        ("deleted since", wanted.deleted_since),
    )
    yield from (f"{word} {_moment(moment, zone)}" for word, moment in times if moment is not None)
    if wanted.larger is not None:
        yield f"larger than {_size(wanted.larger)}"
    if wanted.has_attachment:
        yield "with an attachment"
    if wanted.flags:
        yield f"flagged {' and '.join(wanted.flags)}"
    if wanted.folders:
        yield f"in {_some([_quoted(each) for each in wanted.folders], ' or ')}"


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{text}"'


def _some(texts: Iterable[str], between: str = ",") -> str:
    every = list(texts)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return between.join(every[:_SHOWN]) + more


def _moment(moment: datetime, zone: tzinfo | None) -> str:
    local = moment.astimezone(zone)
    day = f"{local.day} {local:%b %Y}"
    return day if local.time() == time.min else f"{day} {local:%H:%M}"


def _size(octets: int) -> str:
    for letter, unit in (("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)):
        if octets and octets % unit == 0:
            return f"{octets // unit}{letter}"
    return f"{octets} octets"
