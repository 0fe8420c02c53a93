"""How much memory respool takes for very many messages, and for a very large one.

Planned, restored, proven, taken back; very many are killed half-way and gone on with. An export
is also held against its manifest, and is the backup of another restore, before it goes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.private_dovecot import PrivateDovecot
from tools.bench_contests import USER, Server
from tools.bench_mail import FOLDER, LOGIN, PARTITION, Source, crowded_spool, source
from tools.bench_measured import READ_BACK, VERIFIED, Course, Measured, stages

_MEBIBYTE = 1 << 20
_TINY = 1024
_FORMS = ("maildir", "mbox", "zip", "eml")
TARGETS = ("spool", "imap", "dovecot", *_FORMS)

Runs = Mapping[str, Callable[[], Iterator[tuple[str, Measured]]]]


@contextmanager
def many(count: int) -> Iterator[Runs]:
    """A folder of ``count`` small messages."""
    with server_root() as place:
        yield _runs(crowded_spool(place, count, _TINY), is_cut=True)


@contextmanager
def large(mebibytes: int) -> Iterator[Runs]:
    """One message of so many MiB."""
    with source(1, mebibytes * _MEBIBYTE) as mail:
        yield _runs(mail, is_cut=False)


def _runs(mail: Source, *, is_cut: bool) -> Runs:
    forms = {form: partial(_into_files, mail, form, is_cut=is_cut) for form in _FORMS}
    return {
        "spool": partial(_into_spool, mail, is_cut=is_cut),
        "imap": partial(_over_imap, mail, _cyrus, is_cut=is_cut),
        "dovecot": partial(_over_imap, mail, _dovecot, is_cut=is_cut),
        **forms,
    }


def _restore(mail: Source) -> tuple[str | Path, ...]:
    return "restore", LOGIN, FOLDER, "--backups", mail.spool


def _into_spool(mail: Source, *, is_cut: bool) -> Iterator[tuple[str, Measured]]:
    with _cyrus() as server:
        conf = ("--imapd-conf", server.imapd_conf)
        words = (*_restore(mail), "--into", "spool", *conf, "--same-person")
        yield from stages(Course(words=words, messages=mail.messages, is_cut=is_cut, again=conf))


def _over_imap(
    mail: Source, running: Callable[[], AbstractContextManager[Server]], *, is_cut: bool
) -> Iterator[tuple[str, Measured]]:
    with running() as server:
        address = f"imap://{USER}@127.0.0.1:{server.port}"
        yield from stages(
            Course(
                words=(*_restore(mail), "--into", "imap", "--to", address),
                messages=mail.messages,
                is_cut=is_cut,
                secrets={"RESPOOL_TO_PASSWORD": server.password},
            )
        )


def _into_files(mail: Source, form: str, *, is_cut: bool) -> Iterator[tuple[str, Measured]]:
    with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as place:
        made = Path(place) / form
        again = ("restore", LOGIN, "--backups", made, "--to", f"mbox:{place}/again", "--yes")
        yield from stages(
            Course(
                words=(*_restore(mail), "--to", f"{form}:{made}"),
                messages=mail.messages,
                is_cut=is_cut,
                after={VERIFIED: ("verify", "--export", made), READ_BACK: again},
            )
        )


@contextmanager
def _cyrus() -> Iterator[PrivateCyrus]:
    limits = {"maxmessagesize": "0"}
    with server_root() as root, PrivateCyrus(root, overrides=limits) as server:
        server.create_user(LOGIN, PARTITION)
        yield server


@contextmanager
def _dovecot() -> Iterator[PrivateDovecot]:
    with server_root() as root, PrivateDovecot(root) as server:
        server.create_user(LOGIN)
        time.sleep(1.1)  # until it reads who may log in
        yield server
