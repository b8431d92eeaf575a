"""Who is exposed to a deployment: a list of customers, each with the ways in which it reaches them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, customer_names, deployments, exposure, staff
from releasewatch.storage.exposure import (
    BLANK_DISTANCE,
    EVERYONE,
    RANK,
    REACH_WORDS,
    ExposureFilter,
    ExposureQuestion,
)
from releasewatch.storage.exposure_stream import FETCHED, RawRows, keep_little
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.storage.exposure_upgrades import FROM_UNRECORDED, TO_UNRECORDED, UNSURE_RANGE
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.deployments import question_of, tier_of

_UNKNOWN_AXES = (
    ("environment", "it is not known which environments they use"),
    ("entitled_region", "their region is not known"),
    ("entitled_ring", "their ring is not known"),
    ("version", "their version is not known"),
)
UNDECIDED = "it is not decided whether the change was taken back"
UPGRADED = {
    FROM_UNRECORDED: "the version that their own copy had before is none of which the ledger saw a deployment",
    TO_UNRECORDED: "the version that their own copy took is none of which the ledger saw a deployment",
    UNSURE_RANGE: "it is not decided whether the version that their own copy took still holds the change",
}
"""Why a change of a customer's own copy makes them possible, by the source of the row."""
NO_SUCCESS = "the deployment did not succeed, or has not ended"
ONLY_NAMED = "named by a change; no entitlement places them here"


@dataclass(frozen=True, slots=True)
class Asking:
    """Which deployment, as of when, and how much may be shown where the answer goes.

    `at` None: now, or when the deployment opened if that is later. `known_at` None: all that is recorded by now.
    `opaque`: where names may not be shown, keys neither.
    """

    deployment_id: int
    now: datetime
    at: datetime | None = None
    known_at: datetime | None = None
    without_entitlement: Mapping[str, str] | None = None
    only: ExposureFilter = EVERYONE
    reveal: Reveal = Reveal.CONTACTS
    opaque: bool = False


def ask(connection: Any, asking: Asking) -> ExposureQuestion:
    """The question to the ledger that somebody asks."""
    found = deployments.get_deployment(connection, asking.deployment_id)
    return question_of(
        found,
        tier_of(connection, found.environment),
        asking.at or max(asking.now, found.row.opened_at),
        asking.known_at or asking.now,
        asking.without_entitlement or {},
    )


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What is told of all customers who are reached alike: one object for them, so that it is put into words once."""

    item: Mapping[str, Any]


class Exposed(NamedTuple):
    """A customer on the list, as the channel may show them; None is empty, or named in `withheld`."""

    key: str
    directory: str
    name: str | None
    account_manager: str | None
    told: Told
    withheld: list[str]

    @property
    def document(self) -> dict[str, Any]:
        """The item of a list."""
        return {
            "key": self.key,
            "directory": self.directory,
            "name": self.name,
            **self.told.item,
            "account_manager": self.account_manager,
            "withheld": self.withheld,
        }


def list_exposed(ledger: Ledger, asking: Asking) -> Iterator[dict[str, Any]]:
    """Every exposed customer in the order of their keys (bytewise), streamed; memory does not grow with them."""
    return (one.document for one in stream_exposed(ledger, asking))


def stream_exposed(ledger: Ledger, asking: Asking) -> Iterator[Exposed]:
    """The same, before they become documents."""
    with ledger.read() as connection:
        question = ask(connection, asking)
        wording = _Wording(connection, question, asking)
        keep_little(connection)
        yield from wording.told_of(RawRows(connection, question))


def page_exposed(
    ledger: Ledger, asking: Asking, *, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """So many exposed customers after a cursor, and the cursor of the next page; nobody else's rows are fetched."""
    with ledger.read() as connection:
        question = ask(connection, asking)
        # One more than is shown says whether there is a next page.
        ids = exposure.find_page(connection, question, asking.only, _cursor(connection, after), limit + 1)
        wording = _Wording(connection, question, asking)
        items: list[dict[str, Any]] = []
        for part in (ids[start : min(start + FETCHED, limit)] for start in range(0, min(len(ids), limit), FETCHED)):
            found = RawRows(connection, question, part)
            items += [one.document for one in wording.told_of(found)]
    return items, ids[limit - 1].hex if len(ids) > limit else None


def _cursor(connection: Any, after: str | None) -> UUID | None:
    """The customer after whom the list goes on; a cursor of nobody's would give an empty page, as if that were all."""
    if after is None:
        return None
    with suppress(ValueError):
        last = UUID(hex=after)
        if exposure.has_customer(connection, last):
            return last
    raise InvalidCallError(f"{after!r} is no cursor of a list of customers.", "Give next_cursor of the page before.")


