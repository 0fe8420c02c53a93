"""Whose rights a restored folder gets: the target's, never more than the backup's folder gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_MAY_ADMINISTER = "a"
_ANYONE = "anyone"
_OBSOLETE = frozenset("cd")  # the server's own shorthand for other letters (RFC 4314)


def narrowed(live: Mapping[str, str], backup: Mapping[str, str]) -> Mapping[str, str]:
    """``live`` (what CREATE would give), without what the backup's folder did not give.

    Who may administer the account's INBOX keeps his rights: owner and administrators.
    Negative rights of both sides count. A folder whose rights cannot be read has none
    for others.

    >>> narrowed({"jo": "lrswa", "al": "lrs", "anyone": "p"}, {"jo": "lrswa", "anyone": "p"})
    {'jo': 'lrswa', 'anyone': 'p'}
    """
    rights: dict[str, str] = {}
    for who, may in live.items():
        kept = may
        if not who.startswith("-") and _MAY_ADMINISTER not in may:
            given = set(backup.get(who, "")) | set(backup.get(_ANYONE, ""))
            if not set(may) - _OBSOLETE <= given:
                kept = "".join(each for each in may if each in given - _OBSOLETE)
        if kept:
            rights[who] = kept
    for who, may_not in backup.items():
        if who.startswith("-"):
            both = dict.fromkeys(rights.get(who, "") + may_not)
            rights[who] = "".join(both)
    return rights


def narrowest(live: Mapping[str, str], backups: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """For a folder that only holds others: what all of them give."""
    rights = live
    for backup in backups:
        rights = narrowed(rights, backup)
    return rights


def narrower_for(live: Mapping[str, str], rights: Mapping[str, str]) -> tuple[str, ...]:
    """Who gets less in this folder than he has in the account's INBOX."""
    return tuple(who for who, may in live.items() if set(rights.get(who, "")) < set(may))
