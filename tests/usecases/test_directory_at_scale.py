"""A hundredth of a million customers: all of it arrives, the same again writes one row, no plan scans in a loop."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from releasewatch.storage import tables as t
from tests.benchmarks.scale import write_scale
from tests.support.directories import Desk
from tests.support.ledgers import new_ledger

KINDS = ("customers", "contacts", "entitlements")


def _nested_scans(plan: list[tuple[Any, ...]]) -> list[str]:
    """Of a plan of SQLite: tables that are read whole for each row of another one beside them."""
    beside: defaultdict[int, list[str]] = defaultdict(list)
    for _, parent, _, detail in plan:
        if detail.startswith(("SCAN", "SEARCH")):
            beside[parent].append(detail)
    return [one for some in beside.values() for one in some[1:] if one.startswith("SCAN")]


def test_a_hundredth_of_a_million(tmp_path: Path) -> None:
    counts = write_scale(tmp_path, customers=10_000, repo=False)
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    desk = Desk(ledger, tmp_path)
    files = {kind: (tmp_path / f"{kind}.csv").read_text(encoding="utf-8") for kind in KINDS}
    first = desk.take(**files)
    assert (first["customers"].added, first["contacts"].added) == (counts.customers, counts.contacts)
    assert first["entitlements"].read == counts.entitlements
    assert first["entitlements"].added == len(desk.rows(t.entitlement, "subject"))
    assert all(not one.rejected and not one.repeated for one in first.values())

    before = desk.counts()
    again = desk.take(**files)
    assert desk.counts() == before
    assert len(desk.rows(t.import_run)) == 2 * len(KINDS)
    assert [one.unchanged for one in again.values()] == [one.added for one in first.values()]

    plans: dict[str, list[str]] = {}

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if "staged_" in statement and not many and statement.startswith(("INSERT", "UPDATE", "DELETE", "SELECT")):
            asking = cursor.connection.cursor()
            found = _nested_scans(asking.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall())
            if found:
                plans[statement] = found

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        some = {kind: "".join(text.splitlines(keepends=True)[:30]) for kind, text in files.items()}
        changed = desk.take(**{**some, "customers": some["customers"].replace("free", "silver")}, mode="changes")
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert changed["customers"].changed
    assert changed["entitlements"].unchanged >= 29
    assert plans == {}
    ledger.close()
