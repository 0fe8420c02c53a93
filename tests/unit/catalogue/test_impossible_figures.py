"""Indexes whose checksums are right and whose figures cannot be: said, and never an exception."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from respool.backups.source import tree_at
from respool.catalogue.entries import Found
from respool.catalogue.generations import known_generations
from respool.catalogue.search import Search
from respool.catalogue.spans import Spans
from respool.catalogue.unsearched import Blind, unsearched
from respool.cyrus.index import IndexHeader, render_index
from respool.model.conditions import Conditions
from respool.model.inventory import EXPUNGED, RECORD, Rows
from tests.support.catalogues import catalogued
from tests.support.small_spools import write_spool

SIZES = (10, 1 << 63, (1 << 64) - 1, 7, 8, 9)
TIMES = (1_700_000_000, 0, -5, 9_200_000_000, -9_200_000_000, 1)  # ends of version 20


def write_odd_index(root: Path) -> Path:
    write_spool(root, ["user/jdoe@b.loc"])
    (directory,) = (each.parent for each in root.rglob("cyrus.index"))
    rows: Rows = np.zeros(len(SIZES), dtype=RECORD)
    rows["uid"] = range(1, len(SIZES) + 1)
    rows["size"] = SIZES
    rows["internaldate"] = TIMES
    rows["last_updated"] = TIMES[::-1]
    rows["system_flags"][3:] = EXPUNGED
    for row in range(len(rows)):
        rows["guid"][row] = np.void(bytes([row + 1]) * 20)
    head = IndexHeader(last_uid=len(rows), uidvalidity=7, highestmodseq=1)
    (directory / "cyrus.index").write_bytes(render_index(20, head, rows))
    for data in root.rglob("1."):
        for uid in range(2, len(SIZES) + 1):
            (data.parent / f"{uid}.").write_bytes(b"Subject: a\r\n\r\n")
    tree_at.cache_clear()
    return directory


def test_sizes_and_times_that_cannot_be_are_told_as_the_nearest_that_can(tmp_path: Path) -> None:
    write_odd_index(tmp_path / "spool")

    database = catalogued(tmp_path / "a.db", tmp_path / "spool")
    known = known_generations(database)
    found: list[Found] = list(Search(database, Spans(database, known)).find(Conditions()))

    assert {each.standing.uid for each in found} == set(range(1, len(SIZES) + 1))
    assert all(each.standing.date.astimezone() is not None for each in found)
    (told,) = (each for each in unsearched(database, known) if each.what is Blind.ODD)
    assert told.count == 2
    database.close()


def test_files_of_odd_times_without_records_are_taken_in(tmp_path: Path) -> None:
    directory = write_odd_index(tmp_path / "spool")
    (directory / "cyrus.index").unlink()
    for at, file in enumerate(sorted((tmp_path / "spool").rglob("[0-9]."))):
        os.utime(file, ns=(0, (-(1 << 62), 1 << 62)[at % 2]))

    database = catalogued(tmp_path / "a.db", tmp_path / "spool")

    assert database.one("SELECT count(*) FROM message") == (len(SIZES),)
    database.close()
