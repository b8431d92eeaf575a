"""Worlds for tests of recording: a real repo with a configuration, a ledger, and deployments at named hours.

Hours count from `START` and may be broken. What was never ended is None.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from releasewatch.config import parse_config
from releasewatch.config.loading import config_at
from releasewatch.domain.deployments import Axes, Place
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.storage import tables as t
from releasewatch.storage.catalogs import component_keys
from releasewatch.storage.types import OPEN_END
from releasewatch.storage.windows import read_windows
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.record_facts import Recorded, RecordRequest
from releasewatch.usecases.recording import record
from releasewatch.usecases.surroundings import Surroundings
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.catalog import Catalog
    from releasewatch.ports import History
    from releasewatch.storage.ledger import Ledger

START = datetime(2026, 3, 1, tzinfo=UTC)

THREE = """
[components.a]
paths = ["a/**"]
[components.b]
paths = ["b/**"]
[components.c]
paths = ["c/**"]
"""
"""Three services that know nothing of each other."""


def hour(number: float) -> datetime:
    """The instant of an hour."""
    return START + timedelta(hours=number)


def hours(instant: datetime) -> float | None:
    """The hour of an instant; None for an end that has not come."""
    return None if instant == OPEN_END else (instant - START) / timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """A window in hours, components by bare key where they are this repo's."""

    carrier: str
    touched: str
    region: str
    ring: str
    certain: bool
    live: tuple[float | None, float | None]
    carried_until: float | None
    reason: str
    doubt_from: float | None


class Done:
    """A deployment that was recorded: its number, what was remarked, and its document as it is when first asked for."""

    def __init__(self, ledger: Ledger, done: Recorded, how: Describing) -> None:
        self._ledger = ledger
        self._how = how
        self.number = done.deployment_id
        self.already = done.already_recorded
        self.remarks = done.remarks

    @cached_property
    def document(self) -> dict[str, Any]:
        return describe(self._ledger, self.number, self._how)

    @property
    def id(self) -> str:
        return f"D-{self.number}"

    @property
    def kind(self) -> str:
        return str(self.document["deployment"]["kind"])

    @property
    def base(self) -> str | None:
        base: str | None = self.document["deployment"]["base"]
        return base

    @property
    def undoes(self) -> list[str]:
        return list(self.document["deployment"]["undoes"])

    @property
    def baselines(self) -> list[dict[str, Any]]:
        return list(self.document["baselines"])

    def reached(self) -> dict[str, tuple[str, int, str | None]]:
        """`{component: (reach, distance, via)}`"""
        return {c["key"]: (c["reach"], c["distance"], c["via"]) for c in self.document["components"]}

    def base_of(self, component: str, region: str | None = None, ring: str | None = None) -> str | None:
        """What a cell was compared with."""
        return self._block_of(component, region, ring)["base"]

    def kind_of(self, component: str, region: str | None = None, ring: str | None = None) -> str:
        """Which kind of deployment it was for a cell."""
        return str(self._block_of(component, region, ring)["kind"])

    def _block_of(self, component: str, region: str | None, ring: str | None) -> dict[str, Any]:
        place = {"region": region, "ring": ring}
        (found,) = [b for b in self.baselines if component in b["components"] and place in b["targets"]]
        return dict(found)


