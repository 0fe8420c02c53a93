"""Which limits a restore comes up against: each folder counts at its own quota root.

Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from respool.planning.forecast import QuotaLimit, forecast_quota
from respool.planning.load import Load, load_of, total
from respool.planning.plan import PlannedMailbox, QuotaForecast
from respool.targets.spool.survey import SpoolSurvey


def forecast_of(
    survey: SpoolSurvey, loads: Iterable[tuple[str, Load]], *, is_raising: bool
) -> tuple[QuotaForecast, ...]:
    """Each limit, before and after; ``loads`` is what each folder gets, by its name.

    Those of the account come first, also where nothing counts there.
    """
    found = sorted(
        ((limits_at(survey, name), load) for name, load in loads),
        key=lambda each: (each[0] != survey.quotas, str(each[0])),
    )
    by_root = {
        limits: total(load for _, load in members)
        for limits, members in groupby(found, key=lambda each: each[0])
    }
    by_root = {survey.quotas: total(()), **by_root}
    return tuple(
        each
        for limits, load in by_root.items()
        for each in forecast_quota(limits, load, is_raising=is_raising)
    )


def loads_of(mailboxes: Iterable[PlannedMailbox]) -> Iterator[tuple[str, Load]]:
    """What each folder of a plan gets."""
    for each in mailboxes:
        yield each.target_name, load_of([each])


def limits_at(survey: SpoolSurvey, name: str) -> tuple[QuotaLimit, ...]:
    """The limits that count for a folder, there or to be made: of the next root above it."""
    local, at, domain = name.partition("@")
    parts = local.split(survey.separator)
    for size in range(len(parts), 0, -1):
        above = survey.live.get(f"{survey.separator.join(parts[:size])}{at}{domain}")
        if above is not None and above.limits:
            return above.limits
    return survey.quotas
