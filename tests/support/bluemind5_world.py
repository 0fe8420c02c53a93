"""A BlueMind 5 to restore into, both halves stand-ins: its core over HTTP, and its IMAP."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.bluemind5_server import BlueMind5Server
from tests.support.bluemind_core.bluemind5_mail import BlueMind5Mail
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.certificates import Certificates
from tests.support.kept_mail import KeptMessage
from tests.support.restoring import COMMAND, Ran
from tests.support.trees import unchanged

DOMAIN = "bluemind.loc"
INSTALLATION = Installation(
    domains=(Domain(uid=DOMAIN, aliases=("bm.example",)),),
    users=(
        User(uid="U1", login="jdoe", domain=DOMAIN, emails=("jane@*",)),
        User(uid="U2", login="alice", domain=DOMAIN),
        User(uid="U3", login="john.doe", domain=DOMAIN),
        User(uid="U4", login="gone", domain=DOMAIN, is_archived=True),
        User(uid="U5", login="help", domain=DOMAIN, roles=("manageMailbox",)),
    ),
    mailshares=(
        Mailshare(
            uid="M1", name="contact", domain=DOMAIN, shared_with={"U3": "Read", "U2": "Write"}
        ),
        Mailshare(uid="M2", name="info", domain=DOMAIN, shared_with={"U3": "Read"}),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueMind5World:
    """The two, a directory for what the command keeps, and the command itself.

    ``processes`` are the command, each time it ran.
    """

    imap: BlueMind5Server
    core: BlueMindCore
    place: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """Those of all sessions that were begun, to be looked for."""
        return self.core.keys.sessions

    @property
    def key_file(self) -> Path:
        """Of an administrator."""
        return self.place / "bluemind.key"

    @property
    def state(self) -> Path:
        """Journals and receipts."""
        return self.place / "state"

    @property
    def host(self) -> str:
        """Its IMAP address without anybody in it."""
        scheme = "imap" if self.core.certificates is None else "imaps"
        return f"{scheme}://127.0.0.1:{self.imap.port}"

    def of(self, login: str) -> str:
        """Its IMAP address with a user in it."""
        return f"imap://{login.replace('@', '%40')}@127.0.0.1:{self.imap.port}"

    def run(self, backups: Path, *words: str, variables: Mapping[str, str] | None = None) -> Ran:
        """The command on another machine, with the API and an administrator's key."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "RESPOOL_BACKUPS": str(backups),
            "RESPOOL_IMAPD_CONF": "/nonexistent",
            "RESPOOL_STATE": str(self.state),
            "RESPOOL_BLUEMIND_API": self.core.url,
            "RESPOOL_BLUEMIND_KEY_FILE": str(self.key_file),
            **(variables or {}),
        }
        with unchanged(backups):
            process = subprocess.Popen(
                [str(COMMAND), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
                cwd="/",
            )
            self.processes.append(process)
            output, errors = process.communicate(timeout=120)
        return Ran(status=process.returncode, output=output, errors=errors, pid=process.pid)

    def folder(self, login: str, name: str) -> list[KeptMessage]:
        """What a user's folder holds."""
        return self.imap.accounts[f"{login}@{DOMAIN}"].folders[name].messages

    def held(self) -> dict[str, dict[str, list[bytes]]]:
        """All mail of all accounts, and of the mailshares under "shared"."""
        folders = {login: each.folders for login, each in self.imap.accounts.items()}
        folders["shared"] = self.imap.shared
        return {
            login: {name: [m.octets for m in one.messages] for name, one in every.items()}
            for login, every in folders.items()
        }

    def calls(self, path: str) -> int:
        """How often a call was made: ``POST /auth/_su``."""
        return self.core.requests.calls().count(path)

    def written(self) -> dict[str, bytes]:
        """All that the command keeps, by the name of its file."""
        return {
            str(each.relative_to(self.place)): each.read_bytes()
            for each in self.place.rglob("*")
            if each.is_file() and each != self.key_file
        }


@contextmanager
def bluemind5_world(
    place: Path, *, certificates: Certificates | None = None
) -> Iterator[BlueMind5World]:
    """A BlueMind 5 whose accounts are empty; both halves with TLS, or both without."""
    with BlueMind5Server(password="nobody's", certificates=certificates) as imap:
        mail = BlueMind5Mail(imap)
        with BlueMindCore(
            INSTALLATION, version=CoreFamily.BM5, mail=mail, certificates=certificates
        ) as core:
            core.prepare()
            world = BlueMind5World(imap=imap, core=core, place=place)
            world.key_file.write_text(f"{core.keys.core_token}\n")
            world.key_file.chmod(0o600)
            yield world
