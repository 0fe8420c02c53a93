"""Every sample whose server said what it holds: unpacked once, with its truth beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import golden

LARGER = ("2.5.17", "3.0.18-archive", "3.4.9", "3.8.7")
LARGER_PARTS = ("1232", "1233", "1234")
_LARGER_DATAPROTECT = "3.0.18-dataprotect"

GOLDEN_IDS = (
    *golden.VERSIONS,
    *(f"dataprotect-{part}" for part in golden.DATAPROTECT_PARTS),
    "dataprotect-bm4",
    "live",
)
LARGER_IDS = (*LARGER, *(f"{_LARGER_DATAPROTECT}-{part}" for part in LARGER_PARTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A backup, the generation in it, and the truth about that."""

    backups: Path
    generation: str | None
    truth: Mapping[str, Any]

    @property
    def options(self) -> tuple[str, ...]:
        """What a command needs to read it."""
        chosen = () if self.generation is None else ("-g", self.generation)
        return ("--backups", str(self.backups), *chosen)


class Samples:
    """Samples below one directory; what several of them share is unpacked once."""

    def __init__(self, directory: Path) -> None:
        """Unpack below ``directory``, which whoever made it removes."""
        self._directory = directory
        self._unpacked: dict[Path, Path] = {}

    def golden(self, name: str) -> Sample:
        """One of GOLDEN_IDS."""
        if name in golden.VERSIONS:
            archive, inside, part = f"{name}/spool.tar.gz", Path(), None
            truth = golden.truth(name)
        elif name == "live":
            archive, inside, part = "dataprotect/live.tar.gz", Path(), None
            truth = golden.truth("dataprotect/truth-live.json")
        elif name == "dataprotect-bm4":
            archive, inside, part = f"{name}/backups.tar.gz", golden.BACKUP_ROOT, golden.BM4_PART
            truth = golden.truth(f"{name}/truth-{part}.json")
        else:
            part = name.rpartition("-")[2]
            archive, inside = "dataprotect/backups.tar.gz", golden.BACKUP_ROOT
            truth = golden.truth(f"dataprotect/truth-{part}.json")
        place = self._place(golden.SPOOLS / archive)
        generation = None if part is None else f"part:{part}"
        return Sample(backups=place / inside, generation=generation, truth=truth)

    def larger(self, name: str, folder: Path) -> Sample:
        """One of LARGER_IDS, in the folder of the larger spools."""
        if name in LARGER:
            place = self._place(folder / name / "spool.tar.gz")
            # Here deleted mailboxes are told as the administrator saw them before.
            said = {**_parsed(folder / name / "truth.json"), "deleted_mailboxes": {}}
            return Sample(backups=place, generation=None, truth=said)
        part = name.rpartition("-")[2]
        here = folder / _LARGER_DATAPROTECT
        place = self._place(here / "dp_spool.tar.gz") / golden.BACKUP_ROOT
        # What the backup of the time left out lies beside it, taken at the same moment.
        spool = next(place.glob(f"dp_spool/rsync/*/mail/imap/{part}"))
        if not (spool / "var/lib/cyrus").exists():
            golden.unpack(here / f"var-lib-cyrus-{part}.tar.gz", spool)
        truth = _parsed(here / f"truth-{part}.json")
        return Sample(backups=place, generation=f"part:{part}", truth=truth)

    def _place(self, archive: Path) -> Path:
        if archive not in self._unpacked:
            into = self._directory / str(len(self._unpacked))
            self._unpacked[archive] = golden.unpack(archive, into)
        return self._unpacked[archive]


@cache
def _parsed(file: Path) -> Mapping[str, Any]:
    parsed: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return parsed
