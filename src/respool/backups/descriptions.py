"""``generation-N.json``: what BlueMind writes down about each backup, read leniently.

Versions differ in which fields appear; what is unknown is left out, what is missing None.

Source: GenerationWriter.java; PartGeneration.java (BlueMind 3.5 to 4.9).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import tree_at
from respool.errors import BackupError
from respool.model.dataclasses import dataclass

MAIL_TAG: Final = "mail/imap"
_FILE_NAME: Final = re.compile(r"generation-([0-9]{1,15})\.json", re.ASCII)
_SIZE_LIMIT: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedPart:
    """One part as a description names it."""

    part_id: int
    tag: str
    begin: datetime | None
    end: datetime | None
    has_end: bool
    size_mib: int | None
    server: str | None
    validity: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One generation as its file describes it; ``problem`` says why it could not be read.

    ``parts`` are those of mail, ``others`` those of every other tag.
    """

    generation_id: int
    protected_at: datetime | None = None
    software: str | None = None
    parts: tuple[DescribedPart, ...] = ()
    others: tuple[DescribedPart, ...] = ()
    problem: str | None = None


def read_descriptions(directory: PurePosixPath) -> tuple[Description, ...]:
    """All descriptions in a directory (absolute), by generation id. None there: empty."""
    found = []
    try:
        names = [name for name, is_directory in tree_at(directory).names() if not is_directory]
    except BackupError:
        return ()
    for name in names:
        match = _FILE_NAME.fullmatch(name)
        if match:
            found.append(_read(directory, name, int(match[1])))
    return tuple(sorted(found, key=lambda description: description.generation_id))


def parse_description(octets: bytes, generation_id: int) -> Description:
    """The value of one file; ``generation_id`` is that of its name, should it have none."""
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Description(generation_id=generation_id, problem="it is not JSON of a generation")
    return description_of(value, generation_id)


def description_of(value: Mapping[str, object], generation_id: int) -> Description:
    """A DataProtectGeneration as a file or BlueMind's core has it: both have the same fields."""
    software = value.get("blueMind")
    entries = value.get("parts")
    parts = [_part(entry) for entry in (entries if isinstance(entries, list) else [])]
    known = [part for part in parts if part is not None]
    return Description(
        generation_id=_number(value, "id") or generation_id,
        protected_at=_time(value, "protectionTime"),
        software=_text(software, "displayName") if isinstance(software, dict) else None,
        parts=tuple(part for part in known if part.tag == MAIL_TAG),
        others=tuple(part for part in known if part.tag != MAIL_TAG),
    )


def _read(directory: PurePosixPath, name: str, generation_id: int) -> Description:
    try:
        octets = tree_at(directory).read(name, _SIZE_LIMIT)
    except BackupError as error:
        return Description(generation_id=generation_id, problem=error.what)
    return parse_description(octets, generation_id)


def _part(entry: object) -> DescribedPart | None:
    if not isinstance(entry, dict):
        return None
    part_id, tag = _number(entry, "id"), _text(entry, "tag")
    if part_id is None or tag is None:
        return None
    return DescribedPart(
        part_id=part_id,
        tag=tag,
        begin=_time(entry, "begin"),
        end=_time(entry, "end"),
        has_end=entry.get("end") is not None,
        size_mib=_number(entry, "size"),
        server=_text(entry, "server"),
        validity=_text(entry, "valid"),
    )


def _number(values: Mapping[str, object], key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(values: Mapping[str, object], key: str) -> str | None:
    value = values.get(key)
    return value if isinstance(value, str) and value else None


def _time(values: Mapping[str, object], key: str) -> datetime | None:
    milliseconds = _number(values, key)
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
