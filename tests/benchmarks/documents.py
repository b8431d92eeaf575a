"""Times documents of 300,000 rows beside the least that could make them: the csv module, one JSON encoder, bare Jinja.

`python -m tests.benchmarks.documents` from the root of the repo; a server for PostgreSQL is started when its programs
are found, as for the tests. Every way is a process of its own, start-up included. Lists of customers are the commands
as people type them, beside the driver's own cursor with the same statement as bare as it can be. Notes and call lists
are what their renderers do with so many rows: the rows are a thousand that differ, said over and over, so that what a
process grows by is the renderer's. Their limit is the same template and the same finished views in a Jinja environment
without our sandbox, which escapes what it prints: for HTML as Jinja itself does, for Markdown, of which Jinja knows
nothing, by our own function; or the csv module with the finished cells.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import PROGRAM, Way, run_in_turn
from tests.benchmarks.starting import count, run

ROWS = 300_000
DIFFERENT = 1000
PARTS = 30
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CSV_AIM, JSON_AIM, JINJA_AIM, MEMORY_AIM = 2.0, 1.5, 1.5, 60


class Again(Sequence[Any]):
    """A few values as a sequence of many, which takes no memory."""

    def __init__(self, few: Sequence[Any], many: int) -> None:
        self._few, self._many = few, many

    def __len__(self) -> int:
        return self._many

    def __getitem__(self, place: Any) -> Any:
        if not 0 <= place < self._many:
            raise IndexError(place)
        return self._few[place % len(self._few)]

    def __iter__(self) -> Iterator[Any]:
        return islice(cycle(self._few), self._many)


# What is in the ledger, as the driver gives it.

EXPOSED = """
SELECT c.key, c.directory, f.name, f.account_manager, w.subject, w.region, w.valid_from, w.valid_to
FROM (SELECT e.customer_id, e.subject, e.region, e.valid_from, e.valid_to FROM entitlement e WHERE e.subject = 'shop/c0'
AND e.valid_from <= {now} AND e.valid_to > {now} AND e.recorded_from <= {now} AND e.recorded_to > {now}) w
JOIN customer c ON c.customer_id = w.customer_id JOIN customer_fact f ON f.customer_id = w.customer_id
ORDER BY c.key, c.directory
"""
CUSTOMERS = """
SELECT c.key, c.directory, f.name, f.customer_tier, f.account_manager, f.country, u.many
FROM customer c JOIN customer_fact f ON f.customer_id = c.customer_id
JOIN (SELECT e.customer_id, count(*) AS many FROM entitlement e WHERE
e.valid_from <= {now} AND e.valid_to > {now} AND e.recorded_from <= {now} AND e.recorded_to > {now}
GROUP BY e.customer_id) u ON u.customer_id = c.customer_id
ORDER BY c.key, c.directory
"""


def fetched(statement: str, url: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a bare statement, by the driver alone."""
    if url.startswith("sqlite"):
        import sqlite3

        words = statement.format(now=f"'{NOW:%Y-%m-%d %H:%M:%S.%f}'")
        yield from sqlite3.connect(url.removeprefix("sqlite:///")).execute(words)
        return
    import psycopg

    words = statement.format(now=f"'{NOW:%Y-%m-%d %H:%M:%S.%f+00}'")
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor(name="bare") as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(words.encode())


def exposed_document(row: tuple[Any, ...]) -> dict[str, Any]:
    """A document like ours: the encoder's part is to be the same."""
    key, directory, name, manager, subject, region, begins, ends = row
    window = {"component": subject, "region": region, "ring": None, "live_from": str(begins)}
    return {
        "key": key,
        "directory": directory,
        "name": name,
        "reach": "direct",
        "possible": False,
        "possible_because": [],
        "state": "carrying",
        "distance": 0,
        "via": None,
        "components": [subject],
        "windows": [window | {"live_until": str(ends), "carrying_until": str(ends)}],
        "account_manager": manager,
        "withheld": [],
    }


CUSTOMER_FIELDS = ("key", "directory", "name", "customer_tier", "account_manager", "country", "entitlements")


def customer_document(row: tuple[Any, ...]) -> dict[str, Any]:
    """The same of a customer."""
    return {**dict(zip(CUSTOMER_FIELDS, row, strict=True)), "withheld": []}


