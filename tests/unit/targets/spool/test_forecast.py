from __future__ import annotations

from dataclasses import replace

import pytest

from respool.targets.spool.forecast import Load, forecast_quota, quota_reasons, room_reasons
from respool.targets.spool.recheck import recheck
from respool.targets.spool.survey import FreeRoom, QuotaLimit, SpoolSurvey
from tests.unit.targets.spool.plans import RIGHTS, ROOM, SURVEY, chosen, planned

MIB = 1 << 20
LOAD = Load(messages=10, size_bytes=10 * MIB + 1, mailboxes=2)


def limited(resource: str, used: int, limit: int) -> SpoolSurvey:
    quota = QuotaLimit(root="user/jdoe", resource=resource, used=used, limit=limit)
    return replace(SURVEY, quotas=(quota,))


@pytest.mark.parametrize(
    ("resource", "added"),
    [
        ("STORAGE", 10 * 1024 + 1),
        ("MESSAGE", 10),
        ("X-NUM-FOLDERS", 2),
        ("MAILBOX", 2),
        ("ANNOTATION-STORAGE", 0),
    ],
)
def test_each_resource_grows_by_its_own_measure(resource: str, added: int) -> None:
    """What does not fit to the last unit is refused; what just fits is not."""
    (fits,) = forecast_quota(limited(resource, 5, 5 + added), LOAD)

    assert (fits.used, fits.after) == (5, 5 + added)
    assert quota_reasons((fits,)) == ()
    (reason,) = quota_reasons(forecast_quota(limited(resource, 5, 4 + added), LOAD))
    assert reason.startswith(f"quota user/jdoe: {resource} would be")


def test_an_account_without_limits_has_none() -> None:
    assert forecast_quota(SURVEY, LOAD) == ()


def room(size_mib: int, *, device: int = 1, inodes: int | None = 1000) -> FreeRoom:
    return FreeRoom(
        directory=f"/disk{device}", device=device, size_bytes=size_mib * MIB, inodes=inodes
    )


@pytest.mark.parametrize(
    ("data", "meta", "lacking"),
    [
        (room(75), room(75), []),
        (room(74), room(74), ["/disk1"]),
        (room(75), room(65, device=2), []),
        (room(74), room(65, device=2), ["/disk1"]),
        (room(75), room(64, device=2), ["/disk2"]),
        (room(0), room(0, device=2), ["/disk1", "/disk2"]),
        (room(75, inodes=28), room(75, inodes=28), []),
        (room(75, inodes=27), room(75, inodes=27), ["/disk1"]),
        (room(75, inodes=12), room(65, device=2, inodes=16), []),
        (room(75, inodes=11), room(65, device=2, inodes=15), ["/disk1", "/disk2"]),
        (room(75, inodes=None), room(75, inodes=None), []),
        (room(0, inodes=0), room(0, inodes=0), ["/disk1", "/disk1"]),
    ],
    ids=[
        "just-room",
        "no-room",
        "two-disks",
        "no-room-for-mail",
        "no-room-for-meta",
        "no-room-on-either",
        "just-inodes",
        "no-inodes",
        "inodes-of-two-disks",
        "no-inodes-on-either",
        "inodes-not-counted",
        "neither",
    ],
)
def test_a_reserve_stays_free_on_each_disk(
    data: FreeRoom, meta: FreeRoom, lacking: list[str]
) -> None:
    """Mail and metadata on one disk are added up; 64 MiB are left for everybody's mail."""
    survey = replace(SURVEY, data_room=data, meta_room=meta)

    assert [reason.split()[2] for reason in room_reasons(survey, LOAD)] == lacking


HEAD = planned([chosen("INBOX", 3), chosen("a", 2)]).head


def test_a_plan_that_still_holds_has_no_reasons() -> None:
    assert recheck(HEAD, SURVEY) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"existing": frozenset({"user/jdoe/restored/a@b.loc"})},
            "restored/a@b.loc is there by now",
        ),
        ({"owner": None}, "the owner was jdoe@b.loc, now it is None"),
        ({"server": "other"}, "server was mail, Cyrus 3.6.1, now it is other"),
        ({"layout": "uuid"}, "layout was names, now it is uuid"),
        ({"partition": "two"}, "partition was b_loc, now it is two"),
        ({"has_search_index": True}, "search was none, now it is squatter"),
        (
            {"rights": {**RIGHTS, "asmith": "lr"}},
            "now it is admin0 lrswipkxtecda, anyone p, asmith",
        ),
        ({"obstacles": ("quota is missing",)}, "quota is missing"),
        ({"data_room": replace(ROOM, inodes=5)}, "takes 5 more files"),
        (
            {"quotas": (QuotaLimit(root="r", resource="MESSAGE", used=7, limit=11),)},
            "MESSAGE would be 12 of 11 (now 7)",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_whatever_changed_since_the_plan_is_a_reason(
    changes: dict[str, object], says: str
) -> None:
    (reason,) = recheck(HEAD, replace(SURVEY, **changes))  # type: ignore[arg-type]

    assert says in reason


def test_what_does_not_matter_may_change() -> None:
    others = frozenset({"user/jdoe/new@b.loc", "user/jdoe/restored2@b.loc"})
    rights = dict(reversed(RIGHTS.items()))

    assert recheck(HEAD, replace(SURVEY, existing=others, rights=rights)) == ()
