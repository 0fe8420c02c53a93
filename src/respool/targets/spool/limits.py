"""Raising the limits of a quota root for a restore, and putting them back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from respool.errors import StepFailed
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.steps import RaiseQuota


class Settled(StrEnum):
    """What became of limits that were raised."""

    NO = "no"  # what is used does not fit below the former limits: still raised
    YES = "yes"  # put back
    BY_OTHERS = "by others"  # somebody set other limits since: left as they are


def raise_limits(server: CyrusServer, step: RaiseQuota, before: Note) -> Note:
    """Set the higher limits; done twice it is the same as once. Others that were set since stay.

    Raises:
        StepFailed: the limits are not those that the plan saw.
    """
    found: Mapping[str, int] = before["limits"]
    if found not in (dict(step.former), dict(step.limits)):
        raise StepFailed(
            f"the limits of {step.root} are not as they were",
            why=f"planned {dict(step.former)}, found {dict(found)}",
            hint="make a new plan",
            can_be_tried_again=False,
        )
    note: Note = {"root": step.root, "former": dict(step.former), "limits": dict(step.limits)}
    if limits_now(server, step.root) not in (dict(step.former), dict(step.limits)):
        return {**note, "settled": Settled.BY_OTHERS.value}
    server.admin.set_limits(step.root, step.limits)
    return note


def limits_now(server: CyrusServer, root: str) -> dict[str, int]:
    """Resource → limit, storage in KiB."""
    return {use.resource: use.limit for use in server.admin.quota(root) if use.root == root}


def settle(
    server: CyrusServer, root: str, former: Mapping[str, int], raised: Mapping[str, int]
) -> Settled:
    """Put ``former`` limits back if what is used fits below them, with room for new mail.

    Only those that were raised are asked: another may be reached, and stay as it is.
    """
    uses = [use for use in server.admin.quota(root) if use.root == root]
    if not uses:
        return Settled.NO
    if {use.resource: use.limit for use in uses} != dict(raised):
        return Settled.BY_OTHERS
    if not fits_below({use.resource: use.used for use in uses}, former, raised):
        return Settled.NO
    server.admin.set_limits(root, former)
    return Settled.YES


def fits_below(
    used: Mapping[str, int], former: Mapping[str, int], raised: Mapping[str, int]
) -> bool:
    """Whether what is used leaves room below every limit that was raised, all by resource.

    >>> fits_below(
    ...     {"STORAGE": 9, "MESSAGE": 5},
    ...     {"STORAGE": 10, "MESSAGE": 5},
    ...     {"STORAGE": 20, "MESSAGE": 5},
    ... )
    True
    """
    return all(
        used.get(resource, 0) < limit
        for resource, limit in former.items()
        if raised.get(resource) != limit
    )
