"""Times `customer import` of a generated directory beside what the files and the database need by themselves.

`python -m tests.benchmarks.directory_import --customers 10000 100000` from the root of the repo. The limit is measured
in the same run: the csv module over the same files, and the rows that the import wrote, put into empty tables of the
same shape in the order of their keys (SQLite: executemany; PostgreSQL: COPY), their indexes made afterwards. The second
import is of the same files; its limit is the reading of their rows (parsed and checked), nothing else. Each runs in a
process of its own, whose memory is that of this process; seconds of the CPU are of the processes that it starts and of
all of PostgreSQL's server too, and what is written is there what its log (WAL) grew by. Ratios are by the clock, which
an import shortens by reading beside what the database does, and of the CPU, which holds on a busy machine as well.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select, text

from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger, parse_url
from tests.benchmarks.scale import write_scale
from tests.benchmarks.servers import Server, postgres_url
from tests.benchmarks.starting import count, run
from tests.support.ledgers import new_ledger

KINDS = ("customers", "contacts", "entitlements")
TABLES = (
    t.customer,
    t.customer_fact,
    t.customer_contract,
    t.customer_alias,
    t.contact,
    t.contact_detail,
    t.entitlement,
)
BATCH = 20_000


@dataclass(frozen=True)
class Took:
    """What a process took: seconds on the wall and of the CPU, MiB at its peak, MiB that it gave the disk."""

    wall: float
    cpu: float
    peak: float
    written: float


def measured(what: Callable[..., None], *args: Any, servers: Sequence[Server] = ()) -> Took:
    """Run it in a new process, for which `servers` work; the last of them is the one that is written to."""
    cpu, logged = sum(one.seconds() for one in servers), servers[-1].logged() if servers else 0
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_measure, args=(its, what, args))
    process.start()
    its.close()  # what ends without a word is then told, and not waited for
    try:
        took = ours.recv()
        process.join()
    except BaseException:
        process.kill()  # before the folder in which it writes is taken away
        process.join()
        raise
    found = Took(*took)
    if not servers:
        return found
    theirs = sum(one.seconds() for one in servers) - cpu
    return replace(found, cpu=found.cpu + theirs, written=(servers[-1].logged() - logged) / 2**20)


def _measure(answer: Any, what: Callable[..., None], args: tuple[Any, ...]) -> None:
    started, cpu, before = time.perf_counter(), _seconds(), _written()
    what(*args)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((time.perf_counter() - started, _seconds() - cpu, peak, _written() - before))


def _seconds() -> float:
    """Of the CPU, of this process and those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _written() -> float:
    """MiB that this process wrote so far; a server's part is not in it."""
    kept = Path("/proc/self/io")
    lines = kept.read_text().splitlines() if kept.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("wchar:")) / 2**20


def bring(folder: str, url: str) -> None:
    """`customer import`, in this process."""
    import sys

    from releasewatch.cli.main import run

    os.chdir(Path(folder) / "repo")
    os.environ["RELEASEWATCH_DATABASE_URL"] = url
    sys.argv = ["releasewatch", "customer", "import", "--format", "json", "-o", str(Path(folder) / "report.json")]
    try:
        run()
    except SystemExit as ended:
        if ended.code:
            raise


def parse(folder: str) -> None:
    """The csv module over the three files."""
    for kind in KINDS:
        with (Path(folder) / f"{kind}.csv").open(encoding="utf-8", newline="") as stream:
            for _ in csv.reader(stream):
                pass


def check(folder: str) -> None:
    """Our reading of the three files: each row parsed and checked, nothing done with it."""
    from releasewatch.usecases.customer_import import open_directory

    for file in open_directory({kind: Path(folder) / f"{kind}.csv" for kind in KINDS}):  # type: ignore[misc]
        for _ in file.rows():
            pass


def load(source: str, target: str) -> None:
    """Put what an import wrote into empty tables, in the order of their keys, as the driver takes it."""
    if source.startswith("sqlite"):
        _load_sqlite(source, target)
    else:
        _load_postgres(source, target)


