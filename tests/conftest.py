"""What every test has: a clean environment, no network beyond this machine, and databases for the ledger."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.support import guards, pgbouncer, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}
"""Read here because the guard below hides it from the tests."""

settings.register_profile(
    "the same everywhere",
    derandomize=True,  # the same examples in each run: none fails by chance
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("the same everywhere")
# It would draw numbers and words of our own modules as well, of those that are loaded by then: which tests ran before
# in the same process would decide what is tried. Where a later version keeps them elsewhere, this does nothing.
if hasattr(providers, "_get_local_constants") and hasattr(providers, "_local_constants"):
    providers._get_local_constants = lambda: providers._local_constants


@pytest.fixture(scope="session", autouse=True)
def guarded_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Guards everything from the first test on, fixtures of modules included; gives the folder for homes."""
    homes = tmp_path_factory.mktemp("homes")
    with pytest.MonkeyPatch.context() as patch:
        guards.guard_environment(patch, homes)
        guards.guard_network(patch)
        yield homes


@pytest.fixture(autouse=True)
def home(guarded_session: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of this test alone."""
    folder = Path(tempfile.mkdtemp(dir=guarded_session))
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs; without them the tests are skipped, and in CI they fail."""
    try:
        return postgres.find_programs()
    except postgres.PostgresMissingError as missing:
        if IN_CI:
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[postgres.PostgresServer]:
    """The session's PostgreSQL server: the one that the variable names, else one of our own."""
    named = os.environ.get(postgres.VARIABLE)
    if named:
        yield postgres.PostgresServer(named)
        return
    request.getfixturevalue("postgres_programs")
    with postgres.running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database of this test alone, as SQLAlchemy's URL."""
    with postgres_server.empty_database() as url:
        yield url


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The same database through pgbouncer in transaction mode; without pgbouncer skipped, and in CI a failure."""
    try:
        pgbouncer.find_pgbouncer()
    except pgbouncer.PgbouncerMissingError as missing:
        if IN_CI:
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with pgbouncer.pooled(postgres_url) as url:
        yield url


@pytest.fixture
def postgres_locked_url(postgres_server: postgres.PostgresServer) -> str:
    """A URL that the PostgreSQL server refuses because of its password."""
    if os.environ.get(postgres.VARIABLE):
        pytest.skip(f"the server that {postgres.VARIABLE} names may let everyone in")
    return postgres_server.locked_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger's URL: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat beside the tests' result what ci/test found wrong before them, where it is not overlooked."""
    failed = os.environ.get("RELEASEWATCH_TEST_FAILED_CHECKS")
    if failed:
        terminalreporter.section("checks that failed before the tests", red=True, bold=True)
        terminalreporter.line(failed)
