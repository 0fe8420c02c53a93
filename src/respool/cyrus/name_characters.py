"""Which characters each version of Cyrus takes in a mailbox name, in its own encoding."""

from __future__ import annotations

import string

_ALNUM = string.ascii_letters + string.digits
# lib/mboxname.c: GOODCHARS, and as CREATE answered on 3.6.1 for each printable character.
_ALLOWED_2 = frozenset(_ALNUM + " #$'+,-.:=@_~&")
# "*" is left out though 3.x takes it: reconstruct would take the name for a pattern.
_ALLOWED_3 = _ALLOWED_2 | frozenset("()?[]")
_ALLOWED_3_6 = _ALLOWED_3 | frozenset("!")


def allowed_in_names(version: tuple[int, int, int]) -> frozenset[str]:
    """Characters that one part of a name may hold.

    Source: lib/mboxname.c, GOODCHARS; as CREATE answered on 3.6.1.

    >>> sorted(allowed_in_names((3, 6, 1)) - allowed_in_names((3, 4, 0)))
    ['!']
    """
    if version < (3, 0, 0):
        return _ALLOWED_2
    return _ALLOWED_3_6 if version >= (3, 6, 0) else _ALLOWED_3
