"""What a plan says of BlueMind: what it is told, in order, what else that does, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from respool.planning.finishing import CONSOLIDATE, SAVE_RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from respool.planning.finishing import Finishing
    from respool.planning.plan import PlanHead

_SAID: Final = {
    SAVE_RIGHTS: "rights",
    "mailboxAcls": "rights",
    "mailboxQuota": "quota",
    "replication.subtree": "folders",
    "replication.parentUid": "folders",
    "mailboxSubscription": "subscriptions",
    "mailboxDefaultFolders": "default folders",
    CONSOLIDATE: "search index",
}


def finishing_lines(head: PlanHead) -> Iterator[str]:
    """The lines of a plan that follow its own steps; none where BlueMind is not there."""
    finishing = head.finishing
    if finishing is None:
        return
    if finishing.version is not None:
        work = ", ".join(dict.fromkeys(_SAID.get(each, each) for each in finishing.work))
        yield f"THEN  BlueMind {finishing.version}: {work}"
        yield from _made(finishing)
        yield from (f"NOTE  {each}" for each in finishing.side_effects)
    if finishing.by_hand:
        count = len(finishing.by_hand)
        things = "1 thing" if count == 1 else f"{count} things"
        yield f"LEFT  {things} for you, in BlueMind itself (--details and the receipt name them)"


def finishing_details(head: PlanHead) -> list[str]:
    """What ``--details`` adds."""
    finishing = head.finishing
    if finishing is None:
        return []
    asked = [
        f"BlueMind: {number}. {each}" for number, each in enumerate(_in_order(finishing), start=1)
    ]
    return [*asked, *(f"left for you: {each}" for each in finishing.by_hand)]


def _in_order(finishing: Finishing) -> Iterator[str]:
    if finishing.makes is not None:
        yield f"make the mailshare {finishing.makes.name} on {finishing.makes.data_location}"
    if finishing.quota is not None:
        yield f"quota {finishing.quota.former} -> {finishing.quota.limit} KiB"
        yield "put the quota back, if all fits below it"
    for each in finishing.work:
        plain = each in {SAVE_RIGHTS, CONSOLIDATE}
        yield each.replace("-", " ") if plain else f"repair {each}"
    if finishing.version is not None:
        yield "a last look, as the owner or a reader"


def _made(finishing: Finishing) -> Iterator[str]:
    makes = finishing.makes
    if makes is None:
        return
    address = "no address: its former one is another's" if makes.email is None else makes.email
    yield (
        f"NOTE  BlueMind makes the mailshare {makes.name} anew ({address}), shared with"
        f" {len(makes.shared)} as in the backup; other addresses are for you to add"
    )
