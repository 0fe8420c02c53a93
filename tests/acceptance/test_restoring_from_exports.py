"""``respool restore`` takes an export for a backup, in each of its forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from respool.exports.manifest_head import ExportForm
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.live_server import serve_golden_live
from tests.support.private_cyrus import server_root
from tests.support.restoring import Workplace, check_server_sound, held, owner_sees
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
LOST = ("Projects/2017", "Projects/2017/Q3")
TRUTH = read_truth("dataprotect/truth-1233.json")


@pytest.fixture(scope="module")
def workplace(
    as_root: None, golden_backup: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workplace]:
    state = tmp_path_factory.mktemp("state")
    with server_root() as root, serve_golden_live(root) as server:
        yield Workplace(server=server, backups=golden_backup, state=state)


@pytest.mark.parametrize("form", tuple(ExportForm))
def test_what_was_exported_comes_back_as_it_was(
    form: ExportForm, workplace: Workplace, tmp_path: Path
) -> None:
    settings = settings_of(workplace.backups, tmp_path / "state")
    path = tmp_path / ("mail.zip" if form is ExportForm.ZIP else "mail")
    world = ExportWorld.begun(settings, planned_export(settings, form, path, JDOE, *LOST[:1]))
    assert world.carry_out()
    into = f"from-{form}"

    ran = replace(workplace, backups=path).run(
        "restore", JDOE, "Projects/2017", "--into", into, "--yes", "--json"
    )

    assert (ran.status, ran.json["verdict"], ran.json["lost_in_backup"]) == (0, "proven", 0)
    boxes = {each: TRUTH.mailboxes[f"user/jdoe/{each}@bluemind.loc"] for each in LOST}
    assert owner_sees(workplace.server, JDOE, [f"{into}/{each}" for each in LOST]) == {
        f"{into}/{each}": tuple(map(held, box.messages)) for each, box in boxes.items()
    }
    check_server_sound(workplace.server, JDOE)
