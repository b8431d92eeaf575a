"""Roles of the database server: what a pipeline's may read is proved by using it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

import psycopg
import pytest
from sqlalchemy.engine import make_url

from releasewatch.domain.grants import ROLES, Holds
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.tables import metadata
from releasewatch.usecases.grants import grant
from tests.storage.test_rules import PERSONAL, STATEMENTS_OF_STAFF
from tests.support.ledgers import new_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Table

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)

OF_PEOPLE = {"people", "authors", "contacts", "contracts", "notes"}


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_table_holds_one_thing_and_says_which(table: Table[Any]) -> None:
    """By it roles are given rights: one that does not say it is nobody's but the owner's, and commands break."""
    assert table.info["holds"] in get_args(Holds), "say it in placed(…, HOLDS): see domain/grants.py"
    assert set(table.info["words"]) <= {column.name for column in table.columns}


def test_personal_values_are_in_tables_of_people_and_who_said_something_is_marked() -> None:
    for name in PERSONAL:
        assert metadata.tables[name].info["holds"] in OF_PEOPLE, name
    for name, columns in STATEMENTS_OF_STAFF.items():
        who = {column for column in columns if not column.startswith("why")}
        assert who <= set(metadata.tables[name].info["words"]), name


def test_a_pipeline_and_a_reader_are_given_nothing_of_people() -> None:
    for name in ("pipeline", "reader"):
        rights = ROLES[name].rights
        assert {holds for holds in OF_PEOPLE if rights.get(holds) in ("read", "write")} == set()
    assert "write" not in ROLES["reader"].rights.values()
    assert {holds for role in ROLES.values() for holds in role.rights} <= set(get_args(Holds))


@pytest.fixture
def user(postgres_url: str) -> Iterator[str]:
    """A role of the server that may log in and has no rights of its own; its name needs quoting."""
    name = make_url(postgres_url).database
    role = f"{name}-ci"
    with closing(_as_owner(postgres_url)) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN')
        yield role
        connection.execute(f'DROP OWNED BY "{role}"')
        connection.execute(f'DROP ROLE "{role}"')


def _as_owner(url: str) -> Any:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def url_of(url: str, user: str) -> str:
    return make_url(url).set(username=user).render_as_string(hide_password=False)


def test_a_pipeline_s_role_reads_no_person_no_note_and_no_contract(postgres_url: str, user: str) -> None:
    ledger = new_ledger(postgres_url)
    document = grant(ledger, "pipeline", user, dry_run=False)
    again = grant(ledger, "pipeline", user, dry_run=False)
    assert again["statements"] == document["statements"]
    ledger.close()
    with closing(psycopg.connect(url_of(postgres_url, user).replace("+psycopg", ""), autocommit=True)) as connection:
        for table in TABLES:
            key = {column.name for column in table.primary_key.columns}
            for column in table.columns:
                of_people = table.info["holds"] in OF_PEOPLE and column.name not in key
                private = of_people or column.name in ("recorded_by", "undone_by", "cleared_by", "claimed_by")
                if private or table.info["holds"] in ("calls", "contacts", "contracts", "notes", "forgotten"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(f'SELECT "{column.name}" FROM "{table.name}"')
        connection.execute("SELECT name, account_manager FROM customer_fact")
        for statement in (
            "DELETE FROM customer",
            "UPDATE settings SET version = 1",
            "INSERT INTO staff DEFAULT VALUES",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_another_role_takes_the_place_of_the_first_and_new_tables_are_granted_again(
    postgres_url: str, user: str
) -> None:
    ledger = new_ledger(postgres_url)
    grant(ledger, "account", user, dry_run=False)
    with closing(_as_owner(postgres_url)) as owner:
        owner.execute(f'REVOKE ALL ON deployment, customer_fact FROM "{user}"')  # as a table that a migration made anew
        grant(ledger, "reader", user, dry_run=False)
        ask = "SELECT has_table_privilege(%s, %s, %s)"
        assert owner.execute(ask, [user, "deployment", "SELECT"]).fetchone() == (True,)
        assert owner.execute(ask, [user, "contact_detail", "SELECT"]).fetchone() == (False,)
        assert owner.execute(ask, [user, "counter", "UPDATE"]).fetchone() == (False,)
    ledger.close()


def test_a_dry_run_grants_nothing(postgres_url: str, user: str) -> None:
    ledger = new_ledger(postgres_url)
    document = grant(ledger, "oncall", user, dry_run=True)
    assert document["statements"][0].startswith("REVOKE ALL ON public.acceptance")
    assert all(f'"{user}"' in one for one in document["statements"])
    with closing(_as_owner(postgres_url)) as owner:
        found = owner.execute("SELECT has_table_privilege(%s, 'deployment', 'SELECT')", [user]).fetchone()
    assert found == (False,)
    ledger.close()


def test_what_is_still_readable_through_another_role_is_refused_and_nothing_is_granted(
    postgres_url: str, user: str
) -> None:
    ledger = new_ledger(postgres_url)
    with closing(_as_owner(postgres_url)) as owner:
        owner.execute("GRANT SELECT ON contact_detail TO PUBLIC")
        with pytest.raises(RefusedError, match=r"would still read contact_detail\.customer_id and \d+ more"):
            grant(ledger, "pipeline", user, dry_run=False)
        found = owner.execute("SELECT has_table_privilege(%s, 'deployment', 'SELECT')", [user]).fetchone()
    assert found == (False,)
    ledger.close()


def test_who_is_bound_by_no_grant_is_refused(postgres_url: str, user: str) -> None:
    ledger = new_ledger(postgres_url)
    with closing(_as_owner(postgres_url)) as owner:
        me = owner.info.user
        with pytest.raises(RefusedError, match="superuser"):
            grant(ledger, "pipeline", me, dry_run=True)
        owner.execute(f'ALTER TABLE repo OWNER TO "{user}"')
        with pytest.raises(RefusedError, match="owns the ledger's tables"):
            grant(ledger, "pipeline", user, dry_run=False)
        owner.execute(f'ALTER TABLE repo OWNER TO "{me}"')
    with pytest.raises(UnknownNameError, match="no role nobody-here"):
        grant(ledger, "pipeline", "nobody-here", dry_run=False)
    ledger.close()


def test_a_file_has_no_roles(tmp_path: Path) -> None:
    ledger = Ledger(Secret(f"sqlite:///{tmp_path}/ledger.db"))
    with pytest.raises(InvalidCallError, match="SQLite has no roles"):
        grant(ledger, "pipeline", "ci", dry_run=False)
