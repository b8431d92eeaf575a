"""Pruning: what can be asked afterwards has the same answer, part by part, after a breakdown, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select

from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import pruning
from releasewatch.storage import tables as t
from releasewatch.usecases.event_export import PRUNED
from releasewatch.usecases.pruning import PruneRequest, check_known_at, prune_ledger
from releasewatch.usecases.schema import check_ledger
from tests.support.events import exported
from tests.support.ledgers import Secret
from tests.support.worlds import hour
from tests.usecases.test_two_clocks import Replayed, replayed

__all__ = ["replayed"]

NOW = hour(60)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)


def answers(world: Replayed, since: float) -> dict[str, Any]:
    """What is told of the directory and of exposure, for instants before and after, as known from an instant on."""
    found: dict[str, Any] = {}
    for known_at in (since, since + 5):
        for at in (5, 20):
            clocks = {"at": at, "known_at": known_at}
            found[f"{clocks}"] = (
                world.listed(**clocks),
                {key: world.shown(key, **clocks) for key in world.listed(**clocks)},
                [world.exposed(done, at, known_at) for done in (world.first, world.second)],
                world.needs(at, known_at),
            )
    return found


def test_what_is_known_from_then_on_stays_as_it_was(replayed):
    before = 30
    told = answers(replayed, before)
    rehearsed = prune_ledger(replayed.ledger, PruneRequest(hour(before), NOW, dry_run=True))
    parts: list[int] = []
    done = prune_ledger(replayed.ledger, PruneRequest(hour(before), NOW), parts.append)
    assert done["rows"] == rehearsed["rows"]
    assert {"customer_fact", "entitlement"} <= done["rows"].keys()
    assert max(parts) <= 2
    assert answers(replayed, before) == told
    again = prune_ledger(replayed.ledger, PruneRequest(hour(before), NOW))
    assert (again["total"], again["left"]) == (0, None)


def test_a_count_as_known_before_is_no_event_any_more(replayed):
    told = exported(replayed.ledger)
    counted = [one for one in told.events if "exposure" in one["type"]]
    early = [one for one in counted if one["time"] < format_utc(hour(30))]
    assert 0 < len(early) < len(counted)
    prune_ledger(replayed.ledger, PruneRequest(hour(30), NOW))
    after = exported(replayed.ledger)
    assert after.events == [one for one in told.events if one not in early]
    assert after.left_out == {PRUNED: [one["subject"] for one in early]}


def test_one_that_broke_off_is_seen_and_finished(replayed, ledger_url):
    counted = prune_ledger(replayed.ledger, PruneRequest(hour(30), NOW, dry_run=True))["rows"]

    def break_off(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        prune_ledger(replayed.ledger, PruneRequest(hour(30), NOW), break_off)
    with pytest.raises(InvalidCallError, match="was pruned"):
        check_known_at(replayed.ledger, hour(29))
    (finding,) = check_ledger(Secret(ledger_url))["findings"]
    assert finding["check"] == "prune"
    left = prune_ledger(replayed.ledger, PruneRequest(hour(30), NOW))["rows"]
    assert 0 < sum(left.values()) < sum(counted.values())
    assert check_ledger(Secret(ledger_url))["findings"] == []
    check_known_at(replayed.ledger, hour(30))


def test_what_was_sent_and_refused_goes_and_what_waits_stays(replayed):
    same = {"rule": "r", "kind": "incident_opened", "subject": "incident", "number": 1, "detail": 0, "attempts": 1}
    same |= {"occurred_at": hour(1), "recorded_at": hour(1), "next_at": hour(1), "problem": "", "why": ""}
    rows = [
        {**same, "key": f"{state}{settled}", "state": state, "settled_at": settled and hour(settled), "recorded_by": ""}
        for state, settled in (("sent", 2), ("sent", 31), ("dropped", 3), ("given_up", 4), ("waiting", None))
    ]
    with replayed.ledger.write() as connection:
        connection.execute(insert(t.outbox), rows)
        first = connection.scalar(select(func.min(t.import_run.c.import_id)))
        last = connection.scalar(select(func.max(t.import_run.c.import_id)))
        refused = [{"import_id": one, "line": 2, "column": "key", "reason": "empty"} for one in (first, last)]
        connection.execute(insert(t.import_rejection), refused)
    done = prune_ledger(replayed.ledger, PruneRequest(hour(30), NOW))["rows"]
    assert (done["outbox"], done["import_rejection"]) == (2, 1)
    with replayed.ledger.read() as connection:
        left = connection.scalars(select(t.outbox.c.key).order_by(t.outbox.c.outbox_id)).all()
    assert left == ["sent31", "given_up4", "waitingNone"]


def test_every_table_that_is_superseded_in_time_is_pruned_or_named_as_kept():
    """A new table with a recorded interval has to say which it is."""
    kept = {"customer_alias", "alias_statement", "customer_merge", "mark", "exposure_window_ending", "staff_leave"}
    kept |= {"suppression"}
    timed = {table.name for table in t.metadata.tables.values() if "recorded_to" in table.c}
    pruned = {table.name for table in pruning.SUPERSEDED}
    assert timed - pruned == kept
    assert pruned <= timed
