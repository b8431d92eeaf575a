"""Never lost: the record of a deployment is kept while the ledger cannot be had, and recorded later, once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from releasewatch.domain.catalog import Catalog
from releasewatch.domain.spool import SpooledRecord, in_order
from releasewatch.errors import InvalidCallError, LedgerUnavailableError, ReleasewatchError, UnknownNameError
from releasewatch.usecases.record_facts import Recorded, RecordRequest
from releasewatch.usecases.recording import read_task, record
from releasewatch.usecases.surroundings import Surroundings

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger

_ABBREVIATED = re.compile(r"[0-9a-f]{7,64}")
_HERE = re.compile(r"^(?:HEAD|@)(?=$|[~^])")

_NOT_KEPT = ("now", "head", "head_is_given", "tier", "tier_is_guess", "axes", "products", "rules")
"""Facts of a request that do not wait with it: when it is recorded, the name that the head had in another clone, and
what the organisation's settings say, of which the newest count (and which may lie in the ledger that is away)."""


def settle(around: Surroundings, request: RecordRequest) -> SpooledRecord:
    """All that this clone can say of a deployment, its instants and its key fixed, so that it can be recorded later.

    Raises as recording does for a call that is wrong in itself.
    """
    task = read_task(around, request)
    said = replace(request, settled_key="" if request.key else task.key, base=_base(around, request.base))
    facts, opened_at = _facts(said)
    catalog = msgspec.to_builtins(task.catalog, order="deterministic")
    return SpooledRecord(task.key, around.repo, task.head, opened_at, request.now, "", facts, catalog)


def keep_raw(request: RecordRequest, repo: str, head: str | None, called: str = "") -> SpooledRecord:
    """What was said of a deployment where nothing can be settled: the config is broken, or there is no clone.

    `head`: the full sha, None where a release or a change without git says what it is. `called`: what the pipeline
    called the commit, where nobody could tell which one that is.
    """
    facts, opened_at = _facts(request)
    if called:
        facts["head"] = called
    same = {name: value for name, value in facts.items() if name not in ("status", "started_at", "finished_at")}
    digest = hashlib.sha256(json.dumps([head, same], sort_keys=True).encode()).hexdigest()
    return SpooledRecord(request.key or f"raw:{digest}", repo, head, opened_at, request.now, "", facts, {})


def _facts(request: RecordRequest) -> tuple[dict[str, Any], datetime]:
    """What waits of a request, as JSON holds it, and when the deployment opened, now that its instants are fixed."""
    said = request
    if request.status == "running":
        opened_at = request.started_at or request.now
        said = replace(said, started_at=opened_at)
    else:
        # Without an instant of its own it would follow whatever is recorded by the time it is.
        began = request.started_at or request.job_started_at
        finished_at = request.finished_at or max(request.now, began or request.now)
        opened_at = began or finished_at
        said = replace(said, finished_at=finished_at)
    facts = msgspec.to_builtins(said, order="deterministic")
    return {name: value for name, value in facts.items() if name not in _NOT_KEPT}, opened_at


def _base(around: Surroundings, base: str | None) -> str | None:
    """What `--from` means here: in another clone, HEAD is another commit."""
    if base is None or around.history is None:
        return base
    with suppress(UnknownNameError):  # a shallow clone may lack it, and a cell with a baseline does not need it
        return around.history.resolve(base)
    return _HERE.sub(around.history.resolve("HEAD"), base)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a record that waited: recorded, or the reason why it goes on waiting.

    `meant`: the record as it was recorded: with its words mended, of the repo that it was recorded for.
    """

    record: SpooledRecord
    done: Recorded | None = None
    error: ReleasewatchError | None = None
    meant: SpooledRecord | None = None


@dataclass(frozen=True, slots=True)
class Flushing:
    """When records are taken, and what is asked for each: what the settings say of its environment (facts of a
    request), and what recording it reads (of its repo, head and catalog; of a raw one, of what is said). `heads`: the
    commit, by the record's id, of those whose commit the pipeline could not tell. `mended`: what a call that was wrong
    says by now; raises InvalidCallError where it is wrong still."""

    now: datetime
    settings: Callable[[str], Mapping[str, Any]]
    around: Callable[[str, str | None, Catalog], Surroundings]
    raw: Callable[[RecordRequest], tuple[Surroundings, RecordRequest]]
    heads: Mapping[str, str] = field(default_factory=dict)
    mended: Callable[[SpooledRecord], SpooledRecord] = lambda waiting: waiting


def flush(ledger: Ledger, records: Iterable[SpooledRecord], how: Flushing) -> Iterator[Taken]:
    """Record what waits, in the order of the deployments; what cannot be taken does not hold up the others.

    Once the ledger cannot be had, none of the rest is tried. The same record twice, or in two processes at once, is
    recorded once: it has its key.
    """
    gone: LedgerUnavailableError | None = None
    for waiting in in_order(records):
        if gone is not None:
            yield Taken(waiting, error=gone)
            continue
        try:
            meant = how.mended(waiting)
            around, request = _as_said(meant, how)
            done = record(ledger, around, request)
        except LedgerUnavailableError as error:
            gone = error
            yield Taken(waiting, error=error)
        except ReleasewatchError as error:
            yield Taken(waiting, error=error)
        else:
            yield Taken(waiting, done, meant=replace(meant, repo=around.repo))


def _as_said(waiting: SpooledRecord, how: Flushing) -> tuple[Surroundings, RecordRequest]:
    unknown = waiting.said.keys() - {one.name for one in fields(RecordRequest)}
    if unknown:
        raise InvalidCallError(
            f"It was spooled by a newer releasewatch: it says {sorted(unknown)[0]}, which this one does not know.",
            "Upgrade releasewatch here.",
        )
    head = waiting.head or _told_head(waiting, how)
    own: dict[str, Any] = {**waiting.said, "now": how.now, "head": head, "tier": "other"}
    try:
        request = msgspec.convert(own, RecordRequest)
        request = replace(request, **how.settings(request.environment))
        if waiting.is_raw:
            return how.raw(request)
        catalog = msgspec.convert(waiting.catalog, Catalog)
    except msgspec.ValidationError as error:
        raise InvalidCallError(f"It cannot be read: {error}.", "Was it written by another program?") from error
    return how.around(waiting.repo, waiting.head, catalog), request


def _told_head(waiting: SpooledRecord, how: Flushing) -> str:
    """The commit of a record that holds none: what was said later, or a name that means the same in every clone."""
    called = waiting.said.get("head")
    if called is None:
        return "HEAD"  # a release or a change without git says what it is
    told = how.heads.get(waiting.id) or (called if _ABBREVIATED.fullmatch(str(called)) else None)
    if told is None:
        raise InvalidCallError(
            f"Nobody knows which commit it was: the pipeline called it {called!a}.",
            f"Say it: releasewatch spool flush --head {waiting.id}=SHA",
        )
    return told
