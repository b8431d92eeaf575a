"""Times the commands that ask about customers, as they grow, beside the bare statements for the same customers.

`python -m tests.benchmarks.customers --customers 10000 100000` from the root of the repo; `--customers 1000000` takes
some GB of disk. Customers are written straight into the tables, ten entitlements each, without a file. Each command
runs as its users run it, in a process of its own; what Python needs to start is measured and taken off. A server for
PostgreSQL is started when its programs are found, as for the tests.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from tests.benchmarks.exposure import Limit, postgres_url, seconds
from tests.support.crowds import config_of, write_crowd
from tests.support.ledgers import new_ledger
from tests.support.worlds import World

COMPONENTS = 500
EACH = 10


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command took: seconds without start-up, MiB at most, bytes that the ledger grew by."""

    name: str
    seconds: float
    peak: float
    written: int
    limit: float | None = None


class Machine:
    """A ledger with a crowd, in which commands are run one after the other."""

    def __init__(self, folder: Path, url: str, customers: int) -> None:
        self.url, self.ledger = url, Ledger(Secret(url))
        self.world = World(folder, self.ledger, config='[releasewatch]\nrepo = "shop"\n' + config_of(COMPONENTS))
        self.world.commit(*(f"c{n}" for n in range(COMPONENTS)))
        self.world.record(1)
        took, _ = seconds(
            lambda: write_crowd(self.ledger, customers=customers, each=EACH, components=COMPONENTS, known=True)
        )
        print(f"  {customers} customers written in {took:.0f} s, {self.size() >> 20} MiB", flush=True)
        self.start = min(self._run(["--version"])[0] for _ in range(3))

    def size(self) -> int:
        """How large the ledger is, in bytes."""
        if self.ledger.is_sqlite:
            place = str(make_url(self.url).database)
            files = Path(place), Path(f"{place}-wal")
            return sum(one.stat().st_size for one in files if one.exists())
        with self.ledger.read() as connection:
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)

    def command(self, name: str, words: str, limit: Callable[[], int] | None = None) -> Ran:
        """Run one command, and what it is measured by before it."""
        least = None if limit is None else min(seconds(limit)[0] for _ in range(2))
        before = self.size()
        took, peak = self._run(words.split())
        return Ran(name, max(took - self.start, 0.001), peak, max(self.size() - before, 0), least)

    def _run(self, words: list[str]) -> tuple[float, float]:
        environment = {**os.environ, "RELEASEWATCH_DATABASE_URL": self.url, "RELEASEWATCH_ACTOR": "kim@example.org"}
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "releasewatch", *words],
            cwd=self.world.repo.path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"releasewatch {' '.join(words)} ended with {process.returncode}:\n{said}")
        return time.perf_counter() - began, usage.ru_maxrss / 1024


def measure(machine: Machine) -> list[Ran]:
    """Deployments that reach few and most of them, an incident, and the calls about both."""
    found = []
    for components, name in (([7], "few"), ([0], "most")):
        machine.world.commit(*(f"c{n}" for n in components))
        limit = Limit(machine.ledger, components)
        recorded = "deployment record --environment production --region eu --region us --format json"
        found.append(machine.command(f"deployment record, {name} reached", recorded, limit.count))
        last = "--deployment last --environment production"
        found += [
            machine.command(f"exposure list, first page, {name}", f"exposure list {last} --format json", limit.page),
            machine.command(f"exposure list, all as jsonl, {name}", f"exposure list {last} --format jsonl", limit.rows),
            machine.command(f"call list, first page, {name}", f"call list {last} --format json", limit.page),
        ]
    found.append(machine.command("call plan, a deployment, most", f"call plan {last}", limit.page))
    opened = f"incident open {last} --severity SEV2 --title broken"
    found += [
        machine.command("incident open, most", opened, limit.count),
        machine.command("call list, an incident, most", "call list --incident INC-1 --format json", limit.page),
        machine.command("call plan, an incident, most", "call plan --incident INC-1", limit.page),
        machine.command("the same again", "call plan --incident INC-1", limit.page),
    ]
    return found


def table(title: str, found: list[Ran]) -> str:
    """The figures as Markdown."""
    lines = [f"{title}", "", "| command | seconds | limit | ratio | peak MiB | written |", "|---|--:|--:|--:|--:|--:|"]
    for one in found:
        least, ratio = ("", "") if one.limit is None else (f"{one.limit:.3f}", f"{one.seconds / one.limit:.1f}")
        lines.append(f"| {one.name} | {one.seconds:.2f} | {least} | {ratio} | {one.peak:.0f} | {one.written:,} |")
    return "\n".join(lines)


def main() -> None:
    """Every size on every database, and the tables at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000])
    given = parser.parse_args()
    tables = []
    for customers in given.customers:
        with tempfile.TemporaryDirectory() as folder, postgres_url() as server:
            for name, url in (("SQLite", f"sqlite:///{folder}/ledger.db"), ("PostgreSQL", server)):
                if url is None:
                    continue
                print(f"{name}, {customers} customers", flush=True)
                place = Path(folder) / name
                place.mkdir()
                new_ledger(url).close()
                machine = Machine(place, url, customers)
                tables.append(table(f"### {name}, {customers:,} customers", measure(machine)))
                machine.ledger.close()
                print(tables[-1], flush=True)
    print("\n\n".join(["", *tables]))


if __name__ == "__main__":
    main()
