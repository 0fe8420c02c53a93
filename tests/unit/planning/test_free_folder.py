from __future__ import annotations

from dataclasses import replace

from respool.planning.free_folder import with_free_folder
from tests.unit.planning.plans import HEAD


def test_our_own_proposal_gets_the_next_number_that_is_free() -> None:
    asked = replace(HEAD.request, into="restored-1", is_into_given=False)
    taken = {"restored-1", "restored-1-2"}

    found, reasons = with_free_folder(asked, taken.__contains__)

    assert (found.into, reasons) == ("restored-1-3", ())


def test_a_chosen_name_that_is_taken_is_refused_decoded() -> None:
    asked = replace(HEAD.request, into="&AMk-quipe", is_into_given=True)

    found, reasons = with_free_folder(asked, lambda _name: True)

    assert found == asked
    assert reasons == ("--into Équipe: that folder is there already; choose another name",)


def test_where_every_number_is_taken_that_is_said() -> None:
    asked = replace(HEAD.request, into="x", is_into_given=False)

    _, reasons = with_free_folder(asked, lambda _name: True)

    assert reasons == ("1000 folders called x are there already",)
