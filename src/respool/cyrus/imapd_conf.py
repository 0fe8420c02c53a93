"""``imapd.conf``: its text as options, and the options that a restore depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from respool.errors import FormatError
from respool.model.dataclasses import dataclass

INCLUDE = "@include"
_YES = frozenset({"yes", "on", "true", "t", "1"})


def parse_lines(text: str) -> Iterator[tuple[str, str]]:
    """``(key, value)`` of each line, in order; includes come as ``("@include", path)``.

    Lines end with a backslash where they go on, comments too. Keys are lower-cased as
    the server does. Values keep inner spaces and lose outer ones.

    Raises:
        FormatError: a line that is neither blank, comment nor ``key: value``.

    Source: lib/libconfig.c, ``config_read_file``.
    """
    pending: list[str] = []  # none of them empty
    for number, raw in enumerate(text.splitlines(), start=1):
        last = raw if raw or not pending else pending.pop()
        if last.endswith("\\"):
            pending += [last[:-1]] if last[:-1] else []
            continue
        line = "".join((*pending, last)).strip()
        pending = []
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise FormatError(
                f"line {number} of the configuration is no option",
                expected="key: value",
                found=repr(line[:60]),
            )
        yield key.strip().lower(), value.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfiguration:
    """The options of one server, includes resolved. ``options`` are as written."""

    options: Mapping[str, str]

    def text(self, key: str, default: str = "") -> str:
        """The value of ``key``."""
        return self.options.get(key, default)

    def is_on(self, key: str, *, default: bool = False) -> bool:
        """Whether the switch ``key`` is on."""
        value = self.options.get(key)
        return default if value is None else value.lower() in _YES

    @property
    def configdirectory(self) -> PurePosixPath:
        """Where the server keeps its databases."""
        return PurePosixPath(self.text("configdirectory", "/var/lib/cyrus"))

    @property
    def admins(self) -> tuple[str, ...]:
        """The administrators, in the order of the file."""
        return tuple(self.text("admins").split())

    def administers(self, name: str) -> bool:
        """Whether ``name`` may create mailboxes of others, as far as the options tell.

        Each service can have administrators of its own (``imap_admins``), and the default
        domain may be part of a login or not. Whom a group holds is not known here.

        Source: imapd.conf(5), ``admins``; lib/libconfig.c, ``SERVICE_option``.
        """
        options = (value for key, value in self.options.items() if key.endswith("admins"))
        known = {each.casefold() for value in options for each in value.split()}
        local, _, domain = name.casefold().partition("@")
        is_default = domain == self.text("defaultdomain").casefold()
        names = {name.casefold(), local} if is_default else {name.casefold()}
        return bool(names & known) or any(each.startswith("group:") for each in known)

    def roots(self, kind: str) -> Mapping[str, PurePosixPath]:
        """Partition name → root; ``kind`` is ``""``, ``"meta"`` or ``"archive"``."""
        prefix = f"{kind}partition-"
        return {
            key.removeprefix(prefix): PurePosixPath(value)
            for key, value in self.options.items()
            if key.startswith(prefix)
        }

    def archived(self, data: PurePosixPath) -> PurePosixPath | None:
        """Where a mailbox of the data directory ``data`` keeps what it archives; None: nowhere.

        The same path below the archive partition as below the data partition; only where
        ``archive_enabled`` is on (3.0 and later).
        """
        if not self.is_on("archive_enabled"):
            return None
        partitions = self.roots("")
        fitting = [name for name, root in partitions.items() if data.is_relative_to(root)]
        partition = max(fitting, key=lambda name: len(partitions[name].parts), default=None)
        archive = None if partition is None else self.roots("archive").get(partition)
        if partition is None or archive is None:
            return None
        return archive / data.relative_to(partitions[partition])

    @property
    def meta_kinds(self) -> frozenset[str]:
        """The ``cyrus.*`` files that lie on the metapartition."""
        return frozenset(self.text("metapartition_files").lower().split())


def merged(lines: Sequence[tuple[str, str]]) -> ServerConfiguration:
    """One configuration of lines without includes; an option given twice counts once, the last.

    (The server itself refuses to start with an option that stands twice.)
    """
    return ServerConfiguration(options=dict(lines))


def render(options: Mapping[str, str]) -> str:
    """The text of an ``imapd.conf`` with just these options."""
    return "".join(f"{key}: {value}\n" for key, value in options.items())
