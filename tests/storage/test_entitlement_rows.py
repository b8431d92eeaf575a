"""Rows that are staged at once come out as those that are staged one by one; texts arrive as they stand in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from releasewatch.domain.customers import Together
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.entitlement_rows import stage_entitlements
from releasewatch.storage.imports.subjects import Subjects
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.customer_import import open_directory
from tests.support.directories import START, Desk
from tests.support.ledgers import new_ledger

SUBJECTS = Subjects(
    frozenset({"shop/web", "shop/api", "pay/api"}),
    {"web": ("shop/web",), "api": ("pay/api", "shop/api")},
    frozenset({"suite"}),
)
ROWS = (
    "A,web,,prod,eu,,1.0,,",
    "A,shop/api,,,,,,2026-01-01,2026-06-30",
    "nobody,web,,,,,,,",
    "B,,suite,prod;test,eu;us,early,>=2,,",
    "B,api,,,,,,,",
    "B,,unheard,,,,latest,,2020-01-01",
    "A,new,,,,,2.0,,",
    "A,web,suite,,,,,,",
    "B,web,,,,,,2026-06-01,2026-01-01",
    "A,web,,prod,us,,1.0,,",
    "B,shop/web,,prod,,,~1.2,2026-01-01T08:00:00Z,",
)  # fmt: skip


def _staged(ledger: Ledger, folder: Path, *, together: bool) -> list[Any]:
    (folder / "e.csv").write_text(
        "customer,component,product,environment,region,ring,version,valid_from,valid_to\n" + "\n".join(ROWS * 3) + "\n"
    )
    file = open_directory({"entitlements": folder / "e.csv"}).entitlements
    assert file is not None
    blocks = list(file.blocks())
    assert any(isinstance(block, Together) for block in blocks)
    with ledger.write() as connection:
        imp = s.Import(connection, "crm", "snapshot", START)
        s.create_staging(connection)
        read = stage_entitlements(imp, blocks if together else [list(block) for block in blocks], SUBJECTS, START)
        kept = [sorted(map(str, connection.execute(select(table)))) for table in (s.entitlement, s.rejection, s.kept)]
        connection.rollback()
    return [read, *kept, imp.no_version]


def test_rows_staged_at_once_are_those_staged_one_by_one(ledger_url: str, tmp_path: Path) -> None:
    ledger = new_ledger(ledger_url)
    Desk(ledger, tmp_path).take(customers="key,name\nA,Ann\nB,Ben\n")
    together, each = (_staged(ledger, tmp_path, together=one) for one in (True, False))
    assert together == each
    read, staged, refused, kept, no_version = together
    assert read == len(ROWS) * 3
    # Six rows of one cell and one of four, three times over.
    assert len(staged) == 3 * (6 + 4)
    assert len(refused) == 3 * 4
    assert kept
    assert no_version == {">=2": 3, "latest": 3, "~1.2": 3}
    ledger.close()


@pytest.mark.parametrize("held", ["back\\slash", "\\N", "\\.", "a\tb", "two\r\nlines", "quo\"te'd", "\\\\t"])
def test_texts_arrive_as_they_are(ledger_url: str, tmp_path: Path, held: str) -> None:
    ledger = new_ledger(ledger_url)
    quoted = '"' + held.replace('"', '""') + '"'
    key = quoted if held.isprintable() else "plain"
    desk = Desk(ledger, tmp_path)
    desk.take(
        customers=f"key,name,segment,note\n{key},{quoted},,{quoted}\nother,Other,{quoted},\n",
        contacts=f"customer,name,role\n{key},{quoted},{quoted}\nother,Plain,\n",
        entitlements=f"customer,component\n{key},{key}\nother,web\n",
    )
    assert desk.rejected == []
    name = held if held.isprintable() else "plain"
    assert sorted(desk.rows(t.customer, "key")) == sorted([(name,), ("other",)])
    assert set(desk.rows(t.customer_fact, "name", "segment")) == {(held, ""), ("Other", held)}
    assert {tuple(row[0].items()) for row in desk.rows(t.customer_contract, "attributes")} == {(("note", held),), ()}
    assert set(desk.rows(t.contact_detail, "name")) == {(held,), ("Plain",)}
    assert {row[0] for row in desk.rows(t.contact, "role")} == {held, ""}
    assert {row[0] for row in desk.rows(t.entitlement, "subject")} == {name, "web"}
    ledger.close()
