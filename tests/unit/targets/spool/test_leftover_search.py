from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import cast

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.leftover_cures import ServerCommands
from respool.targets.spool.leftover_search import _Look
from respool.targets.spool.leftover_walk import messages_in, open_spool


def test_listings_are_kept_for_the_length_of_one_account(tmp_path: Path) -> None:
    """Of a server with 200,000 folders they would take 140 MB."""
    (tmp_path / "j/user/jdoe").mkdir(parents=True)
    (tmp_path / "j/user/jdoe/1.").touch()
    configuration = ServerConfiguration(options={"partition-main": str(tmp_path)})
    look = _Look(
        server=cast("CyrusServer", None),
        on=cast("ServerCommands", None),
        spool=open_spool(configuration),
        ids={},
        broken=frozenset(),
    )
    counted: list[int] = []

    def count() -> None:
        counted.append(messages_in(look.spool, ("main", PurePosixPath("j/user/jdoe"))))

    look.carefully("jdoe", count)

    assert (counted, look.spool.listed) == ([1], {})
