"""The demonstration: a lost folder comes back into a real, private Cyrus server, proven.

Everything lives in one temporary directory and is gone afterwards. Where no Cyrus is,
or nobody may start one, the folder comes back as a Maildir, proven as well.
"""

from __future__ import annotations

import argparse
import mailbox
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.golden import unpack_dataprotect  # noqa: E402 - after the path is known
from tests.support.live_server import serve_golden_live  # noqa: E402
from tests.support.private_cyrus import is_cyrus_installed, server_root  # noqa: E402

ACCOUNT = "jdoe@bluemind.loc"
LOST = "Projects/2017"


@dataclass(kw_only=True)
class Stage:
    """Runs the real commands and shows them as a person would type them."""

    environment: dict[str, str]
    transcript: BinaryIO | None = None
    printed: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """A line of the story."""
        self._put(f"\n\x1b[1m{text}\x1b[0m\n" if sys.stdout.isatty() else f"\n{text}\n")

    def run(self, *words: str, shown: Sequence[str] | None = None) -> str:
        """Run ``respool`` with ``words``; what it printed. Ends the demo if it fails."""
        typed = " ".join(shown or words)
        self._put(f"$ respool {typed}\n")
        done = subprocess.run(
            [sys.executable, "-m", "respool", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._put(done.stdout)
        if done.returncode not in (0, 3):
            sys.exit(f"the demo failed: respool {typed} ended with status {done.returncode}")
        return done.stdout

    def _put(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
        self.printed.append(text)
        if self.transcript is not None:
            self.transcript.write(text.encode())


def tell(stage: Stage) -> None:
    """The reading half: which backups there are, and which of them has what was lost."""
    stage.say(f"{ACCOUNT} has lost the folder {LOST}. Which backup has it?")
    stage.run("backups")
    stage.run("show", ACCOUNT, "-g", "88")


def bring_back(stage: Stage, server_root_directory: Path) -> None:
    """The restoring half, on a private server in the state after the accident."""
    server = serve_golden_live(server_root_directory)
    try:
        stage.environment["RESPOOL_IMAPD_CONF"] = str(server.imapd_conf)
        stage.say("Bring it back into the live server:")
        output = stage.run("restore", ACCOUNT, LOST, "--yes", shown=("restore", ACCOUNT, LOST))
        run = next(line.split()[1] for line in output.splitlines() if line.startswith("RUN "))
        stage.say("Is it still what it was?")
        proof = stage.run("verify", run)
        stage.say("What the owner sees over IMAP:")
        with server.client_as(ACCOUNT) as client:
            for _flags, _separator, name in client.list_folders():
                if name.startswith("restored-"):
                    opened = client.select_folder(name, readonly=True)
                    print(f"  {name}: {opened[b'EXISTS']} messages")
        if "PROVEN" not in proof:
            sys.exit("the demo failed: the restore was not proven")
    finally:
        server.stop()


def write_files(stage: Stage, place: Path) -> None:
    """The restoring half without a server: into a Maildir, read back by the standard library."""
    target = place / "jdoe"
    stage.say("There is no mail server here: bring it back as files.")
    words = ("export", ACCOUNT, str(target), LOST)
    output = stage.run(*words, "--yes", shown=("export", ACCOUNT, "jdoe", LOST))
    run = next(line.split()[1] for line in output.splitlines() if line.startswith("RUN "))
    stage.say("Is it still what it was?")
    proof = stage.run("verify", run)
    if "PROVEN" not in proof:
        sys.exit("the demo failed: the export was not proven")
    stage.say("What any program that reads Maildirs sees:")
    maildir = mailbox.Maildir(target, create=False)
    for name in sorted(maildir.list_folders()):
        print(f"  {name}: {len(maildir.get_folder(name))} messages")


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transcript", type=Path, help="keep what was printed in this file")
    options = parser.parse_args()
    can_restore = is_cyrus_installed() and os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="respool-demo-") as name:
        place = Path(name)
        backups = unpack_dataprotect(place)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("RESPOOL_")},
            "RESPOOL_BACKUPS": str(backups),
            "RESPOOL_STATE": str(place / "state"),
        }
        stage = Stage(environment=environment)
        if options.transcript is not None:
            stage.transcript = options.transcript.open("wb")
        tell(stage)
        if can_restore:
            with server_root() as root:
                bring_back(stage, root)
            print("\nproven")
        else:
            write_files(stage, place)
            print("\nproven, into files: for the live half be root where Cyrus IMAP is")
        if stage.transcript is not None:
            stage.transcript.close()


if __name__ == "__main__":
    main()
