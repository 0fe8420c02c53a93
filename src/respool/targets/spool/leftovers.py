"""What a failed manual restore left on a live server, and what cures each. Values in, values out.

It must not look anywhere itself: `leftover_search` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from respool.model.findings import Finding
from respool.model.names import MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Leftovers as findings (all of severity NOTE), and names that are taken though unlisted.

    ``directories`` are names of which a directory with content exists, while no mailbox
    owns it: a mailbox that is created there would find foreign files.
    """

    findings: tuple[Finding, ...] = ()
    directories: frozenset[MailboxName] = frozenset()
