"""Random directories and incidents, from the file to the list: who is on it, who may be called, and how many calls."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from releasewatch.domain.call_rules import CallRules
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_documents import as_document
from releasewatch.usecases.calls import plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incident_showing import Showing, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident
from releasewatch.usecases.marks import mark
from releasewatch.usecases.sameness import Word
from tests.support.directories import Desk
from tests.support.ledgers import new_ledger
from tests.support.worlds import World, hour
from tests.usecases.test_incidents import AXES, CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

people = st.fixed_dictionaries(
    {
        "tier": st.sampled_from(["", "gold"]),
        "account_manager": st.sampled_from(["", "olga", "piet"]),
        "timezone": st.sampled_from(["", "Europe/Berlin", "Asia/Tokyo"]),
        "value": st.sampled_from([",", "120000,EUR", "9000000,JPY"]),
        "do_not_call": st.sampled_from(["", "", "yes"]),
        "component": st.sampled_from(["invoicing", "invoicing", "checkout", "mail", ""]),
        "region": st.sampled_from(["", "eu", "us", "?"]),
        "contact": st.sampled_from(
            [
                "",
                "+49 30 23125 101,,",
                "+49 30 23125 101,,",
                "+49 30 23125 102,yes,",
                "+49 30 23125 103,,no",
                ",,",
                "call me,,",
            ]
        ),
        "marked": st.sampled_from([False, False, True]),
        "said": st.sampled_from(["", "", "affected", "cleared"]),
    }
)
severities = st.sampled_from(["", "SEV1", "SEV3", "SEV5"])


@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(people, min_size=2, max_size=7), severities, severities, st.sampled_from([None, 1, 2]), st.integers(4, 170)
)
def test_the_promises_hold_for_any_directory(
    prepared: Prepared, who: list[dict[str, Any]], one: str, two: str, capacity: int | None, at: int
) -> None:
    prepared.run(who, (one, two), capacity, at)


class Prepared:
    """A deployment that is to blame; directory and incidents are made in a ledger that forgets."""

    def __init__(self, folder: Path, ledger: Ledger, url: str) -> None:
        self.folder, self.url = folder, url
        world = World(folder, ledger, config=CONFIG)
        world.commit("invoicing", "checkout", "mail", subject="Start")
        world.record(1, known=AXES)
        world.commit("invoicing", subject="feat!: round down")
        self.bad = world.record(2, known=AXES).number
        world.commit("mail", subject="feat!: another sender")
        self.care = world.record(2.5, known=AXES).number

    def run(self, who: list[dict[str, Any]], severities: tuple[str, str], capacity: int | None, at: int) -> None:
        ledger = Rehearsal(Secret(self.url))
        try:
            stopped = self._import(ledger, who, at)
            how = Planning(
                hour(at + 1),
                rules=CallRules(capacity, override_hours=frozenset({"SEV1", "SEV2", "SEV3", "SEV4", "SEV5"})),
            )
            telling = Telling(hour(at), "kim@example.org", "asked", None, "shop")
            keys = []
            for severity in severities:
                fields = IncidentFields(title="broken", severity=severity)
                keys.append(open_incident(ledger, fields, telling, deployment_id=self.bad).incident.id)
            said = {
                state: [f"k{n}" for n, one in enumerate(who) if one["said"] == state]
                for state in ("affected", "cleared")
            }
            say_by_hand(ledger, keys[0], {state: names for state, names in said.items() if names}, telling) if any(
                said.values()
            ) else None
            for key in (*keys, keys[0]):
                plan_incident_calls(ledger, key, how)
            care = plan_calls(ledger, self.care, how)
            self._check_rows(as_document(care), stopped)
            for key in keys:
                made = list_incident_calls(ledger, key, how)
                rows = as_document(made)
                assert rows == as_document(list_incident_calls(ledger, key, how)), "the same, the same order"
                self._check_rows(rows, stopped)
                self._check_nobody_missing(ledger, key, at, made, {row["customer"] for row in rows})
            with ledger.read() as connection:
                c = t.call.c
                twice = select(c.customer_id).where(c.status == "open").group_by(c.customer_id, c.call_group)
                assert not connection.execute(twice.having(func.count() > 1)).all(), "one open call a group"
        finally:
            ledger.close()

    def _import(self, ledger: Ledger, who: list[dict[str, Any]], at: int) -> set[str]:
        customers = "key,name,customer_tier,account_manager,timezone,do_not_call,contract_value,currency\n"
        contacts, entitlements = "customer,name,phone,do_not_call,consent,email\n", "customer,component,region\n"
        for number, one in enumerate(who):
            key = f"k{number}"
            said = [one[name] for name in ("tier", "account_manager", "timezone", "do_not_call", "value")]
            customers += ",".join((key, f"Number {number}", *said)) + "\n"
            if one["contact"]:
                contacts += f"{key},Ada {number},{one['contact']},{key}@example.org\n"
            if one["component"]:
                entitlements += f"{key},{one['component']},{one['region']}\n"
        Desk(ledger, self.folder).take(customers=customers, contacts=contacts, entitlements=entitlements)
        for number, one in enumerate(who):
            if one["marked"]:
                mark(ledger, f"k{number}", None, {"do_not_call": True}, Word("kim", "they asked", hour(3)))
        return {f"k{n}" for n, one in enumerate(who) if one["marked"] or one["do_not_call"]}

    def _check_rows(self, rows: list[dict[str, Any]], stopped: set[str]) -> None:
        for row in rows:
            assert sum(row["parts"].values()) == row["score"]
            assert row["verdict_because"]
            if row["customer"] in stopped:
                assert (row["callable"], row["verdict"] != "call") == ("never", True)
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))

    def _check_nobody_missing(self, ledger: Ledger, key: str, at: int, made: Any, listed: set[str]) -> None:
        viewing = Viewing(hour(at + 1))
        states = {one["key"]: one["state"] for one in stream_affected(ledger, key, Showing(viewing))}
        assert {name for name, state in states.items() if state != "cleared"} <= listed
        away = {name for name in states if name not in listed}
        assert {states[name] for name in away} <= {"cleared"}
        assert made.calls.incident.left_out["cleared"] == len(away), "who is missing is counted, with the reason"


@pytest.fixture
def prepared(tmp_path: Path, sqlite_pattern: Path) -> Iterator[Prepared]:
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = new_ledger(url)
    yield Prepared(tmp_path, ledger, url)
    ledger.close()
