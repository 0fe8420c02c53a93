"""The catalogue of one backup: where it lies, opened, beside the backup's generations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path

from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.backups.choice import choose_generation, usable_generations
from respool.backups.discovery import Backup
from respool.catalogue.database import Database, remove_catalogue
from respool.catalogue.generations import Known, known_generations, unknown
from respool.catalogue.identities import identified
from respool.errors import CatalogueUnusable
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation
from respool.system.locks import exclusive

ALL = "all"
_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The catalogue of a backup, open. ``by_identity`` are the generations to be used, oldest
    first; ``doubtful`` the labels of those that cannot be read as a whole now,
    ``glances`` what is to be noted of their upper directories.
    """

    database: Database
    backup: Backup
    by_identity: Mapping[str, Generation]
    lock: Path
    doubtful: Sequence[str] = ()
    glances: Mapping[str, str] = field(default_factory=dict)

    @property
    def generations(self) -> tuple[Generation, ...]:
        """Those to be used, oldest first."""
        return tuple(self.by_identity.values())

    def pairs(self) -> tuple[tuple[Generation, Known], ...]:
        """The generations that the backup has now, and what the catalogue has of each, oldest
        first: nothing, while another process writes, of those that came since.

        They have the names and states here that they have in the backup now.
        """
        known = {each.identity: each for each in known_generations(self.database)}
        return tuple(
            (
                generation,
                replace(
                    known.get(identity) or unknown(identity, generation),
                    label=generation.label,
                    state=generation.state.value,
                ),
            )
            for identity, generation in self.by_identity.items()
        )

    def known(self) -> tuple[Known, ...]:
        """What the catalogue has of the generations that the backup has now, oldest first."""
        return tuple(known for _, known in self.pairs())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else writes to it meanwhile.

        Raises:
            Locked: somebody does.
        """
        with exclusive(self.lock, what=f"the catalogue of {self.backup.root.place}"):
            yield


@contextmanager
def opened_catalogue(settings: Settings, *, is_thorough: bool = False) -> Iterator[Catalogue]:
    """The catalogue of the backup that the settings name, made empty where there is none.

    With ``is_thorough`` all generations are looked at as a whole, not the newest alone.

    Raises:
        BackupNotFound, BackupUnreadable: as for every command.
        UsageError: the state directory cannot be used.
        CatalogueUnusable, CatalogueDamaged, CatalogueOfNewerVersion, NotPermitted.
    """
    backup = backup_of(settings)
    file = catalogue_file(settings, backup)
    database = Database(file)
    try:
        usable = reversed(usable_generations(backup.generations))
        found = identified(usable, known_generations(database), is_thorough=is_thorough)
        yield Catalogue(
            database=database,
            backup=backup,
            by_identity=found.generations,
            doubtful=found.doubtful,
            glances=found.glances,
            lock=settings.state / "locks" / f"catalogue-{file.stem}.lock",
        )
    finally:
        database.close()


def catalogue_file(settings: Settings, backup: Backup) -> Path:
    """Where the catalogue of a backup lies, or would; its directory is made.

    Raises:
        UsageError, NotPermitted: the state directory cannot be used.
        CatalogueUnusable: its directory cannot be made.
    """
    directory = prepare_state(settings) / "catalogue"
    try:
        directory.mkdir(mode=_MODE, exist_ok=True)
    except OSError as error:
        raise CatalogueUnusable(
            f"{directory} cannot be made",
            why=error.strerror or str(error),
            hint="--state DIR names another place",
        ) from error
    name = f"{backup.root.kind}\n{backup.root.place}".encode("utf-8", "surrogateescape")
    return directory / f"{hashlib.sha256(name).hexdigest()[:16]}.db"


def forget_catalogue(settings: Settings) -> int:
    """Remove the catalogue of the backup that the settings name; how many octets that was.

    Raises:
        Locked: somebody writes to it; CatalogueUnusable: it cannot be removed.
    """
    backup = backup_of(settings)
    file = catalogue_file(settings, backup)
    lock = settings.state / "locks" / f"catalogue-{file.stem}.lock"
    with exclusive(lock, what=f"the catalogue of {backup.root.place}"):
        return remove_catalogue(file)


def wanted_generations(catalogue: Catalogue, text: str | None) -> tuple[Generation, ...]:
    """The generations that ``-g`` means, ``all`` by default, oldest first.

    Raises:
        GenerationNotFound, AmbiguousName, UsageError.
    """
    if text is None or text == ALL:
        return catalogue.generations
    return (choose_generation(catalogue.backup.generations, text),)
