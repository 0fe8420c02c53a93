"""Unpack BlueMind's published clients, for tests to compare our calls with.

    python tools/unpack_clients.py

They are read by tests, and never imported. Each is put by pip into a directory of its own,
beside the servers that ``tools/unpack_suites.py`` unpacks. What is there stays.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.published_clients import CLIENTS, PublishedClient  # noqa: E402 - after the path

_SECONDS = 300.0


def unpack(client: PublishedClient) -> str | None:
    """Unpack one, unless it is there; it appears whole or not at all. Why it cannot be had."""
    if client.is_there:
        return None
    wanted = f"{client.name}=={client.version}"
    sys.stderr.write(f"unpacking {wanted} into {client.place}\n")
    try:
        client.place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=client.place.parent, prefix=".client-") as work:
            new = Path(work) / client.name
            run("install", "-q", "--no-deps", "--no-compile", "--target", str(new), wanted)
            new.chmod(0o755)
            if not client.place.exists():  # another may have been faster
                new.rename(client.place)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{wanted}: {error}"
    return None


def run(*words: str) -> None:
    """Let pip do something.

    Raises:
        SubprocessError: it failed, or took too long.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=_SECONDS)


def main() -> int:
    """Unpack all; 1 if one of them cannot be had."""
    failures = [said for said in map(unpack, CLIENTS) if said is not None]
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
