"""The live Cyrus server of this machine: its configuration, programs and IMAP sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from respool.cyrus.header import parse_header
from respool.cyrus.imapd_conf import ServerConfiguration
from respool.cyrus.spool_paths import HEADER_FILE
from respool.errors import (
    FormatError,
    LoginRefused,
    ProgramFailed,
    ServerNotFound,
    ServerSaidNo,
)
from respool.model.dataclasses import dataclass
from respool.system.configuration import imap_port, read_configuration
from respool.system.door import open_door
from respool.system.imap import ImapSession, log_in
from respool.system.imap_places import ImapAddress
from respool.system.kept_session import KeptSession
from respool.system.mailbox_admin import Administration
from respool.system.ownership import Owner, owner_named, owner_of
from respool.system.programs import Finished, Running, find_program, run_program, started
from respool.system.shared_sessions import SharedSessions
from respool.system.told_of_list import ToldOfList

_FALLBACK_PORTS = (1143, 143)
_NAMES_A_CALL = 200
UNKNOWN_VERSION = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """How to reach the server, as settings say. ``password`` None: by our own door.

    ``borrowed`` is where notes of borrowed rights are kept; None: nowhere.
    """

    imapd_conf: Path
    address: ImapAddress | None = None
    admin: str | None = None
    password: str | None = field(default=None, repr=False)
    borrowed: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxDirectories:
    """Where the server keeps one mailbox, as its own ``mbpath`` says.

    ``archive`` is None where its partition has no archive.
    """

    data: Path
    meta: Path
    archive: Path | None = None


class CyrusServer:
    """One server, reached. All threads share the administrator's sessions.

    ``admin`` is what he asks, over any of them.
    """

    def __init__(
        self,
        *,
        access: ServerAccess,
        configuration: ServerConfiguration,
        address: ImapAddress,
        password: str,
    ) -> None:
        self.imapd_conf = access.imapd_conf
        self.borrowed = access.borrowed
        self.configuration = configuration
        self.address = address
        self.admin_name = admin_name(access, configuration)
        self.owner = server_owner(configuration)
        self._password = password
        self._sessions = SharedSessions(self._enter_as_admin)
        self.admin = Administration(self._sessions.one)
        self.kept_session = KeptSession(self.enter)
        self.told_of_list = ToldOfList(
            mailboxes_file(configuration), configuration.text("mboxlist_db", "twoskip")
        )
        with self._sessions.one() as session:
            self.version_text = session.version or UNKNOWN_VERSION

    @property
    def version(self) -> tuple[int, int, int]:
        """The server's version as numbers; (0, 0, 0) where it hides it."""
        if self.version_text == UNKNOWN_VERSION:
            return (0, 0, 0)
        major, minor, patch = (int(number) for number in self.version_text.split("."))
        return (major, minor, patch)

    @property
    def separator(self) -> str:
        """What stands between the parts of an administrator's mailbox name."""
        unix = self.configuration.is_on("unixhierarchysep", default=self.version >= (3, 0, 0))
        return "/" if unix else "."

    @property
    def default_domain(self) -> str | None:
        """The domain that the server leaves out of its mailbox names, if any."""
        return self.configuration.text("defaultdomain") or None

    @contextmanager
    def as_user(self, userid: str) -> Iterator[ImapSession]:
        """A session as ``userid``, through the administrator, for the length of a block.

        Raises:
            LoginRefused: the server lets nobody in under that name.
        """
        session = self.enter(userid)
        try:
            yield session
        finally:
            session.close()

    def enter(self, userid: str) -> ImapSession:
        """As `as_user`; the caller closes it."""
        if userid != userid.lower() and self.configuration.is_on("username_tolower", default=True):
            raise LoginRefused(
                f"nobody can log in as {userid}",
                why="the server makes every login lower-case (username_tolower), which is another",
            )
        return log_in(self.address, admin=self.admin_name, password=self._password, as_user=userid)

    def directories(self, mailbox: str) -> MailboxDirectories:
        """Directories of ``mailbox`` (encoded administrator's name), by ``mbpath``.

        Raises:
            ProgramFailed: the server knows no such mailbox.
        """
        told = self._mbpath((mailbox,))
        return self._directories(*(_path_in(mailbox, each) for each in told))

    def directories_of(self, mailboxes: Sequence[str]) -> Mapping[str, MailboxDirectories]:
        """Those of each of ``mailboxes`` that ``mbpath`` knows, by few calls."""
        found: dict[str, MailboxDirectories] = {}
        for start in range(0, len(mailboxes), _NAMES_A_CALL):
            group = mailboxes[start : start + _NAMES_A_CALL]
            data, meta = map(_paths_in, self._mbpath(group))
            if len(data) == len(meta) == len(group):
                pairs = zip(data, meta, strict=True)
                found.update(zip(group, (self._directories(*pair) for pair in pairs), strict=True))
                continue
            for each in group:  # one is unknown or broken: which, only single calls tell
                with suppress(ProgramFailed):
                    found[each] = self.directories(each)
        return found

    def _directories(self, data: Path, meta: Path) -> MailboxDirectories:
        archive = self.archived(PurePosixPath(data))
        return MailboxDirectories(
            data=data, meta=meta, archive=None if archive is None else Path(archive)
        )

    def archived(self, data: PurePosixPath) -> PurePosixPath | None:
        """Where what is archived of a data directory lies; None: nowhere, or before 3.0."""
        return self.configuration.archived(data) if self.version >= (3, 0, 0) else None

    def uniqueid(self, mailbox: str) -> str | None:
        """The id of ``mailbox``: as IMAP tells it, else as its ``cyrus.header`` does.

        Servers before 3.0 do not tell it over IMAP.

        Raises:
            ProgramFailed: there is no such mailbox.
        """
        return self.id_and_partition(mailbox)[0]

    def id_and_partition(self, mailbox: str) -> tuple[str | None, str | None]:
        """The id of ``mailbox``, and its partition: None before 3.0. Errors as `uniqueid`."""
        partition = None
        if self.version >= (3, 0, 0):
            with suppress(ServerSaidNo):
                told, partition = self.admin.server_entries(mailbox, "uniqueid", "partition")
                if told is not None:
                    return told, partition
        return self._id_on_disk(mailbox), partition

    def _id_on_disk(self, mailbox: str) -> str | None:
        directories = self.directories(mailbox)
        is_in_meta = "header" in self.configuration.meta_kinds
        file = (directories.meta if is_in_meta else directories.data) / HEADER_FILE
        try:
            return parse_header(file.read_bytes()).uniqueid
        except (OSError, FormatError):
            return None

    def _enter_as_admin(self) -> ImapSession:
        return log_in(self.address, admin=self.admin_name, password=self._password)

    def _mbpath(self, mailboxes: Sequence[str]) -> Sequence[Finished]:
        """What it says of data, and of meta."""
        encoding = ("-7",) if self.version >= (3, 6, 0) else ()
        words = (*encoding, "--", *mailboxes)  # a name may begin with "-"
        return self.ask_of_list(
            (("mbpath", *words), ("mbpath", "-m", *words)), timeout_seconds=60.0
        )

    def ask_of_list(
        self, commands: Sequence[Sequence[str]], *, timeout_seconds: float = 600.0
    ) -> Sequence[Finished]:
        """Ask the server's programs of its list of mailboxes, side by side; errors as `run_tool`.

        What was told before still stands while nobody has written to that list.
        """
        with self.told_of_list.asking() as told, ExitStack() as stack:
            asked = [each for each in dict.fromkeys(map(tuple, commands)) if each not in told]
            running = [stack.enter_context(self._started(each)) for each in asked]
            for words, one in zip(asked, running, strict=True):
                told[words] = one.finished(timeout_seconds=timeout_seconds)
            return [told[tuple(each)] for each in commands]

    def _started(self, words: Sequence[str]) -> AbstractContextManager[Running]:
        return started(self._command(*words), owner=self.owner)

    def run_tool(
        self, name: str, *words: str, timeout_seconds: float = 3600.0, told: str | None = None
    ) -> Finished:
        """Run one of the server's own programs, on its own configuration, as its own user.

        ``told`` is its standard input, if any.

        Raises:
            ServerNotFound: there is no such program.
            ProgramFailed: it did not end in time.
        """
        command = self._command(name, *words)
        return run_program(command, owner=self.owner, timeout_seconds=timeout_seconds, told=told)

    def _command(self, name: str, *words: str) -> list[str]:
        program = find_tool(name)
        if program is None:
            raise ServerNotFound(f"the server's program {name} is not on this machine")
        return [str(program), "-C", str(self.imapd_conf), *words]

    def close(self) -> None:
        """Log every session out."""
        self.kept_session.close()
        self._sessions.close()


