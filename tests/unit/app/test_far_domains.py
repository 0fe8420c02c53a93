"""A domain of a backup that another BlueMind has under another uid: what is proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.bluemind_access import core_of
from respool.app.far_domains import live_domain
from respool.errors import UsageError
from tests.support import golden
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.installation import Domain, Installation
from tests.support.bluemind_core.versions import CoreFamily
from tests.unit.app.test_far_bluemind import settings_for

OLD = "bluemind.loc"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup whose maps of Postfix say that bm.example is another name of its domain."""
    root = golden.unpack_dataprotect_bm4(tmp_path / "backup")
    (etc,) = {each.parent for each in root.rglob("work/conf/etc/cyrus-partitions")}
    aliases = etc / "postfix/virtual_alias-flat"
    aliases.parent.mkdir(parents=True, exist_ok=True)
    aliases.write_text(f"jdoe@bm.example jdoe@{OLD}\n")
    return root


@pytest.mark.parametrize(
    ("alias", "hint"),
    [
        ("bm.example", f"--map-domain {OLD}=bm.example"),
        ("else.example", f"--map-domain {OLD}=NEW"),
    ],
)
def test_the_domain_that_has_an_alias_of_the_backup_s_is_proposed(
    bluemind_core: Callable[..., BlueMindCore], tmp_path: Path, backup: Path, alias: str, hint: str
) -> None:
    there = Domain(uid="19ab.internal", aliases=(alias,), default_alias=alias)
    core = bluemind_core(Installation(domains=(there,)), version=CoreFamily.BM5)
    settings = replace(settings_for(core, tmp_path), backups=backup)
    with core_of(settings) as live:
        assert live is not None
        with pytest.raises(UsageError) as refused:
            live_domain(settings, live, OLD, {})

    assert (refused.value.hint or "").startswith(hint)
