"""Check-ins: a few customers a week to whom nobody has spoken for long, to listen and not to sell."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_lists import CallList
from releasewatch.storage import call_lists, calls, check_ins
from releasewatch.storage.calls import ListOf
from releasewatch.storage.check_ins import TurnQuestion
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import Planning, Ranked, RankedList
from releasewatch.usecases.care_keeping import end_overdue, keep_care, summed
from releasewatch.usecases.care_rows import check_in_cares, rank_plain

WHOSE = ListOf(check_in=True)
WEEK_IS_OVER = "their week is over, and it is the turn of others"


def list_check_ins(ledger: Ledger, how: Planning, account_manager: str | None = None) -> RankedList:
    """Whose turn it is in this week (ISO 8601, UTC); who was planned in it stays on the list."""
    with ledger.read() as connection:
        return _as_list(_rank(connection, how), call_lists.list_version(connection, WHOSE), how, account_manager)


def plan_check_ins(ledger: Ledger, how: Planning) -> RankedList:
    """Keep this week's check-ins; those of earlier weeks that nobody has begun are withdrawn, so that none pile up.

    Again in the same week gives nobody more.
    """
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        ranked = _rank(connection, how)
        rows = (row.content()[:2] for _, row in ranked)
        version = call_lists.save_list(connection, WHOSE, rows, how.now, how.settings_version)
        kept = keep_care(connection, WHOSE, ranked, how, WEEK_IS_OVER)
        late = end_overdue(connection, how)
        made = _as_list(_rank(connection, how), version, how, None)
    return replace(made, added=kept.added, withdrawn=summed(kept.withdrawn, late))


def week_of(now: datetime) -> str:
    """`2026-W48`."""
    year, week, _ = now.isocalendar()
    return f"{year}-W{week:02}"


def _rank(connection: Any, how: Planning) -> Ranked:
    """Who was given a turn this week, and whoever is next as long as an account manager has room."""
    monday = datetime.combine(how.now.date() - timedelta(days=how.now.weekday()), datetime.min.time(), how.now.tzinfo)
    pivot = UUID(bytes=hashlib.sha256(week_of(how.now).encode()).digest()[:16])
    since = how.now - timedelta(days=how.care.check_in_after)
    given = check_ins.turns_of_week(connection, monday)
    room = Counter(turn.account_manager for turn in given)
    chosen = [turn.customer_id for turn in given]
    each = how.care.check_ins_a_week
    for turn in check_ins.next_turns(connection, TurnQuestion(how.now, since, pivot, each)):
        if room[turn.account_manager] < each:
            room[turn.account_manager] += 1
            chosen.append(turn.customer_id)
    ranked = rank_plain(connection, WHOSE, check_in_cares(connection, chosen, how), how)
    over = ("done", "skipped")
    return [one for one in ranked if one[1].verdict == "call" or one[1].candidate.standing.status in over]


def _as_list(ranked: Ranked, version: int | None, how: Planning, account_manager: str | None) -> RankedList:
    rows = tuple(row for _, row in ranked if account_manager in (None, row.candidate.account_manager))
    made = CallList(
        deployment="",
        repo="",
        environment="",
        as_of=how.now,
        version=version or 0,
        account_manager=account_manager,
        total=len(ranked),
        rows=rows,
        weights=how.weights,
        hours=how.hours,
        settings_version=how.settings_version,
        week=week_of(how.now),
    )
    return RankedList(made, version)
