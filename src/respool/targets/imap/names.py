"""What an IMAP server calls the folders of one account, and which names it takes."""

from __future__ import annotations

from typing import Final

from respool.cyrus.name_characters import allowed_in_names
from respool.model.accounts import INBOX
from respool.model.dataclasses import dataclass
from respool.model.modified_utf7 import InvalidModifiedUtf7, parse_modified_utf7
from respool.model.names import MailboxName, decoded_part, encoded_part, shortened

_WILDCARDS: Final = frozenset("*%")
_NAMESPACE_MARK: Final = "#"  # RFC 3501, 5.1.2: begins the name of another namespace
_DELETE: Final = "\x7f"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapNames:
    """The names of one account on one server, as whoever logs in spells them.

    ``root`` is the account's root as a request has it; ``inbox`` is what the server calls it.
    ``prefix`` and ``separator`` are of the folders below it: ``INBOX.`` and ``.``;
    ``separator`` None: the server keeps no folder in another. ``others`` are prefixes of
    other people's and shared folders. ``refused`` are characters that the server says it does
    not take; ``cyrus`` is the version of a server of that name.
    """

    root: MailboxName
    inbox: str = INBOX
    prefix: str = ""
    separator: str | None = "/"
    others: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    cyrus: tuple[int, int, int] | None = None
    most_name_octets: int = 490
    most_part_octets: int = 250

    def written(self, name: MailboxName) -> str:
        """``name`` as the server spells it, in modified UTF-7."""
        own = self.own_parts(name)
        return self.prefix + (self.separator or "").join(own) if own else self.inbox

    def own_parts(self, name: MailboxName) -> tuple[str, ...]:
        """The parts of ``name`` below the account's root."""
        return name.parts[len(self.root.parts) :]

    def refusals(self, name: MailboxName) -> tuple[str, ...]:
        """Why the server would refuse ``name``, or take it for another mailbox.

        Source: RFC 3501, 5.1 and 6.3.8; RFC 2342; imap/mboxname.c of Cyrus.
        """
        own = self.own_parts(name)
        reasons = [reason for part in own for reason in self._part_refusals(part)]
        written = self.written(name)
        octets = len(written.encode("utf-8", "surrogateescape"))
        if octets > self.most_name_octets:
            reasons.append(
                f"the whole name has {octets} octets; the server takes {self.most_name_octets}"
            )
        if self.separator is None and len(own) > 1:
            reasons.append("this server keeps no folder in another")
        if own and self._is_of_others(written):
            reasons.append(f"{written} stands for another mailbox here")
        return tuple(reasons)

    def proposed_part(self, part: str) -> str:
        """``part`` altered as little as it takes: refused characters become ``_``."""
        if not self._part_refusals(part):
            return part
        text = "".join(
            character if self._is_fit(character) else "_" for character in _readable(part)
        )
        while len(encoded_part(text)) > self.most_part_octets:
            text = text[:-1]
        return encoded_part(text or "_")

    def proposed_name(self, name: MailboxName, keep: int) -> MailboxName:
        """``name`` with every part after the first ``keep`` made fit, and short enough."""
        parts = [*name.parts[:keep], *map(self.proposed_part, name.parts[keep:])]
        own = len(self.root.parts)
        if keep == own < len(parts) and self._is_of_others(self._written_parts(parts)):
            parts[own] = f"{parts[own].replace(_NAMESPACE_MARK, '_')}_"
        if self.separator is None and len(parts) > keep + 1:
            parts[keep:] = ["-".join(parts[keep:])]
        while (over := len(self._written_parts(parts)) - self.most_name_octets) > 0:
            longest = max(range(keep, len(parts)), key=lambda at: len(parts[at]), default=None)
            if longest is None:
                break
            shorter = shortened(parts[longest], over)
            if shorter == parts[longest]:
                break
            parts[longest] = shorter
        return MailboxName(domain=name.domain, parts=tuple(parts))

    def _written_parts(self, parts: list[str]) -> str:
        return self.written(MailboxName(domain=self.root.domain, parts=tuple(parts)))

    def _is_of_others(self, written: str) -> bool:
        """Whether the server takes a name for INBOX, somebody else's or another namespace."""
        path = f"{written}{self.separator or ''}".lower()
        below = written[len(self.prefix) :].partition(self.separator or "\0")[0]
        return (
            written.upper() == INBOX
            or (not self.prefix and below.upper() == INBOX)
            or written.startswith(_NAMESPACE_MARK)
            or any(path.startswith(prefix.lower()) for prefix in self.others)
        )

    def _part_refusals(self, part: str) -> list[str]:
        reasons = []
        if wild := sorted(_WILDCARDS & set(part)):
            reasons.append(f"{' and '.join(wild)} stands for any other name in IMAP")
        if self.separator is not None and self.separator in part:
            reasons.append(f"{self.separator!r} separates names on this server")
        bad = sorted(self.refused & set(part))
        reasons.extend(f"the server refuses the character {each!r}" for each in bad)
        if self.cyrus is not None:
            allowed = allowed_in_names(self.cyrus)
            bad = sorted(set(part) - allowed - _WILDCARDS)
            version = ".".join(map(str, self.cyrus))
            reasons.extend(f"Cyrus {version} refuses the character {each!r}" for each in bad)
        octets = len(part.encode("utf-8", "surrogateescape"))
        if octets > self.most_part_octets:
            reasons.append(f"one level has {octets} octets; servers take {self.most_part_octets}")
        try:
            text = parse_modified_utf7(part)
        except InvalidModifiedUtf7:
            reasons.append("the name is no valid modified UTF-7")
        else:
            if any(character < " " or character == _DELETE for character in text):
                reasons.append("the name holds a control character")
        return reasons

    def _is_fit(self, character: str) -> bool:
        if character < " " or character in {_DELETE, "\ufffd", self.separator, *_WILDCARDS}:
            return False
        if character in self.refused:
            return False
        if character <= "~" and self.cyrus is not None:
            return character in allowed_in_names(self.cyrus)
        return True


def _readable(part: str) -> str:
    decoded = decoded_part(part)
    return decoded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
