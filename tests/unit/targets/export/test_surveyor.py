from __future__ import annotations

from pathlib import Path

import pytest

from respool.exports.manifest_head import ExportForm
from respool.targets.export.surveyor import survey_export


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_an_empty_directory_of_ours_is_taken(mode: int, tmp_path: Path) -> None:
    place = tmp_path / "mail"
    place.mkdir()
    place.chmod(mode)

    assert survey_export(ExportForm.MAILDIR, place).obstacles == ()


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_one_that_others_may_write_into_is_not(mode: int, tmp_path: Path) -> None:
    """They could put a link in the place of a folder while it is filled."""
    place = tmp_path / "mail"
    place.mkdir()
    place.chmod(mode)

    (reason,) = survey_export(ExportForm.MAILDIR, place).obstacles

    assert "open to others" in reason


def test_nor_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "mail").symlink_to(tmp_path)

    (reason,) = survey_export(ExportForm.EML, tmp_path / "mail").obstacles

    assert "no directory" in reason
