"""What is executed while the main job runs keeps the rules that let the ledger grow (ARCHITECTURE, "Storage")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here
from tests.support.ledgers import new_ledger
from tests.support.repos import RepoBuilder
from tests.support.statements import PLACEMENTS, Listener, Statement, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"
[catalog]
unmapped = "{unmapped}"
[environments.production]
tier = "production"
regions = ["eu", "us"]
[components.money]
type = "library"
paths = ["money/**"]
[components.invoicing]
paths = ["invoicing/**"]
depends_on = ["money"]
[components.checkout]
paths = ["checkout/**"]
depends_on = ["invoicing"]
[components.settings]
paths = ["/releasewatch.toml"]
[products.business]
components = ["invoicing", "checkout"]
[directory.crm]
kind = "csv"
customers = "customers.csv"
contacts = "contacts.csv"
entitlements = "entitlements.csv"
without_entitlement = "possible"
[calling]
capacity = 3
"""

WAYS = ("invoicing,,,", ",business,eu,", ",busines,,", "shop/checkout,,us,", "invoicing,,?,", "money,,,v1", "")
"""What customers use, in turn: component, product, region, version. The last kind uses nothing."""


@dataclass(frozen=True)
class Heard:
    """What each command of the main job executed, by its words."""

    by_command: dict[str, Listener]

    @property
    def everything(self) -> list[Statement]:
        return [one for listener in self.by_command.values() for one in listener.heard]

    @property
    def exposure(self) -> list[Statement]:
        """The questions that go through what customers use."""
        return [one for one in self.everything if one.reads and "entitlement" in one.tables]


def write_directory(folder: Path, many: int) -> None:
    """Customers of all kinds in turn, each with a contact."""
    customers = [f"k{n},Name {n},alias{n},olga" for n in range(many)]
    contacts = [f"k{n},Person {n},030 23125 {100 + n % 900},p{n}@example.org" for n in range(many)]
    entitlements = [f"k{n},{WAYS[n % len(WAYS)]}" for n in range(many) if WAYS[n % len(WAYS)]]
    for name, header, lines in (
        ("customers", "key,name,aliases,account_manager", customers),
        ("contacts", "customer,name,phone,email", contacts),
        ("entitlements", "customer,component,product,region,version", entitlements),
    ):
        (folder / f"{name}.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def main_job(folder: Path, url: str, many: int) -> Heard:
    """Import, record, ask, render, plan, and import a changed directory: all that a pipeline and its readers do."""
    new_ledger(url).close()
    repo = RepoBuilder(folder / "shop")
    write_directory(repo.path, many)
    heard: dict[str, Listener] = {}

    def does(words: str, call: str = "") -> str:
        with listening() as listener:
            done = run_here(*words.format(call=call).split(), cwd=repo.path, env={"RELEASEWATCH_DATABASE_URL": url})
        assert done.status == 0, (words, done.err)
        heard[words] = listener
        return done.out

    def commits(unmapped: str, *folders: str, **trailers: str) -> None:
        files = {f"{one}/a.py": repo.now.isoformat() for one in folders} | {".gitignore": "*.csv\n"}
        files["releasewatch.toml"] = CONFIG.format(unmapped=unmapped)
        repo.commit("feat!: something new", files, trailers=trailers)

    commits("warn", "money", "invoicing", "checkout")
    does("customer import")
    record = "deployment record --environment production"
    does(f"{record} --key one --release v1")
    commits("all", "money", "elsewhere", Customer="alias1")
    does(f"{record} --key two --release v2 --region eu")
    does(f"{record} --key three --release v2 --region us --dry-run")
    commits("warn", "invoicing")
    does(f"{record} --key four --release v3")
    does("exposure list --deployment two")
    does("exposure list --deployment two --format json --limit 2 --state carrying --reach dependent")
    does("exposure list --deployment two --format jsonl --account-manager olga")
    does("exposure explain --deployment four --customer k0 --all")
    does("exposure explain --deployment four --customer k4")
    does("notes render --deployment two --audience account")
    does("notes render --deployment two --audience customer --customer k0")
    for verb in ("plan --deployment two", "plan --deployment four", "list --deployment four"):
        does(f"call {verb}")
    does("call render --deployment four --format csv -o calls.csv")
    (repo.path / "hurt.csv").write_text("customer\n" + "".join(f"k{n}\n" for n in range(many)), encoding="utf-8")
    does("incident open --title down --deployment two --region eu")
    does("incident link INC-1 --deployment four --state suspect --why it.too")
    does("incident show INC-1 --customers --format json")
    does("incident impact INC-1 --clear k0 --why asked")
    does("incident impact INC-1 --evidence hurt.csv")
    # Not some time ago: how long it took to come here is not the same with few and with many.
    does("incident show INC-1 --customers --format json --at {call}", datetime.now(UTC).isoformat())
    does("call plan --incident INC-1")
    call = json.loads(does("call list --incident INC-1 --format json"))["calls"][0]["id"]
    does("call approve --incident INC-1 --by olga --why seen")
    does("call render --incident INC-1 --format csv -o hurt-calls.csv")
    does("call claim {call} --by olga", call)
    does("call hand-over {call} --to piet --by olga", call)
    does("call log {call} --disposition connected --by piet", call)
    does("call claim --next --incident INC-1 --by piet")
    does("call show {call} --format json", call)
    does("call inbound --customer k1 --note slow --component invoicing --reference T-1 --by olga")
    (repo.path / "tickets.csv").write_text("reference,customer,opened_at\nT-2,k2,2026-03-01\nT-3,k3,2026-03-01\n")
    does("call inbound --file tickets.csv --by olga")
    does("report calls --by incident")
    does("report calls --by team --format json")
    does("report customer --account-manager olga --since 2026-01-01 --format html -o review.html")
    does("digest --account-manager olga --since 2026-01-01 --format html -o today.html")
    for words in ("customer brief k0", "call voices", "call promises"):
        does(words)
    does("incident link INC-1 --deployment two --state cleared --why not.it")
    does("incident link INC-1 --deployment four --state cleared --why not.it.either")
    does("call plan --incident INC-1 --format json")
    does("incident open --title slow --component invoicing")
    does("incident show INC-2 --customers --format json")
    does("status")
    does("deployment list")
    does("deployment show D-2")
    does("customer list")
    does("customer show k1")
    with (repo.path / "customers.csv").open("a", encoding="utf-8") as file:
        file.write("new,New,,piet\n")
    (repo.path / "releasewatch.toml").write_text(CONFIG.format(unmapped="warn").replace('"invoicing", "', '"'))
    does("customer import --strict")
    return Heard(heard)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Heard, Heard]:
    """The main job with some customers, and with more; rows of either are staged in runs and one by one."""
    few, many = tmp_path_factory.mktemp("few"), tmp_path_factory.mktemp("many")
    if request.param == "sqlite":
        return main_job(few, f"sqlite:///{few}/ledger.db", 31), main_job(many, f"sqlite:///{many}/ledger.db", 93)
    server = request.getfixturevalue("postgres_server")
    with server.empty_database() as first, server.empty_database() as second:
        return main_job(few, first, 31), main_job(many, second, 93)


