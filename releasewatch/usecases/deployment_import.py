"""Importing a past: deployments from tags or from a list, recorded in order of time as if they were told when made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Rejected, Stated
from releasewatch.domain.forges import FORGE_TITLES
from releasewatch.domain.past import IMPORT, PastDeployment, Source, Tag
from releasewatch.domain.times import format_utc
from releasewatch.errors import ConfigError, InvalidCallError, RefusedError, ReleasewatchError
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.past_deployments import DEPLOYMENTS
from releasewatch.storage import deployments, footprints
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.attempts import AHEAD
from releasewatch.usecases.forge_past import without_those_told
from releasewatch.usecases.record_facts import RecordRequest
from releasewatch.usecases.recording import record
from releasewatch.usecases.tag_packages import TagPackages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from releasewatch.domain.catalog import Catalog
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class PastRow:
    """One deployment to be imported, with where it is stated: the line of a file, a tag, or a forge's own number."""

    past: PastDeployment
    line: int | None = None
    tag: str | None = None
    forge_id: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """What was refused, and why. `column`: the file's own heading, empty when the whole row is meant."""

    reason: str
    column: str = ""
    line: int | None = None
    tag: str | None = None
    forge_id: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What a source states. `read`: how many rows or tags; `left_out`: words to how many of them were not wanted."""

    source: Source
    rows: Sequence[PastRow]
    rejected: tuple[RejectedRow, ...] = ()
    read: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    file: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedDeployment:
    """A deployment of the past that the ledger now has. `sideways`: somewhere it did not follow what was there."""

    id: str
    environment: str
    release: str
    head: str
    opened_at: datetime
    kind: str
    range: str
    sideways: bool
    already_recorded: bool


@dataclass(slots=True)
class PastReport:
    """What an import did; `written` is False when a refused row stopped it and nothing was changed."""

    past: Past
    deployments: list[ImportedDeployment] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    written: bool = True


def past_of_tags(
    tags: Iterable[Tag],
    patterns: Sequence[str],
    since: datetime | None,
    usual: PastDeployment,
    now: datetime,
    packages_of: Callable[[Sequence[str]], TagPackages] = lambda _: TagPackages(),
) -> Past:
    """The tags that match one of some patterns (as `git tag --list` matches; none: all) as deployments like `usual`.

    `packages_of` says which tags name a package, and its component: those are deployments of that one alone, and left
    out where there is none; a package's first in the window is compared with its own tag before that. Raises
    InvalidCallError when no tag matches: that is a clone without tags, or a slip of the pen.
    """
    chosen = [tag for tag in tags if not patterns or any(fnmatchcase(tag.name, one) for one in patterns)]
    if not chosen:
        which = f"No tag here is called {' or '.join(map(repr, patterns))}" if patterns else "There is no tag here"
        raise InvalidCallError(f"{which}, so no deployment can be read from tags.", "Fetch them: git fetch --tags")
    packages = packages_of([tag.name for tag in chosen])
    rows: list[PastRow] = []
    rejected: list[RejectedRow] = []
    older = unknown = 0
    before: dict[str, Tag] = {}
    for tag in sorted(chosen, key=lambda one: one.at or OPEN_END):
        package = packages.of_tag.get(tag.name)
        if package in packages.unknown:
            unknown += 1
        elif tag.sha is None or tag.at is None:
            rejected.append(RejectedRow("names no commit" if tag.sha is None else "has no date", tag=tag.name))
        elif tag.at > now + AHEAD:
            rejected.append(RejectedRow("is dated ahead of the clock", tag=tag.name))
        elif since is not None and tag.at < since:
            older += 1
            if package is not None:
                before[package] = tag
        else:
            past = replace(usual, head=tag.sha, finished_at=tag.at, release=tag.name)
            if package is not None:
                earlier = before.pop(package, None)
                own = packages.components[package]
                past = replace(past, components=(own,), base="" if earlier is None else earlier.name)
            rows.append(PastRow(past, tag=tag.name))
    left_out = _counted(older=older) | ({packages.unknown_words(): unknown} if unknown else {})
    return Past("tags", rows, tuple(rejected), len(chosen), left_out, notes=packages.notes())


def past_of_file(path: Path, since: datetime | None, usual: PastDeployment, now: datetime) -> Past:
    """The deployments that a list holds; what a row leaves empty is as in `usual`.

    Raises InvalidCallError when the file cannot be read, or lacks a column.
    """
    file: DirectoryFile[PastDeployment] = open_file(path, DEPLOYMENTS)
    rows: list[PastRow] = []
    rejected: list[RejectedRow] = []
    read = older = 0
    for entry in file.rows():
        read += 1
        problem = _problem(entry, file, usual, now)
        if problem is not None:
            rejected.append(problem)
        elif isinstance(entry, Stated):
            past = _filled(entry.row, usual)
            if since is not None and past.opened_at is not None and past.opened_at < since:
                older += 1
            else:
                rows.append(PastRow(past, line=entry.line))
    return Past("file", rows, tuple(rejected), read, _counted(older=older), str(path), file.notes)


def _problem(
    entry: Stated[PastDeployment] | Rejected, file: DirectoryFile[PastDeployment], usual: PastDeployment, now: datetime
) -> RejectedRow | None:
    if isinstance(entry, Rejected):
        first = entry.problems[0]
        return RejectedRow(first.reason, file.layout.heading(first.column), entry.line)
    if not (entry.row.environment or usual.environment):
        return RejectedRow("is empty, and --environment is not given", file.layout.heading("environment"), entry.line)
    if entry.row.finished_at is not None and entry.row.finished_at > now + AHEAD:
        return RejectedRow("is ahead of the clock", file.layout.heading("finished_at"), entry.line)
    return None


def _filled(row: PastDeployment, usual: PastDeployment) -> PastDeployment:
    return replace(
        row,
        environment=row.environment or usual.environment,
        regions=row.regions or usual.regions,
        rings=row.rings or usual.rings,
        components=row.components or usual.components,
    )


def _counted(*, older: int) -> dict[str, int]:
    return {"older than --since": older} if older else {}


def import_past(
    ledger: Ledger,
    around: Surroundings,
    past: Past,
    request_of: Callable[[PastDeployment], RecordRequest],
    *,
    track: Callable[[Sequence[PastRow]], Iterable[PastRow]] = iter,
) -> PastReport:
    """Record what is stated, the oldest first; each deployment is a transaction of its own, and safe to repeat.

    What cannot be recorded is refused by itself, and the others go on. Tags are a guess: those made after a deployment
    was first told as it happened are left out. `track` is handed the rows and gives them back while it shows progress.
    """
    report = PastReport(past, rejected=list(past.rejected), left_out=dict(past.left_out))
    rows = sorted(past.rows, key=lambda row: row.past.opened_at or OPEN_END)
    if past.source == "tags":
        rows = _before_the_first_told(ledger, around.repo, rows, report)
    elif past.source in FORGE_TITLES:
        rows = without_those_told(ledger, around.repo, rows, report.left_out)
    lenient = replace(around, catalog_at=_LenientCatalogs(around, report))
    for row in track(rows):
        try:
            done = record(ledger, lenient, _as_imported(request_of(row.past), row, past.source, around))
        except (InvalidCallError, RefusedError) as error:
            column = _column_of(error, row, around)
            report.rejected.append(RejectedRow(error.message.rstrip("."), column, row.line, row.tag, row.forge_id))
            continue
        with ledger.read() as connection:
            found = deployments.get_deployment(connection, done.deployment_id)
            ranges = {block.range for block in footprints.read_blocks(connection, done.deployment_id)}
        report.remarks |= dict.fromkeys(done.remarks)
        report.deployments.append(
            ImportedDeployment(
                found.id,
                found.environment,
                found.row.release,
                found.row.head,
                found.row.opened_at,
                found.row.kind,
                found.row.range,
                not ranges.isdisjoint(("diverged", "rollback")),
                done.already_recorded,
            )
        )
    return report


def _before_the_first_told(ledger: Ledger, repo: str, rows: Sequence[PastRow], report: PastReport) -> list[PastRow]:
    """Tags say when something was released; where the ledger was told of deployments themselves, it knows better."""
    with ledger.read() as connection:
        environments = {row.past.environment for row in rows}
        firsts = {name: deployments.first_told(connection, repo, name, IMPORT) for name in environments}
    kept: list[PastRow] = []
    for row in rows:
        first = firsts[row.past.environment]
        if first is not None and row.past.opened_at is not None and row.past.opened_at >= first.row.opened_at:
            words = f"not before {first.id}, the first deployment that was told as it happened"
            report.left_out[words] = report.left_out.get(words, 0) + 1
        else:
            kept.append(row)
    return kept


def _as_imported(request: RecordRequest, row: PastRow, source: Source, around: Surroundings) -> RecordRequest:
    """Marked as imported, with a key that the same statement has again: of the tag, or of the instant in a file."""
    which = row.forge_id or (row.tag if row.tag is not None else format_utc(row.past.opened_at or request.now))
    head = request.head if around.history is None else around.history.resolve(request.head)
    return replace(request, head=head, provider=IMPORT, run=f"{source}:{which}", attempt=1, key=row.past.key or None)


def _column_of(error: ReleasewatchError, row: PastRow, around: Surroundings) -> str:
    """Which cell of a file is to be corrected, where that can be told."""
    if row.line is None or around.history is None:
        return ""
    try:
        around.history.resolve(row.past.head)
    except InvalidCallError:
        return "head"
    if row.past.key and row.past.key in error.message:
        return "key"
    return "component" if row.past.components and error.code == "unknown_name" else ""


class _LenientCatalogs:
    """The catalog at a commit of the past; today's where that commit has none that can be read."""

    def __init__(self, around: Surroundings, report: PastReport) -> None:
        self._around = around
        self._report = report

    def __call__(self, sha: str | None) -> Catalog:
        try:
            found = self._around.catalog_at(sha)
        except ConfigError as error:
            words = f"Some commits have a catalog that cannot be read, and today's is taken ({error.message})"
            self._report.remarks[words] = None
            return self._around.catalog_at(None)
        return found if found.components else self._around.catalog_at(None)


def past_document(report: PastReport, *, dry_run: bool) -> dict[str, Any]:
    """The report as `deployment import --format json` gives it."""
    past = report.past
    return {
        "import": {
            "source": past.source,
            "file": past.file,
            "read": past.read,
            "recorded": sum(not one.already_recorded for one in report.deployments),
            "already_recorded": sum(one.already_recorded for one in report.deployments),
            "rejected": len(report.rejected),
            "left_out": [{"reason": words, "count": many} for words, many in report.left_out.items()],
            "written": report.written and not dry_run,
        },
        "deployments": [
            {
                "id": None if dry_run or not report.written else one.id,
                "environment": one.environment,
                "release": one.release or None,
                "head": one.head,
                "opened_at": format_utc(one.opened_at),
                "kind": one.kind,
                "range": one.range,
                "already_recorded": one.already_recorded,
            }
            for one in report.deployments
        ],
        "rejected": list(_rejected(report)),
        "dry_run": dry_run,
    }


def _rejected(report: PastReport) -> Iterator[dict[str, Any]]:
    for one in report.rejected:
        yield {
            "file": report.past.file,
            "line": one.line,
            "column": one.column or None,
            "tag": one.tag,
            "forge_id": one.forge_id,
            "reason": one.reason,
        }
