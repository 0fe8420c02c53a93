from __future__ import annotations

import os

from respool.system.link_table import _SLOT, LinkTable

DIGEST = bytes(range(20))


def test_what_was_put_is_found_by_device_and_inode_together() -> None:
    table = LinkTable(10)

    table.put(1, 7, DIGEST)

    assert table.find(1, 7) == DIGEST
    assert table.find(2, 7) is None
    assert table.find(1, 8) is None


def test_a_child_sees_what_its_parent_puts_later() -> None:
    table = LinkTable(10)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(read, 1)
        os._exit(0 if table.find(1, 7) == DIGEST else 1)

    table.put(1, 7, DIGEST)
    os.write(write, b"x")

    _, status = os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    assert status == 0


def test_a_slot_that_is_half_written_is_as_good_as_empty() -> None:
    table = LinkTable(10)
    table.put(1, 7, DIGEST)
    at = next(iter(table._places(1, 7)))

    table._memory[at + 20 : at + 24] = b"torn"

    assert table.find(1, 7) is None
    table.put(1, 7, DIGEST)
    assert table.find(1, 7) == DIGEST


def test_a_full_table_forgets_and_says_nothing_wrong() -> None:
    table = LinkTable(1)
    numbers = range(1, 4 * len(table._memory) // _SLOT.size)

    for number in numbers:
        table.put(5, number, number.to_bytes(20, "big"))

    found = {number: table.find(5, number) for number in numbers}
    assert all(each in {None, number.to_bytes(20, "big")} for number, each in found.items())
    assert sum(each is not None for each in found.values()) > 500
