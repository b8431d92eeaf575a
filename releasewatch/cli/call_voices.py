"""`releasewatch call voices`: what customers said, by component."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from releasewatch.cli.call_output import refuse_if_public
from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, one_line, stream_to
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.wiring import App

_USUALLY = timedelta(days=30)


@click.command("voices")
@click.option("--component", metavar="KEY", help="Only what is about this one.")
@click.option("--since", type=INSTANT, metavar="T", help="Nothing older; default: 30 days.")
@common(("text", "json"), output=True, reveal=True, reads=True)
def voices(
    app: App, form: str, output: Path | None, reveal: str | None, component: str | None, since: datetime | None
) -> None:
    """What customers said in their own words, and what engineering is asked, by component; for all who build it.

    Quotes alone (call log --quote, call inbound --quote): never a note of ours. A quote that names somebody is left
    out, and counted, unless contacts may be shown. In CI: how many customers spoke, and no words.
    """
    from releasewatch.usecases.voices import Listening, voices_document

    level = app.level(reveal, output)
    refuse_if_public(app, reveal, level)
    speaks = level >= Reveal.CONTACTS if app.ci is not None else level >= Reveal.KEYS
    key = app.looking(reveal, output).key
    how = Listening(since or app.now - _USUALLY, app.now, level, key, speaks, component, app.repo)
    document = voices_document(app.ledger, how)
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
            return
        for line in _lines(app, document):
            emit_line(one_line(line), stream)


def _lines(app: App, found: dict[str, Any]) -> Iterator[str]:
    for one in found["voices"]:
        yield f"{one['component'] or 'about no component that is known'}: {counted(one['customers'], 'customer')}"
        for said in one["quotes"]:
            yield f"  “{said['text']}” ({_whose(app, said)})"
        for said in one["asks"]:
            yield f"  asked of engineering: {said['text']} ({_whose(app, said)})"
    if not found["voices"]:
        yield "Nobody said anything that was noted."
    if found["left_out"]:
        yield f"{counted(found['left_out'], 'text')} left out, because somebody is named (--reveal contacts)."


def _whose(app: App, said: dict[str, Any]) -> str:
    return f"{said['customer']}, {said['source']}, {format_both(datetime.fromisoformat(said['said_at']), app.zone)}"
