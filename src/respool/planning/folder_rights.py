"""Rights of folders as values: who may do what, and what is more than a backup gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

_ANYONE = "anyone"
_UNFIT = frozenset('"\\(){}%*')
_ALL_RIGHTS = frozenset("lrswipkxtea")
_OBSOLETE = frozenset("cd")  # the server's own shorthand for other letters (RFC 4314)

Rights: TypeAlias = Mapping[str, str]


def spared_by(live: Rights, owner: str | None, admins: Iterable[str]) -> frozenset[str]:
    """Who keeps what he has: the server's administrators, and the owner.

    BlueMind names the owner by another identifier than his login: it is the one that has
    all rights, where just one has.
    """
    spared = frozenset(admins)
    if owner is None:
        return spared
    people = {who for who in live if who != _ANYONE and not who.startswith("-")} - spared
    full = {who for who in people if set(live[who]) >= _ALL_RIGHTS}
    return spared | {owner} | (full if len(full) == 1 else frozenset())


def is_narrower(folder: Rights, root: Rights, exempt: frozenset[str]) -> bool:
    """Whether ``folder`` gives somebody less than ``root`` does; ``exempt`` do not count.

    >>> is_narrower({"al": "lr"}, {"al": "lrs"}, frozenset())
    True
    """
    people = {who.removeprefix("-") for who in (*folder, *root)} - exempt
    return any(effective(root, who) - effective(folder, who) for who in people)


def effective(acl: Rights, who: str) -> frozenset[str]:
    """What ``who`` may, by his own entries and those of anyone."""
    may = set(acl.get(who, "")) | set(acl.get(_ANYONE, ""))
    return frozenset(may - _OBSOLETE - set(acl.get(f"-{who}", "") + acl.get(f"-{_ANYONE}", "")))


def narrowed(live: Rights, backup: Rights, spared: frozenset[str]) -> Rights:
    """``live`` (what CREATE would give), without what the backup's folder did not give.

    ``spared`` keep their rights. Whom the backup shuts out (a negative entry) is shut
    out, but never those. A folder whose rights cannot be read, or cannot be written
    again, has none for others.

    >>> narrowed({"jo": "lrswa", "al": "lrs"}, {"jo": "lrswa"}, frozenset({"jo"}))
    {'jo': 'lrswa'}
    """
    if not all(is_fit_identifier(who) for who in backup if who.startswith("-")):
        backup = {}
    rights: dict[str, str] = {}
    for who, may in live.items():
        kept = may
        if not who.startswith("-") and who not in spared:
            given = effective(backup, who)
            if not set(may) - _OBSOLETE <= given:
                kept = "".join(each for each in may if each in given)
        if kept:
            rights[who] = kept
    for who, may_not in backup.items():
        whom = who.removeprefix("-")
        if who.startswith("-") and whom != _ANYONE and whom not in spared:
            rights[who] = "".join(dict.fromkeys(rights.get(who, "") + may_not))
    return rights


def is_fit_identifier(who: str) -> bool:
    """Whether a server takes ``who`` in an ACL: 3.6.1 stores others, and breaks on them."""
    return bool(who) and all("!" <= each <= "~" and each not in _UNFIT for each in who)
