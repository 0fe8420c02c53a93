"""Unpack the Cyrus servers of other Debian suites, for tests to run beside the installed one.

    python tools/unpack_suites.py bullseye trixie

Nothing is installed, and apt's own lists and settings are left alone: packages are looked up
and fetched in a private place, and unpacked below /var/cache/respool-tests, or where the
variable RESPOOL_TEST_SUITES says. What is there stays; remove it to have it fetched anew.
Each server program becomes a script that runs it with its own suite's loader and libraries.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.distribution import suites_directory  # noqa: E402 - after the path is set

MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = ("cyrus-imapd", "libsasl2-modules")
PROGRAMS = Path("usr/lib/cyrus/bin")
# Of all that they depend on, nothing but libraries: no mail transport, no systemd.
_WANTED = re.compile(r"Inst ((?:cyrus-(?:imapd|common)|(?:lib|zlib)\S*(?<!-perl))) ")
_ELF = b"\x7fELF"
_FETCH_SECONDS = 300.0


class CannotUnpack(Exception):
    """A suite's server cannot be had; the text quotes the program that failed."""


def unpack(suite: str, cache: Path) -> None:
    """Unpack the Cyrus of ``suite`` into ``cache``/``suite``, unless it is there.

    ``bin`` has a script for each program, ``root`` what the packages hold. It appears whole
    or not at all; of two that unpack it at once, one wins.

    Raises:
        CannotUnpack: no network, no such package, or programs that do not run.
    """
    place = cache / suite
    if place.exists():
        return
    sys.stderr.write(f"unpacking the Cyrus of Debian's {suite} into {place}\n")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{suite}-", dir=cache) as work:
        new = Path(work) / suite
        new.mkdir()
        for package in fetch(suite, Path(work) / "apt"):
            run(["dpkg-deb", "-x", str(package), str(new / "root")])
        write_scripts(new, place)
        if not place.exists():
            new.rename(place)
    try:
        run([str(place / "bin" / "master"), "-V"])
    except CannotUnpack:
        shutil.rmtree(place)
        raise


def fetch(suite: str, private: Path) -> Sequence[Path]:
    """Package files of ``suite``, fetched and checked by apt within ``private``."""
    settings = private / "apt.conf"
    files = private / "files"
    for directory in (private / "lists" / "partial", private / "archives" / "partial", files):
        directory.mkdir(parents=True)
    (private / "status").touch()
    (private / "parts").mkdir()
    (private / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    settings.write_text("".join(f'{key} "{value}";\n' for key, value in apt_settings(private)))
    variables = {**os.environ, "APT_CONFIG": str(settings), "LC_ALL": "C"}
    run(["apt-get", "-q", "update"], variables=variables)
    said = run(["apt-get", "-q", "--simulate", "install", *PACKAGES], variables=variables)
    run(["apt-get", "-q", "download", *_WANTED.findall(said)], variables=variables, within=files)
    return sorted(files.glob("*.deb"))


def apt_settings(private: Path) -> Iterator[tuple[str, str]]:
    """Settings of apt that keep it within ``private``, where nothing counts as installed."""
    yield "Dir::State", f"{private}"
    yield "Dir::State::lists", f"{private}/lists"
    yield "Dir::State::status", f"{private}/status"
    yield "Dir::Cache", f"{private}"
    yield "Dir::Etc::sourcelist", f"{private}/sources.list"
    yield "Dir::Etc::sourceparts", f"{private}/parts"
    yield "Dir::Etc::preferences", f"{private}/none"
    yield "Dir::Etc::preferencesparts", f"{private}/parts"
    yield "APT::Install-Recommends", "false"
    yield "APT::Update::Error-Mode", "any"
    yield "APT::Sandbox::User", "root"
    yield "Acquire::Languages", "none"
    yield "Acquire::Retries", "3"


def write_scripts(new: Path, place: Path) -> None:
    """Write ``bin`` into ``new``, for programs that will lie in ``place`` in the end."""
    loader = find_loader(new / "root").relative_to(new)
    libraries = [place / "root" / top / loader.parent.name for top in ("lib", "usr/lib")]
    search = ":".join(str(library) for library in libraries)
    scripts = new / "bin"
    scripts.mkdir()
    for program in sorted((new / "root" / PROGRAMS).iterdir()):
        if not is_elf(program):
            continue
        script = scripts / program.name
        own = place / program.relative_to(new)
        script.write_text(
            "#!/bin/sh\n"
            f"export SASL_PATH={quote(str(libraries[-1] / 'sasl2'))}\n"
            f"exec {quote(str(place / loader))} --library-path {quote(search)}"
            f' {quote(str(own))} "$@"\n'
        )
        script.chmod(0o755)
    new.chmod(0o755)
    (new / "root").chmod(0o755)


def find_loader(root: Path) -> Path:
    """The dynamic loader below ``root``, by the path that has the architecture in it."""
    for top in ("lib", "usr/lib"):
        for loader in sorted((root / top).glob("*-linux-gnu*/ld*.so.[0-9]")):
            return loader
    raise CannotUnpack(f"no dynamic loader in {root}")


def is_elf(file: Path) -> bool:
    """Whether ``file`` is a compiled program."""
    with file.open("rb") as stream:
        return stream.read(len(_ELF)) == _ELF


def run(
    command: Sequence[str],
    *,
    variables: Mapping[str, str] | None = None,
    within: Path | None = None,
) -> str:
    """What ``command`` printed.

    Raises:
        CannotUnpack: it failed.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=variables,
            cwd=within,
            timeout=_FETCH_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotUnpack(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise CannotUnpack(f"{' '.join(command[:3])}: {' '.join(said)}")
    return done.stdout


def said_of(suite: str) -> str | None:
    """Unpack ``suite``; why it could not be, or None."""
    try:
        unpack(suite, suites_directory())
    except CannotUnpack as error:
        return f"{suite}: {error}"
    return None


def main(suites: Sequence[str]) -> int:
    """Unpack all ``suites`` side by side; 1 if one of them could not be."""
    os.umask(0o022)
    with ThreadPoolExecutor() as pool:
        failures = [said for said in pool.map(said_of, suites) if said is not None]
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
