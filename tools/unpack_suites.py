"""Unpack servers of Debian suites, for tests to run beside the installed one.

    python tools/unpack_suites.py bullseye trixie dovecot

A suite's name stands for its Cyrus; ``dovecot`` for the Dovecot of bookworm, which cannot be
installed beside a Cyrus, since both packages are "imap-server".
Nothing is installed, and apt's own lists and settings are left alone: packages are looked up
and fetched in a private place, and unpacked below /var/cache/respool-tests, or where the
variable RESPOOL_TEST_SUITES says. What is there stays; remove it to have it fetched anew.
Each Cyrus program becomes a script that runs it with its own suite's loader and libraries;
each Dovecot program one that runs it with the unpacked tree for its root (chroot).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.distribution import DOVECOT, suites_directory  # noqa: E402 - after the path

MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PROGRAMS = Path("usr/lib/cyrus/bin")
# Of all that they depend on, nothing but libraries: no mail transport, no systemd.
_WANTED = re.compile(
    r"Inst ((?:cyrus-(?:imapd|common)|dovecot-(?:imapd|core)|(?:lib|zlib)\S*(?<!-perl))) "
)
_ELF = b"\x7fELF"
_FETCH_SECONDS = 300.0


# What a server finds of accounts in a root of its own. Where it is built to look for modules
# cannot be told otherwise, so its programs run in such a root; all that tests make is in /tmp.
_PASSWD = """root:x:0:0::/:/bin/false
mail:x:8:8::/:/bin/false
dovecot:x:64900:64900::/:/bin/false
dovenull:x:64901:64901::/:/bin/false
"""
_GROUP = "root:x:0:\nmail:x:8:\ndovecot:x:64900:\ndovenull:x:64901:\n"
_IN_ROOT = """#!/bin/sh
exec unshare --mount /bin/sh -ec '
mount --bind /tmp "$0/tmp" && mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc"
exec chroot "$0" "$@"' {root} {program} "$@"
"""


class CannotUnpack(Exception):
    """A suite's server cannot be had; the text quotes the program that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A server as it is packaged: ``write`` makes its scripts (of the new tree, and of the
    place it will lie in), and ``shows`` is what must run then.
    """

    suite: str
    packages: tuple[str, ...]
    write: Callable[[Path, Path], None]
    shows: tuple[str, ...]


def packaged(name: str) -> Packaged:
    """What a word of the command line stands for."""
    if name == DOVECOT.name:
        return Packaged(
            suite="bookworm",
            packages=("dovecot-imapd",),
            write=write_scripts_in_root,
            shows=("dovecot", "--version"),
        )
    return Packaged(
        suite=name,
        packages=("cyrus-imapd", "libsasl2-modules"),
        write=write_scripts,
        shows=("master", "-V"),
    )


def unpack(name: str, cache: Path) -> None:
    """Unpack the server of that name into ``cache``/``name``, unless it is there.

    ``bin`` has a script for each program, ``root`` what the packages hold. It appears whole
    or not at all; of two that unpack it at once, one wins.

    Raises:
        CannotUnpack: no network, no such package, or programs that do not run.
    """
    place, what = cache / name, packaged(name)
    if place.exists():
        return
    said = f"unpacking {what.packages[0]} of Debian's {what.suite} into {place}"
    sys.stderr.write(f"{said}\n")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=cache) as work:
        new = Path(work) / name
        new.mkdir()
        for package in fetch(what, Path(work) / "apt"):
            run(["dpkg-deb", "-x", str(package), str(new / "root")])
        what.write(new, place)
        new.chmod(0o755)
        (new / "root").chmod(0o755)
        if not place.exists():
            new.rename(place)
    try:
        run([str(place / "bin" / what.shows[0]), *what.shows[1:]])
    except CannotUnpack:
        shutil.rmtree(place)
        raise


def fetch(what: Packaged, private: Path) -> Sequence[Path]:
    """Package files of a server and its libraries, got and checked by apt within ``private``."""
    settings = private / "apt.conf"
    files = private / "files"
    for directory in (private / "lists" / "partial", private / "archives" / "partial", files):
        directory.mkdir(parents=True)
    (private / "status").touch()
    (private / "parts").mkdir()
    source = f"deb [signed-by={KEYRING}] {MIRROR} {what.suite} main\n"
    (private / "sources.list").write_text(source)
    settings.write_text("".join(f'{key} "{value}";\n' for key, value in apt_settings(private)))
    variables = {**os.environ, "APT_CONFIG": str(settings), "LC_ALL": "C"}
    run(["apt-get", "-q", "update"], variables=variables)
    said = run(["apt-get", "-q", "--simulate", "install", *what.packages], variables=variables)
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


def write_scripts_in_root(new: Path, place: Path) -> None:
    """Write ``bin`` into ``new``, for programs whose root will be ``place``/root in the end."""
    root, scripts = new / "root", new / "bin"
    scripts.mkdir()
    for folder in ("tmp", "dev", "proc", "etc"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc" / "passwd").write_text(_PASSWD)
    (root / "etc" / "group").write_text(_GROUP)
    for program in ("/usr/sbin/dovecot", "/usr/bin/doveadm"):
        script = scripts / Path(program).name
        script.write_text(_IN_ROOT.format(root=quote(str(place / "root")), program=program))
        script.chmod(0o755)


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


def said_of(name: str) -> str | None:
    """Unpack the server of that name; why it could not be, or None."""
    try:
        unpack(name, suites_directory())
    except CannotUnpack as error:
        return f"{name}: {error}"
    return None


def main(names: Sequence[str]) -> int:
    """Unpack all servers side by side; 1 if one of them could not be."""
    os.umask(0o022)
    with ThreadPoolExecutor() as pool:
        failures = [said for said in pool.map(said_of, names) if said is not None]
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
