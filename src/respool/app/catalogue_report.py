"""What is in the catalogue: made, brought up to date, or only looked at."""

from __future__ import annotations

from pathlib import Path

from respool.app.access_log import Access, note_reading
from respool.app.catalogue import opened_catalogue, wanted_generations
from respool.app.indexing import Again, Indexed, IndexWish, index, index_bodies
from respool.app.settings import Settings
from respool.catalogue.database import Database
from respool.catalogue.generations import Known
from respool.catalogue.unsearched import Unsearched, unsearched
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueReport:
    """The catalogue of a backup. ``indexed`` are the generations that were taken in now,
    ``bodies`` counts bodies.
    """

    backups: str
    file: Path
    size_bytes: int
    messages: int
    places: int
    generations: tuple[Known, ...]
    indexed: tuple[Indexed, ...]
    bodies: int
    not_searched: tuple[Unsearched, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of ``catalogue --json``."""
        return {
            "backups": self.backups,
            "catalogue": str(self.file),
            "size_bytes": self.size_bytes,
            "messages": self.messages,
            "places": self.places,
            "generations": [_known_json(each) for each in self.generations],
            "indexed": [each.as_json() for each in self.indexed],
            "bodies": self.bodies,
            "not_searched": [each.as_json() for each in self.not_searched],
        }


def _known_json(known: Known) -> dict[str, object]:
    return {
        "generation": known.label,
        "taken_at": as_utc_text(known.taken_at),
        "state": known.state,
        "indexed_at": as_utc_text(known.indexed_at),
    }


def catalogue(
    settings: Settings,
    generation: str | None,
    wish: IndexWish,
    *,
    has_bodies: bool = False,
    is_again: bool = False,
) -> CatalogueReport:
    """Take a generation, or all of them, into the catalogue; with ``has_bodies`` all bodies, too.

    With ``is_again`` each index of those that were taken in is looked at once more.

    Raises:
        BackupNotFound, GenerationNotFound, AmbiguousName, UsageError.
        Locked, Declined, NoConfirmation: as `index`.
        CatalogueUnusable, CatalogueDamaged, CatalogueOfNewerVersion, NotPermitted.
    """
    with opened_catalogue(settings, is_thorough=True) as opened:
        wanted = wanted_generations(opened, generation)
        label = wanted[0].label if len(wanted) == 1 else None
        note_reading(settings, Access(command="catalogue", generation=label))
        done = index(opened, wanted, wish, Again(is_everything=is_again))
        bodies = index_bodies(opened, wish) if has_bodies else 0
        known = opened.known()
        return CatalogueReport(
            backups=str(opened.backup.root.place),
            file=opened.database.file,
            size_bytes=_size(opened.database.file),
            messages=_count(opened.database, "message"),
            places=_count(opened.database, "stand"),
            generations=tuple(reversed(known)),
            indexed=done,
            bodies=bodies,
            not_searched=unsearched(opened.database, known),
        )


def _count(database: Database, table: str) -> int:
    row = database.one(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of ours
    return int(row[0]) if row else 0


def _size(file: Path) -> int:
    beside = (file.with_name(f"{file.name}-wal"), file)
    return sum(each.stat().st_size for each in beside if each.exists())
