"""Whose rights a restored folder gets: the target's, never more than the backup's folder gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from respool.model.dataclasses import dataclass

_ANYONE = "anyone"
_UNFIT = frozenset('"\\(){}%*')
_ALL_RIGHTS = frozenset("lrswipkxtea")
_OBSOLETE = frozenset("cd")  # the server's own shorthand for other letters (RFC 4314)

Rights: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsRules:
    """What is known of rights before folders are looked at.

    ``live`` is what CREATE gives below the target's root: the root's own ACL.
    ``spared`` are the target's owner and the server's administrators: they keep what they
    have. ``root`` is the ACL of the account's root in the backup, None where that is not
    known or does not count: then each folder is held against its own ACL;
    ``source_owner`` owns it there. ``is_known`` is False for a backup without any
    ACL at all: then there is nothing to go by, and the target's rights hold. ``is_given_back``:
    a folder is made again where it was, and has the rights that it had there.
    """

    live: Rights
    spared: frozenset[str]
    root: Rights | None
    source_owner: str | None
    is_known: bool = True
    is_given_back: bool = False

    def of_folder(self, backup: Rights) -> Rights:
        """What a restored folder gets whose ACL was ``backup``.

        The target's rights; where the folder was narrower in the backup than its account's
        root, nobody gets more than the folder itself gave him.
        """
        if not self.is_known:
            return self.live
        if self.is_given_back and backup and all(map(is_fit_identifier, backup)):
            kept = {who: may for who, may in self.live.items() if who in self.spared}
            return {**{who: may for who, may in backup.items() if who not in kept}, **kept}
        exempt = self.spared | {self.source_owner or ""}
        if self.root is not None and not is_narrower(backup, self.root, exempt):
            return self.live
        return narrowed(self.live, backup, self.spared)

    def of_holder(self, backups: Iterable[Rights]) -> Rights:
        """For a folder that only holds others: what all of them give."""
        rights = self.live
        for each in backups:
            given = self.of_folder(each)
            rights = rights if given == self.live else narrowed(rights, each, self.spared)
        return rights


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


def narrower_for(live: Mapping[str, str], rights: Mapping[str, str]) -> tuple[str, ...]:
    """Who gets less in this folder than he has in the account's INBOX."""
    return tuple(who for who, may in live.items() if set(rights.get(who, "")) < set(may))
