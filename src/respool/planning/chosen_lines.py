"""Messages that were chosen one by one: the JSON lines that ``find`` writes, read back.

They may come from anywhere: each line is looked at before anything of it is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from shlex import quote
from typing import Any, Final
from unicodedata import category

from respool.errors import SelectionInvalid
from respool.model.dataclasses import dataclass
from respool.model.messages import UID_LIMIT

STANDARD_INPUT: Final = "-"
LONGEST_LINE: Final = 1 << 20
MOST_LINES: Final = 1_000_000
_LONGEST_NAME: Final = 2000
_GUID: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)
_SHOWN: Final = 6
_HINT: Final = "respool find … --json writes such lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMessage:
    """One message: its mailbox (an administrator's name), UID and GUID, if it has one.

    ``generation`` is the label of the generation that it is to be taken from, ``number``
    that of its line. What has no GUID is known by ``size_bytes`` and by ``received``, its
    internal date in seconds since 1970; both are None of other messages.
    """

    account: str
    generation: str
    mailbox: str
    uid: int
    guid: str | None
    size_bytes: int | None
    received: int | None
    number: int

    @property
    def identity(self) -> tuple[str | None, int | None, int | None]:
        """What tells it from another message that has its UID."""
        return self.guid, self.size_bytes, self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenGroup:
    """What was chosen of one account in one generation, by mailbox and UID."""

    account: str
    generation: str
    mailboxes: Mapping[str, Mapping[int, ChosenMessage]]

    @property
    def count(self) -> int:
        """How many messages."""
        return sum(map(len, self.mailboxes.values()))

    @property
    def is_of_user(self) -> bool:
        """Whether the account is a user's, by its mailboxes' names; else a mailshare's."""
        names = (name.removeprefix("DELETED/") for name in self.mailboxes)
        return any(name.startswith("user/") for name in names)


def parse_chosen(lines: Iterable[bytes]) -> tuple[ChosenGroup, ...]:
    """The messages of all lines, by account and generation, in the order they come in.

    The same message twice counts once; empty lines are nothing.

    Raises:
        SelectionInvalid: naming the line; or there is none at all.
    """
    found: dict[tuple[str, str], dict[str, dict[int, ChosenMessage]]] = {}
    for message in _messages(lines):
        boxes = found.setdefault((message.account, message.generation), {})
        former = boxes.setdefault(message.mailbox, {}).setdefault(message.uid, message)
        if former.identity != message.identity:
            raise _invalid(
                message.number,
                f"message {message.uid} of {message.mailbox} is another one than in line"
                f" {former.number}",
            )
    if not found:
        raise SelectionInvalid(
            "no message was chosen", why="the selection has no line", hint=_HINT
        )
    return tuple(
        ChosenGroup(account=account, generation=generation, mailboxes=boxes)
        for (account, generation), boxes in found.items()
    )


def one_group(
    groups: Iterable[ChosenGroup], command: str, file: str = STANDARD_INPUT
) -> ChosenGroup:
    """The only group of a selection, which was read from ``file``.

    Raises:
        SelectionInvalid: there are several; all of them are named.
    """
    every = tuple(groups)
    accounts = sorted({each.account for each in every})
    generations = [each.generation for each in every]
    if len(accounts) > 1:
        raise SelectionInvalid(
            f"the selection has messages of {len(accounts)} accounts",
            why=_list(accounts),
            hint=f"respool {command} {accounts[0]} --selection … takes those of one",
        )
    if len(every) > 1:
        counts = [f"{each.generation} ({each.count})" for each in every]
        raise SelectionInvalid(
            f"the selection has messages of {len(every)} generations",
            why=f"{accounts[0]} in {_list(counts)}",
            hint=_each_generation(accounts[0], generations, command, file),
        )
    return every[0]


def _each_generation(account: str, generations: list[str], command: str, file: str) -> str:
    """What to type for each of them: what is piped in has to be kept in a file first."""
    first = ""
    if file == STANDARD_INPUT:
        file, first = "FILE", "keep what find writes (respool find … --json > FILE); "
    words = f"respool {command} {quote(account)} --selection {quote(file)} -g"
    every = "; ".join(f"{words} {quote(each)}" for each in generations)
    return f"{first}one after the other, each with the same options: {every}"


def _messages(lines: Iterable[bytes]) -> Iterator[ChosenMessage]:
    for number, line in enumerate(lines, start=1):
        if number > MOST_LINES:
            raise _invalid(number, f"a selection has at most {MOST_LINES:,} lines")
        if len(line) > LONGEST_LINE:
            raise _invalid(number, f"it is longer than {LONGEST_LINE} octets")
        if line.strip():
            yield _message(number, _object(number, line))


def _object(number: int, line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _invalid(number, f"it is no JSON: {error!s:.200}") from error
    if not isinstance(found, dict):
        raise _invalid(number, "it is no JSON object")
    return found


def _message(number: int, fields: Mapping[str, Any]) -> ChosenMessage:
    uid, guid = fields.get("uid"), fields.get("guid")
    if type(uid) is not int or not 0 < uid < UID_LIMIT:
        raise _invalid(number, f'"uid" is no UID: {uid!r:.80}')
    if guid is not None and not (isinstance(guid, str) and _GUID.fullmatch(guid)):
        raise _invalid(number, f'"guid" is neither 40 hexadecimal digits nor null: {guid!r:.80}')
    return ChosenMessage(
        account=_name(number, fields, "account"),
        generation=_name(number, fields, "generation"),
        mailbox=_name(number, fields, "mailbox"),
        uid=uid,
        guid=guid,
        size_bytes=_size(number, fields.get("size_bytes")) if guid is None else None,
        received=_received(number, fields.get("internaldate")) if guid is None else None,
        number=number,
    )


def _size(number: int, value: object) -> int:
    if type(value) is not int or value < 0:
        raise _invalid(number, f'without a GUID it needs "size_bytes": {value!r:.80}')
    return value


def _received(number: int, value: object) -> int:
    """Seconds since 1970 of a time such as ``2023-08-09T08:06:40Z``."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _invalid(number, f'without a GUID it needs "internaldate": {value!r:.80}')
    return int(moment.timestamp())


_NOT_IN_NAMES: Final = frozenset({"Cc", "Cs"})  # control characters, halves of a character


def _name(number: int, fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise _invalid(number, f'"{key}" is no name: {value!r:.80}')
    if any(category(each) in _NOT_IN_NAMES for each in value):
        raise _invalid(number, f'"{key}" has characters that no name has: {value!r:.80}')
    return value


def _invalid(number: int, why: str) -> SelectionInvalid:
    return SelectionInvalid(f"line {number} of the selection is no message", why=why, hint=_HINT)


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
