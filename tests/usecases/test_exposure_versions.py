"""A customer's own copy is of a release however the two are written, for the databases as for the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import literal, select

from releasewatch.domain.versions import plain_version
from releasewatch.storage import exposure_ways
from releasewatch.storage.types import key_type
from releasewatch.usecases.exposure import Asking, list_exposed
from tests.support.directories import Desk
from tests.support.worlds import World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = '[components.invoicing]\npaths = ["invoicing/**"]\n'


@pytest.mark.parametrize("written", ["1.2.0", " v1.2.0 ", "V2", "v", "vv1", "vista", "svc/v1.2", "v٣", ""])
def test_the_database_reads_a_version_as_the_program_does(ledger: Ledger, written: str) -> None:
    with ledger.read() as connection:
        read = connection.scalar(select(exposure_ways.plain_version(literal(written, key_type()))))
    assert read == plain_version(written)


@pytest.mark.parametrize("release", ["v1.2.0", "1.2.0", "V1.2.0"])
def test_a_release_reaches_the_copies_of_it_however_they_are_written(
    ledger: Ledger, tmp_path: Path, release: str
) -> None:
    world = World(tmp_path, ledger, config=CONFIG)
    world.commit("invoicing")
    world.record(1, release="v1.1.0")
    rows = "customer,component,version\nada,invoicing,1.2.0\nbob,invoicing,v1.2.0\ncy,invoicing,1.1.0\n"
    customers = "key,name\nada,Ada\nbob,Bob\ncy,Cy\n"
    desk = Desk(ledger, tmp_path)
    desk.take(customers=customers, entitlements=rows)
    world.commit("invoicing")
    last = world.record(2, release=release)
    world.record(3, release="1.3.0")
    asking = Asking(last.number, hour(10))
    assert [(one["key"], one["possible"]) for one in list_exposed(ledger, asking)] == [("ada", False), ("bob", False)]
