"""What `report calls` counts in the database is what a plain loop over each customer of each incident counts."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.call_report import BY, HURT
from releasewatch.storage import staff
from releasewatch.storage.call_facts import read_facts, some_members
from releasewatch.usecases import sameness
from releasewatch.usecases.call_report import CallReportRequest, report_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.inbound import Asked, Told, take_report
from releasewatch.usecases.incident_contacts import Asking, Gathered, gather
from releasewatch.usecases.incidents import change_status
from releasewatch.usecases.staff import import_staff
from tests.support.worlds import hour
from tests.usecases.test_incident_calls import Desks

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from releasewatch.domain.call_report import By
    from releasewatch.storage.ledger import Ledger

NAMES = ("ada", "bob", "cy", "di", "ed", "fay", "gil", "hal")
STAFF = "key,name,team,left_on\nolga,Olga,north,\npiet,Piet,south,\nquin,Quin,south,\nrob,Rob,north,2026-01-31\n"
MANAGERS = ("olga", "piet", "quin", "rob", "nobody we know", "")
ALIKE = 7
"""More than are asked about one by one."""

SINCE, UNTIL, NOW = hour(0), hour(24 * 40), hour(24 * 45)


class Past(Desks):
    """Bad deployments, and whatever is said and done about them, drawn from a seed."""

    def __init__(self, folder: Path, ledger: Ledger, seed: int) -> None:
        super().__init__(folder, ledger)
        self.drawn = drawn = random.Random(seed)
        lost = drawn.choice(("ada", "gil", "fay"))
        rows = [f"{name},{name.title()},{drawn.choice(MANAGERS)}\n" for name in NAMES if name != lost]
        self.clock.take(customers="key,name,account_manager\n" + "".join(rows))
        (folder / "staff.csv").write_text(STAFF)
        import_staff(ledger, folder / "staff.csv", hour(1), mode="snapshot")
        bad = [self.record(2 + number / 4, key=f"k{number}") for number in range(2)]
        for number in range(ALIKE):
            self.happen(self.open(4 + number, deployment=drawn.choice(bad)), 4 + number, planned=number in (1, 4))
        # In the next month, and one by one: there is too much in which they differ.
        at = 24 * 33
        over = self.open(at, deployment=bad[0], components=[("invoicing", "")], regions=("eu",))
        self.happen(over, at, planned=True)
        change_status(ledger, over, "resolved", self.telling(at + 1, "ok"))
        slip = self.open(at + 2, deployment=bad[1])
        self.happen(slip, at + 2, planned=True)
        change_status(ledger, slip, "cancelled", self.telling(at + 3, "a slip"))
        self.happen(self.open(at + 4, components=[("mail", "")]), at + 4, planned=False)
        for number, (one, other) in enumerate((("bob", "cy"), ("cy", "fay"), ("ada", lost))[: drawn.randint(1, 3)]):
            if one != other:
                word = sameness.Word("piet", "the same firm", hour(24 * 44 + number))
                sameness.merge_customers(ledger, one, other, word)

    def happen(self, key: str, at: float, *, planned: bool) -> None:
        """What comes of one incident."""
        for state in self.drawn.sample(("affected", "cleared", "removed", "added"), 2):
            say_by_hand(self.ledger, key, {state: [self.drawn.choice(NAMES)]}, self.telling(at + 0.1, "asked"))
        self.ring(at + 0.2, key)
        if planned:
            self.plan(key, at + 0.3)
            for one in self.calls(key, at + 0.3).values():
                if one["status"] == "open" and self.drawn.random() < 0.4:
                    promise = {"promise": "a note", "due_on": hour(at + 48).date()}
                    said: Any = self.drawn.choice(({}, promise))
                    self.log(one["id"], at + 0.4, **said)
            self.ring(at + 0.5, key)

    def ring(self, at: float, key: str) -> None:
        about = self.drawn.choice(({}, {"component": "shop/mail"}, {"component": "shop/checkout"}, {"incident": key}))
        how = Asked(hour(at), timedelta(hours=4), "shop")
        take_report(self.ledger, self.drawn.choice(NAMES), Told("it hangs", reported_at=hour(at), **about), "olga", how)


class Plainly:
    """The figures of each group, each customer of each incident looked at by themselves; None: of all together."""

    def __init__(self, ledger: Ledger, how: Asking) -> None:
        self.today = how.now.date()
        with ledger.read() as connection:
            found = gather(connection, how, SINCE, UNTIL, lambda _: True)
            everybody = {one.customer for each in found for one in each.contacts}
            everybody |= {one.customer for each in found for one in each.open}
            everybody |= {who for each in found for who in (*each.owed, *(one for one, _ in each.promised))}
            self.facts = read_facts(connection, some_members(sorted(everybody), how.now))
            self.book = staff.read_book(connection)
            self.teams = {one.key: one.team for one in staff.read_staff(connection)}
        self.found = found

    def count_incident(self, one: Gathered) -> None:
        self.count(one, None)
        for contact in one.contacts:
            if contact.state in HURT:
                self.count(one, contact.customer, contact.state, contact.first, contact.told_at is not None)
        for call in one.open:
            self.count(one, call.customer, "open")
        for customer in one.owed:
            self.count(one, customer, "owed")
        for customer, _ in one.promised:
            self.count(one, customer, "promised")

    def count(self, one: Gathered, who: UUID | None, *what: Any) -> None:
        for group in {None, self.group(one, who)}:
            self.incidents.setdefault(group, set()).add(one.incident.id)
            self.counts.setdefault(group, Counter())[what] += 1

    def group(self, one: Gathered, who: UUID | None) -> Any:
        """That in which a customer counts, or an incident as a whole."""
        began_at = one.scene.window.started_at
        match self.by:
            case "incident":
                return one.incident.id
            case "month" | "week":
                return began_at.strftime("%Y-%m" if self.by == "month" else "%G-W%V")
        if self.by is None or who is None:
            return None
        keeper = self.book.owner(self.facts[who].account_manager, self.today).key if who in self.facts else ""
        return "kept by", (keeper if self.by == "person" else self.teams.get(keeper, "")) or None

    def figures(self, by: By | None) -> dict[Any, dict[str, Any]]:
        self.by = by
        self.counts: dict[Any, Counter[Any]] = {}
        self.incidents: dict[Any, set[str]] = {}
        for one in self.found:
            self.count_incident(one)
        return {
            group: {
                "incidents": len(self.incidents[group]),
                "owed": many["owed",],
                **{
                    state: {
                        "we": many[state, "we", True],
                        "they": many[state, "they", True] + many[state, "they", False],
                        "neither": many[state, None, False],
                        "never_told": many[state, "they", False] + many[state, None, False],
                    }
                    for state in HURT
                },
            }
            for group, many in self.counts.items()
        }


def told(row: dict[str, Any]) -> dict[str, Any]:
    """The same figures of a row of the report."""
    firsts = row["called_first"]
    for state, share in firsts.items():
        assert share["customers"] == share["we"] + share["they"] + share["neither"], state
    return {
        "incidents": row["incidents"],
        "owed": row["corrections_owed"],
        **{
            state: {name: firsts[state][name] for name in ("we", "they", "neither")}
            | {"never_told": row["never_told"][state]}
            for state in HURT
        },
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_of_the_database_are_those_of_a_plain_loop(tmp_path: Path, ledger: Ledger, seed: int) -> None:
    past = Past(tmp_path, ledger, seed)
    how = Asking(NOW)
    silent = 0
    with ledger.read() as connection:
        for by_manager in (False, True):
            found = gather(connection, how, SINCE, UNTIL, by_manager=by_manager)
            silent += sum(one.silent.total() for one in found)
    assert silent, "or nothing would be counted by the database"
    plainly = Plainly(past.ledger, how)
    for by in (None, *BY):
        wanted = plainly.figures(by)
        report = report_calls(past.ledger, CallReportRequest(SINCE, UNTIL, by), how)
        assert told(report["total"]) == wanted.pop(None), by
        rows = {row["group"]: told(row) for row in report["rows"]}
        if by in ("person", "team"):
            rows = {("kept by", group): row for group, row in rows.items()}
        empty = [group for group, row in rows.items() if group not in wanted and not row["incidents"]]
        assert {group: row for group, row in rows.items() if group not in empty} == wanted, by
