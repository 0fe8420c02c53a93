"""What is said of mail that BlueMind 3.5 had archived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from respool.app.stub_text import stub_sentence
from respool.planning.plan import PlannedMailbox
from tests.unit.planning.plans import HEAD, made


@pytest.mark.parametrize(
    ("stubs", "joined", "damaged", "sentence"),
    [
        (0, 0, 0, None),
        (
            12,
            10,
            0,
            "12 messages are HSM stubs: 10 come back whole, 2 have no body in this backup",
        ),
        (
            3,
            1,
            1,
            (
                "3 messages are HSM stubs: 1 comes back whole, 1 has no body in this backup,"
                " 1 has a damaged one"
            ),
        ),
        (1, 1, 0, "1 message is an HSM stub: 1 comes back whole"),
        (
            2000,
            0,
            0,
            "2,000 messages are HSM stubs: 0 come back whole, 2,000 have no body in this backup",
        ),
    ],
)
def test_stubs_are_counted_by_what_becomes_of_them(
    stubs: int, joined: int, damaged: int, sentence: str | None
) -> None:
    mailbox = made(PlannedMailbox, stubs=stubs, joined=joined, damaged_stubs=damaged)
    assert stub_sentence(replace(HEAD, mailboxes=(mailbox,))) == sentence


def test_a_receipt_says_it_of_the_past() -> None:
    mailbox = made(PlannedMailbox, stubs=2, joined=2)
    head = replace(HEAD, mailboxes=(mailbox,))
    assert stub_sentence(head, is_done=True) == "2 messages were HSM stubs: 2 came back whole"
