"""Which folders of an account one FOLDER means, as people type it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from respool.model.accounts import INBOX
from respool.model.names import DELETED

_RESTORED: Final = "restored-"
_EARLIER_RESTORE: Final = re.compile(r"restored-\d{4}-?\d{2}(-?\d{2})?(-\d+)?")


def is_meant(folder: str, path: str, *, is_deleted: bool) -> bool:
    """Whether ``folder`` means the mailbox at ``path``: it and all below it.

    ``=NAME`` is that one alone; ``*`` stays within a level, ``**`` crosses, and both mean
    exactly what they match. DELETED (``is_deleted``) and earlier restores are meant only
    where their names are typed. ``path`` is decoded, as `folder_path` gives it.

    >>> is_meant("Projects", "Projects/2017", is_deleted=False)
    True
    >>> is_meant("*", "Projects/2017", is_deleted=False)
    False
    """
    path = normalize("NFC", path)
    pattern = normalize("NFC", folder)
    alone = pattern.startswith("=")
    pattern = pattern.removeprefix("=").rstrip("/")
    if pattern.casefold() == INBOX.casefold():
        return path == INBOX
    if "*" not in pattern:
        return path == pattern or (not alone and path.startswith(f"{pattern}/"))
    return (
        _expression(pattern).fullmatch(path) is not None
        and (not is_deleted or pattern.startswith(DELETED))
        and (not is_earlier_restore(path) or pattern.startswith(_RESTORED))
    )


def is_earlier_restore(path: str) -> bool:
    """Whether a folder is, or is below, what a restore made with a name of its own choice."""
    return _EARLIER_RESTORE.fullmatch(path.partition("/")[0]) is not None


@lru_cache(maxsize=64)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(pattern)))


def _pieces(pattern: str) -> Iterator[str]:
    for piece in re.split(r"(\*+)", pattern):
        if piece.startswith("**"):
            yield ".*"
        elif piece == "*":
            yield "[^/]*"
        else:
            yield re.escape(piece)