def exposed_cells(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a row of ours holds."""
    key, _, name, manager, subject, *_ = row
    return key, name, "direct", "no", "carrying", 0, "", subject, manager, ""


def customer_cells(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same of a customer."""
    return row[0], *row[2:]


def bare_csv(rows: Iterable[Iterable[Any]]) -> None:
    """One writer of the csv module."""
    csv.writer(sys.stdout).writerows(rows)


def bare_jsonl(items: Iterable[dict[str, Any]]) -> None:
    """One JSON encoder."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    sys.stdout.writelines(encode(item) + "\n" for item in items)


# What is rendered.


def planned_calls(rows: int) -> Any:
    """A list of so many customers to write to, to call and to leave, with all that a row may hold."""
    from releasewatch.domain.call_lists import CallList
    from releasewatch.domain.call_scores import RankingWeights
    from releasewatch.domain.calling_hours import CallingHours
    from releasewatch.domain.calls import CallCandidate, CallComponent, CallContact, rank_calls

    reached: list[Any] = [("named", 0), ("direct", 0), ("dependent", 1), ("dependent", 3)]
    made = []
    for n in range(DIFFERENT):
        how, distance = reached[n % len(reached)]
        phone = f"+4930{23_125_000 + n}"
        contact = CallContact("1", f"Somebody at {n}", "on call", phone, phone, "valid", f"k{n}@example.org")
        component = CallComponent(f"Component {n % 50}", "dependent" if distance else "direct", "Core", distance)
        made.append(
            CallCandidate(
                f"k{n:07}", f"Customer (No. {n}) & Sons", how, call=f"C-{n}", components=(component,),
                distance=distance, contacts=(contact,), timezone="Europe/Berlin", tier=("gold", "", "silver")[n % 3],
                contract_value=Decimal(1000 + n * 37), account_manager=f"manager-{n % 50}", say=("It is mended.",),
            )
        )  # fmt: skip
    few = rank_calls(made, RankingWeights(), CallingHours(), NOW)
    return CallList("D-7", "shop", "production", NOW, 3, Again(few, rows), rows, live_at=NOW - timedelta(hours=1))


def noted_changes(rows: int) -> Any:
    """Notes for engineering with so many changes, by kind and component."""
    from releasewatch.domain.notes import NoteGroup, NoteItem, Notes, NoteSection

    few = tuple(
        NoteItem(
            f"Let the total of _basket {n}_ round once, and show what a coupon took (as `sum`)",
            also=("Checkout", "Ledger of points") if n % 5 == 0 else (),
            breaking=n % 100 == 0,
            breaking_note="Totals have two digits." if n % 100 == 0 else "",
            wording="Totals are right." if n % 10 == 0 else "",
            pull_request=n,
            sha=f"{n * 2_654_435_761:040x}",
            authors=("Ada Example",),
            authored_at=NOW,
        )
        for n in range(DIFFERENT)
    )
    kinds = ("feat", "fix", "chore")
    each: Any = Again(few, rows // PARTS)
    groups = tuple(NoteGroup(f"Component {n}", each) for n in range(PARTS // len(kinds)))
    sections = tuple(NoteSection(kind, kind.title(), groups) for kind in kinds)
    return Notes("engineering", conventional=True, repo="shop", base="a" * 40, head="b" * 40, sections=sections)


def our_calls(form: str, rows: int) -> None:
    from releasewatch.rendering.documents import write_calls

    calls = planned_calls(rows)
    if form == "csv":  # is in the order of ranks: rows that are said again must not come to stand beside each other
        calls = replace(calls, rows=Again([replace(row, rank=1) for row in islice(calls.rows, DIFFERENT)], rows))
    write_calls(sys.stdout, calls, form)  # type: ignore[arg-type]


def our_notes(form: str, rows: int) -> None:
    from releasewatch.rendering.documents import write_notes

    write_notes(sys.stdout, noted_changes(rows), form)  # type: ignore[arg-type]


def bare_calls(form: str, rows: int) -> None:
    from releasewatch.domain.privacy import Reveal
    from releasewatch.rendering.call_sheets import csv_blocks
    from releasewatch.rendering.call_views import call_list_view, row_maker

    calls = planned_calls(rows)
    if form == "csv":
        blocks = csv_blocks(planned_calls(DIFFERENT), Reveal.CONTACTS, in_ci=False, opaque=False)
        bare_csv(Again([row for block in blocks for row in zip(*block, strict=True)], rows))
        return
    make = row_maker(Reveal.CONTACTS, in_ci=False, opaque=False)
    view = call_list_view(calls)
    by_verdict: dict[str, list[Any]] = {}
    for row in islice(calls.rows, DIFFERENT):
        by_verdict.setdefault(row.verdict, []).append(make(row))
    sections = []
    for section in view.sections:
        again: Any = Again(by_verdict[section.verdict], section.number)
        group = replace(section.groups[0], rows=again, number=section.number)
        sections.append(replace(section, rows=again, groups=(group,)))
    bare_jinja(f"calls/list.{form}", {"calls": replace(view, sections=tuple(sections))})


def bare_notes(form: str, rows: int) -> None:
    from releasewatch.rendering.views import notes_view

    many = len(noted_changes(rows).sections[0].groups[0].items)
    view = notes_view(noted_changes(DIFFERENT * PARTS))
    sections = []
    for section in view.sections:
        groups: Any = [replace(group, items=Again(tuple(group.items), many)) for group in section.groups]
        sections.append(replace(section, groups=tuple(groups)))
    bare_jinja(f"notes/engineering.{form}", {"notes": replace(view, sections=tuple(sections))})


def bare_jinja(name: str, values: dict[str, Any]) -> None:
    """The same template, as Jinja would have it, buffered."""
    import jinja2

    from releasewatch.rendering.escape import as_markdown
    from releasewatch.rendering.templates import builtin_folder

    is_html = name.endswith(".html")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(builtin_folder()), trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined,
        autoescape=is_html, finalize=None if is_html else as_markdown,  # noqa: S701 - the least
    )  # fmt: skip
    stream = environment.get_template(name).stream(values)
    stream.enable_buffering(1000)
    stream.dump(sys.stdout.buffer, "utf-8")


Bare = Callable[[str, int], None]
BARE: dict[str, Bare] = {
    "exposure csv": lambda url, _: bare_csv(map(exposed_cells, fetched(EXPOSED, url))),
    "exposure jsonl": lambda url, _: bare_jsonl(map(exposed_document, fetched(EXPOSED, url))),
    "customers csv": lambda url, _: bare_csv(map(customer_cells, fetched(CUSTOMERS, url))),
    "customers jsonl": lambda url, _: bare_jsonl(map(customer_document, fetched(CUSTOMERS, url))),
    "calls csv": lambda _, rows: bare_calls("csv", rows),
    "calls md": lambda _, rows: bare_calls("md", rows),
    "calls html": lambda _, rows: bare_calls("html", rows),
    "notes md": lambda _, rows: bare_notes("md", rows),
    "notes html": lambda _, rows: bare_notes("html", rows),
}
RENDERED: dict[str, Bare] = {
    "calls csv": lambda _, rows: our_calls("csv", rows),
    "calls md": lambda _, rows: our_calls("md", rows),
    "calls html": lambda _, rows: our_calls("html", rows),
    "notes md": lambda _, rows: our_notes("md", rows),
    "notes html": lambda _, rows: our_notes("html", rows),
}
LISTED = {
    "exposure csv": "exposure list --deployment D-2 --format csv --reveal names --at {now}",
    "exposure jsonl": "exposure list --deployment D-2 --format jsonl --reveal names --at {now}",
    "customers csv": "customer list --format csv --reveal names",
    "customers jsonl": "customer list --format jsonl --reveal names",
}
AIMS = {"csv": CSV_AIM, "jsonl": JSON_AIM, "md": JINJA_AIM, "html": JINJA_AIM}


@dataclass(frozen=True, slots=True)
class Measured:
    """One document: ours beside the least, in seconds of the processor and MiB."""

    name: str
    ours: Way
    least: Way

    @property
    def line(self) -> str:
        """The row of the table."""
        ratio = statistics.median(a / b for a, b in zip(self.ours.worked, self.least.worked, strict=True))
        aim = AIMS[self.name.split()[-1]]
        met = "met" if ratio <= aim and self.ours.peak <= MEMORY_AIM else "missed"
        mine, theirs = statistics.median(self.ours.worked), statistics.median(self.least.worked)
        memory = f"{self.ours.peak:.0f} | {self.least.peak:.0f}"
        return f"| {self.name} | {mine:.2f} | {theirs:.2f} | {ratio:.2f} | {aim} | {memory} | {met} |"


def write_ledger(url: str, folder: Path, rows: int) -> None:
    """A ledger in which the second deployment reaches so many customers, three of five."""
    from releasewatch.secret import Secret
    from releasewatch.storage.ledger import Ledger
    from tests.support.crowds import config_of, write_crowd
    from tests.support.ledgers import new_ledger
    from tests.support.worlds import World

    new_ledger(url).close()
    ledger = Ledger(Secret(url))
    folder.mkdir()
    world = World(folder, ledger, config='[releasewatch]\nrepo = "shop"\n' + config_of(10))
    world.commit(*(f"c{n}" for n in range(10)))
    world.record(1)
    world.commit("c0")
    world.record(2)
    write_crowd(ledger, customers=rows * 5 // 3, each=2, components=10)
    ledger.close()


def itself(rows: int, url: str) -> list[str]:
    """The command of a process that does one thing of this module."""
    return [sys.executable, "-m", "tests.benchmarks.documents", "--rows", str(rows), "--url", url]


def measure(name: str, url: str, folder: Path, given: argparse.Namespace) -> Measured:
    """One document, ours and the least in turn."""
    if name in LISTED:
        words = LISTED[name].format(now=f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
        ours = Way("ours", [PROGRAM, "--database", url, *words.split(), "--quiet"], cwd=folder)
    else:
        ours = Way("ours", [*itself(given.rows, url), "--rendered", name])
    least = Way("the least", [*itself(given.rows, url), "--bare", name])
    run_in_turn([least, ours], Path.cwd(), given.runs)
    return Measured(name, ours, least)


def table(title: str, found: Sequence[Measured]) -> str:
    """The figures in Markdown."""
    head = "| document | ours s | the least s | ratio | aim | ours MiB | the least MiB | |"
    return "\n".join([title, "", head, "| --- | --: | --: | --: | --: | --: | --: | --- |", *(m.line for m in found)])


def main() -> None:
    """All documents, or one of them into stdout: what the processes that are measured do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=count, default=ROWS)
    parser.add_argument("--runs", type=count, default=3)
    parser.add_argument("--only", nargs="+", default=[], choices=[*LISTED, *RENDERED], metavar="DOCUMENT")
    parser.add_argument("--database", nargs="+", default=["SQLite", "PostgreSQL"], choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--bare", choices=list(BARE), help=argparse.SUPPRESS)
    parser.add_argument("--rendered", choices=list(RENDERED), help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write_ledger(given.url, given.write, given.rows)
        return
    if given.bare or given.rendered:
        (BARE[given.bare] if given.bare else RENDERED[given.rendered])(given.url, given.rows)
        return
    tables = []
    wanted = given.only or [*LISTED, *RENDERED]
    rendered = [name for name in RENDERED if name in wanted]
    if rendered:
        found = [measure(name, "", Path.cwd(), given) for name in rendered]
        tables.append(table(f"### Rendered, {given.rows:,} rows", found))
        print(tables[-1], flush=True)
    from tests.benchmarks.servers import postgres_url  # what is loaded counts as part of what is started from here

    listed = [name for name in LISTED if name in wanted]
    for database in given.database if listed else ():
        with tempfile.TemporaryDirectory() as name_of_folder, ExitStack() as stack:
            url: Any = f"sqlite:///{name_of_folder}/ledger.db"
            if database == "PostgreSQL":
                url = stack.enter_context(postgres_url())
            if url is None:
                continue
            folder = Path(name_of_folder) / "repo"
            # In another process: what is started from a large one counts as large.
            subprocess.run([*itself(given.rows, url), "--write", str(folder)], check=True)
            found = [measure(name, url, folder, given) for name in listed]
            tables.append(table(f"### {database}, {given.rows:,} rows", found))
            print(tables[-1], flush=True)


if __name__ == "__main__":
    run(main)