def check_account_manager(ledger: Ledger, key: str | None, reveal: Reveal) -> None:
    """Refuse an account manager whom nobody has: an empty list would look like an answer. Raises UnknownNameError.

    One who has nobody any more is known. Who there is is told only where names may be shown.
    """
    with ledger.read() as connection:
        if key is None or customer_names.is_account_manager(connection, key):
            return
        known = customer_names.account_managers(connection) if reveal >= Reveal.NAMES else []
    near = difflib.get_close_matches(key, known, n=1)
    raise UnknownNameError(
        f"No customer has the account manager {key!r}.",
        f"Did you mean {near[0]}?" if near else "See who there is with: releasewatch customer list --reveal names",
    )


def count_document(ledger: Ledger, asking: Asking) -> dict[str, Any]:
    """How many customers a list would hold, by reach: what may be shown everywhere.

    With those beside all whom the deployment reaches, whichever of them were asked for: see `count_beside`.
    """
    with ledger.read() as connection:
        question = ask(connection, asking)
        counts = exposure.count_reached(connection, question, asking.only)
        beside = _beside(connection, question)
    return {
        "customers": counts.customers,
        "named": counts.named,
        "direct": counts.direct,
        "dependent": counts.dependent,
        "possible": counts.possible,
        "still_exposed": counts.still_exposed,
        **beside,
    }


def count_beside(ledger: Ledger, asking: Asking) -> dict[str, Any]:
    """How many customers are not reached and cannot be ruled out: by a blank of the change, or because they wait for
    what nobody knows or run a copy of their own that may be this one."""
    with ledger.read() as connection:
        return _beside(connection, ask(connection, asking))


def _beside(connection: Any, question: ExposureQuestion) -> dict[str, Any]:
    unsure = find_unsure(connection, question)
    return {"not_ruled_out": not_ruled_out_by(connection, question), **unsure.document}


def not_ruled_out_by(connection: Any, question: ExposureQuestion) -> int:
    """How many customers cannot be ruled out, because what the deployment changed is not known in full."""
    row = deployments.get_deployment(connection, question.deployment_id).row
    return exposure.count_not_ruled_out(connection, question, has_blank=row.has_blank)


