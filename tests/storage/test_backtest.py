"""Whom components reached at an instant, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from releasewatch.domain.customers import customer_id
from releasewatch.storage import tables as t
from releasewatch.storage.backtest import Scene, found_among, listed_by_distance, subjects_used
from releasewatch.storage.types import OPEN_END, OPEN_START
from tests.support.ledgers import new_ledger

THEN = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = {
    # customer: subject, environment, region, ring
    "any": ("s/pay", "", "", ""),
    "unknown": ("s/pay", "?", "?", "?"),
    "eu": ("pay", "production", "eu", ""),
    "us": ("s/pay", "", "us", ""),
    "early": ("s/pay", "", "eu", "early"),
    "elsewhere": ("s/pay", "staging", "", ""),
    "far": ("s/web", "", "", ""),
    "both": ("s/web", "", "", ""),
    "gone": ("s/pay", "", "", ""),
    "taken over": ("s/pay", "", "", ""),
}
IDS = {key: customer_id("crm", key) for key in (*ROWS, "survivor")}
SUBJECTS = {"s/pay": 0, "pay": 0, "s/web": 2}


def scene(**where):
    return Scene(
        **{"environment": "production", "is_production": True, "regions": (), "rings": (), "at": THEN, **where}
    )


def test_who_is_reached(ledger_url):
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        connection.execute(
            insert(t.customer),
            [{"customer_id": i, "directory": "crm", "key": key, "recorded_at": THEN} for key, i in IDS.items()],
        )
        rows = [(key, *row) for key, row in ROWS.items()] + [("both", "s/pay", "", "", "")]
        connection.execute(
            insert(t.entitlement),
            [
                {
                    "subject": subject, "customer_id": IDS[key], "environment": environment, "region": region,
                    "ring": ring, "version": "", "valid_from": OPEN_START, "recorded_from": OPEN_START,
                    "valid_to": THEN - timedelta(days=1) if key == "gone" else OPEN_END, "recorded_to": OPEN_END,
                }
                for key, subject, environment, region, ring in rows
            ],
        )  # fmt: skip
        connection.execute(
            insert(t.customer_merge).values(
                customer_id=IDS["taken over"], survivor_id=IDS["survivor"], recorded_from=OPEN_START,
                recorded_to=OPEN_END, why="bought", recorded_by="kim",
            )
        )  # fmt: skip
    with ledger.read() as connection:
        found = found_among(connection, scene(), SUBJECTS, set(IDS.values()))
        assert {key: found[i] for key, i in IDS.items() if i in found} == {
            **dict.fromkeys(("any", "unknown", "eu", "us", "early", "both", "survivor"), 0), "far": 2,
        }  # fmt: skip
        assert listed_by_distance(connection, scene(), SUBJECTS) == {0: 7, 2: 1}
        assert listed_by_distance(connection, scene(regions={"eu"}), SUBJECTS) == {0: 6, 2: 1}
        assert listed_by_distance(connection, scene(rings={"stable"}), SUBJECTS) == {0: 6, 2: 1}
        assert listed_by_distance(connection, scene(environment="staging", is_production=False), SUBJECTS) == {0: 2}
        assert listed_by_distance(connection, scene(at=THEN - timedelta(days=2)), {"s/pay": 1}) == {1: 7}
        assert listed_by_distance(connection, scene(), {}) == {}
        assert subjects_used(connection, scene(), IDS["both"]) == {"s/pay", "s/web"}
        assert subjects_used(connection, scene(), IDS["survivor"]) == {"s/pay"}
        assert subjects_used(connection, scene(), IDS["gone"]) == set()
    ledger.close()
