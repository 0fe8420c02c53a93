"""Whose rights a restored folder gets: the target's, never more than the backup's folder gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_MAY_ADMINISTER = "a"
_ANYONE = "anyone"
_UNFIT = frozenset('"\\(){}%*')
_OBSOLETE = frozenset("cd")  # the server's own shorthand for other letters (RFC 4314)


def narrowed(live: Mapping[str, str], backup: Mapping[str, str]) -> Mapping[str, str]:
    """``live`` (what CREATE would give), without what the backup's folder did not give.

    Who may administer the account's INBOX keeps his rights: owner and administrators.
    Whom the backup shuts out (a negative entry) is shut out, but never those. A folder
    whose rights cannot be read, or cannot be written again, has none for others.

    >>> narrowed({"jo": "lrswa", "al": "lrs", "anyone": "p"}, {"jo": "lrswa", "anyone": "p"})
    {'jo': 'lrswa', 'anyone': 'p'}
    """
    if not all(is_fit_identifier(who) for who in backup if who.startswith("-")):
        backup = {}
    rights: dict[str, str] = {}
    for who, may in live.items():
        kept = may
        if not who.startswith("-") and _MAY_ADMINISTER not in may:
            given = set(backup.get(who, "")) | set(backup.get(_ANYONE, ""))
            given -= set(backup.get(f"-{who}", "")) | set(backup.get(f"-{_ANYONE}", ""))
            if not set(may) - _OBSOLETE <= given:
                kept = "".join(each for each in may if each in given - _OBSOLETE)
        if kept:
            rights[who] = kept
    for who, may_not in backup.items():
        whom = who.removeprefix("-")
        is_spared = whom == _ANYONE or _MAY_ADMINISTER in live.get(whom, "")
        if who.startswith("-") and not is_spared:
            rights[who] = "".join(dict.fromkeys(rights.get(who, "") + may_not))
    return rights


def is_fit_identifier(who: str) -> bool:
    """Whether a server takes ``who`` in an ACL: 3.6.1 stores others, and breaks on them."""
    return bool(who) and all("!" <= each <= "~" and each not in _UNFIT for each in who)


def narrowest(live: Mapping[str, str], backups: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """For a folder that only holds others: what all of them give."""
    rights = live
    for backup in backups:
        rights = narrowed(rights, backup)
    return rights


def narrower_for(live: Mapping[str, str], rights: Mapping[str, str]) -> tuple[str, ...]:
    """Who gets less in this folder than he has in the account's INBOX."""
    return tuple(who for who, may in live.items() if set(rights.get(who, "")) < set(may))
