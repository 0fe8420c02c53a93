"""Taking back a group of messages that are files of their own."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from respool.exports.manifest_head import ExportForm
from respool.exports.written import WrittenMessage, unpack
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.runs.actor import Undoing
from respool.system.message_files import digests_of
from respool.targets.export.folder_of_files import FolderOfFiles
from respool.targets.export.steps import WriteMessages

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def take_files(step: WriteMessages, undoing: Undoing) -> str | None:
    """Remove what the step wrote, message by message; how many are left, and why.

    One is left that has another name now (its flags were changed), or other octets.

    Raises:
        OSError: one cannot be looked at, or removed.
    """
    folder = FolderOfFiles.of(step)
    with contextlib.ExitStack() as stack:
        try:
            inside = stack.enter_context(folder.opened_inside())
        except FileNotFoundError:
            return None  # the whole folder is gone
        written = (
            {each.uid: each for each in unpack(undoing.done["entries"])} if (undoing.done) else {}
        )
        taking = _Taking(
            folder=folder, inside=inside, written=written, is_forced=undoing.is_forced
        )
        names = taking.names(step)
        left = sum(
            not taking.is_gone(message, names[message.uid])
            for message in step.messages
            if message.uid in names
        )
        for message in step.messages if not undoing.done else ():
            with contextlib.suppress(FileNotFoundError):
                (folder.beside / folder.temporary(message)).unlink()
        os.fsync(inside)
    if left == 0:
        return None
    return f"{folder.directory}: {left} messages were changed since, or have other flags"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    folder: FolderOfFiles
    inside: int
    written: Mapping[int, WrittenMessage]
    is_forced: bool

    def names(self, step: WriteMessages) -> dict[int, str]:
        """Under which name each message is there; of those that are gone none."""
        found: dict[int, str] = {}
        for uid, one in self.written.items():
            name = PurePosixPath(one.file).name
            if self._status(name) is not None:
                found[uid] = name
        missing = tuple(each for each in step.messages if each.uid not in found)
        if missing:
            found |= self.folder.names_now(missing)
        return found

    def is_gone(self, message: PlannedMessage, name: str) -> bool:
        """Remove a message that nobody touched; whether it was so."""
        if not (self.is_forced or self._is_ours(message, name)):
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.inside)
        return True

    def _is_ours(self, message: PlannedMessage, name: str) -> bool:
        return self._has_its_name(message, name) and self._has_its_octets(message, name)

    def _has_its_name(self, message: PlannedMessage, name: str) -> bool:
        one = self.written.get(message.uid)
        if one is not None:
            return PurePosixPath(one.file).name == name
        # Of a group that was cut off no receipt tells the names; a Maildir's need no message.
        is_maildir = self.folder.form is ExportForm.MAILDIR
        return not is_maildir or name == self.folder.name(message, "")

    def _has_its_octets(self, message: PlannedMessage, name: str) -> bool:
        """By size and time; where the time is another, by all of its octets."""
        status = self._status(name)
        if status is None:
            return True
        if not stat.S_ISREG(status.st_mode) or status.st_size != message.size_bytes:
            return False
        if status.st_mtime_ns == message.internaldate * 10**9:
            return True
        one = self.written.get(message.uid)
        guid = message.guid if one is None else one.guid
        descriptor = os.open(name, _READ, dir_fd=self.inside)
        try:
            return guid is None or digests_of(descriptor).guid == guid
        finally:
            os.close(descriptor)

    def _status(self, name: str) -> os.stat_result | None:
        with contextlib.suppress(FileNotFoundError):
            return os.stat(name, dir_fd=self.inside, follow_symlinks=False)
        return None