def placements(tables: set[str]) -> set[str]:
    return {PLACEMENTS[name] for name in tables & PLACEMENTS.keys()}


def crossing(statement: Statement) -> Iterator[set[str]]:
    """Subqueries over tables of customers that depend on a table of another kind, row by row: those tables."""
    for inner, outer in statement.correlations():
        if "customer" in placements(inner) and placements(outer) - {"customer"}:
            yield outer


def test_no_reference_table_asks_a_customer_table_row_by_row(heard):
    broken = [one.text for one in heard[1].everything if one.tables and list(crossing(one))]
    assert not broken, broken[0]


def test_exposure_asks_without_recursion(heard):
    assert len(heard[1].exposure) > 10
    assert not [one.text for one in heard[1].exposure if one.is_recursive]


def test_the_number_of_statements_does_not_grow_with_the_customers(heard):
    few, many = ({words: len(one.heard) for words, one in side.by_command.items()} for side in heard)
    assert few == many


def test_reference_rows_are_written_before_customer_rows(heard):
    wrong = []
    for words, listener in heard[1].by_command.items():
        for transaction in listener.by_transaction():
            written = [one.target for one in transaction if one.writes]
            kinds = [PLACEMENTS.get(name) for name in written]
            if "customer" in kinds:
                late = kinds.index("customer")
                wrong += [
                    (words, name)
                    for name, kind in zip(written[late:], kinds[late:], strict=True)
                    if kind == "reference"
                ]
    assert not wrong


def test_recording_writes_no_row_of_a_customer(heard):
    for words, listener in heard[1].by_command.items():
        if words.startswith("deployment"):
            assert "customer" not in placements({one.target for one in listener.heard if one.writes})


REFUSED = """
SELECT 1 FROM deployment d WHERE EXISTS (SELECT 1 FROM entitlement e WHERE e.subject = d.key)
SELECT (SELECT count(*) FROM entitlement e WHERE e.subject = d.key) FROM deployment d
WITH used AS (SELECT subject FROM entitlement) SELECT 1 FROM repo r WHERE r.key IN (SELECT subject FROM used u WHERE u.subject > r.key)
WITH w AS (SELECT key FROM repo) SELECT 1 FROM w WHERE EXISTS (SELECT 1 FROM repo UNION SELECT 1 FROM mark m WHERE m.why = w.key)
"""  # noqa: E501

TAKEN = """
SELECT 1 FROM deployment d WHERE d.key IN (SELECT e.subject FROM entitlement e)
SELECT 1 FROM component c JOIN entitlement e ON e.subject = c.full_key
SELECT 1 FROM customer c WHERE EXISTS (SELECT 1 FROM mark m WHERE m.customer_id = c.customer_id)
SELECT 1 FROM entitlement e WHERE EXISTS (SELECT 1 FROM repo r WHERE r.key = e.subject)
"""


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_the_rules_refuse_is_recognised(dialect):
    for text, refused in ((REFUSED, True), (TAKEN, False)):
        for line in text.strip().splitlines():
            statement = Statement(line, (), dialect, 0)
            assert bool(list(crossing(statement))) is refused, line
            assert not statement.is_recursive
    again = "WITH RECURSIVE x AS (SELECT 1 AS n UNION SELECT n + 1 FROM x WHERE n < 5) SELECT n FROM x"
    assert Statement(again, (), dialect, 0).is_recursive
