"""The step that appends messages to a folder over IMAP, of whatever server."""

from __future__ import annotations

from typing import ClassVar

from respool.model.dataclasses import dataclass
from respool.planning.source_place import SourcePlace
from respool.planning.step import MessageStep


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendMessages(MessageStep):
    """Append a group of messages to ``mailbox``, with their flags and dates.

    ``mailbox`` is what whoever appends calls the folder. ``is_created``: the run has made
    the folder. ``is_mending``: bare line ends become those that IMAP has.
    """

    kind: ClassVar[str] = "imap-append-messages"

    mailbox: str
    source: SourcePlace
    is_created: bool
    is_mending: bool
