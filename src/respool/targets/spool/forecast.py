"""What a restore will use of quota and disk, and whether there is room. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from respool.planning.plan import QuotaForecast
from respool.targets.spool.survey import FreeRoom, SpoolSurvey

_BLOCK = 4096
_RESERVE_OCTETS = 64 << 20  # a full disk hurts everybody's mail
_META_OCTETS_A_MESSAGE = 4096  # index record, cache record, and what reconstruct writes beside
_FILES_A_MAILBOX = 8
_FOLDER_RESOURCES = ("X-NUM-FOLDERS", "MAILBOX")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What will be added: messages, their octets, and new mailboxes."""

    messages: int
    size_bytes: int
    mailboxes: int


def forecast_quota(survey: SpoolSurvey, load: Load) -> tuple[QuotaForecast, ...]:
    """Each limit of the account, before and after."""
    return tuple(
        QuotaForecast(
            root=quota.root,
            resource=quota.resource,
            used=quota.used,
            after=quota.used + _added(quota.resource, load),
            limit=quota.limit,
        )
        for quota in survey.quotas
    )


def _added(resource: str, load: Load) -> int:
    if resource == "STORAGE":
        return -(-load.size_bytes // 1024)
    if resource == "MESSAGE":
        return load.messages
    return load.mailboxes if resource in _FOLDER_RESOURCES else 0


def quota_reasons(forecasts: tuple[QuotaForecast, ...]) -> tuple[str, ...]:
    """Why the account's limits do not allow it: new mail would bounce."""
    return tuple(
        f"quota {each.root}: {each.resource} would be {_amount(each.resource, each.after)}"
        f" of {_amount(each.resource, each.limit)} (now {_amount(each.resource, each.used)});"
        " new mail would be refused. Raise the limit, or choose fewer folders"
        for each in forecasts
        if each.limit is not None and each.after > each.limit
    )


def _amount(resource: str, number: int | None) -> str:
    return f"{number} KiB" if resource == "STORAGE" else str(number)


def room_reasons(survey: SpoolSurvey, load: Load) -> tuple[str, ...]:
    """Why the disks do not allow it."""
    data = load.size_bytes + load.messages * _BLOCK // 2
    meta = load.messages * _META_OCTETS_A_MESSAGE + load.mailboxes * 8 * _BLOCK
    data_files = load.messages + load.mailboxes
    meta_files = load.mailboxes * _FILES_A_MAILBOX
    if survey.data_room.device == survey.meta_room.device:
        return _lacking(survey.data_room, data + meta, data_files + meta_files)
    return (
        *_lacking(survey.data_room, data, data_files),
        *_lacking(survey.meta_room, meta, meta_files),
    )


def _lacking(room: FreeRoom, size_bytes: int, files: int) -> tuple[str, ...]:
    reasons = []
    if size_bytes + _RESERVE_OCTETS > room.size_bytes:
        reasons.append(
            f"no space: {room.directory} has {room.size_bytes >> 20} MiB free,"
            f" {(size_bytes + _RESERVE_OCTETS) >> 20} MiB are needed"
        )
    if room.inodes is not None and files > room.inodes:
        reasons.append(
            f"no space: {room.directory} takes {room.inodes} more files, {files} are needed"
        )
    return tuple(reasons)
