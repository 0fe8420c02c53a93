"""What every kind of backup has to do, whatever it looks like on disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.backups.choice import choose_generation
from respool.backups.contents import list_accounts
from respool.backups.discovery import KINDS, Backup, open_backup
from respool.backups.kind import BackupKind
from respool.errors import BackupNotFound
from respool.model.generations import GenerationState
from tests.support.trees import unchanged


class BackupKindSuite:
    """Subclasses say ``kind`` and lay a tree of it out; ``labels`` are newest first."""

    kind: BackupKind
    labels: tuple[str, ...]
    unused: tuple[str, ...] = ()

    def write(self, root: Path) -> None:
        """Lay a tree of this kind out."""
        raise NotImplementedError

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        self.write(tmp_path)
        return tmp_path

    @pytest.fixture
    def backup(self, root: Path) -> Backup:
        return open_backup(root)

    def test_a_place_is_taken_by_its_own_kind_alone(self, root: Path) -> None:
        taken_by = [kind.name for kind in KINDS if kind.detect(PurePosixPath(root)) is not None]

        assert taken_by[0] == self.kind.name

    def test_generations_are_newest_first(self, backup: Backup) -> None:
        times = [each.taken_at for each in backup.generations]

        assert tuple(each.label for each in backup.generations) == self.labels
        assert times == sorted(times, key=lambda time: time.timestamp() if time else 0)[::-1]

    def test_each_can_be_named(self, backup: Backup) -> None:
        usable = [each for each in backup.generations if each.parts]

        for each in usable:
            if each.state is not GenerationState.RUNNING:
                assert choose_generation(backup.generations, each.label) is each

    def test_each_part_holds_accounts(self, backup: Backup) -> None:
        for generation in backup.generations:
            assert all(part.place.is_absolute() for part in generation.parts)
            assert list_accounts(generation) or not generation.parts

    def test_what_is_not_used_is_said(self, backup: Backup) -> None:
        assert tuple(entry.name for entry in backup.unused) == self.unused
        assert all(entry.why for entry in backup.unused)

    def test_nothing_is_touched(self, root: Path) -> None:
        with unchanged(root):
            for generation in open_backup(root).generations:
                list_accounts(generation)

    def test_an_empty_place_is_none(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()

        assert self.kind.detect(PurePosixPath(empty)) is None
        with pytest.raises(BackupNotFound):
            open_backup(empty)

    def test_a_description_says_how_it_was_recognised(self, backup: Backup) -> None:
        assert backup.root.kind == self.kind.name
        assert backup.root.description
        assert self.kind.layout
