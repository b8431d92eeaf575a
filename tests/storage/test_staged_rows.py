"""Customers and contacts that are staged at once come out as those that are staged one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from releasewatch.domain.customers import Together
from releasewatch.integrations.directories.phones import look_at_phone
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.contact_rows import stage_contacts
from releasewatch.storage.imports.customer_rows import stage_customers
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.customer_import import open_directory
from tests.support.directories import START
from tests.support.ledgers import new_ledger

CUSTOMERS = (
    "A,Ann,tenant-1;a.example,,DE,1200.50,2027-01-31,yes,,finance",
    "B,Ben & Söhne,B;other,A,US,,,no,30,",
    "G,Gus,,,FR,,,,,retail",
) * 3 + (
    ",Nameless,,,,,,,,",
    "C,,,,,,,,,",
    " D , Dee ,,A,Atlantis,,,,,",
    "E,Eve,,,,12.345,,,,",
    "F,#N/A,,,,,,,,",
)  # fmt: skip
CONTACTS = (
    "A,Ann,a-1,030 901820,ann@a.example,yes",
    "tenant-1,Bob,,+49 30 901820 ext. 7,BOB@a.example,",
    "nobody,Cid,c-1,,,",
    "B,Dan,,(206) 555-9857,,no",
    "other, Fay ,f-1,,fay@b.example,",
) * 3 + (
    "B,,b-2,,,",
    "B,Eve,,4.9151E+11,,",
    "nobody,,,,gil@b.example,",
)  # fmt: skip


def _staged(ledger: Ledger, folder: Path, *, together: bool) -> list[Any]:
    columns = "key,name,aliases,parent,country,contract_value,renewal_on,do_not_call,sla_minutes,industry"
    (folder / "customers.csv").write_text("\n".join((columns, *CUSTOMERS)) + "\n")
    (folder / "contacts.csv").write_text("\n".join(("customer,name,key,phone,email,primary", *CONTACTS)) + "\n")
    files = open_directory({"customers": folder / "customers.csv", "contacts": folder / "contacts.csv"})
    assert files.customers is not None
    assert files.contacts is not None

    def blocks(file: Any) -> list[Any]:
        read = list(file.blocks())
        assert any(isinstance(block, Together) for block in read)
        return read if together else [list(block) for block in read]

    with ledger.write() as connection:
        imp = s.Import(connection, "crm", "snapshot", START)
        s.create_staging(connection)
        read = stage_customers(imp, blocks(files.customers)), stage_contacts(imp, blocks(files.contacts), look_at_phone)
        tables = s.customer, s.alias, s.contact, s.rejection, s.kept
        kept = [sorted(map(str, connection.execute(select(table)))) for table in tables]
        connection.rollback()
    return [read, *kept]


def test_rows_staged_at_once_are_those_staged_one_by_one(ledger_url: str, tmp_path: Path) -> None:
    ledger = new_ledger(ledger_url)
    together, each = (_staged(ledger, tmp_path, together=one) for one in (True, False))
    assert together == each
    read, customers, aliases, contacts, rejected, kept = together
    assert read == (len(CUSTOMERS), len(CONTACTS))
    # A has two names beside the key, B one.
    assert (len(customers), len(aliases), len(contacts)) == (3 * 3, 3 * 6, 3 * 4)
    assert len(rejected) == 5 + 3 + 3
    # Whose row was refused keeps their state: four customers by key, two contacts by key and one by name.
    assert len(kept) == 4 + 3
    ledger.close()
