r"""File names that every system takes: Windows, macOS and Linux, from any folder or subject.

Source: Microsoft, "Naming Files, Paths, and Namespaces": no ``<>:"/\|?*`` and no control
characters, no dot or blank at the end, no name of a device, upper and lower case alike,
260 characters for a whole path. APFS and HFS+ take a composed and a decomposed letter for
one; ext4 takes 255 octets for one name.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

MOST_PART: Final = 64  # of a folder's name; all are in UTF-16 units, as Windows counts
MOST_FOLDERS: Final = 120  # of all folders of a path together
MOST_NAME: Final = 80  # of a message's file

_ODD: Final = re.compile(r'[<>:"/\\|?*]')
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICE: Final = re.compile(
    "(con|prn|aux|nul|conin\\$|conout\\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])"
    r" *(\.|$)",
    re.IGNORECASE,
)
_BLANKS: Final = re.compile(r"\s+")
_UID: Final = re.compile(r"\(([0-9]{1,10})\)\.eml$")
_ENDING: Final = ".eml"
_LONGEST_TEXT: Final = 1000
_FOLDERS_SHARE: Final = 8  # a part is never made shorter than this


def units(text: str) -> int:
    """How long Windows finds ``text``."""
    return len(text) + sum(each > "\uffff" for each in text)


def safe_part(text: str, most: int = MOST_PART) -> str:
    r"""``text`` as a name, altered as little as it takes.

    >>> safe_part("a:b"), safe_part("con.txt"), safe_part("Ét\u00e9. "), safe_part("")
    ('a_b', 'con_.txt', 'Été', '_')
    """
    plain = text[:_LONGEST_TEXT]
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain)
    if not plain.isprintable():
        plain = _BLANKS.sub(" ", plain)
        plain = "".join("_" if unicodedata.category(c) in _HIDDEN else c for c in plain)
    plain = _trimmed(_ODD.sub("_", plain), most)
    if (device := _DEVICE.match(plain)) is not None:
        at = device.end(1)
        plain = _trimmed(f"{plain[:at]}_{plain[at:]}", most)
    return plain or "_"


def _trimmed(text: str, most: int) -> str:
    text = text.strip(" ")
    while units(text) > most:
        text = text[: min(len(text) - 1, most)]
    return text.rstrip(" .")


def same_name(text: str) -> str:
    """What is equal for two names that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def numbered(name: str, number: int, most: int = MOST_PART) -> str:
    """``name`` with a number, no longer than ``most``.

    >>> numbered("Sent", 2)
    'Sent (2)'
    """
    mark = f" ({number})"
    return f"{safe_part(name, most - len(mark))}{mark}"


def room_of_parts(depth: int) -> int:
    """How long each of so many folders in a path may be.

    >>> room_of_parts(1), room_of_parts(10)
    (64, 11)
    """
    return max(_FOLDERS_SHARE, min(MOST_PART, MOST_FOLDERS // depth - 1))


def message_name(internaldate: int, subject: str | None, uid: int) -> str:
    r"""The file of one message: its date, what it is about, and its UID, which makes it its own.

    >>> message_name(1507017600, "Re: Hello", 12)
    '2017-10-03 08.00.00 Re_ Hello (12).eml'
    """
    at = datetime.fromtimestamp(internaldate, UTC)
    stamp = (
        f"{at.year:04d}-{at.month:02d}-{at.day:02d} {at.hour:02d}.{at.minute:02d}.{at.second:02d}"
    )
    end = f" ({uid}){_ENDING}"
    about = safe_part(subject, MOST_NAME - len(stamp) - len(end) - 1) if subject else ""
    return f"{stamp} {about}{end}" if about else f"{stamp}{end}"


def uid_of(name: str) -> int | None:
    """The UID in the name of such a file.

    >>> uid_of(message_name(1507017600, "a (3)", 12))
    12
    """
    found = _UID.search(name)
    return None if found is None else int(found[1])
