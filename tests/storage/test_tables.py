"""Each table is made when it is first asked for, and all of them for who asks for the whole schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table

from releasewatch.storage import tables
from tests.support.command import run_python

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {name: module for module, names in tables.MODULES.items() for name in names.split()}

ASKED = """
import json
import sys

from releasewatch.storage import tables

kinds = {name: type(getattr(tables, name)).__name__ for name in json.loads(sys.argv[1])}
made = [name.rpartition(".")[2] for name in sys.modules if name.startswith("releasewatch.storage.tables.")]
print(json.dumps([kinds, sorted(made)]))
"""


def asked(folder: Path, names: list[str]) -> tuple[dict[str, str], list[str]]:
    """What kind each of some names is for who asks for them in this order, and the modules that were loaded."""
    done = run_python("-c", ASKED, json.dumps(names), cwd=folder)
    assert done.status == 0, done.err
    kinds, made = json.loads(done.out)
    return kinds, made


def test_every_table_is_there_by_its_name() -> None:
    assert sorted(tables.__all__) == sorted([*NAMES, "metadata"])
    whole = tables.metadata
    found = {name: getattr(tables, name) for name in NAMES}
    assert [name for name, table in found.items() if not isinstance(table, Table)] == []
    assert {table.name for table in found.values()} == set(whole.tables)


@pytest.mark.parametrize("name", sorted(set(NAMES) & set(tables.MODULES)))
def test_a_table_that_is_called_as_its_module_stays_a_table(name: str, tmp_path: Path) -> None:
    beside = [one for one, module in NAMES.items() if module == name and one != name]
    kinds, made = asked(tmp_path, [*beside, name])
    assert set(kinds.values()) == {"Table"}
    assert made == sorted(["base", name])


def test_a_table_that_does_not_exist_is_no_table() -> None:
    with pytest.raises(AttributeError, match="no attribute 'customers_of_others'"):
        _ = tables.customers_of_others  # type: ignore[attr-defined]


def test_the_whole_schema_holds_what_only_one_database_reads() -> None:
    whole = tables.metadata.tables
    assert whole["entitlement"].dialect_options["sqlite"]["with_rowid"] is False
    assert whole["entitlement"].primary_key.dialect_options["postgresql"]["include"] == ["valid_to", "recorded_to"]
    (hashed,) = [index for index in whole["change"].indexes if "subject" in index.columns]
    assert hashed.dialect_options["postgresql"]["using"] == "hash"
