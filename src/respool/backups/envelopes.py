"""Who wrote single messages, and about what: of those of a folder that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

import numpy as np

from respool.backups.caches import caches_of
from respool.backups.source import SourceMailbox, look_up_index, open_message
from respool.cyrus.index_lookup import IndexLookup
from respool.cyrus.message_headers import (
    READ_SIZE,
    HeaderFields,
    keeps_first_field,
    parse_message_headers,
)
from respool.errors import BackupError
from respool.model.inventory import ARCHIVED, IN_ARCHIVE, IN_DATA


class Envelopes:
    """Names messages of folders that are asked for one after the other, again and again.

    Of the last folder its index stays looked through: four octets for each record.
    """

    def __init__(self) -> None:
        self._last: SourceMailbox | None = None
        self._looked_up: IndexLookup | None = None

    def of(self, source: SourceMailbox, uids: Collection[int]) -> Mapping[int, HeaderFields]:
        """By UID what the cache says of messages, or their files; what neither has is left out.

        Raises:
            BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
        """
        index = self._index(source)
        if index is None:
            return {}
        rows = index.records(np.array(sorted(uids), dtype=np.uint32))
        found: dict[int, HeaderFields] = {}
        with caches_of(source, index.header.generation) as caches:
            for row, fields in zip(rows, caches.fields_of(rows), strict=True):
                uid = int(row["uid"])
                is_archived = bool(int(row["system_flags"]) & ARCHIVED)
                is_first_kept = keeps_first_field(index.layout.version, int(row["cache_version"]))
                known = fields or _of_file(
                    source, uid, is_archived=is_archived, is_first_kept=is_first_kept
                )
                if known is not None:
                    found[uid] = known
        return found

    def _index(self, source: SourceMailbox) -> IndexLookup | None:
        if self._last is not source:
            self._looked_up = self._last = None  # let go of before there are two
            self._looked_up, self._last = look_up_index(source), source
        return self._looked_up


def _of_file(
    source: SourceMailbox, uid: int, *, is_archived: bool, is_first_kept: bool
) -> HeaderFields | None:
    for place in (IN_ARCHIVE, IN_DATA) if is_archived else (IN_DATA, IN_ARCHIVE):
        with suppress(BackupError, OSError), open_message(source, uid, place) as file:
            return parse_message_headers(file.read(READ_SIZE), is_first_kept=is_first_kept)
    return None
