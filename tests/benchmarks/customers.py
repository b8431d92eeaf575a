"""Measures the commands that ask about customers, as they grow, beside the bare statements for the same customers.

`python -m tests.benchmarks.customers --customers 10000 100000` from the root of the repo; `--customers 1000000` takes
some GB of disk. Customers are written straight into the tables, ten entitlements each, without a file. Each command
runs as its users run it, in a process of its own, start-up included. A server for PostgreSQL is started when its
programs are found, as for the tests.

Seconds are those of processors, which a busy machine changes least: of the command and what it started, and of all
processes of the server. What is written is what the log (WAL) of the ledger grew by.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from tests.benchmarks.exposure import Limit, postgres_url
from tests.benchmarks.figure import draw
from tests.benchmarks.measuring import bare_environment
from tests.benchmarks.servers import Server
from tests.benchmarks.starting import count, ended_with_us, run
from tests.support.crowds import config_of, write_crowd
from tests.support.ledgers import new_ledger
from tests.support.worlds import World

COMPONENTS = 500
"""So many are used by customers; one more is used by nobody."""
EACH = 10
AIM_SECONDS = 1.0
COUNTED = Path(__file__).with_name("counted.py")
DATABASES = ("SQLite", "PostgreSQL")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command took: seconds of its own processors and of the server's, MiB at most, bytes written.

    `limit`: what the bare statement took, of both; 0 where there is none. `clock`: seconds of the clock.
    """

    database: str
    customers: int
    name: str
    own: float
    server: float
    clock: float
    peak: float
    written: int
    limit: float = 0.0

    @property
    def seconds(self) -> float:
        """Of all processors."""
        return self.own + self.server


class Machine:
    """A ledger with a crowd, in which commands are run one after the other."""

    def __init__(self, folder: Path, database: str, url: str, customers: int) -> None:
        self.url, self.database, self.customers = url, database, customers
        self.ledger = Ledger(Secret(url))
        self._counts = folder / "counted"
        self.world = World(folder, self.ledger, config='[releasewatch]\nrepo = "shop"\n' + config_of(COMPONENTS + 1))
        self.world.commit(*(f"c{n}" for n in range(COMPONENTS + 1)))
        self.world.record(1)
        began = time.process_time()
        write_crowd(self.ledger, customers=customers, each=EACH, components=COMPONENTS, known=True)
        took = time.process_time() - began
        self._server = Server(self.ledger)
        self._server.settle()
        print(f"  {customers} customers written in {took:.0f} s of our processor, {self.size() >> 20} MiB", flush=True)

    def size(self) -> int:
        """How large the ledger is, in bytes."""
        if self.ledger.is_sqlite:
            place = str(make_url(self.url).database)
            files = Path(place), Path(f"{place}-wal")
            return sum(one.stat().st_size for one in files if one.exists())
        with self.ledger.read() as connection:
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)

    def command(self, name: str, words: str, limit: Callable[[], int] | None = None) -> Ran:
        """Run one command, and what it is measured by before it: the quickest of three."""
        least = 0.0 if limit is None else min(self._bare(limit) for _ in range(3))
        self._server.settle()
        worked, logged = self._server.seconds(), self._server.logged()
        clock, own, peak = self._run(words.split())
        worked, logged = self._server.seconds() - worked, self._server.logged() - logged
        found = Ran(self.database, self.customers, name, own, worked, clock, peak, logged, least)
        print(f"  {_line(found)}", flush=True)
        return found

    def _bare(self, limit: Callable[[], int]) -> float:
        began, worked = time.process_time(), self._server.seconds()
        limit()
        return time.process_time() - began + self._server.seconds() - worked

    def _run(self, words: Sequence[str]) -> tuple[float, float, float]:
        own = {
            "RELEASEWATCH_DATABASE_URL": self.url,
            "RELEASEWATCH_ACTOR": "kim@example.org",
            "PYTHONPATH": str(COUNTED.parents[2]),
        }
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-P", COUNTED, self._counts, *words],
            cwd=self.world.repo.path,
            env=bare_environment() | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        with ended_with_us(process):
            said = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"releasewatch {' '.join(words)} ended with {process.returncode}:\n{said}")
        return took, usage.ru_utime + usage.ru_stime, int(self._counts.read_text()) / 1024


def measure(machine: Machine) -> list[Ran]:
    """Deployments that reach few and most of them, an incident, and the calls about both."""
    found = [machine.command("start-up alone", "--version")]
    machine.world.commit(f"c{COMPONENTS}")
    machine.world.record(2)
    found.append(machine.command(NOBODY_LISTED, "call list --deployment last --environment production --format json"))
    for components, name in (([7], "few"), ([0], "most")):
        machine.world.commit(*(f"c{n}" for n in components))
        limit = Limit(machine.ledger, components)
        recorded = "deployment record --environment production --region eu --region us --format json"
        last = "--deployment last --environment production"
        found += [
            machine.command(f"deployment record, {name}", recorded, limit.count),
            machine.command(f"exposure list, first page, {name}", f"exposure list {last} --format json", limit.page),
            machine.command(f"exposure list, all as jsonl, {name}", f"exposure list {last} --format jsonl", limit.rows),
            machine.command(f"call list, first page, {name}", f"call list {last} --format json", limit.page),
        ]
    print(f"  {least_for_a_page(found)}", flush=True)
    found.append(machine.command("call plan, a deployment, most", f"call plan {last}", limit.page))
    opened = f"incident open {last} --severity SEV2 --title broken"
    found += [
        machine.command("incident open, most", opened, limit.count),
        machine.command("call list, an incident, most", "call list --incident INC-1 --format json", limit.page),
        machine.command("call plan, an incident, most", "call plan --incident INC-1", limit.page),
        machine.command("the same plan again", "call plan --incident INC-1", limit.page),
    ]
    return found