def _path_in(mailbox: str, done: Finished) -> Path:
    line = done.output.strip("\n")
    if done.status != 0 or not line.startswith("/"):
        raise ProgramFailed(
            f"mbpath does not know {mailbox}", why=(done.errors or done.output).strip()
        )
    return Path(line)


def _paths_in(done: Finished) -> list[Path]:
    return [Path(line) for line in done.output.splitlines() if line.startswith("/")]


def mailboxes_file(configuration: ServerConfiguration) -> Path:
    """Where the server keeps its list of mailboxes.

    Source: imapd.conf(5), ``mboxlist_db_path``.
    """
    usual = configuration.configdirectory / "mailboxes.db"
    return Path(configuration.text("mboxlist_db_path", str(usual)))


def mailboxes_written_at(configuration: ServerConfiguration) -> datetime | None:
    """When the server of ``configuration`` wrote its list of mailboxes last."""
    file = mailboxes_file(configuration)
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def find_tool(name: str) -> Path | None:
    """One of the server's programs; ``quota`` is ``cyrquota`` on some machines."""
    names = ("cyrquota", "quota") if name == "quota" else (name,)
    return find_program(*names)


def admin_name(access: ServerAccess, configuration: ServerConfiguration) -> str:
    """The administrator to log in as: the one that settings name, else the server's first."""
    if access.admin is not None:
        return access.admin
    if not configuration.admins:
        raise ServerNotFound(
            f"{access.imapd_conf} names no administrator",
            hint="add one to admins, or name one with --imap-admin",
        )
    return configuration.admins[0]


