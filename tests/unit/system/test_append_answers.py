from __future__ import annotations

import pytest

from respool.system.append_answers import Outcome, parse_append_answer

GUID = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@pytest.mark.parametrize(
    ("text", "count", "uids", "uidvalidity"),
    [
        (b"[APPENDUID 38505 3955] Completed", 1, (3955,), 38505),
        (b"[APPENDUID 7 3:5,9] Completed", 4, (3, 4, 5, 9), 7),
        (b"[appenduid 7 5:3] Completed", 3, (3, 4, 5), 7),
        (b"[APPENDUID 12] APPEND completed", 1, (12,), None),
        (b"[APPENDUID 7 3:5] Completed", 2, (), None),
        (b"[APPENDUID 7 1:4294967295] Completed", 2, (), None),
        (b"[APPENDUID 7 1:2:3] Completed", 3, (), None),
        (b"Completed", 1, (), None),
    ],
)
def test_uids_are_those_of_the_messages_or_none(
    text: bytes, count: int, uids: tuple[int, ...], uidvalidity: int | None
) -> None:
    answer = parse_append_answer(b"OK", text, count=count)

    assert (answer.uids, answer.uidvalidity) == (uids, uidvalidity)


def test_bluemind_5_names_the_guid() -> None:
    text = b"[APPENDUID 1 2] APPEND completed " + GUID.encode()

    assert parse_append_answer(b"OK", text, count=1).guid == GUID
    assert parse_append_answer(b"OK", text, count=2).guid is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (b"Message contains bare newlines", Outcome.MESSAGE_REFUSED),
        (b"[TOOBIG] Message too large", Outcome.MESSAGE_REFUSED),
        (b"Rejected", Outcome.MESSAGE_REFUSED),
        (b"Over quota", Outcome.OVER_QUOTA),
        (b"[OVERQUOTA] Quota exceeded (mailbox for user is full)", Outcome.OVER_QUOTA),
        (b"[TRYCREATE] Mailbox does not exist", Outcome.MAILBOX_REFUSED),
        (b"[NOPERM] Permission denied", Outcome.MAILBOX_REFUSED),
        (b"Permission denied", Outcome.MAILBOX_REFUSED),
        (b"[INUSE] Mailbox is locked", Outcome.MAILBOX_REFUSED),
    ],
)
def test_a_refusal_is_of_a_message_a_mailbox_or_the_quota(text: bytes, outcome: Outcome) -> None:
    assert parse_append_answer(b"NO", text, count=1).outcome is outcome
