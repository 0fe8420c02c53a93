"""Rights that BlueMind's one list for a mailbox would change: so it is not asked to write any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from respool.model.dataclasses import dataclass

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRights:
    """``own`` are live folders with other rights than the mailbox's.

    ``more`` are those to whom the list gives more than they have in it now, ``less`` those who
    can read it now, and whom it would shut out.
    """

    own: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.own or self.more or self.less)

    def reasons(self) -> Iterator[str]:
        """Why BlueMind is not asked to write rights."""
        own = self.own
        if own:
            have = "1 folder has" if len(own) == 1 else f"{len(own)} folders have"
            yield (
                f"BlueMind has one list for a whole mailbox, and {have} rights of"
                f" {'its' if len(own) == 1 else 'their'} own: {named(own)}"
            )
        if self.more:
            yield f"BlueMind's list would give more than they have now to {named(self.more)}"
        if self.less:
            yield f"BlueMind's list would shut out who can read now: {named(self.less)}"

    def warning(self, address: str) -> str:
        """What a person should know before he saves sharings himself."""
        why = "; ".join(self.reasons())
        return (
            f"the rights of {address} were not written anew, nothing is missing: {why}. Look at"
            " them before its sharings are saved in BlueMind, or mailboxAcls is run: that gives"
            " every folder the rights of the whole mailbox"
        )


def named(those: Sequence[str]) -> str:
    """The first of them."""
    return ", ".join(those[:_MOST_NAMED]) + (", …" if len(those) > _MOST_NAMED else "")