class _Wording:
    """Turns the rows of a customer into the item of a list."""

    def __init__(self, connection: Any, question: ExposureQuestion, asking: Asking) -> None:
        self._names = catalogs.component_keys(connection)
        self._book = staff.read_book(connection)
        self._day = asking.now.date()
        self._at = question.at
        self._only = asking.only
        self._reveal = asking.reveal
        self._opaque = asking.opaque
        self._instants: dict[datetime, str | None] = {OPEN_END: None}

    def told_of(self, found: RawRows) -> Iterator[Exposed]:
        """The customers of some rows in the order of the list, without those that were not asked for.

        Most are reached in ways that many share; these are told once.
        """
        managers, reveal = self._only.account_managers, self._reveal
        tell = lru_cache(FETCHED)(lambda ways: self._tell(found.read(ways)))
        keeper = lru_cache(FETCHED)(lambda manager: self._book.owner(manager or "", self._day).key or None)
        for key, directory, name, manager, ways in found:
            told = tell(ways) if managers is None or manager in managers else None
            if told is None:
                continue
            one = Exposed(key, directory, name or None, keeper(manager), told, [])
            if reveal < Reveal.NAMES:
                item = {"key": key, "name": one.name, "account_manager": one.account_manager}
                one = one._replace(**withhold(item, reveal, opaque=self._opaque))
            yield one

    def _tell(self, rows: Sequence[Any]) -> Told | None:
        """What is told of who is reached so; None where that was not asked for."""
        best = rows[0]
        number, distance = divmod(best.rank, RANK)
        reach = REACH_WORDS[number]
        carried = [row for row in rows if row.carrying_until > self._at]
        state = "carrying" if carried else "returned"
        only = self._only
        if (only.reach is not None and only.reach != reach) or (only.state is not None and only.state != state):
            return None
        told = carried if only.state == "carrying" else rows
        certain = any(row.certain and (only.state != "carrying" or row.sure_until > self._at) for row in told)
        return Told(
            {
                "reach": reach,
                "possible": not certain,
                "possible_because": [] if certain else list(uncertain_because(told)),
                "state": state,
                "distance": None if distance == BLANK_DISTANCE else distance,
                "via": self._via(rows, best.rank),
                "components": self._components(rows),
                "windows": self._windows(rows),
            }
        )

    def _via(self, rows: Sequence[Any], rank: int) -> str | None:
        """Over whom the nearest of their components is reached; of several the first by key."""
        found = [
            (self._names[row.component_id], row.via or "")
            for row in rows
            if row.rank == rank and row.component_id is not None
        ]
        return min(found)[1] or None if found else None

    def _components(self, rows: Sequence[Any]) -> list[str]:
        """The components that reach them, the nearest first."""
        nearest: dict[int, int] = {}
        for row in rows:
            if row.component_id is not None:
                nearest.setdefault(row.component_id, row.rank)
        if len(nearest) == 1:
            return [self._names[number] for number in nearest]
        return [name for _, name in sorted((rank, self._names[number]) for number, rank in nearest.items())]

    def _windows(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        cells: dict[tuple[str, str, str], list[Any]] = {}
        for row, region, ring in _placed([row for row in rows if row.component_id is not None]):
            cells.setdefault((self._names[row.component_id], region, ring), []).append(row)
        return [
            {
                "component": component,
                "region": region or None,
                "ring": ring or None,
                "live_from": self._instant(live_from),
                "live_until": self._instant(live_until),
                "carrying_until": self._instant(carrying_until),
            }
            for (component, region, ring), mine in sorted(cells.items())
            for live_from, live_until, carrying_until in join_windows(
                (row.live_from, row.live_until, row.carrying_until) for row in mine
            )
        ]

    def _instant(self, value: datetime) -> str | None:
        if value not in self._instants:
            if len(self._instants) >= FETCHED:
                self._instants = {OPEN_END: None}
            self._instants[value] = format_utc(value)
        return self._instants[value]


def _placed(rows: Sequence[Any]) -> Iterator[tuple[Any, str, str]]:
    """Each row with region and ring as told; where one of a component's rows is told of all of an axis, the others too.

    Only where its windows do not depend on that axis: an entitlement to any region says all that one to a region says.
    """
    places = [told_place(row) for row in rows]
    everywhere = {
        (row.component_id, axis) for row, place in zip(rows, places, strict=True) for axis in (0, 1) if not place[axis]
    }
    for row, place in zip(rows, places, strict=True):
        is_any = row.any_region, row.any_ring
        region, ring = (
            "" if is_any[axis] and (row.component_id, axis) in everywhere else place[axis] for axis in (0, 1)
        )
        yield row, region, ring


def told_place(row: Any) -> tuple[str, str]:
    """Region and ring of a row as they are told: theirs, where the row stands for all places of an axis."""
    region = row.entitled_region if row.any_region and row.entitled_region not in (ANY, UNKNOWN) else row.region
    ring = row.entitled_ring if row.any_ring and row.entitled_ring not in (ANY, UNKNOWN) else row.ring
    return region, ring


Window = tuple[datetime, datetime, datetime]
"""`live_from`, `live_until`, `carrying_until`."""


def join_windows(windows: Iterable[Window]) -> list[Window]:
    """Windows of one cell as few as possible: those that overlap or touch are one. Live never ends before it begins."""
    found: list[Window] = []
    for live_from, live_until, carrying_until in sorted(windows):
        live_until = max(live_from, live_until)
        if found and live_from <= found[-1][2]:
            first, live, carrying = found[-1]
            live = max(live, live_until) if live_until > live_from else live
            found[-1] = first, live, max(carrying, carrying_until)
        else:
            found.append((live_from, live_until, carrying_until))
    return found


def uncertain_because(rows: Iterable[Any]) -> tuple[str, ...]:
    """Why it is uncertain that a customer is reached, in words: of their rows, each reason once."""
    reasons: dict[str, None] = {}
    named = False
    placed = False
    for row in rows:
        if row.source == "named":
            named = True
            continue
        placed = True
        if row.source == "unmapped":
            reasons["a changed path belongs to no component"] = None
            continue
        if not row.window_certain:
            reasons[NO_SUCCESS] = None
        if row.source == "unplaced":
            if not row.subject_certain:
                reasons[f"no entitlement at all; the directory {row.subject} counts such customers as possible"] = None
            continue
        mine = [words for column, words in _UNKNOWN_AXES if getattr(row, column) == UNKNOWN]
        if not row.subject_certain:
            mine.append(f"several repos have a component {row.subject!r}")
        if row.source in UPGRADED:
            mine.append(UPGRADED[row.source])
        if not mine and row.window_certain:
            mine.append(UNDECIDED)
        reasons.update(dict.fromkeys(mine))
    if named and not placed:
        return (ONLY_NAMED,)
    return tuple(reasons)


def withhold(item: dict[str, Any], reveal: Reveal, *, opaque: bool) -> dict[str, Any]:
    """An item as its channel may show it: what is withheld is null, and named."""
    if reveal >= Reveal.NAMES:
        return {**item, "withheld": []}
    shown = {**item, "name": None, "account_manager": None}
    if opaque:
        shown["key"] = opaque_key(item["key"])
    return {**shown, "withheld": [word for word in ("name", "account_manager") if item[word] is not None]}
