"""The limits that we read of every golden backup are those that its server told."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.backups.choice import choose_generation
from respool.backups.discovery import open_backup
from respool.backups.server_state import ServerState, server_state
from respool.model.generations import Generation
from respool.model.names import MailboxName
from tests.support import golden
from tests.support.small_spools import mailbox_name
from tests.support.truth import Truth, read_truth


def roots(truth: Truth) -> list[MailboxName]:
    """The roots of accounts, and what else is a quota root, without what is deleted."""
    boxes = [box for box in truth.mailboxes.values() if not box.is_deleted]
    names = {box.imap_name for box in boxes if box.name == f"user/{box.owner}"}
    names |= {box.imap_name for box in boxes if "/" not in box.imap_name}
    names |= {box.quota.root for box in boxes if box.quota is not None and box.quota.root}
    return [mailbox_name(name) for name in sorted(names)]


def said(truth: Truth, root: MailboxName) -> dict[str, int] | None:
    quota = truth.mailboxes[root.display].quota
    if quota is None or quota.root is None:
        return None
    return {resource: limit for resource, (_, limit) in quota.resources.items()}


def limits_of(state: ServerState, root: MailboxName) -> dict[str, int] | None:
    found = state.quota_root(root)
    return None if found is None else dict(found.limits)


def assert_as_said(place: Path | PurePosixPath, truth: Truth) -> None:
    names = roots(truth)
    state = server_state(PurePosixPath(place))
    read = {root.display: limits_of(state, root) for root in names}

    assert read == {root.display: said(truth, root) for root in names}
    assert read["user/alice@bluemind.loc"]
    assert read["contact@bluemind.loc"] == {"STORAGE": 51200}
    assert read["info@bluemind.loc"] is None


def of_part(backup_root: Path, part: str) -> Generation:
    return choose_generation(open_backup(backup_root).generations, f"part:{part}")


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_of_a_spool_of_every_version(version: str, as_root: None, tmp_path: Path) -> None:
    assert_as_said(golden.unpack_spool(version, tmp_path), read_truth(version))


@pytest.mark.parametrize("part", golden.DATAPROTECT_PARTS)
def test_of_each_dataprotect_part(part: str, backup_tree: Path) -> None:
    generation = of_part(backup_tree, part)

    assert_as_said(generation.parts[0].place, read_truth(f"dataprotect/truth-{part}.json"))


def test_of_a_bluemind_4_part(as_root: None, tmp_path: Path) -> None:
    generation = of_part(golden.unpack_dataprotect_bm4(tmp_path), golden.BM4_PART)
    truth = read_truth(f"dataprotect-bm4/truth-{golden.BM4_PART}.json")

    assert_as_said(generation.parts[0].place, truth)