NOBODY_LISTED = "call list, first page, nobody"


def least_for_a_page(found: Sequence[Ran]) -> str:
    """What the first page of a long list of calls cannot do without, in words, by what else was measured.

    It says how many are reached in all, and what is to be done of as many as the list holds (`[calling] most`): it
    asks what it asks for nobody, counts everybody once, and ranks those. To find whom to rank comes on top of it.
    """
    took = {one.name: one.seconds for one in found}
    begun = took[NOBODY_LISTED]
    counted = next(one.limit for one in found if one.name == "deployment record, most")
    ranked = max(0.0, took["call list, first page, few"] - begun)
    return (
        f"a first page cannot do without {begun + counted + ranked:.2f} s: {begun:.2f} as for nobody, {counted:.2f} to "
        f"count who is reached, {ranked:.2f} to rank what a list holds; aim {AIM_SECONDS:.2f}, "
        f"took {took['call list, first page, most']:.2f}"
    )


HEAD = (
    "| command | s of processors | of these the server's | limit | ratio | peak MiB | bytes written |\n"
    "|---|--:|--:|--:|--:|--:|--:|"
)


def _line(one: Ran) -> str:
    ratio = f"{one.seconds / one.limit:.1f}" if one.limit else ""
    least = f"{one.limit:.3f}" if one.limit else ""
    return (
        f"| {one.name} | {one.seconds:.2f} | {one.server:.2f} | {least} | {ratio} | {one.peak:.0f} | {one.written:,} |"
    )


def tables(found: Sequence[Ran]) -> str:
    """The figures as Markdown, a table for each ledger."""
    parts = []
    for database, customers in dict.fromkeys((one.database, one.customers) for one in found):
        mine = [one for one in found if (one.database, one.customers) == (database, customers)]
        parts.append("\n".join([f"### {database}, {customers:,} customers", "", HEAD, *map(_line, mine)]))
    return "\n\n".join(parts)


DRAWN = {
    "deployment record, most": "deployment record",
    "exposure list, first page, most": "exposure list, first page",
    "exposure list, all as jsonl, most": "exposure list, all",
    "incident open, most": "incident open",
    "call list, first page, most": "call list, first page",
    "call plan, an incident, most": "call plan, an incident",
}


def picture(found: Sequence[Ran]) -> str:
    """The figures as SVG, a panel for each database: of a deployment that reaches most customers."""
    panels = []
    for database in dict.fromkeys(one.database for one in found):
        mine = [one for one in found if one.database == database]
        lines = {
            label: sorted((one.customers, one.seconds) for one in mine if one.name == name)
            for name, label in DRAWN.items()
        }
        drawn = {label: points for label, points in lines.items() if points}
        panels.append((database, "customers in the directory, three of five reached", drawn))
    return draw(panels, aim=AIM_SECONDS, title="Seconds of processors by customers in the directory")


def joined(before: Sequence[Ran], found: Sequence[Ran]) -> list[Ran]:
    """The figures of earlier runs and of this one, which is right where both have some of a ledger."""
    there = {(one.database, one.customers) for one in found}
    kept = [one for one in before if (one.database, one.customers) not in there]
    order = sorted(dict.fromkeys((DATABASES.index(one.database), one.customers) for one in [*kept, *found]))
    return [
        one for place in order for one in [*kept, *found] if (DATABASES.index(one.database), one.customers) == place
    ]


def main() -> None:
    """Every size on every database, and the tables at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=count, nargs="+", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--database", nargs="+", default=list(DATABASES), choices=DATABASES)
    parser.add_argument("--figures", type=Path, metavar="FILE", help="Keep the figures as JSON, with those there are.")
    parser.add_argument("--draw-only", action="store_true", help="Measure nothing: draw the figures of the file.")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="Draw the figures.")
    given = parser.parse_args()
    if given.draw_only and not (given.svg and given.figures and given.figures.is_file()):
        parser.error("--draw-only draws what a run kept with --figures FILE: name that file, and --svg FILE")
    found: list[Ran] = []
    if given.figures is not None and given.figures.exists():
        found = [Ran(**one) for one in json.loads(given.figures.read_text())]
    for customers in () if given.draw_only else given.customers:
        for database in given.database:
            with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                url: Any = f"sqlite:///{folder}/ledger.db"
                if database == "PostgreSQL":
                    url = stack.enter_context(postgres_url())
                if url is None:
                    continue
                print(f"{database}, {customers} customers", flush=True)
                new_ledger(url).close()
                machine = Machine(Path(folder), database, url, customers)
                found = joined(found, measure(machine))
                machine.ledger.close()
            if given.figures is not None:
                given.figures.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    print(f"\n{tables(found)}")
    if given.svg is not None:
        given.svg.write_text(picture(found))


if __name__ == "__main__":
    run(main)
