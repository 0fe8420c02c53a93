from __future__ import annotations

import pytest

from respool.bluemind.directory_entries import (
    display_name_query,
    entries_of,
    is_called,
    key_holder_of,
    servers_of,
)
from respool.errors import FormatError


def test_entries_come_out_of_a_list_result_and_groups_do_not() -> None:
    answer = {
        "total": 3,
        "values": [
            {"uid": "1", "value": {"entryUid": "1", "displayName": "John Doe", "kind": "USER"}},
            {"uid": "2", "value": {"entryUid": "2", "displayName": "Sales", "kind": "MAILSHARE"}},
            {"uid": "3", "value": {"entryUid": "3", "displayName": "All", "kind": "GROUP"}},
        ],
    }

    assert [(each.uid, each.display_name) for each in entries_of(answer)] == [
        ("1", "John Doe"),
        ("2", "Sales"),
    ]


def test_what_is_no_list_of_entries_is_an_error() -> None:
    with pytest.raises(FormatError):
        entries_of({"total": 1})


def test_a_query_asks_for_hidden_and_suspended_entries_too() -> None:
    query = display_name_query("Doe")

    assert (query["nameFilter"], query["hiddenFilter"], query["stateFilter"]) == (
        "Doe",
        False,
        "All",
    )


def test_a_server_has_every_address_that_dataprotect_may_call_it_by() -> None:
    answer = [
        {"uid": "bm-master", "value": {"ip": "10.0.0.1", "fqdn": "bm.b.loc", "name": "master"}},
        {"uid": "srv2", "value": {"ip": None, "fqdn": "two.b.loc"}, "displayName": "two"},
    ]

    assert [(each.uid, each.name, each.addresses) for each in servers_of(answer)] == [
        ("bm-master", "master", ("10.0.0.1", "bm.b.loc")),
        ("srv2", "two", ("two.b.loc",)),
    ]


def test_admin0_may_everything() -> None:
    holder = key_holder_of({"uid": "admin0", "domainUid": "global.virt", "roles": ["b", "a"]})

    assert holder is not None
    assert holder.is_system
    assert holder.roles == ("a", "b")
    assert key_holder_of(None) is None


@pytest.mark.parametrize(
    ("text", "is_it"), [("john DOE", True), ("Doe John", True), ("John", False), ("", False)]
)
def test_a_display_name_is_meant_as_a_whole(text: str, *, is_it: bool) -> None:
    assert is_called("John Doe", text) is is_it
