"""Settings, read once: option, else variable, else ``/etc/respool.toml``, else the default."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from respool.errors import RespoolError, UsageError
from respool.model.dataclasses import dataclass
from respool.model.generations import StagedDirectories
from respool.system.ownership import is_for_us_alone

SETTINGS_FILE: Final = Path("/etc/respool.toml")
Asker: TypeAlias = Callable[[str], str]  # what is asked for → what a person typed, unseen
ROOT_STATE: Final = Path("/var/lib/respool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its key in the file, its option and variable, and what it is for."""

    key: str
    option: str | None
    variable: str
    default: str | None
    meaning: str


SETTINGS: Final = (
    Setting(
        key="backups",
        option="--backups",
        variable="RESPOOL_BACKUPS",
        default="/var/backups/bluemind",
        meaning="where backups are",
    ),
    Setting(
        key="imapd_conf",
        option="--imapd-conf",
        variable="RESPOOL_IMAPD_CONF",
        default="/etc/imapd.conf",
        meaning="the mail server's configuration",
    ),
    Setting(
        key="imap",
        option="--imap",
        variable="RESPOOL_IMAP",
        default=None,
        meaning="the mail server's IMAP address, imap://HOST:PORT",
    ),
    Setting(
        key="imap_admin",
        option="--imap-admin",
        variable="RESPOOL_IMAP_ADMIN",
        default=None,
        meaning="the mail server's administrator",
    ),
    Setting(
        key="imap_password",
        option=None,
        variable="RESPOOL_IMAP_PASSWORD",
        default=None,
        meaning="the administrator's password",
    ),
    Setting(
        key="imap_password_file",
        option=None,
        variable="RESPOOL_IMAP_PASSWORD_FILE",
        default=None,
        meaning="a file whose first line is the administrator's password",
    ),
    Setting(
        key="to_password",
        option=None,
        variable="RESPOOL_TO_PASSWORD",
        default=None,
        meaning="the password at another server that mail is restored to",
    ),
    Setting(
        key="to_password_file",
        option=None,
        variable="RESPOOL_TO_PASSWORD_FILE",
        default=None,
        meaning="a file whose first line is that password",
    ),
    Setting(
        key="credentials",
        option="--credentials",
        variable="RESPOOL_TO_CREDENTIALS",
        default=None,
        meaning="a file with a login and its password at another server on each line",
    ),
    Setting(
        key="ca_file",
        option="--ca-file",
        variable="RESPOOL_CA_FILE",
        default=None,
        meaning="certificates that another server's is trusted by, instead of the system's",
    ),
    Setting(
        key="insecure",
        option="--insecure",
        variable="RESPOOL_INSECURE",
        default=None,
        meaning="yes: speak to another server though it offers no encryption",
    ),
    Setting(
        key="bluemind_api",
        option="--bluemind-api",
        variable="RESPOOL_BLUEMIND_API",
        default=None,
        meaning="where BlueMind's core answers, https://HOST/api",
    ),
    Setting(
        key="bluemind_key",
        option=None,
        variable="RESPOOL_BLUEMIND_KEY",
        default=None,
        meaning="the key of an administrator of BlueMind",
    ),
    Setting(
        key="bluemind_key_file",
        option=None,
        variable="RESPOOL_BLUEMIND_KEY_FILE",
        default=None,
        meaning="a file whose first line is that key",
    ),
    Setting(
        key="state",
        option="--state",
        variable="RESPOOL_STATE",
        default=None,
        meaning="where journals, receipts and the catalogue are kept",
    ),
)
_SECRETS: Final = frozenset({"imap_password", "to_password", "bluemind_key"})


