"""`centrala rebuild`: the derived tables anew from the journey, with a bar."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pbx.cli.console import err, fail, out
from pbx.config import Config
from pbx.store.errors import StoreError
from pbx.store.rebuild import rebuild_database


def rebuild_records(config: Config) -> None:
    """Refuses, and changes nothing, while a PBX has the database; broken off it changes nothing either."""
    columns = (TextColumn("calls"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("rebuild", total=None)
            done = rebuild_database(config, lambda count, total: bar.update(task, completed=count, total=total))
    except StoreError as error:
        fail(error)
    out.print(f"{done.calls} calls derived from the journey")
    if done.running:
        out.print(f"{done.running} without an end are left for the next start, which closes them")
    if done.kept:
        out.print(f"{done.kept} records are of calls that the journey does not know; they stay as they are")