class World:
    """One repo and its deployments. Several may share a ledger."""

    def __init__(self, folder: Path, ledger: Ledger, *, config: str = THREE, key: str = "shop") -> None:
        self.key = key
        self.ledger = ledger
        self.repo = RepoBuilder(folder / key)
        self.config = config
        self._history: History | None = None
        self._numbers = itertools.count(1)

    @property
    def history(self) -> History:
        """The repo as it is now, as every command opens it; or the one that a test has put in its place."""
        return self._history or open_history(self.repo.path, fetch_missing=False)

    @history.setter
    def history(self, other: History) -> None:
        self._history = other

    def commit(self, *folders: str, subject: str = "", config: str | None = None, **more: Any) -> str:
        """Commit something new in each of some folders (`a`: the file `a/file`); returns the sha.

        The configuration is part of every commit, and `config` changes it from here on.
        """
        number = next(self._numbers)
        if config is not None:
            self.config = config
        files: dict[Any, Any] = {f"{folder}/file": f"content {number}\n" for folder in folders}
        files |= {"releasewatch.toml": self.config} | dict(more.pop("files", {}))
        return self.repo.commit(subject or f"Change {number}", files, **more)

    def catalog_at(self, sha: str | None) -> Catalog:
        """The catalog of the configuration at a commit."""
        if sha is None:
            return parse_config(self.config.encode(), "releasewatch.toml").catalog(self.key)
        found = config_at(lambda path: self.history.file_at(sha, path), sha)
        assert found is not None
        return found.catalog(self.key)

    def request(
        self,
        at: float,
        head: str = "HEAD",
        *,
        regions: Sequence[str] = ("",),
        rings: Sequence[str] = ("",),
        known: Axes | None = None,
        **more: Any,
    ) -> RecordRequest:
        """What a pipeline says: begun at an hour, ended six minutes later. `known`: axes from the configuration."""
        more.setdefault("run", f"run {next(self._numbers)}")
        timed = not any(name in more for name in ("started_at", "finished_at", "now"))
        running = more.get("status") == "running"
        if timed:
            more |= {"started_at": hour(at)} | ({} if running else {"finished_at": hour(at + 0.1)})
        return RecordRequest(
            **{
                "environment": "production",
                "tier": "production",
                "now": hour(at + 0.1),
                "head": head,
                "targets": tuple(Place(region, ring) for region in regions for ring in rings),
                "axes": known or Axes(),
                "provider": "test",
                **more,
            }
        )

    def surroundings(self) -> Surroundings:
        """What recording reads."""
        return Surroundings(self.key, self.history, self.catalog_at, GitignoreMapper)

    def record(self, at: float, head: str = "HEAD", **more: Any) -> Done:
        """Record a deployment that began at an hour; by default everything, everywhere, with a run of its own."""
        return self.tell(self.request(at, head, **more))

    def tell(self, request: RecordRequest) -> Done:
        """Record what a request says."""
        around = self.surroundings()
        if request.stated_kind == "change":
            around = Surroundings(self.key, None, self.catalog_at, GitignoreMapper)
        done = record(self.ledger, around, request)
        return Done(self.ledger, done, Describing(request.now, {}, done.already_recorded))

    def show(self, done: Done) -> Done:
        """The same deployment as the ledger has it by now."""
        return Done(self.ledger, Recorded(done.number, True), Describing(hour(1000), {}, already_recorded=True))

    def windows(self, done: Done) -> list[Window]:
        """The windows of a deployment."""
        with self.ledger.read() as connection:
            names = {number: key.removeprefix(f"{self.key}/") for number, key in component_keys(connection).items()}
            rows = read_windows(connection, done.number)
        return [
            Window(
                names[row.carrier_id],
                names[row.touched_id],
                row.region,
                row.ring,
                row.certain,
                (hours(row.live_from), hours(row.live_until)),
                hours(row.carrying_until),
                row.carrying_reason,
                hours(row.carrying_doubt_from),
            )
            for row in rows
        ]

    def window(self, done: Done, component: str, region: str = "", ring: str = "") -> Window:
        """The one window of a component, as carrier and touched, in a place."""
        (found,) = [
            w
            for w in self.windows(done)
            if (w.carrier, w.touched) == (component,) * 2 and (w.region, w.ring) == (region, ring)
        ]
        return found

    def carried(self, done: Done, component: str = "a") -> dict[tuple[str, str], float | None]:
        """Until when a component is carried, by place."""
        mine = [w for w in self.windows(done) if (w.carrier, w.touched) == (component, component)]
        assert mine, f"{done.id} has no window of {component}"
        return {(w.region, w.ring): w.carried_until for w in mine}

    def rows(self, table: Any, done: Done | None = None) -> list[Mapping[str, Any]]:
        """The rows of a table, of one deployment or all, in the order of its key."""
        query = select(table) if done is None else select(table).where(table.c.deployment_id == done.number)
        with self.ledger.read() as connection:
            return [dict(row) for row in connection.execute(query.order_by(*table.primary_key)).mappings()]

    def statuses(self, done: Done) -> list[tuple[int, str]]:
        """`(attempt, status)` of everything that was said of a deployment, in order."""
        rows = self.rows(t.deployment_event, done)
        return [(row["attempt"], row["status"]) for row in sorted(rows, key=lambda row: row["event_id"])]