class Secret:
    """A password or a key, which no text of this object shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The password itself, for the one who sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(slots=True)
class CoreSilence:
    """Why BlueMind's core did not answer, and until when it is not asked again (monotonic)."""

    error: RespoolError | None = None
    until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one command. None where a thing is to be found out or asked for.

    ``staged`` are directories of one account, which then are the backup and not ``backups``.
    ``ask`` asks a person for a secret, where there is one.
    """

    backups: Path
    imapd_conf: Path
    imap: str | None
    imap_admin: str | None
    imap_password: Secret | None
    to_password: Secret | None
    state: Path
    credentials: Path | None = None
    ca_file: Path | None = None
    is_insecure: bool = False
    bluemind_api: str | None = None
    bluemind_key: Secret | None = None
    core_silence: CoreSilence = field(default_factory=CoreSilence, compare=False, repr=False)
    ask: Asker | None = None
    staged: StagedDirectories | None = None


def staged_directories(
    data: Sequence[str], meta: Sequence[str], archive: Sequence[str]
) -> StagedDirectories | None:
    """The options ``--data``, ``--meta`` and ``--archive``; None where none was given.

    Raises:
        UsageError: some without ``--data``.
    """
    if data:
        return StagedDirectories(data=_paths(data), meta=_paths(meta), archive=_paths(archive))
    if not meta and not archive:
        return None
    raise UsageError(
        f"{'--meta' if meta else '--archive'} needs --data",
        why="it goes with the directories that hold the message files",
        hint="--data /var/backups/jdoe --meta /var/backups/jdoe-meta",
    )


def read_settings(
    options: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Path = SETTINGS_FILE,
    *,
    staged: StagedDirectories | None = None,
    ask: Asker | None = None,
) -> Settings:
    """The settings of one command; ``options`` by key, None for an option not given.

    Raises:
        UsageError: a file that cannot be read or has unknown keys, or a password in it;
            two places named for the backup.
    """
    if staged is not None and (options or {}).get("backups"):
        raise UsageError(
            "--backups and --data exclude each other",
            why="--data names the directories of one account, which are the backup then",
        )
    surroundings = os.environ if environment is None else environment
    in_file = _file_values(file)
    values = {
        setting.key: _first(
            (options or {}).get(setting.key),
            surroundings.get(setting.variable),
            in_file.get(setting.key),
            setting.default,
        )
        for setting in SETTINGS
    }
    return Settings(
        backups=Path(values["backups"] or "/"),
        imapd_conf=Path(values["imapd_conf"] or "/"),
        imap=values["imap"],
        imap_admin=values["imap_admin"],
        imap_password=_secret(values["imap_password"], values["imap_password_file"]),
        to_password=_secret(values["to_password"], values["to_password_file"]),
        credentials=_path(values["credentials"]),
        ca_file=_path(values["ca_file"]),
        is_insecure=(values["insecure"] or "no").lower() == "yes",
        bluemind_api=values["bluemind_api"],
        bluemind_key=_bluemind_key(values["bluemind_key"], values["bluemind_key_file"]),
        state=Path(values["state"]) if values["state"] else _default_state(surroundings),
        staged=staged,
        ask=ask,
    )


def _path(value: str | None) -> Path | None:
    return None if value is None else Path(value)


def _paths(typed: Sequence[str]) -> tuple[PurePosixPath, ...]:
    return tuple(PurePosixPath(each) for each in typed)


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value), None)


def _file_values(file: Path) -> dict[str, str]:
    try:
        text = file.read_text("utf-8")
        import tomllib  # noqa: PLC0415 - few have such a file

        parsed = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f'"{file}" cannot be read', why=str(error)) from error
    values = {key.replace("-", "_"): value for key, value in parsed.items()}
    allowed = {setting.key for setting in SETTINGS} - _SECRETS
    wrong = sorted(
        key for key, value in values.items() if key not in allowed or not _is_text(value)
    )
    if wrong:
        raise UsageError(
            f'"{file}" has what is no setting: {", ".join(wrong)}',
            hint=f"settings are {', '.join(sorted(allowed))}, each a text",
        )
    return values


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _secret(value: str | None, file: str | None) -> Secret | None:
    if value is not None:
        return Secret(value)
    return None if file is None else secret_in(Path(file))


def _bluemind_key(value: str | None, file: str | None) -> Secret | None:
    """The key, which opens a whole installation: its file must be for us alone."""
    if value is None and file is not None:
        _check_private(Path(file))
    return _secret(value, file)


def _check_private(file: Path) -> None:
    with suppress(OSError):  # what cannot be read is told by whoever reads it
        if not is_for_us_alone(file):
            raise UsageError(
                f'"{file}" is open to others, or another\'s',
                why="it holds the key to BlueMind's core",
                hint=f"chmod 600 {file}",
            )


def secret_in(file: Path) -> Secret:
    """The first line of ``file``.

    Raises:
        UsageError: it cannot be read, or there is none.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f'the password file "{file}" cannot be read') from error
    if not lines or not lines[0]:
        raise UsageError(f'the password file "{file}" is empty')
    return Secret(lines[0])


def _default_state(environment: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return ROOT_STATE
    given = environment.get("XDG_STATE_HOME")
    home = Path(environment.get("HOME", "/"))
    return (Path(given) if given else home / ".local" / "state") / "respool"