def server_owner(configuration: ServerConfiguration) -> Owner:
    """User and group of the server's files, as its configuration directory has them.

    Raises:
        ServerNotFound: that directory is not there.
    """
    directory = Path(configuration.configdirectory)
    try:
        return owner_of(directory)
    except OSError as error:
        named = owner_named(configuration.text("cyrus_user", "cyrus"))
        if named is not None:
            return named
        raise ServerNotFound(
            f"the server's configuration directory {directory} is not there", why=str(error)
        ) from error


def port_address(access: ServerAccess) -> ImapAddress:
    """The server's own port: as settings or ``cyrus.conf`` name it, else the usual ones."""
    if access.address is not None:
        return access.address
    return ImapAddress(port=imap_port(access.imapd_conf) or _FALLBACK_PORTS[0])


@contextmanager
def reach_server(access: ServerAccess) -> Iterator[CyrusServer]:
    """The server, for the length of a block: by password at its port, else by our own door.

    Raises:
        ServerNotFound, NotPermitted, ServerUnreachable, LoginRefused: as the parts say.
    """
    configuration = read_configuration(access.imapd_conf)
    with ExitStack() as stack:
        if access.password is None:
            owner = server_owner(configuration)
            address, password = stack.enter_context(open_door(configuration, owner))
        else:
            address, password = port_address(access), access.password
        server = CyrusServer(
            access=access, configuration=configuration, address=address, password=password
        )
        stack.callback(server.close)
        yield server
