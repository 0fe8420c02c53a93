"""What a plan or a receipt says of mail that BlueMind 3.5 had archived."""

from __future__ import annotations

from respool.planning.plan import PlanHead


def stub_sentence(head: PlanHead, *, is_done: bool = False) -> str | None:
    """How many messages are stubs, and what becomes of them; None where none is one."""
    if not head.stubs:
        return None
    damaged = sum(each.damaged_stubs for each in head.mailboxes)
    missing = head.stubs - head.joined - damaged
    come = "came" if is_done else "comes" if head.joined == 1 else "come"
    parts = [f"{head.joined:,} {come} back whole"]
    if missing:
        parts.append(f"{missing:,} {_have(missing)} no body in this backup")
    if damaged:
        parts.append(f"{damaged:,} {_have(damaged)} a damaged one")
    if head.stubs == 1:
        messages = f"1 message {'was' if is_done else 'is'} an HSM stub"
    else:
        messages = f"{head.stubs:,} messages {'were' if is_done else 'are'} HSM stubs"
    return f"{messages}: {', '.join(parts)}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
