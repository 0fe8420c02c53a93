"""Running the server's own programs over what was filled, and reading what they say."""

from __future__ import annotations

from dataclasses import replace

from respool.errors import StepFailed
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.system.programs import Finished
from respool.targets.spool.program_output import (
    Counted,
    parse_quota_output,
    parse_reconstruct_output,
    quota_arguments,
)
from respool.targets.spool.recipes import recipe_for
from respool.targets.spool.steps import RepairQuota

_MOST_LINES = 40


def rebuild(server: CyrusServer, mailbox: str, *, is_newest: bool) -> Note:
    """``reconstruct`` on exactly this mailbox, as its version wants; its words count.

    ``is_newest``: its index is of the version that the server makes: nothing is to convert.

    Raises:
        StepFailed: it crashed, or says that the mailbox or a message could not be rebuilt.
    """
    changes: list[str] = []
    converted = None
    recipe = recipe_for(server.version)
    for words in recipe.checks if is_newest else recipe.rebuilds:
        done = server.run_tool("reconstruct", *words, "--", mailbox)
        _check_ended(done, mailbox)
        report = parse_reconstruct_output(done.output, done.errors)
        if report.failures or not report.visited:
            raise StepFailed(
                f"reconstruct could not rebuild {mailbox}",
                why="; ".join(report.failures) or "it did not visit the mailbox",
                hint="the mail log says more; `respool runs` lists what was begun",
            )
        changes += report.changes
        converted = converted or report.converted
    return {"changed": changes[:_MOST_LINES], "converted": converted}


def recount(server: CyrusServer, mailbox: str) -> None:
    """``reconstruct`` on a mailbox that is sound, to have its annotations counted.

    Raises:
        StepFailed: it crashed, or did not visit the mailbox.
    """
    done = server.run_tool("reconstruct", "--", mailbox)
    _check_ended(done, mailbox)
    report = parse_reconstruct_output(done.output, done.errors)
    if report.failures or not report.visited:
        raise StepFailed(
            f"reconstruct could not count {mailbox}", why="; ".join(report.failures) or None
        )


def build_search_index(server: CyrusServer, mailbox: str) -> Note:
    """``squatter`` on exactly this mailbox. A failure is noted: search still works without."""
    done = server.run_tool("squatter", "--", mailbox)
    return {"status": done.status, "said": done.errors.strip()[:500]}


def build_conversations(server: CyrusServer, userid: str) -> Note:
    """``ctl_conversationsdb -b`` for one user. A failure is noted: mail is not touched by it."""
    done = server.run_tool("ctl_conversationsdb", "-b", "--", userid)
    return {"status": done.status, "said": done.errors.strip()[:500]}


def repair_quota(server: CyrusServer, step: RepairQuota, before: Note) -> Note:
    """``quota -f`` in the form that this version wants, and what is used then.

    A form that the server does not understand counts nothing, and says nothing: then the
    whole domain is counted, and what is used is looked at again.

    Raises:
        StepFailed: it crashed, failed, or did not count what was added.
    """
    account = Counted(
        domain=step.domain, local=step.local, internal=step.internal, userid=step.userid
    )
    everybody = replace(account, local=None, internal=None, userid=None)
    repaired = _count(server, step, account)
    if not _is_counted(server, step, before):
        repaired += _count(server, step, everybody)
        if not _is_counted(server, step, before):
            raise StepFailed(
                f"quota -f did not count {step.mailbox}",
                why="what is used did not rise by what was added",
                hint="count it with the server's quota program; the mail log says more",
            )
    return {"repaired": repaired, "use": quota_use(server, step.mailbox)}


def count_again(server: CyrusServer, step: RepairQuota) -> None:
    """``quota -f`` once more, after something was taken away.

    Raises:
        StepFailed: it crashed or failed.
    """
    _count(
        server,
        step,
        Counted(domain=step.domain, local=step.local, internal=step.internal, userid=step.userid),
    )


def _count(server: CyrusServer, step: RepairQuota, counted: Counted) -> list[str]:
    done = server.run_tool("quota", *quota_arguments(server.version, counted))
    _check_ended(done, step.mailbox)
    if done.status != 0:
        said = (done.errors or done.output).strip()[:500]
        raise StepFailed(f"quota -f failed for {step.mailbox}", why=said)
    return list(parse_quota_output(done.output, done.errors))


def _is_counted(server: CyrusServer, step: RepairQuota, before: Note) -> bool:
    """Whether what is used has risen, or holds what was added already.

    Half of it is enough: a backup may have lost some of its messages.
    """
    now = quota_use(server, step.mailbox).get("STORAGE")
    if now is None:
        return True
    former = before.get("use", {}).get("STORAGE", {"used": 0})
    return now["used"] > former["used"] or now["used"] >= step.added_bytes // 2048


def quota_use(server: CyrusServer, mailbox: str) -> dict[str, dict[str, int]]:
    """Resource → used and limit, as the server counts."""
    return {
        use.resource: {"used": use.used, "limit": use.limit} for use in server.admin.quota(mailbox)
    }


def _check_ended(done: Finished, mailbox: str) -> None:
    if done.signal_name is not None:
        raise StepFailed(
            f"{done.command[0]} crashed on {mailbox}",
            why=f"ended by {done.signal_name}: {done.errors.strip()[-300:]}",
            hint="the mail log says more; `respool runs` lists what was begun",
        )
