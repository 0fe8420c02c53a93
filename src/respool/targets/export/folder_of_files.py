"""A folder of an export whose messages are files: its directories, and what it calls them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from respool.exports import maildir_names, safe_names
from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.system.durable import TEMPORARY_PREFIX
from respool.targets.export.steps import WriteMessages

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOfFiles:
    """A folder whose messages are files; ``place`` is where these stand in the export."""

    directory: Path
    place: str
    form: ExportForm
    modified_at: int
    keywords: tuple[str, ...]

    @classmethod
    def of(cls, step: WriteMessages) -> FolderOfFiles:
        """The folder of a step."""
        place = step.lane
        if step.form is ExportForm.MAILDIR:
            place = "cur" if step.lane == "." else f"{step.lane}/cur"
        return cls(
            directory=Path(step.path) / place,
            place=place,
            form=step.form,
            modified_at=step.modified_at,
            keywords=step.keywords,
        )

    @property
    def beside(self) -> Path:
        """Where files wait for their names."""
        if self.form is ExportForm.MAILDIR:
            return self.directory.with_name("tmp")
        return self.directory

    @contextmanager
    def opened(self) -> Iterator[tuple[int, int]]:
        """Descriptors of both directories.

        Raises:
            OSError: one is not there.
        """
        with self.opened_inside() as inside:
            beside = os.open(self.beside, _DIRECTORY)
            try:
                yield beside, inside
            finally:
                os.close(beside)

    @contextmanager
    def opened_inside(self) -> Iterator[int]:
        """A descriptor of the directory with the messages.

        Raises:
            OSError: it is not there.
        """
        inside = os.open(self.directory, _DIRECTORY)
        try:
            yield inside
        finally:
            os.close(inside)

    def temporary(self, message: PlannedMessage) -> str:
        """The name under which a message waits."""
        if self.form is ExportForm.MAILDIR:
            return self._base(message)
        return f"{TEMPORARY_PREFIX}{message.uid}."

    def name(self, message: PlannedMessage, subject: str, temporary: str | None = None) -> str:
        """The name that a message gets; ``temporary``: under which it waits, if that is known."""
        if self.form is ExportForm.MAILDIR:
            info = maildir_names.render_info(message.flags, self.keywords)
            return f"{temporary or self._base(message)}{info}"
        return safe_names.message_name(message.internaldate, subject, message.uid)

    def uid_of(self, name: str) -> int | None:
        """Whose name it is."""
        if self.form is ExportForm.MAILDIR:
            return maildir_names.uid_of(name)
        return safe_names.uid_of(name)

    def names_now(self, messages: tuple[PlannedMessage, ...]) -> dict[int, str]:
        """The names that stand there for ``messages``, whoever gave them; one each."""
        wanted = {message.uid for message in messages}
        with os.scandir(self.directory) as entries:
            return {
                uid: entry.name
                for entry in entries
                if (uid := self.uid_of(entry.name)) in wanted and uid is not None
            }

    def _base(self, message: PlannedMessage) -> str:
        return maildir_names.message_base(self.modified_at, message.uid, message.size_bytes)
