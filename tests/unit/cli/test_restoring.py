from __future__ import annotations

import io
import signal
from typing import Any

import pytest

from respool.app.selection import Wanted
from respool.app.wish import Wish
from respool.cli.options import PaceOptions
from respool.cli.restore_options import Wishes
from respool.cli.restoring import conversing, is_wishing, wish_of
from respool.errors import UsageError
from respool.planning.request import Person
from tests.unit.planning.plans import HEAD

JDOE = "jdoe@b.loc"


def wished(**options: Any) -> Wish:  # noqa: ANN401 - passed on to a dataclass, which knows its types
    return wish_of(JDOE, None, Wishes(**options), command="restore")


def test_without_options_nothing_is_wished_but_the_account() -> None:
    assert wished() == Wish(wanted=Wanted(account=JDOE, command="restore"))


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"to": "share/contact@b.loc"}, "to", "share/contact@b.loc"),
        ({"into": "old"}, "into", "old"),
        ({"rename": ["a=b", "auto"]}, "renames", ("a=b", "auto")),
        ({"without_metadata": True}, "is_without_metadata", True),
        ({"include_expunged": True}, "has_expunged", True),
        ({"same_person": True}, "person", Person.SAME),
        ({"other_person": True}, "person", Person.OTHER),
        ({"create_account": True}, "is_creating_account", True),
        ({"in_place": True}, "is_in_place", True),
        ({"raise_quota": True}, "is_raising_quota", True),
        ({"note": "T-1"}, "note", "T-1"),
    ],
)
def test_each_option_says_one_thing(options: dict[str, Any], field: str, value: object) -> None:
    assert getattr(wished(**options), field) == value
    assert is_wishing(Wishes(**options))


def test_what_is_wanted_has_folders_and_generation() -> None:
    wish = wish_of(JDOE, ["Sent", "=Old"], Wishes(generation="89"), command="plan")

    assert wish.wanted == Wanted(
        account=JDOE, folders=("Sent", "=Old"), generation="89", command="plan"
    )


@pytest.mark.parametrize(
    "options",
    [{"in_place": True, "into": "old"}, {"same_person": True, "other_person": True}],
    ids=["in-place-into", "both-persons"],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        wished(**options)


def test_a_restore_without_an_account_is_refused() -> None:
    with pytest.raises(UsageError, match="no account"):
        wish_of(None, None, Wishes(), command="restore")


def test_no_option_at_all_is_no_wish() -> None:
    """Typer gives an option that may be repeated as an empty list, too."""
    assert not is_wishing(Wishes())
    assert not is_wishing(Wishes(rename=[]))


def test_a_terminal_that_is_gone_stops_a_run_after_its_present_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever loses the line gets SIGHUP, and nothing can be written there any more."""

    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    with conversing(is_agreed=True, has_details=False, pace=PaceOptions()) as conversation:
        conversation.on_begin(1, HEAD)
        monkeypatch.setattr("sys.stderr", Gone())
        signal.raise_signal(signal.SIGHUP)

        assert conversation.stop.wish.is_set()
