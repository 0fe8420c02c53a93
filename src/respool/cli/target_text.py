"""What a plan and a receipt say of the target, by its kind: this server, another, or files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from respool.cli.output import shown_count
from respool.cli.state_text import flags_question
from respool.model.accounts import AccountKind

if TYPE_CHECKING:
    from respool.planning.plan import PlanHead
    from respool.verification.report import Receipt

_EXPORT: Final = "export"
_IMAP: Final = "imap"
_FORMS: Final = {
    "maildir": "a Maildir",
    "mbox": "mbox files",
    "zip": "a zip of .eml files",
    "eml": ".eml files",
}


def target_line(head: PlanHead, new_folder: str) -> str:
    """Where it goes, for people."""
    if head.target_kind == _EXPORT:
        form, _, path = (head.where or "").partition(":")
        return f"{_FORMS.get(form, form)}, {path}, new"
    account = head.request.target
    created = ", which is gone and will be created" if head.facts.get("account") == "gone" else ""
    where = "in place" if head.request.is_in_place else f"new folder {new_folder}"
    if head.target_kind == _IMAP:
        return f"{account.address} at {head.where}, {where}"
    kind = "mailshare " if head.owner is None else ""
    return f"{kind}{account.address}{created}, {where}"


def live_line(head: PlanHead) -> str:
    """What becomes of what is there."""
    if head.target_kind == _EXPORT:
        return "no server is asked, nothing that exists is written to"
    if head.merged:
        count = shown_count(head.merged)
        return f"flags of {count} messages change, nothing else that exists; undo puts them back"
    live = [each for each in head.mailboxes if not each.is_new and each.messages > 0]
    added = sum(each.is_appended for each in live)
    if added:
        filled = len(live) - added
        also = f", {folders_text(filled)} that never held any filled" if filled else ""
        return f"no message that exists is changed; {folders_text(added)} added to{also}"
    if live:
        text = folders_text(len(live))
        return f"no message is there to be changed; {text} that never held any filled"
    if any(each.raised_to is not None for each in head.quota):
        return "no message or folder that exists is changed"
    return "nothing that exists is changed"


def folders_text(count: int) -> str:
    """So many folders, for people."""
    return "1 folder" if count == 1 else f"{count} folders"


def then_line(head: PlanHead, narrower: str) -> str:
    """What is done once the messages are there."""
    if head.target_kind == _EXPORT:
        return "read back, manifest.json, index.html"
    if head.target_kind == _IMAP:
        return f"read back, subscriptions{narrower}"
    search = ", search index" if head.facts.get("search", "none") != "none" else ""
    return f"sharing{narrower}, quota{search}"


def question(head: PlanHead) -> str:
    """What is asked before anything is changed."""
    request = head.request
    if request.state_only is not None:
        return flags_question(head)
    count = shown_count(head.messages)
    if head.target_kind == _EXPORT:
        return f"Write {count} messages to {(head.where or '').partition(':')[2]}?"
    also = [
        f"change flags of {shown_count(head.merged)} that are there" if head.merged else "",
        "create that account" if head.facts.get("account") == "gone" else "",
        "raise its quota" if any(each.raised_to is not None for each in head.quota) else "",
    ]
    said = "".join(f", and {each}" for each in also if each)
    where = " in place" if request.is_in_place else ""
    at = f" at {head.where}" if head.target_kind == _IMAP else ""
    return f"Add {count} messages to the mailbox of {request.target.address}{at}{where}{said}?"


def read_back_text(receipt: Receipt) -> str:
    """By whom, or from where, it was read back."""
    if receipt.head.target_kind == _EXPORT:
        return "from the files"
    readers = {each.read_by for each in receipt.mailboxes if each.read_by is not None}
    account = receipt.head.request.target
    by_owner = readers <= {"owner"}
    who = (receipt.head.owner or "") if _is_by_a_writer(receipt.head) else account.address
    return f"as {who.partition('@')[0] if by_owner else 'the administrator'}{_by_guid(receipt)}"


def _is_by_a_writer(head: PlanHead) -> bool:
    """A mailshare of another server: somebody who may write to it logged in."""
    return head.target_kind == _IMAP and head.request.target.kind is AccountKind.MAILSHARE


def _by_guid(receipt: Receipt) -> str:
    if not receipt.by_guid:
        return ""
    return f" ({receipt.by_guid} had that SHA-1 by the server's own word, too)"
