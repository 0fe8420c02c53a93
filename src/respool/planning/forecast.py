"""What a restore will use of each limit of an account, and whether it fits. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from respool.model.dataclasses import dataclass
from respool.planning.load import Load
from respool.planning.plan import FOLDER_RESOURCES, QuotaForecast

_LEAST_ROOM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLimit:
    """One limit of the account; storage in KiB."""

    root: str
    resource: str
    used: int
    limit: int


def forecast_quota(
    quotas: Iterable[QuotaLimit], load: Load, *, is_raising: bool = False
) -> tuple[QuotaForecast, ...]:
    """Each limit of the account, before and after; with ``is_raising`` as high as it takes.

    A raised limit leaves as much room for new mail as before, or a twentieth of the limit.
    """
    return tuple(_forecast(quota, load, is_raising=is_raising) for quota in quotas)


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


RAISING = "--raise-quota raises the limit for as long as it takes; or choose fewer folders"


def quota_reasons(
    forecasts: tuple[QuotaForecast, ...], *, way_out: str = RAISING
) -> tuple[str, ...]:
    """Why the account's limits do not allow it: new mail would bounce."""
    return tuple(
        f"quota {each.root}: {each.resource} would be {_amount(each.resource, each.after)}"
        f" of {_amount(each.resource, each.limit)} (now {_amount(each.resource, each.used)});"
        f" new mail would be refused. {way_out}"
        for each in forecasts
        if each.is_full and each.after > each.used
    )


def _amount(resource: str, number: int | None) -> str:
    return f"{number} KiB" if resource == "STORAGE" else str(number)
