"""The published manual procedure, step by step as it is typed there, on a private server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.private_cyrus import PrivateCyrus

BELOW = Path("domain/b/bluemind.loc/j/user/jdoe")
PARTITION = "bluemind_loc"
INTO = "restore_dir"


def restore_with_metadata(server: PrivateCyrus, part: Path) -> int:
    """ "Restoration with metadata"; returns the status of reconstruct (-11: it died)."""
    _copy(server, part, "data")
    _copy(server, part, "meta")
    return server.run_tool("reconstruct", "-r", "-f", "user/jdoe@bluemind.loc").returncode


def restore_without_metadata(server: PrivateCyrus, part: Path) -> int:
    """ "Restoration without metadata"; returns the status of reconstruct (-11: it died)."""
    _copy(server, part, "data")
    data, meta = (_account_directory(server, kind) for kind in ("data", "meta"))
    meta.mkdir(parents=True, exist_ok=True)
    _shell(data, f"find {INTO}/ -type d -exec mkdir {meta}/{{}} \\;")
    _shell(meta, f"find {INTO} -type d -exec touch {{}}/cyrus.header \\;")
    _shell(meta, f"chown -R cyrus:mail {INTO}")
    _own_above(server)
    arguments = ("-p", PARTITION, "-r", "-f", f"user/jdoe/{INTO}@bluemind.loc")
    return server.run_tool("reconstruct", *arguments).returncode


def _copy(server: PrivateCyrus, part: Path, kind: str) -> None:
    """The guide moves the backup; a copy of it is moved here."""
    into = _account_directory(server, kind)
    into.mkdir(parents=True, exist_ok=True)
    staged = server.root / f"staged-{kind}"
    _shell(server.root, f"cp -a {part / 'var/spool/cyrus' / kind / PARTITION / BELOW} {staged}")
    shutil.move(staged, into / INTO)
    _shell(into, f"chown -R cyrus:mail {INTO}")
    _shell(into, f"chmod -R u+rwx {INTO}")
    _own_above(server)


def _account_directory(server: PrivateCyrus, kind: str) -> Path:
    return server.root / "spool" / kind / PARTITION / BELOW


def _own_above(server: PrivateCyrus) -> None:
    """In the uuid layout the directories above are new, and the guide says nothing of them."""
    _shell(server.root, "find spool -user root -exec chown cyrus:mail {} +")


def _shell(directory: Path, line: str) -> None:
    subprocess.run(["sh", "-c", line], cwd=directory, check=True)
