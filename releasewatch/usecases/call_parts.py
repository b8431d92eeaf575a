"""Parts of a call list: of one team, or one for each account manager."""

from __future__ import annotations

import difflib
from dataclasses import replace

from releasewatch.domain.call_rules import kept_among
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import UnknownNameError
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import RankedList


def of_team(ledger: Ledger, made: RankedList, team: str, reveal: Reveal) -> RankedList:
    """The customers whom somebody of a team keeps. Raises UnknownNameError for a team that the staff file lacks."""
    with ledger.read() as connection:
        people = staff_storage.read_staff(connection)
    members = {one.key for one in people if one.team.casefold() == team.casefold()}
    if not members:
        teams = sorted({one.team for one in people if one.team})
        near = difflib.get_close_matches(team, teams, n=1) if reveal >= Reveal.NAMES else []
        raise UnknownNameError(
            f"Nobody of our staff is in a team {team!r}.",
            f"Did you mean {near[0]}?" if near else "See who there is with: releasewatch staff list",
        )
    name = next(one.team for one in people if one.key in members)
    rows = kept_among(made.calls.rows, members)
    return replace(made, calls=replace(made.calls, rows=rows, team=name))


def by_account_manager(made: RankedList) -> dict[str, RankedList]:
    """The list of each account manager, by key, or of who calls in their place; each row is in one of them. Under the
    empty one those whom nobody keeps."""
    kept: dict[str, list[PlannedCall]] = {}
    for row in made.calls.rows:
        kept.setdefault(row.candidate.hands.caller or row.candidate.account_manager, []).append(row)
    return {
        key: replace(made, calls=replace(made.calls, rows=kept_among(rows, {key}), account_manager=key))
        for key, rows in sorted(kept.items())
    }
