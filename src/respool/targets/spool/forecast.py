"""What a restore will use of quota and disk, and whether there is room. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from respool.planning.plan import FOLDER_RESOURCES, PlannedMailbox, QuotaForecast
from respool.targets.spool.survey import FreeRoom, QuotaLimit, SpoolSurvey

_BLOCK = 4096
_RESERVE_OCTETS = 64 << 20  # a full disk hurts everybody's mail
_META_OCTETS_A_MESSAGE = 4096  # index record, cache record, and what reconstruct writes beside
_FILES_A_MAILBOX = 8
_LEAST_ROOM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What will be added: messages, their octets, and new mailboxes.

    ``archived`` of the messages, with ``archived_bytes``, go to the archive partition.
    """

    messages: int
    size_bytes: int
    mailboxes: int
    archived: int = 0
    archived_bytes: int = 0


def load_of(mailboxes: Iterable[PlannedMailbox]) -> Load:
    """What a plan of ``mailboxes`` adds."""
    every = tuple(mailboxes)
    return Load(
        messages=sum(each.messages for each in every),
        size_bytes=sum(each.size_bytes for each in every),
        mailboxes=sum(each.is_new for each in every),
        archived=sum(each.archived for each in every),
        archived_bytes=sum(each.archived_bytes for each in every),
    )


def forecast_quota(
    survey: SpoolSurvey, load: Load, *, is_raising: bool = False
) -> tuple[QuotaForecast, ...]:
    """Each limit of the account, before and after; with ``is_raising`` as high as it takes.

    A raised limit leaves as much room for new mail as before, or a twentieth of the limit.
    """
    return tuple(_forecast(quota, load, is_raising=is_raising) for quota in survey.quotas)


def _forecast(quota: QuotaLimit, load: Load, *, is_raising: bool) -> QuotaForecast:
    added = _added(quota.resource, load)
    forecast = QuotaForecast(
        root=quota.root,
        resource=quota.resource,
        used=quota.used,
        after=quota.used + added,
        limit=quota.limit,
    )
    if is_raising and forecast.is_full:
        room = max(quota.limit - quota.used, quota.limit // _LEAST_ROOM, 1)
        return replace(forecast, raised_to=forecast.after + room)
    return forecast


def _added(resource: str, load: Load) -> int:
    if resource == "STORAGE":
        return -(-load.size_bytes // 1024)
    if resource == "MESSAGE":
        return load.messages
    return load.mailboxes if resource in FOLDER_RESOURCES else 0


def quota_reasons(forecasts: tuple[QuotaForecast, ...]) -> tuple[str, ...]:
    """Why the account's limits do not allow it: new mail would bounce."""
    return tuple(
        f"quota {each.root}: {each.resource} would be {_amount(each.resource, each.after)}"
        f" of {_amount(each.resource, each.limit)} (now {_amount(each.resource, each.used)});"
        " new mail would be refused. --raise-quota raises the limit for as long as it takes;"
        " or choose fewer folders"
        for each in forecasts
        if each.is_full and each.after > each.used
    )


def _amount(resource: str, number: int | None) -> str:
    return f"{number} KiB" if resource == "STORAGE" else str(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    room: FreeRoom
    size_bytes: int
    files: int


def room_reasons(survey: SpoolSurvey, load: Load) -> tuple[str, ...]:
    """Why the disks do not allow it; what lies on one file system counts together."""
    data = _need(
        survey.data_room, load.messages - load.archived, load.size_bytes - load.archived_bytes
    )
    meta = _Need(
        room=survey.meta_room,
        size_bytes=load.messages * _META_OCTETS_A_MESSAGE + load.mailboxes * 8 * _BLOCK,
        files=load.mailboxes * (_FILES_A_MAILBOX + 1),
    )
    needs = [data, meta]
    if survey.archive_room is not None and load.archived:
        needs.append(_need(survey.archive_room, load.archived, load.archived_bytes))
    devices = dict.fromkeys(need.room.device for need in needs)
    return tuple(
        reason
        for device in devices
        for reason in _lacking([need for need in needs if need.room.device == device])
    )


def _need(room: FreeRoom, messages: int, size_bytes: int) -> _Need:
    return _Need(room=room, size_bytes=size_bytes + messages * _BLOCK // 2, files=messages)


def _lacking(needs: Sequence[_Need]) -> Iterator[str]:
    """For needs of one file system."""
    room = needs[0].room
    wanted = sum(need.size_bytes for need in needs) + _RESERVE_OCTETS
    files = sum(need.files for need in needs)
    if wanted > room.size_bytes:
        free = room.size_bytes >> 20
        yield (f"no space: {room.directory} has {free} MiB free, {wanted >> 20} MiB are needed")
    if room.inodes is not None and files > room.inodes:
        yield f"no space: {room.directory} takes {room.inodes} more files, {files} are needed"
