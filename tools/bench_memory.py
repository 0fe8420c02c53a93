"""How much memory respool takes for very many messages, and for a very large one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.private_cyrus import PrivateCyrus, server_root
from tools.bench_contests import USER
from tools.bench_mail import FOLDER, LOGIN, PARTITION, Source, linked_spool, source
from tools.bench_measured import Measured, respool

MOST_MIB = 200
_MEBIBYTE = 1 << 20
_TINY = 1024

Runs = Mapping[str, Callable[[], Measured]]


@contextmanager
def many(count: int) -> Iterator[Runs]:
    """A folder of ``count`` small messages, whose files are names of a few."""
    with server_root() as place:
        yield from _into_all(linked_spool(place, count, _TINY))


@contextmanager
def large(mebibytes: int) -> Iterator[Runs]:
    """One message of so many MiB."""
    with source(1, mebibytes * _MEBIBYTE) as mail:
        yield from _into_all(mail)


def _into_all(mail: Source) -> Iterator[Runs]:
    words = ("restore", LOGIN, FOLDER, "--backups", mail.spool)
    limits = {"maxmessagesize": "0"}
    with (
        server_root() as root,
        PrivateCyrus(root, overrides=limits) as server,
        tempfile.TemporaryDirectory(dir="/tmp") as place,
    ):
        server.create_user(LOGIN, PARTITION)
        address = f"imap://{USER}@127.0.0.1:{server.port}"
        here = ("--imapd-conf", server.imapd_conf, "--same-person")
        secret = {"RESPOOL_TO_PASSWORD": server.password}
        yield {
            "spool": lambda: respool(*words, "--into", "spool", *here),
            "imap": lambda: respool(*words, "--into", "imap", "--to", address, more=secret),
            "maildir": lambda: respool(*words, "--to", f"maildir:{Path(place) / 'out'}"),
            "zip": lambda: respool(*words, "--to", f"zip:{Path(place) / 'out.zip'}"),
        }
