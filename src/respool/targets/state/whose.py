"""Whose change a message's flags are: the run's own, or somebody else's. From values alone.

A command whose answer nobody heard, because the run was cut off, took effect on all of its
messages that nobody had changed, or on none: a message that is as it was noted tells that the
command never came, and neither did those after it.

Source: RFC 7162, section 3.1: a folder's modseqs only grow. Seen on Cyrus 3.6.1: a command
gives each message that it changes one of its own, so that they tell no more than this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from respool.model.state import UidSet
from respool.system.fetch_answer import FetchedMessage
from respool.system.flag_commands import at_once
from respool.targets.state.storing import Aims, Flags, cared, first_command


def by_others(
    aims: Aims,
    former: Mapping[int, Flags],
    noted: int | None,
    found: Mapping[int, FetchedMessage],
    *,
    was_begun: bool,
) -> dict[int, Flags]:
    """The messages that somebody else changed since they were noted, with their flags now.

    ``noted`` is the highest modseq that there was then. ``was_begun``: the run itself may
    have changed some; else all is somebody else's. Where the server does not tell by
    modseqs, as of a reader's own marks, all is held for the run's own.
    """
    changed = {
        uid: now
        for uid, message in found.items()
        if uid in aims and (now := cared(message, aims[uid])) != former.get(uid)
    }
    if not was_begun:
        return changed
    modseqs = {uid: found[uid].modseq or 0 for uid in found}
    if noted is None or any(modseqs[uid] <= noted for uid in changed):
        return {}
    others = set(changed)
    for command in _commands(aims, former):
        there = [uid for uid in command if uid in found]
        if any(modseqs[uid] <= noted for uid in there):
            break
        others -= set(there)
    return {uid: changed[uid] for uid in others}


def _commands(aims: Aims, former: Mapping[int, Flags]) -> Iterator[list[int]]:
    """The messages of each command that came first, by what was noted of them."""
    groups: dict[tuple[bool, Flags], list[int]] = {}
    for uid, aim in aims.items():
        if uid in former and former[uid] != aim.add:
            groups.setdefault(first_command(former[uid], aim), []).append(uid)
    for uids in groups.values():
        for some in at_once(UidSet.of(uids)):
            yield some.uids().tolist()
