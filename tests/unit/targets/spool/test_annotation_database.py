"""Writing annotations into the server's database: never under a key that is not the mailbox's."""

from __future__ import annotations

from typing import Any, cast

import pytest

from respool.errors import StepFailed
from respool.planning.annotating import PlannedAnnotation
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.annotation_database import store
from respool.targets.spool.steps import Annotate

NOTE = PlannedAnnotation(entry="/vendor/cmu/cyrus-imapd/expire", value="1", uid=None)
STEP = Annotate(lane="team@b.loc", domain="b.loc", parts=("team",), userid="", annotations=(NOTE,))


class _WithoutIds:
    """A server that knows no id of the mailbox; whatever else is asked of it is wrong."""

    def uniqueid(self, _mailbox: str) -> Any:  # noqa: ANN401 - as the server's own
        return None


def test_nothing_is_written_for_a_mailbox_without_an_id() -> None:
    """Without an id the key would be that of the whole server."""
    with pytest.raises(StepFailed, match="could not be written"):
        store(cast("CyrusServer", _WithoutIds()), STEP, STEP.annotations)
