"""The command ``respool``: its commands, its help, and how errors become exit statuses.

The command-line library takes longer to load than the help may take, so the help of
``respool`` itself is printed without it, and ``app`` is made when it is first asked for.
"""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import gc
import os
import signal
import sys
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from respool.cli.failures import OutputLost
from respool.cli.standard_streams import let_result_go, open_streams
from respool.errors import EndedBySignal, RespoolError

if TYPE_CHECKING:
    import typer

    app: typer.Typer


class Command(NamedTuple):
    """One command: a function of this name in ``cli/commands``, with EXAMPLES beside it.

    Those ``below`` it are in modules of both names: ``runs show`` in ``runs_show``.
    """

    name: str
    summary: str
    below: tuple[Command, ...] = ()


# Every command, in the order of the help.
COMMANDS: Final = (
    Command("backups", "Generations in a backup, and what is wrong with each."),
    Command("accounts", "Users and mailshares in a generation."),
    Command("show", "Folders of an account."),
    Command("ls", "Messages of a folder."),
    Command("cat", "One message as it is."),
    Command("diff", "What became of an account's mail since a generation."),
    Command("check", "Is the backup sound? Reads everything."),
    Command("watch", "What the newest backup misses; to be run after each one."),
    Command("catalogue", "Index generations, so that find and history answer at once."),
    Command("find", "Find messages over all generations."),
    Command("history", "What became of a folder or a message, generation by generation."),
    Command("plan", "What a restore would do; changes nothing."),
    Command("restore", "Restore folders into a new folder of the live account, and prove it."),
    Command("export", "Write an account, or folders of it, to files, and prove them."),
    Command(
        "runs",
        "What was restored, and how it ended.",
        (
            Command("show", "One run: its folders, its steps, and what can be typed next."),
            Command("prune", "Forget old runs that nothing is left to do of."),
        ),
    ),
    Command("resume", "Go on with a run that stopped part-way."),
    Command("undo", "Take away exactly what a run added."),
    Command("verify", "Read the mail of a run back again."),
    Command("doctor", "Is this machine ready for a restore?"),
)
ABOUT: Final = """Restore mailboxes of BlueMind and Cyrus IMAP from their backups, and prove it.

Backups are never written to. Live messages are never removed or replaced."""
_HELP: Final = (["--help"], ["-h"])
_MADE_UNTIL_LOOKED: Final = 20_000  # values: messages and records are many, and make no circles
_COMPLETION: Final = "_RESPOOL_COMPLETE"


def main() -> NoReturn:
    """Run the command line and exit with the status that docs/reference promises."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's: one a core, and never used
    gc.set_threshold(_MADE_UNTIL_LOOKED)
    open_streams()
    status = _status(sys.argv[1:])
    gc.freeze()  # all is closed: nobody has to look for circles in what ends with the process
    sys.exit(status)


def __getattr__(name: str) -> typer.Typer:
    """``app``, made when asked for."""
    if name != "app":
        raise AttributeError(name)
    return _made_app()


@cache
def _made_app(only: str | None = None) -> typer.Typer:
    """The application of all commands, or of the one that was asked for."""
    from respool.cli.application import make_app

    return make_app((each for each in COMMANDS if only in {None, each.name}), ABOUT)


def help_text() -> str:
    """What ``respool --help`` prints."""
    width = max(len(command.name) for command in COMMANDS)
    about = "\n".join(f"  {line}".rstrip() for line in ABOUT.splitlines())
    commands = "\n".join(f"  {each.name:<{width}}  {each.summary}" for each in COMMANDS)
    return f"""Usage: respool [OPTIONS] COMMAND [ARGS]...

{about}

Options:
  --version             Print the version and exit.
  --install-completion  Let this shell complete commands and options.
  --show-completion     Print what that would install.
  -h, --help            Show this message and exit.

Commands:
{commands}

  respool COMMAND --help shows the options of one command, with examples.
"""


def _status(arguments: list[str]) -> int:
    is_completing = _COMPLETION in os.environ  # then the shell asks, not a person
    try:
        if not is_completing and (not arguments or arguments in _HELP):
            sys.stdout.write(help_text())
            return _flushed(0 if arguments else 2)
        return _run(arguments)
    except RespoolError as error:
        from respool.cli.failures import report

        if isinstance(error, OutputLost):
            let_result_go()
        return report(error, as_json="--json" in arguments)
    except (EndedBySignal, KeyboardInterrupt) as error:
        return _status_of_signal(error, as_json="--json" in arguments)
    except (BrokenPipeError, SystemExit) as error:
        return _status_of_exit(error)
    except Exception as error:  # noqa: BLE001 - the edge: what we did not expect is our bug
        from respool.cli.failures import report_unexpected

        return report_unexpected(error)


def _status_of_signal(error: BaseException, *, as_json: bool) -> int:
    """A run that was ended says what it added; before a run nothing was changed."""
    from respool.cli.failures import report, report_interrupt

    known = error.__context__
    return (
        report(known, as_json=as_json) if isinstance(known, RespoolError) else report_interrupt()
    )


def _status_of_exit(error: BaseException) -> int:
    """0 where only our reader has gone: nothing is wrong, and nothing more can be said."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        let_result_go()
        return 0
    return error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1


def _flushed(status: int) -> int:
    """``status``, which holds as well where whoever read the result has gone.

    Raises:
        OutputLost: it cannot be written.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        let_result_go()
    return status


def _only(arguments: list[str]) -> str | None:
    """The command that was typed first; None where it may take all of them to answer.

    To make the options of every command takes longer than many a plan.
    """
    is_known = bool(arguments) and arguments[0] in {each.name for each in COMMANDS}
    return arguments[0] if is_known and _COMPLETION not in os.environ else None


def _leave(_number: int, _frame: object) -> None:
    """End by way of every ``finally``: no door of ours stays open."""
    raise EndedBySignal


def _run(arguments: list[str]) -> int:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup wants to be left alone
            signal.signal(each, _leave)
    if any(each.startswith("--state-only") for each in arguments):
        from respool.cli.state_wishes import with_value

        arguments = with_value(arguments)
    app = _made_app(_only(arguments))
    result = app(args=arguments, prog_name="respool", standalone_mode=False)
    return _flushed(result if isinstance(result, int) else 0)