def _load_sqlite(source: str, target: str) -> None:
    places = [parse_url(Secret(one)).database or "" for one in (source, target)]
    with closing(sqlite3.connect(places[0])) as theirs, closing(sqlite3.connect(places[1])) as ours:
        later = []
        for table in TABLES:
            later += _without_indexes(ours, table.name)
            rows = theirs.execute(f"SELECT * FROM {table.name} ORDER BY {_key(table)}")
            statement = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
            while batch := rows.fetchmany(BATCH):
                ours.executemany(statement, batch)
        for statement in later:
            ours.execute(statement)
        ours.commit()


def _without_indexes(connection: sqlite3.Connection, table: str) -> list[str]:
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    found = connection.execute(asked, (table,)).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [statement for _, statement in found]


def _load_postgres(source: str, target: str) -> None:
    theirs, ours = (create_engine(parse_url(Secret(one))) for one in (source, target))
    with theirs.connect() as reading, ours.begin() as writing:
        asked = "SELECT indexdef, indexname FROM pg_indexes WHERE tablename = :name AND indexname LIKE 'ix_%'"
        for table in TABLES:
            later = writing.execute(text(asked), {"name": table.name}).all()
            for _, name in later:
                writing.execute(text(f'DROP INDEX "{name}"'))
            copied, copying = _cursor(reading), _cursor(writing)
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            query = f"COPY (SELECT {columns} FROM {table.name} ORDER BY {_key(table)}) TO STDOUT"
            with copied.copy(query) as taken, copying.copy(f"COPY {table.name} ({columns}) FROM STDIN") as given:
                for block in taken:
                    given.write(block)
            for statement, _ in later:
                writing.execute(text(statement))


def _cursor(connection: Any) -> Any:
    return connection.connection.driver_connection.cursor()


def _key(table: Any) -> str:
    return ", ".join(f'"{column.name}"' for column in table.primary_key.columns)


def compare(folder: Path, url: str, empty: str, customers: int) -> Iterator[tuple[str, Took, Took]]:
    """Lines of the table: what was measured, and its limit."""
    ledgers = [new_ledger(one) for one in (url, empty)]
    source, target = [[] if one.is_sqlite else [Server(one)] for one in ledgers]
    first = measured(bring, str(folder), url, servers=source)
    parsed, loaded = measured(parse, str(folder)), measured(load, url, empty, servers=source + target)
    limit = Took(parsed.wall + loaded.wall, parsed.cpu + loaded.cpu, loaded.peak, loaded.written)
    yield f"{customers:,} customers, first", first, limit
    runs = _runs(url)
    again, read = measured(bring, str(folder), url, servers=source), measured(check, str(folder))
    assert _runs(url) == runs + len(KINDS)
    report = json.loads((folder / "report.json").read_text())
    assert all(not file["added"] + file["changed"] + file["ended"] for file in report["import"]["files"])
    yield f"{customers:,} customers, again", again, read
    for one in ledgers:
        one.close()


def _runs(url: str) -> int:
    ledger = Ledger(Secret(url))
    with ledger.read() as connection:
        many = len(list(islice(connection.execute(select(t.import_run.c.import_id)), 1000)))
    ledger.close()
    return many


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=count, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--database", nargs="+", default=["SQLite", "PostgreSQL"], choices=["SQLite", "PostgreSQL"])
    given = parser.parse_args()
    print("| database | import | seconds (CPU) | limit (CPU) | ratio (CPU) | MiB peak | MiB written |")
    print("| --- | --- | --: | --: | --: | --: | --: |")
    for customers in given.customers:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "directory"
            write_scale(folder, customers=customers, seed=given.seed)
            if "SQLite" in given.database:
                urls = f"sqlite:///{place}/ledger.db", f"sqlite:///{place}/empty.db"
                _show("SQLite", compare(folder, *urls, customers))
            if "PostgreSQL" in given.database:
                with postgres_url() as url, postgres_url() as empty:
                    if url and empty:
                        _show("PostgreSQL", compare(folder, url, empty, customers))


def _show(database: str, lines: Iterator[tuple[str, Took, Took]]) -> None:
    for what, took, limit in lines:
        print(
            f"| {database} | {what} | {took.wall:.1f} ({took.cpu:.1f}) | {limit.wall:.1f} ({limit.cpu:.1f}) "
            f"| {took.wall / limit.wall:.1f} ({took.cpu / limit.cpu:.1f}) | {took.peak:.0f} | {took.written:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    run(main)
