"""What a plan or a receipt says of mail that BlueMind 3.5 had archived."""

from __future__ import annotations

from respool.planning.plan import PlanHead

_UNREADABLE = frozenset({"hsm-body-damaged", "hsm-id-invalid"})


def stub_sentence(head: PlanHead, *, is_done: bool = False) -> str | None:
    """How many messages are stubs, and what becomes of them; None where none is one."""
    if not head.stubs:
        return None
    damaged = sum(each.code in _UNREADABLE for each in head.findings)
    missing = head.stubs - head.joined - damaged
    verb = "were" if is_done else "are"
    parts = [f"{head.joined:,} {'came' if is_done else 'come'} back whole"]
    if missing:
        parts.append(f"{missing:,} {_have(missing)} no body in this backup")
    if damaged:
        parts.append(f"{damaged:,} {_have(damaged)} a damaged one")
    messages = f"1 message {'was' if is_done else 'is'} an HSM stub"
    if head.stubs > 1:
        messages = f"{head.stubs:,} messages {verb} HSM stubs"
    return f"{messages}: {', '.join(parts)}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
