"""The JSON document of a call list: what `call list` and `call render` give to programs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.cli.call_approve import approval_of
from releasewatch.cli.call_care import subject_document
from releasewatch.cli.call_output import counts_of, is_opaque, withhold
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.usecases.call_candidates import RankedList


def shown_rows(app: App, rows: Iterable[dict[str, Any]], level: Reveal) -> list[dict[str, Any]]:
    """Rows as their channel may show them; none where even keys may not be."""
    if level < Reveal.KEYS:
        return []
    return [withhold(row, level, in_ci=app.ci is not None, opaque=is_opaque(app)) for row in rows]


def list_document(
    made: RankedList, shown: list[dict[str, Any]], level: Reveal, next_cursor: int | None = None
) -> dict[str, Any]:
    """A list, or a part of it, with the rows that are shown of it."""
    calls, counts = made.calls, counts_of(made)
    names = level >= Reveal.NAMES
    return {
        **subject_document(made),
        "as_of": format_utc(calls.as_of),
        "account_manager": calls.account_manager if names else None,
        "team": calls.team if names else None,
        "calls": shown,
        "verdicts": counts,
        "not_planned": not_planned(made, counts),
        "not_ruled_out": calls.not_ruled_out,
        **calls.unsure.document,
        **calls.beyond.document,
        "list_version": made.version,
        "settings_version": calls.settings_version,
        **approval_of(made, level),
        "next_cursor": next_cursor,
    }


def not_planned(made: RankedList, counts: dict[str, int]) -> dict[str, int]:
    """Who gets no call, by why."""
    incident = made.calls.incident
    return {"leave": counts["leave"], "waiting": made.calls.waiting} | (
        dict(incident.left_out) if incident is not None else {}
    )
