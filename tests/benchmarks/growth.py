"""Times lists, reports and suspects as a ledger grows: by deployments a day for a year.

`python -m tests.benchmarks.growth` from the root of the repo; a server for PostgreSQL is started when its programs are
found, as for the tests. Each command runs as people type it, in this process and after one run that is not counted, so
that what is measured is the work and not the start of Python. Seconds are those of processors, of this process and of
all of the server's; those of the clock stand beside them. The aim is one second; beside it stands what the database
takes to read the changes of 90 days once, in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from releasewatch.domain.customers import customer_id
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from tests.benchmarks.figure import draw
from tests.benchmarks.servers import Server, postgres_url
from tests.benchmarks.starting import count, run
from tests.benchmarks.year import ENDED, IN_MONOREPO, YEAR, write_year
from tests.support.crowds import write_crowd
from tests.support.ledgers import new_ledger

LIMIT = "(read 90 days once)"
CUSTOMERS = 2000
AIM_SECONDS = 1.0
ENDING = 0.3
"""Seconds in which a server's process ends that worked for a command; while it does, nobody counts what it took."""

UNTIL = f"{ENDED:%Y-%m-%dT%H:%M:%SZ}"
COMMANDS: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "deployment list": ("deployment", "list", "--limit", "100"),
    "incident suspects": ("incident", "suspects", "--component", "shop/c3", "--since", UNTIL),
    "report dora": ("report", "dora", "--until", UNTIL),
    "report dora --by month": ("report", "dora", "--by", "month", "--since", "2025-04-01", "--until", UNTIL),
    "report calls": ("report", "calls", "--until", UNTIL),
}
"""Reports are of the usual 90 days, but the one by month, which is of the whole year."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One command on one ledger: the medians of its runs. `seconds`: of processors; `clock`: on the wall."""

    database: str
    command: str
    a_day: int
    deployments: int
    seconds: float
    clock: float


def run_command(words: Sequence[str], url: str, folder: Path) -> str:
    """What a command says, run in this process; raises AssertionError when it fails."""
    from releasewatch.cli.main import run

    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    os.environ["RELEASEWATCH_DATABASE_URL"] = url
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        status = None
        try:
            run([*words, "--format", "json"])
        except SystemExit as ended:
            status = ended.code
    assert status == 0, (words, err.getvalue())
    out.seek(0)
    return out.read()


def measure(what: Callable[[], Any], server: Server, runs: int) -> tuple[float, float]:
    """The medians, in seconds of processors and of the clock, after one run that is not counted."""
    what()
    taken = []
    for _ in range(runs):
        began, clock = time.process_time() + server.seconds(), time.perf_counter()
        what()
        clock = time.perf_counter() - clock
        ours = time.process_time()
        time.sleep(ENDING)
        taken.append((ours + server.seconds() - began, clock))
    seconds, clocks = zip(*taken, strict=True)
    return statistics.median(seconds), statistics.median(clocks)


BARE = """
SELECT count(*), min(c.committed_at), max(length(c.sha))
FROM deployment d JOIN change c ON c.deployment_id = d.deployment_id
WHERE d.opened_at >= :since AND d.succeeded
"""


def read_once(url: str) -> None:
    """One statement over the changes of 90 days."""
    ledger = Ledger(Secret(url))
    since: Any = ENDED - timedelta(days=90)
    if ledger.is_sqlite:
        since = f"{since:%Y-%m-%d %H:%M:%S.%f}"
    with ledger.read() as connection:
        connection.execute(text(BARE), {"since": since}).all()
    ledger.close()


def write_ledger(url: str, deployments: int) -> None:
    """A ledger of two thousand customers and a year of deployments."""
    new_ledger(url).close()
    ledger = Ledger(Secret(url))
    write_crowd(ledger, customers=CUSTOMERS, each=10, components=IN_MONOREPO)
    ids = [customer_id("crm", f"k{number:07}") for number in range(CUSTOMERS)]
    write_year(ledger, deployments, customers=ids)
    ledger.close()


def sizes(url: str) -> dict[str, int]:
    """Bytes of each table with its indexes, the largest first; of SQLite those of the file alone."""
    ledger = Ledger(Secret(url))
    try:
        if ledger.path is not None:
            return {"(file)": ledger.path.stat().st_size}
        with ledger.read() as connection:
            rows = connection.execute(
                text("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' ORDER BY 2 DESC")
            )
            return {row[0]: row[1] for row in rows if row[1] > 100_000 and not row[0].startswith("pg_")}
    finally:
        ledger.close()


