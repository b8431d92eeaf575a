"""`releasewatch spool drop`: a record that waits is never to be recorded; who says so, and why, is kept with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line
from releasewatch.domain.times import format_utc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from releasewatch.wiring import App


@click.command("drop")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@BY
@common()
def drop(app: App, form: str, ids: tuple[str, ...], why: str, by: str | None) -> None:
    """Take records out of the spool that are never to be recorded; of a file that cannot be read, by its name.

    What they held stays in dropped.jsonl beside them, with who said so and why.
    """
    from releasewatch.errors import InvalidCallError
    from releasewatch.integrations.spool_files import DROPPED

    if not why.strip():
        raise InvalidCallError("A record is dropped with a reason.", "Add --why TEXT.")
    files = _files_of(app, dict.fromkeys(ids))
    said = {"dropped_at": format_utc(app.now), "by": by or app.actor, "why": why.strip()}
    for id_, found in files.items():
        for file in found:
            app.spool.drop(file, {"id": id_, **said})
    items = [{"id": id_} for id_ in files]
    if form == "json":
        emit_json({"dropped": items})
        return
    for item in items:
        emit_line(f"{item['id']} is dropped; what it held stays in {app.spool.path / DROPPED}.")


def _files_of(app: App, ids: Iterable[str]) -> dict[str, list[Path]]:
    """The files of each id; nothing is dropped unless all are found. Raises UnknownNameError."""
    from pathlib import Path

    from releasewatch.errors import UnknownNameError

    waiting, damaged = app.spool.read()
    known: dict[str, list[Path]] = {}
    for one in waiting:
        if one.file is not None:
            known.setdefault(one.record.id, []).append(one.file)
    for broken in damaged:
        known[Path(broken.place).name] = [Path(broken.place)]
    for id_ in ids:
        if id_ not in known:
            names = f"Those are: {', '.join(sorted(known))}." if known else ""
            raise UnknownNameError(f"No record {id_!a} waits in {app.spool.path}.", names)
    return {id_: known[id_] for id_ in ids}
