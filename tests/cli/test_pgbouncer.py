"""A ledger behind pgbouncer in transaction mode: every transaction may meet another connection of the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from tests.support.command import run_here
from tests.support.ledgers import add_repo, new_ledger, repos

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

IMPORT = [word for one in ("customers", "contacts", "entitlements") for word in (f"--{one}", f"{one}.csv")]


def test_the_main_job(shop: RepoBuilder, pooled_url: str) -> None:
    def document(*words: str) -> Any:
        env = {"CI": "true", "RELEASEWATCH_CI_RUN": "1", "RELEASEWATCH_DATABASE_URL": pooled_url}
        done = run_here(*words, "--format", "json", cwd=shop.path, env=env)
        assert done.status == 0, (words, done.err)
        return done.document

    production = ("--environment", "production")
    assert document("db", "upgrade")["before"] is None
    assert document("db", "upgrade")["before"] == document("db", "current")["current"]
    document("customer", "import", *IMPORT)
    document("deployment", "record", *production, "--key", "one")
    shop.commit("fix: more", {"services/invoicing/a.py": "3"})
    assert document("deployment", "plan", *production)["exposure"]["customers"] == 4
    document("deployment", "record", *production, "--key", "two")
    assert len(document("exposure", "list", "--deployment", "D-2")["customers"]) == 4
    document("incident", "open", "--deployment", "D-2", "--title", "slow", "--severity", "SEV2")
    document("incident", "impact", "INC-1", "--confirm", "acme", "--why", "said")
    document("call", "plan", "--incident", "INC-1")
    assert [one["id"] for one in document("deployment", "list")["deployments"]] == ["D-2", "D-1"]
    assert document("db", "check")["findings"] == []


def test_nothing_of_a_session_is_left_for_the_next_client(pooled_url: str) -> None:
    """The zone and the isolation of a transaction end with it, and its lock is let go."""
    ledger = new_ledger(pooled_url)
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:test")
    with ledger.read() as connection:
        pass
    for _ in range(4):
        with ledger.connect() as connection, connection.begin():
            shown = [str(connection.execute(text(f"SHOW {name}")).scalar()) for name in ("timezone", "lock_timeout")]
            level = connection.execute(text("SHOW transaction_isolation")).scalar()
            held = connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar()
        assert (shown[0] != "UTC", shown[1], level, held) == (True, "0", "read committed", 0)


def test_many_writers_share_two_connections(pooled_url: str) -> None:
    new_ledger(pooled_url).close()

    def write(number: int) -> None:
        ledger = Ledger(Secret(pooled_url))
        with ledger.write() as connection:
            ledger.lock(connection, "releasewatch:test")
            connection.execute(text("SELECT pg_sleep(0.01)"))
        add_repo(ledger, f"repo-{number:02}")
        ledger.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(24)))
    assert repos(Ledger(Secret(pooled_url))) == [f"repo-{number:02}" for number in range(24)]
