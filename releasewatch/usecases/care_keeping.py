"""Keeping a list of care calls: what is due joins each customer's open call, and what is not due leaves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from releasewatch.domain.call_purposes import IN_WORDS
from releasewatch.domain.words import counted
from releasewatch.storage import calls, care, coming
from releasewatch.storage.calls import Item, ListOf, Wanted
from releasewatch.usecases.call_candidates import Planning, Ranked, is_about

GONE = "nothing of it reaches them any more"


@dataclass(frozen=True, slots=True)
class Kept:
    """How many reasons to call were put in, and taken out by why."""

    added: int
    withdrawn: Mapping[str, int]


def keep_care(connection: Any, whose: ListOf, ranked: Ranked, how: Planning, gone: str = GONE) -> Kept:
    """Bring the open calls of a list in line with its rows. What somebody has in hand, tried, made or skipped stays.

    What was announced before and came with the deployment is told with that, and not once more. `gone`: why something
    is taken out of the call of somebody who is not on the list.
    """
    rows = dict(ranked)
    items, tried = care.standing_items(connection, whose, how.now)
    wanted: list[Wanted] = []
    withdrawn: list[tuple[Item, str]] = []
    verdicts: list[tuple[Item, str]] = []
    joining: list[Item] = []
    for customer, row in ranked:
        due = row.candidate.care.due if row.candidate.care is not None and row.verdict != "leave" else ()
        there = [one for one in items.get(customer, ()) if is_about(one, whose)]
        wanted += [Wanted(customer, one, row.verdict) for one in due if one not in {item.purpose for item in there}]
        joining += [one for one in there if one.coming_id in whose.announced]
    for customer, mine in items.items():
        found = rows.get(customer)
        due = found.candidate.care.due if found is not None and found.candidate.care is not None else ()
        due = due if found is not None and found.verdict != "leave" else ()
        for one in mine:
            if one.status != "open" or not is_about(one, whose) or (whose.coming_id and one.deployment_id):
                continue
            if found is not None and one.purpose in due:
                verdicts += [(one, found.verdict)] if one.verdict != found.verdict else []
            elif not (one.held_at(how.now) or one.call_id in tried or one.coming_id in whose.announced):
                withdrawn.append((one, _why(one, found, gone)))
    added = calls.put_items(connection, "care", whose, wanted, how.now)
    take_out(connection, withdrawn, how)
    calls.set_verdicts(connection, verdicts)
    if whose.announced:
        care.join_announced(connection, [one for one in joining if not one.deployment_id], whose.deployment_id)
    return Kept(added, _counted(withdrawn))


def take_out(connection: Any, withdrawn: list[tuple[Item, str]], how: Planning) -> None:
    """Take items out of open calls, and close the calls that hold nothing any more."""
    calls.withdraw_items(connection, withdrawn, how.now)
    calls.close_empty_calls(connection, [item for item, _ in withdrawn], how.now)


def end_items(connection: Any, announced: Collection[int], why: str, how: Planning) -> dict[str, int]:
    """Take out of open calls what was announced and nobody has in hand, and is about no deployment yet."""
    withdrawn: list[tuple[Item, str]] = []
    for number in sorted(announced):
        whose = ListOf(coming_id=number)
        items, tried = care.standing_items(connection, whose, how.now)
        withdrawn += [
            (one, why)
            for mine in items.values()
            for one in mine
            if is_about(one, whose)
            and one.status == "open"
            and not one.deployment_id
            and not one.held_at(how.now)
            and one.call_id not in tried
        ]
    take_out(connection, withdrawn, how)
    return _counted(withdrawn)


def end_overdue(connection: Any, how: Planning) -> dict[str, int]:
    """Withdraw what announced something that has not come for so long that nobody should be told of it any more."""
    late = coming.end_overdue(connection, how.now, how.care.coming_days)
    why = f"it has not come within {counted(how.care.coming_days, 'day')} of when it was to come"
    return end_items(connection, late, why, how)


def summed(*counts: Mapping[str, int]) -> dict[str, int]:
    """How many were withdrawn, by why, all together."""
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(found)


def _why(item: Item, row: Any, gone: str) -> str:
    if row is None:
        return gone
    if row.verdict != "leave":
        return f"{IN_WORDS[item.purpose]} is not due any more"
    return str(row.verdict_outside)


def _counted(withdrawn: list[tuple[Item, str]]) -> dict[str, int]:
    because: dict[str, int] = {}
    for _, why in withdrawn:
        because[why] = because.get(why, 0) + 1
    return because
