from __future__ import annotations

from respool.model.state import UidSet
from respool.targets.spool.emptying import _parts


def test_no_command_names_more_messages_than_one_line_of_an_answer_can_list() -> None:
    """
    The library takes no answer of more than 1 MB a line: a UID has up to eleven octets.
    """
    parts = list(_parts(UidSet(ranges=((1, 120_000), (200_000, 200_001)))))

    assert [str(each) for each in parts] == [
        "1:50000",
        "50001:100000",
        "100001:120000,200000:200001",
    ]


def test_no_command_has_more_ranges_than_a_line_takes() -> None:
    every = UidSet.of(range(1, 2001, 2))

    parts = list(_parts(every))

    assert [len(each.ranges) for each in parts] == [400, 400, 200]
    assert sum(each.count for each in parts) == every.count
