"""Reads back, as each user himself, what he is subscribed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from respool.errors import LoginRefused, ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.planning.proof import ProveSubscriptions
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.system.imap import ImapSession
from respool.system.subscriptions import subscribed_names

_MOST_NAMED = 100


def _once(do: Callable[[], Note]) -> Note:
    return do()


class LetsIn(Protocol):
    """A server that lets somebody in under another's name, or under his own."""

    def as_user(self, userid: str) -> AbstractContextManager[ImapSession]:
        """A session of ``userid``, for the length of a block.

        Raises:
            LoginRefused: there is none to be had.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionProofActor(OnlyLooks):
    """Proves the subscriptions of one run.

    ``persistently`` does anew what a cut connection ended.
    """

    server: LetsIn
    record: RunRecord
    persistently: Callable[[Callable[[], Note]], Note] = _once

    def observe(self, _step: ProveSubscriptions) -> Note:
        """Nothing is about to change."""
        return {}

    def perform(self, _step: ProveSubscriptions, _before: Note) -> Note:
        """Log in anew as everybody who was subscribed to something, and compare."""
        return self.persistently(lambda: {"users": list(self._users())})

    def prove_again(self, step: ProveSubscriptions) -> Note:
        """As `perform`, at any later time."""
        return self.perform(step, {})

    def _users(self) -> Iterator[Note]:
        for userid, names in self._given().items():
            try:
                with self.server.as_user(userid) as user:
                    missing = sorted(names - subscribed_names(user))
            except (LoginRefused, ServerSaidNo) as error:
                why = error.what if error.why is None else f"{error.what}: {error.why}"
                yield {"userid": userid, "proven": 0, "missing": [why]}
                continue
            proven = len(names) - len(missing)
            yield {"userid": userid, "proven": proven, "missing": missing[:_MOST_NAMED]}

    def _given(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for _, note in self.record.receipts_of_lane(ACCOUNT_LANE):
            if note.get("subscribed") is not None:
                found.setdefault(note["userid"], set()).add(note["subscribed"])
        return found
