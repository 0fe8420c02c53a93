"""The configuration files and directories of a private Cyrus server."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support.distribution import INSTALLED

ADMIN = "admin0"
DEFAULT_PARTITION = "mail"
PARTITIONS = (DEFAULT_PARTITION, "bluemind_loc", "example_org", "bm-master__bluemind_loc")
METAPARTITION_FILES = "header index cache expunge squat annotations"
_PARTITION = re.compile(r"(archive|meta)?(partition|search)\w*-")
Layout = Literal["names", "uuid"]

_BLUEMIND_LIKE: Mapping[str, str] = {
    "defaultpartition": DEFAULT_PARTITION,
    "metapartition_files": METAPARTITION_FILES,
    "hashimapspool": "yes",
    "virtdomains": "userid",
    "unixhierarchysep": "yes",
    "altnamespace": "yes",
    "expunge_mode": "delayed",
    "delete_mode": "delayed",
    "allowplaintext": "yes",
    "sasl_mech_list": "PLAIN LOGIN",
    "sasl_pwcheck_method": "saslauthd",
    "munge8bit": "no",
    "reject8bit": "no",
    "duplicatesuppression": "no",
    "improved_mboxlist_sort": "no",
    "quotawarn": "90",
    "timeout": "30",
    "annotation_allow_undefined": "yes",
    "username_tolower": "yes",
    "conversations": "no",
    "search_engine": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CyrusFiles:
    """Where a private server keeps what; everything lies below ``root``."""

    root: Path
    partitions: tuple[str, ...] = PARTITIONS
    tag: str = field(default_factory=lambda: f"rt-{os.urandom(4).hex()}")

    @property
    def imapd_conf(self) -> Path:
        """The server's imapd.conf; it includes two files beside it."""
        return self.root / "etc" / "imapd.conf"

    @property
    def cyrus_conf(self) -> Path:
        """The master's cyrus.conf."""
        return self.root / "etc" / "cyrus.conf"

    @property
    def config_directory(self) -> Path:
        """The server's configdirectory."""
        return self.root / "conf"

    @property
    def password_socket(self) -> Path:
        """Where the password check answers."""
        return self.root / "mux"

    @property
    def master_log(self) -> Path:
        """What the master and its children write to standard output and error."""
        return self.root / "master.log"

    def data(self, partition: str) -> Path:
        """Where the messages of ``partition`` lie."""
        return self.root / "spool" / "data" / partition

    def meta(self, partition: str) -> Path:
        """Where the cyrus.* files of ``partition`` lie."""
        return self.root / "spool" / "meta" / partition


def write_configuration(
    files: CyrusFiles,
    *,
    layout: Layout,
    port: int,
    overrides: Mapping[str, str],
    programs: Path = INSTALLED.programs,
) -> None:
    """Make directories and configuration below ``files.root``; keep what is there of mail.

    The master will start the programs in ``programs``.

    ``overrides`` win over the options used otherwise, and may add some; the directories of
    partitions among them (``archivepartition-bluemind_loc``) are made.
    """
    _make_directories(files, _directories_of(overrides))
    partition_lines = []
    for partition in files.partitions:
        partition_lines.append(f"partition-{partition}: {files.data(partition)}")
        partition_lines.append(f"metapartition-{partition}: {files.meta(partition)}")
    options: dict[str, str] = {
        **_BLUEMIND_LIKE,
        "configdirectory": str(files.config_directory),
        "sievedir": str(files.root / "sieve"),
        "sasl_saslauthd_path": str(files.password_socket),
        "servername": f"{files.tag}.bluemind.loc",
        "syslog_prefix": files.tag,
        "mailbox_legacy_dirs": "yes" if layout == "names" else "no",
        **overrides,
    }
    etc = files.imapd_conf.parent
    _write(etc / "cyrus-partitions", partition_lines)
    _write(etc / "cyrus-admins", [f"admins: {ADMIN}"])
    includes = [f"@include: {etc / name}" for name in ("cyrus-partitions", "cyrus-admins")]
    _write(files.imapd_conf, [f"{key}: {value}" for key, value in options.items()] + includes)
    _write(files.cyrus_conf, _cyrus_conf_lines(files.imapd_conf, port, programs))


def find_free_port() -> int:
    """A loopback port that nobody listens at, outside the range of outgoing connections."""
    for _ in range(200):
        port = random.SystemRandom().randint(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port between 20000 and 30000")


def hand_to_cyrus(paths: Sequence[Path]) -> None:
    """Make ``paths`` (not what lies below them) the mail server's own."""
    for path in paths:
        shutil.chown(path, "cyrus", "mail")


def _cyrus_conf_lines(imapd_conf: Path, port: int, programs: Path) -> list[str]:
    return [
        "START {",
        f'  recover cmd="{programs}/ctl_cyrusdb -C {imapd_conf} -r"',
        "}",
        "SERVICES {",
        f'  imap cmd="{programs}/imapd -C {imapd_conf}" listen="127.0.0.1:{port}" prefork=0',
        "}",
        "DAEMON {",
        f'  idled cmd="{programs}/idled -C {imapd_conf}"',
        "}",
    ]


def _directories_of(overrides: Mapping[str, str]) -> list[Path]:
    return [Path(value) for key, value in overrides.items() if _PARTITION.match(key)]


def _make_directories(files: CyrusFiles, more: Sequence[Path]) -> None:
    owned = [*more, files.root, files.root / "spool", files.root / "sieve", files.config_directory]
    owned += [files.root / "spool" / kind for kind in ("data", "meta")]
    owned += [files.config_directory / name for name in ("socket", "proc", "lock", "db", "log")]
    owned += [files.data(partition) for partition in files.partitions]
    owned += [files.meta(partition) for partition in files.partitions]
    for directory in owned:
        directory.mkdir(parents=True, exist_ok=True)
    (files.root / "etc").mkdir(exist_ok=True)
    hand_to_cyrus(owned)


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
