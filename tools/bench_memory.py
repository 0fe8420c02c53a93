"""How much memory respool takes for very many messages, and for a very large one.

Planned, restored, proven, taken back; very many are killed half-way and gone on with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support.private_cyrus import PrivateCyrus, server_root
from tools.bench_contests import USER
from tools.bench_mail import FOLDER, LOGIN, PARTITION, Source, linked_spool, source
from tools.bench_measured import Measured, stages

MOST_MIB = 200
_MEBIBYTE = 1 << 20
_TINY = 1024
_FORMS = ("maildir", "mbox", "zip")
TARGETS = ("spool", "imap", *_FORMS)

Runs = Mapping[str, Callable[[], Iterator[tuple[str, Measured]]]]


@contextmanager
def many(count: int) -> Iterator[Runs]:
    """A folder of ``count`` small messages, whose files are names of a few."""
    with server_root() as place:
        yield from _into_all(linked_spool(place, count, _TINY), is_cut=True)


@contextmanager
def large(mebibytes: int) -> Iterator[Runs]:
    """One message of so many MiB."""
    with source(1, mebibytes * _MEBIBYTE) as mail:
        yield from _into_all(mail, is_cut=False)


def _into_all(mail: Source, *, is_cut: bool) -> Iterator[Runs]:
    words = ("restore", LOGIN, FOLDER, "--backups", mail.spool)
    limits = {"maxmessagesize": "0"}
    with (
        server_root() as root,
        PrivateCyrus(root, overrides=limits) as server,
        tempfile.TemporaryDirectory(dir="/tmp") as place,
    ):
        server.create_user(LOGIN, PARTITION)
        address = f"imap://{USER}@127.0.0.1:{server.port}"
        conf = ("--imapd-conf", server.imapd_conf)
        secret = {"RESPOOL_TO_PASSWORD": server.password}
        spool = (*words, "--into", "spool", *conf, "--same-person")
        imap = (*words, "--into", "imap", "--to", address)
        files = {form: (*words, "--to", f"{form}:{Path(place) / form}") for form in _FORMS}
        yield {
            "spool": lambda: stages(spool, conf, {}, is_cut=is_cut),
            "imap": lambda: stages(imap, (), secret, is_cut=is_cut),
            **{form: partial(stages, each, (), {}, is_cut=is_cut) for form, each in files.items()},
        }
