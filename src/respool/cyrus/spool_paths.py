"""Where a mailbox lies below its partition's root, and which mailbox a directory is.

The letter is that of the second part where there is one, else of the first. So all
mailboxes of one user share a letter, while each first-level folder of a mailshare is
filed under its own, with all that is below it.

Source: imap/mboxname.c, ``mboxname_hash``; lib/util.c, ``dir_hash_c``.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.messages import UID_LIMIT
from respool.model.modified_utf7 import InvalidModifiedUtf7, parse_modified_utf7
from respool.model.names import MailboxName

DOMAIN: Final = "domain"
UUID: Final = "uuid"
INDEX_FILE: Final = "cyrus.index"
HEADER_FILE: Final = "cyrus.header"
CACHE_FILE: Final = "cyrus.cache"
EXPUNGE_FILE: Final = "cyrus.expunge"
NOT_MAIL: Final = frozenset({"lost+found"})

_NOT_A_LETTER: Final = "q"
_MESSAGE_FILE: Final = re.compile(r"[1-9][0-9]{0,9}\.", re.ASCII)
_MESSAGE_FILES: Final = re.compile(r"(?:[1-9][0-9]{0,9}\./)*[1-9][0-9]{0,9}\.", re.ASCII)
_LIKE_A_MESSAGE_FILE: Final = re.compile(r"[0-9]+\.", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRules:
    """The settings of a server that decide where directories are."""

    is_hashed: bool = True  # hashimapspool
    is_hashed_in_full: bool = False  # fulldirhash
    has_domains: bool = True  # virtdomains


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDirectory:
    """What a directory of the names layout says: the mailbox, and the letters above it."""

    name: MailboxName
    letter: str | None  # None where the spool is not hashed
    is_letter_right: bool


def hash_letter(text: str) -> str:
    """First character lower-cased; ``q`` for all that is no ASCII letter.

    >>> hash_letter("Zoe"), hash_letter("1digit"), hash_letter("&AMk-t&AOk-")
    ('z', 'q', 'q')
    """
    first = text[:1]
    return first.lower() if first in string.ascii_letters and first else _NOT_A_LETTER


def full_hash_letter(text: str) -> str:
    """A letter from A to W of all characters up to the first dot (``fulldirhash: yes``).

    >>> full_hash_letter("fred"), full_hash_letter("bloggs.com")
    ('E', 'L')
    """
    number = 0
    for octet in text.encode("utf-8", "surrogateescape"):
        if octet == 0x2E:
            break
        number = (((number << 3) ^ (number >> 5)) ^ octet) & 0xFFFFFFFF
    return chr(ord("A") + number % 23)


def mailbox_directory(name: MailboxName, rules: PathRules) -> PurePosixPath:
    """Directory of ``name``, relative to its partition's root, in the names layout.

    >>> str(mailbox_directory(MailboxName(domain="b.loc", parts=("contact", "old")), PathRules()))
    'domain/b/b.loc/o/contact/old'
    """
    on_disk = [part.replace(".", "^") for part in name.parts]
    below = PurePosixPath(*on_disk)
    letter_of = _letter_function(rules)
    if letter_of is not None:
        below = PurePosixPath(letter_of(_filed_under(name, rules))) / below
    if name.domain is None or not rules.has_domains:
        return below
    domain = PurePosixPath(name.domain)
    if letter_of is not None:
        domain = PurePosixPath(letter_of(name.domain)) / domain
    return DOMAIN / domain / below


def uuid_directory(uniqueid: str) -> PurePosixPath:
    """Directory of a mailbox in the uuid layout of 3.6 and later."""
    return PurePosixPath(UUID, uniqueid[0], uniqueid[1], uniqueid)


def name_of_directory(
    parts: Sequence[str], *, is_hashed: bool | None = None
) -> NamedDirectory | None:
    """The mailbox of a directory, by its components below the partition's root.

    Whether the spool is hashed is discovered from the single letters where
    ``is_hashed`` is None. None for a directory that is above all mailboxes.
    """
    domain: str | None = None
    rest = list(parts)
    if rest[:1] == [DOMAIN]:
        rest = rest[1:]
        hashed_domain = _is_letter(rest) if is_hashed is None else is_hashed
        if hashed_domain:
            rest = rest[1:]
        if not rest:
            return None
        domain, rest = rest[0], rest[1:]
    letter: str | None = None
    if _is_letter(rest) if is_hashed is None else is_hashed:
        letter, rest = (rest[0] if rest else None), rest[1:]
    if not rest or not all(rest):
        return None
    name = MailboxName(domain=domain, parts=tuple(part.replace("^", ".") for part in rest))
    return NamedDirectory(
        name=name, letter=letter, is_letter_right=letter is None or letter in _letters(name)
    )


def is_single_letter(text: str) -> bool:
    """Whether a component can be a hash letter."""
    return len(text) == 1 and text in string.ascii_letters


def is_decodable(part: str) -> bool:
    """Whether ``part`` is modified UTF-7 that some server could have accepted."""
    try:
        parse_modified_utf7(part)
    except InvalidModifiedUtf7:
        return False
    return True


def uid_of_file(file_name: str) -> int | None:
    """The UID of a message file ``12.``, or None for any other name."""
    if not _MESSAGE_FILE.fullmatch(file_name):
        return None
    uid = int(file_name[:-1])
    return uid if uid < UID_LIMIT else None


def uids_of_files(file_names: str) -> tuple[NDArray[np.uint32], list[str]]:
    """The UIDs of the message files among ``file_names``, and the names of the others.

    Names are put together with ``/`` between them. As `uid_of_file` of each, for very many.

    >>> uids_of_files("12./cyrus.index/7.")
    (array([12,  7], dtype=uint32), ['cyrus.index'])
    """
    if _MESSAGE_FILES.fullmatch(file_names):
        uids = np.fromstring(file_names.replace(".", ""), dtype=np.int64, sep="/")
        if int(uids.max()) < UID_LIMIT:
            return uids.astype(np.uint32), []
    found, others = [], []
    for name in filter(None, file_names.split("/")):
        uid = uid_of_file(name)
        if uid is None:
            others.append(name)
        else:
            found.append(uid)
    return np.array(found, dtype=np.uint32), others


def is_like_message_file(file_name: str) -> bool:
    """Whether a name is digits and a dot, if not those of a possible UID."""
    return _LIKE_A_MESSAGE_FILE.fullmatch(file_name) is not None


def _is_letter(parts: Sequence[str]) -> bool:
    return len(parts) > 1 and is_single_letter(parts[0])


def _letter_function(rules: PathRules) -> Callable[[str], str] | None:
    if not rules.is_hashed:
        return None
    return full_hash_letter if rules.is_hashed_in_full else hash_letter


def _filed_under(name: MailboxName, rules: PathRules) -> str:
    """The part whose letter counts; from 3.0 the full hash sees real dots."""
    part = name.parts[1] if len(name.parts) > 1 else name.parts[0]
    return part if rules.is_hashed_in_full else part.replace(".", "^")


def _letters(name: MailboxName) -> tuple[str, ...]:
    """The letters that any release could have filed ``name`` under."""
    part = name.parts[1] if len(name.parts) > 1 else name.parts[0]
    internal = part.replace(".", "^")  # what releases up to 2.5 put into the full hash
    return hash_letter(internal), full_hash_letter(part), full_hash_letter(internal)
