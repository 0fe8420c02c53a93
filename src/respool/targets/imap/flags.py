"""Which flags the messages of a plan keep on a server, and which it does not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

import numpy as np

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import SYSTEM_FLAG_MASK
from respool.model.messages import RECENT
from respool.planning.chosen import Destined
from respool.planning.step import PlannedMessage
from respool.targets.imap.survey import ImapSurvey


def used_flags(each: Destined) -> frozenset[str]:
    """Every flag that some message of a folder is to have."""
    bits, words = 0, np.zeros(4, dtype="u4")
    for rows in each.blocks():
        bits |= int(np.bitwise_or.reduce(rows["system_flags"])) & SYSTEM_FLAG_MASK
        words |= np.bitwise_or.reduce(rows["user_flags"], axis=0)
    return frozenset(each.chosen.mailbox.flag_names(bits, words.tobytes()))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFlags:
    """What there is to go by; ``refused`` are the flags that the server says it does not take."""

    refused: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, destined: Iterable[Destined], survey: ImapSurvey) -> KeptFlags:
        """Of all folders of a plan."""
        used = {flag for each in destined for flag in used_flags(each)} - {RECENT}
        return cls(refused=frozenset(flag for flag in used if not survey.takes_flag(flag)))

    def of_messages(self, messages: Iterable[PlannedMessage]) -> Iterator[PlannedMessage]:
        """The same messages, without what is refused."""
        if not self.refused:
            yield from messages
            return
        for message in messages:
            kept = tuple(flag for flag in message.flags if flag not in self.refused)
            yield message if kept == message.flags else message._replace(flags=kept)

    def findings(self) -> Iterator[Finding]:
        """Each refused flag once, by its name."""
        for flag in sorted(self.refused):
            yield Finding(
                severity=Severity.NOTE,
                code="flag-refused",
                subject=flag,
                text=f"the server keeps no flag {flag}: messages come back without it",
            )
