"""Writing the pages of an export once all messages are there, and giving a zip its end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

from respool.errors import StepFailed
from respool.exports.manifest_head import ExportForm
from respool.exports.zip_records import Member, central_record, end_records
from respool.runs.actor import Note
from respool.system.appended_file import AppendedFile, cut_back
from respool.system.durable import flush_directory, rename_to_new, replacing
from respool.targets.export.contents import Contents
from respool.targets.export.group import cannot_write
from respool.targets.export.pages import pages, pages_together
from respool.targets.export.steps import FinishExport, PublishZip
from respool.targets.export.surveyor import part_of_zip
from respool.targets.export.zip_members import members_of
from respool.targets.export.zip_writer import add_stream


class HashedPage:
    """A page as it goes by, piece by piece, and what is kept of it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        """Each piece, once."""
        for piece in self._pieces:
            self._digest.update(piece)
            self._size_bytes += len(piece)
            yield piece

    def note(self) -> Note:
        """Its SHA-256 and its size."""
        return {"sha256": self._digest.hexdigest(), "size_bytes": self._size_bytes}


def finish(step: FinishExport, contents: Contents, start: int) -> Note:
    """Write what stands in an export besides messages; ``start`` is how long a zip was before.

    Raises:
        StepFailed: it cannot be written.
    """
    try:
        if step.form is ExportForm.ZIP:
            return _finish_zip(step, contents, start)
        return {"pages": _write_pages(Path(step.path), contents)}
    except OSError as error:
        if step.form is ExportForm.ZIP:
            cut_back(part_of_zip(Path(step.path)), start)
        raise cannot_write(step.path, error) from error


def _write_pages(directory: Path, contents: Contents) -> Note:
    """All of them by turns; each gets its name once it is whole, the last one last."""
    every = {name: HashedPage(each) for name, each in pages_together(contents).items()}
    with ExitStack() as stack:
        streams = [stack.enter_context(replacing(directory / name)) for name in reversed(every)]
        for pieces in zip_longest(*every.values(), fillvalue=b""):
            for stream, piece in zip(reversed(streams), pieces, strict=True):
                stream.write(piece)
    return {name: page.note() for name, page in every.items()}


def _finish_zip(step: FinishExport, contents: Contents, start: int) -> Note:
    modified_at = int(contents.record.head().made_at.timestamp())
    noted: dict[str, Any] = {}
    with AppendedFile(part_of_zip(Path(step.path)), start) as zip_file:
        last: list[Member] = []
        for name, pieces in pages(contents):
            page = HashedPage(pieces)
            last.append(add_stream(zip_file, name, modified_at, page))
            noted[name] = page.note() | {"offset": last[-1].offset}
        central = _write_directory(zip_file, contents, last)
        mtime_ns = zip_file.flush()
        more = {"size_bytes": zip_file.position, "mtime_ns": mtime_ns}
    return {"pages": noted, "central": central, **more}


def _write_directory(zip_file: AppendedFile, contents: Contents, last: list[Member]) -> Note:
    """The zip's directory; where in it each folder's messages begin, and how many."""
    begun, count = zip_file.position, 0
    where: dict[str, list[int]] = {}
    for planned, number, step in contents.folders():
        offsets = (contents.record.receipt(number) or {})["offsets"]
        for name, offset in zip(step.directories, offsets, strict=True):
            zip_file.write(central_record(_directory_member(name, step.modified_at, offset)))
            count += 1
        first = count
        where[planned.target_name] = [zip_file.position, 0]
        for group, _, written in contents.groups(planned):
            for member in members_of(group, written):
                zip_file.write(central_record(member))
                count += 1
        where[planned.target_name][1] = count - first
    where[""] = [zip_file.position, len(last)]  # the pages are in no folder
    for member in last:
        zip_file.write(central_record(member))
        count += 1
    size_bytes = zip_file.position - begun
    zip_file.write(end_records(members=count, offset=begun, size_bytes=size_bytes))
    return where


def _directory_member(name: str, modified_at: int, offset: int) -> Member:
    return Member(
        name=f"{name}/",
        modified_at=modified_at,
        method=0,
        crc=0,
        stored_bytes=0,
        size_bytes=0,
        offset=offset,
    )


def is_there(step: PublishZip) -> bool:
    """Whether something has the name that a zip is to get."""
    return os.path.lexists(step.path)


def publish(step: PublishZip, *, was_there: bool) -> Note:
    """Give the zip its name, unless something stands there.

    Raises:
        StepFailed: something does, or the directory cannot be written.
    """
    path = Path(step.path)
    part = part_of_zip(path)
    if not os.path.lexists(part) and not was_there and path.is_file():
        return {}  # it was done already
    try:
        rename_to_new(part, path)
        flush_directory(path.parent)
    except FileExistsError as error:
        raise StepFailed(
            f"{path} is there by now", why="nothing is written over", hint=f"move it away: {path}"
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error
    return {}