def measure_year(database: str, url: str, folder: Path, a_day: int, runs: int, only: Sequence[str]) -> list[Figure]:
    """All commands on a ledger of so many deployments a day for a year."""
    deployments = a_day * YEAR.days
    started = time.perf_counter()
    write_ledger(url, deployments)
    print(f"{database}, {deployments} deployments, written in {time.perf_counter() - started:.1f} s", flush=True)
    ledger = Ledger(Secret(url))
    server, found = Server(ledger), []
    ways: dict[str, Callable[[], Any]] = {LIMIT: partial(read_once, url)}
    ways |= {
        name: partial(run_command, words, url, folder) for name, words in COMMANDS.items() if not only or name in only
    }
    assert all(json.loads(what())["schema"] == 1 for name, what in ways.items() if name != LIMIT)
    for name, what in ways.items():
        found.append(Figure(database, name, a_day, deployments, *measure(what, server, runs)))
        print(f"  {name:<24} {found[-1].seconds:7.3f} s   of the clock {found[-1].clock:7.3f} s", flush=True)
    ledger.close()
    for name, many in list(sizes(url).items())[:12]:
        print(f"    {name:<24} {many / 1e6:8.1f} MB", flush=True)
    return found


def table(found: Sequence[Figure]) -> str:
    """The figures in Markdown: seconds of processors by size, and the largest as a share of the aim."""
    days = sorted({one.a_day for one in found})
    lines = [
        "| command | database | " + " | ".join(f"{day:,} a day" for day in days) + " | of the aim (1 s) |",
        "| --- | --- | " + " | ".join("--:" for _ in days) + " | --: |",
    ]
    for database, name in dict.fromkeys((one.database, one.command) for one in found):
        mine = {one.a_day: one.seconds for one in found if (one.database, one.command) == (database, name)}
        cells = [f"{mine[day]:.3f}" if day in mine else "" for day in days]
        ratio = mine[max(mine)] / AIM_SECONDS
        lines.append(f"| {name} | {database} | {' | '.join(cells)} | {ratio:.2f} |")
    return "\n".join(lines)


def picture(found: Sequence[Figure]) -> str:
    """The figures as SVG, a panel for each database."""
    panels = []
    for database in dict.fromkeys(one.database for one in found):
        mine = [one for one in found if one.database == database and one.command != LIMIT]
        lines = {
            name: [(one.deployments, one.seconds) for one in mine if one.command == name]
            for name in dict.fromkeys(one.command for one in mine)
        }
        panels.append((database, "deployments in the ledger, in a year", lines))
    return draw(panels, aim=AIM_SECONDS, title="Seconds of processors by deployments in the ledger")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a-day", type=count, nargs="+", default=[10, 100, 1000], metavar="N")
    parser.add_argument("--runs", type=count, default=3)
    parser.add_argument("--only", nargs="+", default=[], choices=list(COMMANDS), metavar="COMMAND")
    parser.add_argument("--database", nargs="+", default=["SQLite", "PostgreSQL"], choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--figures", type=Path, metavar="FILE", help="Keep the figures as JSON.")
    parser.add_argument("--draw-only", action="store_true", help="Measure nothing: draw the figures of the file.")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="Draw the figures.")
    given = parser.parse_args()
    if given.draw_only and not (given.svg and given.figures and given.figures.is_file()):
        parser.error("--draw-only draws what a run kept with --figures FILE: name that file, and --svg FILE")
    found: list[Figure] = []
    for a_day in () if given.draw_only else given.a_day:
        with tempfile.TemporaryDirectory() as text_of_folder, contextlib.ExitStack() as stack:
            folder = Path(text_of_folder)
            (folder / "releasewatch.toml").write_text('[releasewatch]\nrepo = "shop"\n')
            for database in given.database:
                url: Any = f"sqlite:///{folder}/ledger.db"
                if database == "PostgreSQL":
                    url = stack.enter_context(postgres_url())
                if url is not None:
                    found += measure_year(database, url, folder, a_day, given.runs, given.only)
    if given.figures is not None and given.draw_only:
        found = [Figure(**one) for one in json.loads(given.figures.read_text())]
    elif given.figures is not None:
        given.figures.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    print(table(found))
    if given.svg is not None:
        given.svg.write_text(picture(found))


if __name__ == "__main__":
    run(main)
