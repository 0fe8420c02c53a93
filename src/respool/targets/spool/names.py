"""Which mailbox names a Cyrus server takes, found before it is asked, and what to propose."""

from __future__ import annotations

from respool.cyrus.name_characters import allowed_in_names
from respool.model.dataclasses import dataclass
from respool.model.modified_utf7 import InvalidModifiedUtf7, parse_modified_utf7
from respool.model.names import MailboxName, decoded_part, encoded_part, shortened

MOST_NAME_OCTETS = 490  # MAX_MAILBOX_NAME; the whole administrator's name, seen on 3.6.1
MOST_PART_OCTETS = 250  # names layout: a longer directory fails in CREATE, seen on 3.6.1


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """What one server takes."""

    version: tuple[int, int, int]
    separator: str
    is_uuid_layout: bool
    default_domain: str | None = None

    def written(self, name: MailboxName) -> str:
        """``name`` as this server spells it to its administrator, its default domain dropped."""
        if name.domain is not None and name.domain == self.default_domain:
            name = MailboxName(domain=None, parts=name.parts)
        return name.admin_with(self.separator)

    @property
    def allowed(self) -> frozenset[str]:
        """Characters that a part may hold, in the server's encoding."""
        return allowed_in_names(self.version)

    @property
    def version_text(self) -> str:
        """``3.6.1``."""
        return ".".join(str(number) for number in self.version)

    @property
    def most_part_octets(self) -> int:
        """How many octets one level may have, encoded."""
        return MOST_PART_OCTETS

    def refusals(self, name: MailboxName) -> tuple[str, ...]:
        """See `refusals`."""
        return refusals(name, self)

    def proposed_part(self, part: str) -> str:
        """See `proposed_part`."""
        return proposed_part(part, self)

    def proposed_name(self, name: MailboxName, keep: int) -> MailboxName:
        """See `proposed_name`."""
        return proposed_name(name, keep, self)


def refusals(name: MailboxName, rules: NameRules) -> tuple[str, ...]:
    """Why the server would refuse ``name``; nothing where it takes it.

    Source: imap/mboxname.c, ``mboxname_policycheck``; seen on 3.6.1.
    """
    reasons = [reason for part in name.parts for reason in _part_refusals(part, rules)]
    octets = len(name.admin_with(rules.separator).encode("utf-8", "surrogateescape"))
    if octets > MOST_NAME_OCTETS:
        reasons.append(f"the whole name has {octets} octets; the server takes {MOST_NAME_OCTETS}")
    if _is_bare(name, rules) and any("@" in part for part in name.parts):
        reasons.append("'@' would be taken for a domain")
    return tuple(reasons)


def _is_bare(name: MailboxName, rules: NameRules) -> bool:
    """Whether the server's spelling of ``name`` has no domain."""
    return name.domain in {None, rules.default_domain}


def _part_refusals(part: str, rules: NameRules) -> list[str]:
    bad = sorted({character for character in part if character not in rules.allowed})
    reasons = [f"Cyrus {rules.version_text} refuses the character {bad_one!r}" for bad_one in bad]
    if rules.separator in part:
        reasons.append(f"{rules.separator!r} separates names on this server")
    octets = len(part.encode("utf-8", "surrogateescape"))
    if not rules.is_uuid_layout and octets > MOST_PART_OCTETS:
        reasons.append(f"one level has {octets} octets; this server takes {MOST_PART_OCTETS}")
    try:
        text = parse_modified_utf7(part)
    except InvalidModifiedUtf7:
        reasons.append("the name is no valid modified UTF-7")
    else:
        if any(ord(character) < ord(" ") or character == "\x7f" for character in text):
            reasons.append("the name holds a control character")
        if rules.version < (3, 2, 0) and any(ord(character) > 0xFFFF for character in text):
            reasons.append(f"Cyrus {rules.version_text} refuses characters beyond U+FFFF")
    return reasons


def proposed_part(part: str, rules: NameRules) -> str:
    """``part`` altered as little as it takes: refused characters become ``_``, the end is cut."""
    if not _part_refusals(part, rules):
        return part
    limit = MOST_PART_OCTETS if not rules.is_uuid_layout else MOST_NAME_OCTETS
    text = "".join(
        character if _is_fit(character, rules) else "_" for character in _readable(part)
    )
    while len(encoded_part(text)) > limit:
        text = text[:-1]
    return encoded_part(text or "_")


def _readable(part: str) -> str:
    decoded = decoded_part(part)
    return decoded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_fit(character: str, rules: NameRules) -> bool:
    if character in (rules.separator, "\ufffd", "\x7f") or ord(character) < ord(" "):
        return False
    if " " <= character <= "~":
        return character in rules.allowed
    return ord(character) <= 0xFFFF or rules.version >= (3, 2, 0)


def proposed_name(name: MailboxName, keep: int, rules: NameRules) -> MailboxName:
    """``name`` with every part after the first ``keep`` made fit, the whole made short enough."""
    parts = [*name.parts[:keep], *(proposed_part(part, rules) for part in name.parts[keep:])]
    if _is_bare(name, rules):
        parts[keep:] = [part.replace("@", "_") for part in parts[keep:]]
    proposal = MailboxName(domain=name.domain, parts=tuple(parts))
    while (over := len(proposal.admin_with(rules.separator)) - MOST_NAME_OCTETS) > 0:
        longest = max(range(keep, len(parts)), key=lambda at: len(parts[at]), default=None)
        if longest is None:
            break
        shorter = shortened(parts[longest], over)
        if shorter == parts[longest]:
            break
        parts[longest] = shorter
        proposal = MailboxName(domain=name.domain, parts=tuple(parts))
    return proposal
