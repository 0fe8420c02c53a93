"""How a server takes mail by APPEND, from what it offers."""

from __future__ import annotations

from typing import Final

from respool.model.dataclasses import dataclass
from respool.system.imap import ImapSession, quoted

_LITERAL_MINUS_OCTETS: Final = 4096  # RFC 7888, section 5
_LITERAL_PLUS_OCTETS: Final = 1 << 63
_MOST_MESSAGES: Final = 50  # on 3.6.1 a hundred are slower, a thousand four times so
_SINGLES_AHEAD: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendAbilities:
    """How to append to one mailbox.

    ``most_messages`` go in one command. ``commands_ahead`` may wait for their answers while
    the next is sent. A literal of up to ``at_once_octets`` is sent without asking first.
    ``is_binary``: NUL octets can be sent. ``most_octets`` of one message; None: not told.
    """

    most_messages: int = 1
    commands_ahead: int = 0
    at_once_octets: int = -1
    is_binary: bool = False
    most_octets: int | None = None

    @property
    def takes_turns(self) -> bool:
        """Whether several connections can append by turns: nothing is asked within a command."""
        return self.most_messages > 1 and self.at_once_octets == _LITERAL_PLUS_OCTETS

    def why_not(self, size_bytes: int, *, has_nul: bool) -> str | None:
        """Why a message need not be sent at all; None: the server shall say."""
        if has_nul and not self.is_binary:
            return "it has NUL octets, and the server does not offer BINARY, which takes them"
        if self.most_octets is not None and size_bytes > self.most_octets:
            return f"it has {size_bytes} octets, and the server takes {self.most_octets}"
        return None


def can_take_turns(session: ImapSession) -> bool:
    """Whether further connections are of use, as `AppendAbilities.takes_turns` says later."""
    offered = session.capabilities
    return "MULTIAPPEND" in offered and "LITERAL+" in offered


def append_abilities(session: ImapSession, mailbox: str) -> AppendAbilities:
    """What ``session`` offers for ``mailbox``; asked only where a capability says to ask.

    BlueMind 5 (BM-ROCKS) gets one plain command after the other.

    Raises:
        ServerSaidNo: the mailbox cannot be asked.
    """
    offered = session.capabilities
    has_many = "MULTIAPPEND" in offered
    is_plain = "BM-ROCKS" in offered
    at_once = _LITERAL_MINUS_OCTETS if "LITERAL-" in offered else -1
    return AppendAbilities(
        most_messages=_MOST_MESSAGES if has_many else 1,
        commands_ahead=1 if has_many else 0 if is_plain else _SINGLES_AHEAD,
        at_once_octets=_LITERAL_PLUS_OCTETS if "LITERAL+" in offered else at_once,
        is_binary="BINARY" in offered,
        most_octets=_limit(session, mailbox),
    )


def even_share(count: int, connections: int, most: int) -> int:
    """How many of ``count`` messages go in one command, up to ``most``.

    As many commands go over each connection: over some one more would leave the others idle.
    """
    rounds = -(-count // (connections * most))
    return -(-count // (connections * rounds)) if connections > 1 and rounds else most


def _limit(session: ImapSession, mailbox: str) -> int | None:
    """The largest message that the mailbox takes.

    Source: RFC 7889: a number of the whole server, or one to be asked of each mailbox.
    """
    for each in session.capabilities:
        name, _, value = each.partition("=")
        if name == "APPENDLIMIT" and value.isdigit():
            return int(value)
    if "APPENDLIMIT" not in session.capabilities:
        return None
    answer = session.ask("STATUS", quoted(mailbox), "(APPENDLIMIT)", response="STATUS")
    told = answer[-1][-1] if answer and isinstance(answer[-1], tuple) and answer[-1] else None
    return int(told) if isinstance(told, bytes) and told.isdigit() else None
