"""``respool verify``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from respool.cli.options import AsJson, FarOptions, MaybeRun, ServerOptions, State, settings_of

if TYPE_CHECKING:
    from respool.app.settings import Settings

EXAMPLES: Final = """\b
Examples:
  respool verify 4
  respool verify 4 --json
  respool verify batch:2
  respool verify --export jdoe.zip
"""


def verify(
    run: MaybeRun = None,
    *,
    export: Annotated[
        str | None,
        typer.Option(
            "--export", metavar="PATH", help="An export by its own manifest, instead of RUN."
        ),
    ] = None,
    server: ServerOptions,
    far: FarOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Read the mail of a run back again and compare it with its plan; no backup is needed.

    What the owner changed since (flags, deleted messages, new ones) is told apart. With
    --export files are held against the manifest that was written with them.
    """
    from respool.app.batch_back import verify_batch
    from respool.app.verify import verify as verify_run
    from respool.cli.batching import run_or_batch, show_batch_report
    from respool.cli.restoring import exit_status, show_receipt
    from respool.errors import UsageError

    if (export is None) is (run is None):
        raise UsageError("name a run, or --export PATH", hint="respool runs lists them")
    settings = settings_of(server, far, state=state)
    if run is None:
        return _export(settings, str(export), as_json=as_json)
    number, batch = run_or_batch(run)
    if number is None:
        return show_batch_report(verify_batch(settings, batch or 0), as_json=as_json)
    receipt, file = verify_run(settings, number)
    show_receipt(receipt, file, as_json=as_json)
    return exit_status(receipt)


def _export(settings: Settings, path: str, *, as_json: bool) -> int:
    from pathlib import Path

    from respool.app.access_log import Access, note_reading
    from respool.app.verify_export import verify_export
    from respool.cli.export_text import export_screen
    from respool.cli.output import print_outcome
    from respool.cli.progress import proving_bar

    with proving_bar() as tell:
        report = verify_export(Path(path), tell)
    account = report.head.account.address
    note_reading(settings, Access(command="verify", account=account, target=report.place))
    print_outcome(report.as_json, lambda: export_screen(report), as_json=as_json)
    return report.exit_status
