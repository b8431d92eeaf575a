"""Times the list of exposed customers beside what the database and one JSON encoder need for the same rows.

`python -m tests.benchmarks.exposure` from the root of the repo; a server for PostgreSQL is started when its programs
are found, as for the tests. Every limit is measured in the same run, in turn with ours; the ratio is what holds.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from releasewatch.cli.output import emit_many_jsonl
from releasewatch.secret import Secret
from releasewatch.storage import exposure
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.exposure import FETCHED, Asking, ask, count_document, list_exposed, page_exposed
from tests.benchmarks.documents import exposed_document
from tests.benchmarks.servers import postgres_url
from tests.benchmarks.starting import count, run
from tests.support.crowds import config_of, write_crowd
from tests.support.ledgers import new_ledger
from tests.support.worlds import World

NOW = datetime(2026, 4, 1, tzinfo=UTC)

WHO = """
FROM entitlement e WHERE e.subject IN ({subjects})
AND e.valid_from <= :now AND e.valid_to > :now AND e.recorded_from <= :now AND e.recorded_to > :now
"""

COUNT = f"SELECT count(DISTINCT e.customer_id) {WHO}"
UNPLACED = """
SELECT count(*) FROM customer c WHERE NOT EXISTS (SELECT 1 FROM entitlement e WHERE e.customer_id = c.customer_id
AND e.valid_from <= :now AND e.valid_to > :now AND e.recorded_from <= :now AND e.recorded_to > :now)
"""
PAGE = f"""
SELECT c.customer_id, c.key FROM customer c WHERE c.customer_id IN (SELECT e.customer_id {WHO}) ORDER BY c.key LIMIT 100
"""
ROWS = f"""
SELECT c.key, c.directory, f.name, f.account_manager, w.subject, w.region, w.valid_from, w.valid_to
FROM (SELECT e.customer_id, e.subject, e.region, e.valid_from, e.valid_to {WHO}) w
JOIN customer c ON c.customer_id = w.customer_id JOIN customer_fact f ON f.customer_id = w.customer_id
ORDER BY c.key, c.directory
"""


class Limit:
    """The same question as bare as it can be asked: one statement through the driver, one encoder."""

    def __init__(self, ledger: Ledger, components: list[int]) -> None:
        self._ledger = ledger
        self._subjects = ", ".join(f"'shop/c{n}'" for n in components)
        # Instants are text on SQLite, and what the driver gives back is not converted.
        self._now = f"{NOW:%Y-%m-%d %H:%M:%S.%f}" if ledger.is_sqlite else NOW

    def _execute(self, statement: str) -> Iterator[Any]:
        with self._ledger.read() as connection:
            words = statement.format(subjects=self._subjects)
            with connection.execution_options(yield_per=FETCHED).execute(text(words), {"now": self._now}) as rows:
                yield from rows

    def count(self) -> int:
        return int(next(self._execute(COUNT))[0])

    def unplaced(self) -> int:
        return int(next(self._execute(UNPLACED))[0])

    def page(self) -> int:
        return len(list(self._execute(PAGE)))

    def rows(self) -> int:
        stream = Nowhere()
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
        many, last = 0, None
        for row in self._execute(ROWS):
            stream.write(encode(_document(row)) + "\n")
            many += row.key != last
            last = row.key
        return many


def _document(row: Any) -> dict[str, Any]:
    held = row.subject, row.region, row.valid_from, row.valid_to
    return exposed_document((row.key, row.directory, row.name, row.account_manager, *held))


class Nowhere(io.TextIOBase):
    """A stream that only counts lines."""

    lines = 0

    def write(self, words: str, /) -> int:
        self.lines += words.count("\n")
        return len(words)


def seconds(what: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    answer = what()
    return time.perf_counter() - started, answer


HEAD = """| database | who | asked | customers | limit s | ours s | ratio | least | most | peak MiB |
| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |"""


class Table:
    """The lines of one database, told as they come: medians, the ratio of each pair, and the peak so far."""

    def __init__(self, database: str, runs: int) -> None:
        self._database = database
        self._runs = runs

    def compare(self, who: str, asked: str, limit: Callable[[], int], ours: Callable[[], int]) -> None:
        pairs = [(seconds(limit), seconds(ours)) for _ in range(self._runs)]
        answers = {answer for pair in pairs for _, answer in pair}
        assert len(answers) == 1, (who, asked, answers)
        ratios = [mine[0] / theirs[0] for theirs, mine in pairs]
        theirs, ours_took = (statistics.median(pair[which][0] for pair in pairs) for which in (0, 1))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {self._database} | {who} | {asked} | {answers.pop()} | {theirs:.4f} | {ours_took:.4f} "
            f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} | {peak:.0f} |",
            flush=True,
        )


def measure(ledger: Ledger, folder: Path, given: argparse.Namespace, table: Table) -> None:
    """A ledger of many customers, and deployments that reach few, more, and most of them."""
    world = World(folder, ledger, config=config_of(given.components))
    world.commit(*(f"c{n}" for n in range(given.components)))
    world.record(1)
    reaches = {"one component": [7], "five components": [8, 9, 10, 11, 12], "what most use": [0]}
    numbers = {}
    for at, (name, components) in enumerate(reaches.items(), start=2):
        world.commit(*(f"c{n}" for n in components))
        numbers[name] = world.record(at).number
    each = given.entitlements // given.customers
    write_crowd(ledger, customers=given.customers, each=each, components=given.components)
    for name, components in reaches.items():
        limit, asking = Limit(ledger, components), Asking(numbers[name], NOW)
        table.compare(name, "count", limit.count, lambda asking=asking: _count(ledger, asking))
        table.compare(name, "first page", limit.page, lambda asking=asking: _page(ledger, asking))
        table.compare(name, "all rows as jsonl", limit.rows, lambda asking=asking: _rows(ledger, asking))
    table.compare("the whole directory", "unplaced", limit.unplaced, lambda: _unplaced(ledger, asking))


def _count(ledger: Ledger, asking: Asking) -> int:
    return count_document(ledger, asking)["customers"]


def _page(ledger: Ledger, asking: Asking) -> int:
    return len(page_exposed(ledger, asking, limit=100, after=None)[0])


def _rows(ledger: Ledger, asking: Asking) -> int:
    stream = Nowhere()
    emit_many_jsonl(list_exposed(ledger, asking), stream)
    return stream.lines


def _unplaced(ledger: Ledger, asking: Asking) -> int:
    with ledger.read() as connection:
        return exposure.count_unplaced(connection, ask(connection, asking))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=count, default=100_000)
    parser.add_argument("--entitlements", type=count, default=1_000_000)
    parser.add_argument("--components", type=count, default=500)
    parser.add_argument("--runs", type=count, default=3)
    parser.add_argument("--database", nargs="+", default=["SQLite", "PostgreSQL"], choices=["SQLite", "PostgreSQL"])
    given = parser.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for name in given.database:
            url = f"sqlite:///{folder}/ledger.db" if name == "SQLite" else stack.enter_context(postgres_url())
            if url is None:
                continue
            new_ledger(url).close()
            ledger = Ledger(Secret(url))
            place = Path(folder) / name
            place.mkdir()
            measure(ledger, place, given, Table(name, given.runs))
            ledger.close()


if __name__ == "__main__":
    run(main)
