"""What a person does where BlueMind's core is not asked: exact commands and clicks, by version.

Source: BlueMind's restore guide (the clicks of 3.5), bm-cli of 4 (``maintenance repair``,
``maintenance consolidateIndex``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Final

from respool.bluemind.families import Family
from respool.finishing.kept_rights import named

WEBMAIL: Final = (
    "webmail, as {who}: the gears button at the bottom left of the folder list > Manage folders"
    " (it refreshes the list; BlueMind 3.5 has no call for that)"
)
_SHARINGS: Final = "webmail, as {who}: Parameters > Mail > tab Sharings > Save, without any change"
_SHARE: Final = "admin console: Directory Entries > {address} > tab Sharings: share it"
_CONSOLE_INDEX: Final = (
    "admin console, as admin0: Directory Entries > {address} > tab Maintenance > tick Repair"
    " mailbox indexing > Save"
)
_CONSOLE_QUOTA: Final = (
    "admin console: Directory Entries > {address} > tab Mail > Mail quota: it is {limit} KiB in"
    " Cyrus now, set that until there is room again"
)
_EXPUNGING: Final = "replication.parentUid"
_WHAT_GOES: Final = (
    f"{_EXPUNGING} EXPUNGES whatever is marked as deleted in any folder of {{address}}, and in"
    " folders of others that it sees, unless they are below Autres utilisateurs or Dossiers"
    " partagés; only where nothing is, or all of it may go:"
)
_SUSPENDED: Final = "admin console: Directory Entries > {address} > Unsuspend; then:"


def webmail_refresh(address: str, *, is_mailshare: bool) -> str:
    """The one click that has no call: of 3.5's webmail."""
    return WEBMAIL.format(who=_who(address, is_mailshare=is_mailshare))


def repair_command(operations: Sequence[str], address: str) -> str:
    """``bm-cli`` for these repairs; never without any, for that means all.

    >>> print(repair_command(["mailboxQuota"], "team $(id)@b.loc"))
    bm-cli maintenance repair --ops mailboxQuota 'team $(id)@b.loc'
    """
    return f"bm-cli maintenance repair --ops {','.join(operations)} {quote(address)}"


def repair_commands(operations: Sequence[str], address: str) -> Iterator[str]:
    """One for all, but for what may expunge mail: that has its own, after a warning.

    Each is a line by itself, which a shell takes as it is.
    """
    others = [each for each in operations if each != _EXPUNGING]
    if others:
        yield repair_command(others, address)
    if _EXPUNGING in operations:
        yield _WHAT_GOES.format(address=address)
        yield repair_command((_EXPUNGING,), address)


def consolidate_command(address: str) -> str:
    """``bm-cli`` for the search index."""
    return f"bm-cli maintenance consolidateIndex {quote(address)}"


def suspended(operations: Sequence[str], address: str) -> Iterator[str]:
    """Repairs of an entry that is suspended, where BlueMind refuses them."""
    yield _SUSPENDED.format(address=address)
    yield from repair_commands(operations, address)


def quota_click(address: str, limit: int) -> str:
    """A limit that Cyrus alone knows of."""
    return _CONSOLE_QUOTA.format(address=address, limit=limit)


def address_click(address: str) -> str:
    """A mailshare that was made without an address."""
    return f"admin console: Directory Entries > {address} > tab Mail: give it an address"


def share_click(address: str, who: Sequence[str]) -> str:
    """A mailshare that was made, and that not everybody may read as before."""
    before = f"; in the backup {named(who)} had more rights than now" if who else ""
    return _SHARE.format(address=address) + before


def rights_click(family: Family, address: str, *, is_mailshare: bool) -> str:
    """Sharings saved anew, by a person."""
    if family.has_repairs:
        return repair_command(("mailboxAcls",), address)
    if is_mailshare:
        return (
            f"admin console: Directory Entries > {address} > tab Sharings > Save, without any"
            " change"
        )
    return _SHARINGS.format(who=_who(address, is_mailshare=is_mailshare))


def index_click(family: Family, address: str) -> str:
    """The search index brought up to the mail, by a person."""
    if family.has_repairs:
        return consolidate_command(address)
    return _CONSOLE_INDEX.format(address=address)


def _who(address: str, *, is_mailshare: bool) -> str:
    return f"each reader of {address}" if is_mailshare else address
