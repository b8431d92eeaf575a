"""A small shop on the command line: a repo, its customers, and two recorded deployments."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch import wiring
from releasewatch.integrations.calendars import find_holiday
from tests.support.command import run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"
[components.invoicing]
title = "Invoices"
paths = ["services/invoicing/**"]
[components.checkout]
title = "Checkout"
paths = ["services/checkout/**"]
depends_on = ["invoicing"]
[components.settings]
paths = ["/releasewatch.toml"]
"""

CUSTOMERS = """key,name,customer_tier,contract_value,currency,account_manager,country,timezone,do_not_call
acme,Acme GmbH,gold,120000,EUR,olga,DE,Europe/Berlin,
bolt,Bolt and Sons,,,,piet,GB,Europe/London,
cask,Cask Brewing,,9000,USD,,US,,yes
dent,Dent Repairs,silver,100,EUR,olga,DE,Europe/Berlin,
"""

CONTACTS = """customer,name,role,phone,email,primary
acme,Ada Example,IT manager,030 23125 101,ada@acme.example,yes
bolt,Ben Example,Owner,020 7946 0102,ben@bolt.example,yes
cask,Cy Example,Owner,(212) 555-0117,cy@cask.example,yes
dent,Di Example,Owner,,di@dent.example,yes
"""

ENTITLEMENTS = """customer,component,region
acme,shop/invoicing,
bolt,shop/checkout,
cask,shop/invoicing,
dent,shop/invoicing,?
"""


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the clock that commands read on by so many days, for commands that run here."""

    def move(days: int) -> None:
        monkeypatch.setattr(wiring, "clock", lambda: datetime.now(UTC) + timedelta(days=days))

    return move


@pytest.fixture
def on_a_working_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of commands that run here stands on the next day that is nobody's holiday: a list tells of those."""
    noon = datetime.now(UTC).replace(hour=12)
    days = (noon + timedelta(days=number) for number in range(1, 31))
    countries = ("DE", "GB", "US")
    chosen = next(day for day in days if not any(find_holiday(country, day.date()) for country in countries))
    monkeypatch.setattr(wiring, "clock", lambda: chosen)


@pytest.fixture
def shop(built_shop: RepoBuilder, tmp_path: Path) -> RepoBuilder:
    """A copy of the shop that a test may change."""
    shutil.copytree(built_shop.path, tmp_path / "shop")
    copy = RepoBuilder(tmp_path / "shop")
    copy.now = built_shop.now
    return copy


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """Two deployments to production, keys `one` and `two`: the second one breaks invoicing's interface."""
    repo = RepoBuilder(tmp_path_factory.mktemp("built") / "shop")
    repo.commit(
        "Start",
        {
            "releasewatch.toml": CONFIG,
            "services/invoicing/a.py": "1",
            "services/checkout/a.py": "1",
            ".gitignore": "*.csv\n",
        },
    )
    for name, text in (("customers", CUSTOMERS), ("contacts", CONTACTS), ("entitlements", ENTITLEMENTS)):
        (repo.path / f"{name}.csv").write_text(text, "utf-8")
    files = [word for name in ("customers", "contacts", "entitlements") for word in (f"--{name}", f"{name}.csv")]
    assert run_here("customer", "import", *files, cwd=repo.path).status == 0
    record = ("deployment", "record", "--environment", "production", "-q")
    assert run_here(*record, "--key", "one", cwd=repo.path).status == 0
    repo.commit(
        "feat(invoicing)!: drop the old export",
        {"services/invoicing/a.py": "2"},
        trailers={"Release-note": "Exports are CSV now.", "Audience": "customer"},
    )
    repo.commit("fix(invoicing): what Acme GmbH complained about", {"services/invoicing/b.py": "2"})
    assert run_here(*record, "--key", "two", "--release", "v2", cwd=repo.path).status == 0
    return repo
