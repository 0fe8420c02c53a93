"""Names of a Maildir++: of folders, of messages with their flags, and the letters of keywords.

A folder ``Projects/2017`` is the directory ``.Projects.2017`` beside ``cur``, ``new`` and
``tmp`` of INBOX, in modified UTF-7. A message is ``SECONDS.Q<uid>.respool,S=SIZE:2,FLAGS``:
upper-case letters are IMAP's own flags, a lower-case one is the line of that number in the
folder's ``dovecot-keywords``. All messages of an export have the same seconds, those of the
plan, and a UID of ten digits, so that servers which give UIDs in the order of names keep the
order of the backup.

Source: https://cr.yp.to/proto/maildir.html; https://www.courier-mta.org/imap/README.maildirquota.html
(Maildir++); https://doc.dovecot.org/2.3/admin_manual/mailbox_formats/maildir/ (S=, keywords).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

FOLDER_MARK: Final = "maildirfolder"
KEYWORDS_FILE: Final = "dovecot-keywords"
DIRECTORIES: Final = ("cur", "new", "tmp")
MOST_KEYWORDS: Final = 26

_HOST: Final = "respool"
_LETTERS: Final[Mapping[str, str]] = {
    "\\Draft": "D",
    "\\Flagged": "F",
    "\\Answered": "R",
    "\\Seen": "S",
    "\\Deleted": "T",
}
_FLAGS: Final[Mapping[str, str]] = {letter: flag for flag, letter in _LETTERS.items()}
_KEYWORD_LINE: Final = re.compile(r"([0-9]{1,3}) (\S+)")
_UID: Final = re.compile(r"[0-9]+\.Q([0-9]{10})\.respool[,:]")


def message_base(stamp: int, uid: int, size_bytes: int) -> str:
    """A message's name without its flags: what stays when those are changed.

    >>> message_base(1507017600, 12, 345)
    '1507017600.Q0000000012.respool,S=345'
    """
    return f"{stamp}.Q{uid:010d}.{_HOST},S={size_bytes}"


def render_info(flags: Iterable[str], keywords: Sequence[str]) -> str:
    r"""What stands behind the base; keywords without a letter are left out.

    >>> render_info(["\\Seen", "$Junk", "\\Answered", "other"], ["$Forwarded", "$Junk"])
    ':2,RSb'
    """
    return _info(tuple(flags), tuple(keywords))


@lru_cache(maxsize=256)
def _info(flags: tuple[str, ...], keywords: tuple[str, ...]) -> str:
    letters = [
        _LETTERS.get(flag) or (chr(ord("a") + keywords.index(flag)) if flag in keywords else "")
        for flag in flags
    ]
    return f":2,{''.join(sorted(letters))}"


def parse_info(name: str, keywords: Sequence[str]) -> frozenset[str]:
    r"""The flags that a name says; letters that mean nothing here are left out.

    >>> sorted(parse_info("1.x:2,RSb", ["$Forwarded", "$Junk"]))
    ['$Junk', '\\Answered', '\\Seen']
    """
    return _flags_of(name.rpartition(":2,")[2], tuple(keywords))


@lru_cache(maxsize=256)
def _flags_of(letters: str, keywords: tuple[str, ...]) -> frozenset[str]:
    found = {_FLAGS[letter] for letter in letters if letter in _FLAGS}
    for letter in letters:
        number = ord(letter) - ord("a")
        if 0 <= number < len(keywords) and keywords[number]:
            found.add(keywords[number])
    return frozenset(found)


def uid_of(name: str) -> int | None:
    """The UID in the name of a message of an export of ours.

    >>> uid_of(message_base(1507017600, 12, 345) + ":2,S")
    12
    """
    found = _UID.match(name)
    return None if found is None else int(found[1])


def render_keywords(keywords: Sequence[str]) -> str:
    r"""The lines of ``dovecot-keywords``.

    >>> render_keywords(["$Forwarded", "$Junk"])
    '0 $Forwarded\n1 $Junk\n'
    """
    return "".join(f"{number} {keyword}\n" for number, keyword in enumerate(keywords))


def parse_keywords(text: str) -> tuple[str, ...]:
    r"""The keywords by their numbers, "" for a number without one; lines that are none are left.

    >>> parse_keywords("0 $Forwarded\n2 $Junk\n")
    ('$Forwarded', '', '$Junk')
    """
    found: dict[int, str] = {}
    for line in text.splitlines():
        parsed = _KEYWORD_LINE.fullmatch(line)
        if parsed is not None and int(parsed[1]) < MOST_KEYWORDS:
            found[int(parsed[1])] = parsed[2]
    return tuple(found.get(number, "") for number in range(max(found, default=-1) + 1))
