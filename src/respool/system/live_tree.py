"""The spool and databases of the live server, to be read as a backup is: never written.

A server goes on while it is read. So nothing of it is mapped into memory that its server may
cut meanwhile, and whoever reads a mailbox looks afterwards whether it was still the same one.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.cyrus.spool_paths import CACHE_FILE, PathRules
from respool.errors import BackupFileMissing
from respool.model.names import DELETED
from respool.system.configuration import read_configuration
from respool.system.read_only import ReadOnlyTree

LIVE: Final = "live"
_NO: Final = frozenset({"off", "no", "false", "f", "0"})
_KINDS: Final = ("", "meta", "archive")


def live_place(imapd_conf: Path) -> PurePosixPath:
    """The place of the live server of a configuration: a path that no directory can have.

    It stands wherever that of a part of a backup does.
    """
    return PurePosixPath(imapd_conf.absolute()) / LIVE


def live_at(place: PurePosixPath) -> LiveTree | None:
    """The live server at a place that `live_place` made; None for any other place.

    Raises:
        ServerNotFound: the configuration includes what is not there.
        NotPermitted: it may not be read.
        FormatError: it is none.
    """
    file = Path(place.parent)
    if place.name != LIVE or not file.is_file():
        return None
    return LiveTree(place, read_configuration(file))


class LiveTree(ReadOnlyTree):
    """The whole machine, and in it the roots that a server's configuration names.

    Those may be reached through links, since the server reaches them so; below them no link
    is followed. A root that is no directory is as if it were not named.
    """

    def __init__(self, place: PurePosixPath, configuration: ServerConfiguration) -> None:
        super().__init__("/")
        self.place = place
        self.configuration = configuration

    def roots(self, kind: str) -> Mapping[str, PurePosixPath]:
        """Partition name → root, relative to this tree; ``kind`` as of the configuration."""
        found: dict[str, PurePosixPath] = {}
        for name, root in self.configuration.roots(kind).items():
            real = _real(root)
            if real is not None:
                found[name] = real
        return found

    @property
    def has_mail(self) -> bool:
        """Whether any root of the configuration is on this machine."""
        return any(self.roots(kind) for kind in _KINDS)

    @property
    def databases(self) -> PurePosixPath | None:
        """The ``configdirectory``; None where it is not on this machine."""
        return _real(self.configuration.configdirectory)

    @property
    def list_of_mailboxes(self) -> PurePosixPath | None:
        """``mailboxes.db``; None where there is none.

        Source: imapd.conf(5), ``mboxlist_db_path``.
        """
        usual = self.configuration.configdirectory / "mailboxes.db"
        file = PurePosixPath(self.configuration.text("mboxlist_db_path", str(usual)))
        above = _real(file.parent)
        return None if above is None else above / file.name

    @property
    def deleted_prefix(self) -> tuple[str, ...]:
        """What delayed deletion puts mailboxes below, as parts of a name.

        Source: imapd.conf(5), ``deletedprefix``.
        """
        text = self.configuration.text("deletedprefix", DELETED)
        return tuple(filter(None, re.split("[./]", text))) or (DELETED,)

    @property
    def path_rules(self) -> PathRules:
        """What decides where the server looks for a mailbox by its name."""
        return PathRules(
            is_hashed=self.configuration.is_on("hashimapspool"),
            is_hashed_in_full=self.configuration.is_on("fulldirhash"),
            has_domains=self.configuration.text("virtdomains", "off").lower() not in _NO,
        )

    @contextmanager
    def mapped(self, relative: str | PurePath) -> Iterator[mmap.mmap | bytes]:
        """As octets that were read: a server cuts its databases when it takes a change back.

        A cache it only makes longer, or replaces.
        """
        if PurePosixPath(relative).name == CACHE_FILE:
            with super().mapped(relative) as octets:
                yield octets
        else:
            yield self.read(relative)


def _real(root: PurePosixPath) -> PurePosixPath | None:
    with suppress(BackupFileMissing):
        return ReadOnlyTree(root).root.relative_to("/")
    return None
