"""Why a deployment reaches a customer, hop by hop, from the commit to the customer; or why it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import Any

from releasewatch.domain.customers import ANY, PRODUCT, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_both
from releasewatch.domain.versions import spellings
from releasewatch.domain.words import blank_words
from releasewatch.storage import catalogs, customer_names, deployments, explanations, exposure, footprints
from releasewatch.storage.customers import CustomerDetails, When, get_customer, resolve_customer
from releasewatch.storage.exposure import RANK, ExposureQuestion
from releasewatch.storage.exposure_unsure import UnsureOf, unsure_of
from releasewatch.storage.exposure_upgrades import FROM_UNRECORDED, TO_UNRECORDED, UNSURE_RANGE, UPGRADE
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.reaching import Reaching
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.exposure import Asking, ask, told_place
from releasewatch.usecases.named_people import hiding_below_names

SHORT = 10
"""How much of a sha is read aloud."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether a customer is reached, the chains of hops, and, when not, why not.

    What is still carried comes first, then what is nearest. `not_ruled_out`: what is not known may reach them;
    `waits_for`: the components and products of theirs that nobody knows, or not in full.
    """

    customer: str
    reached: bool
    chains: list[list[dict[str, str]]]
    why_not: list[str]
    not_ruled_out: bool = False
    waits_for: tuple[str, ...] = ()


def explain(ledger: Ledger, asking: Asking, customer: str, zone: tzinfo) -> Explained:
    """Explain one customer, named by key, alias or the beginning of one. Raises UnknownNameError."""
    with ledger.read() as connection:
        question = ask(connection, asking)
        ref = resolve_customer(connection, customer)
        details = get_customer(connection, ref, When(question.at, question.known_at), private=False)
        rows = connection.execute(exposure.detail_statement(question, None, ref.customer_id)).all()
        told = _Telling(connection, question, details, asking, zone)
        if not rows:
            is_unsure = told.is_not_ruled_out or bool(told.unsure)
            waits_for = tuple(subject.removeprefix(PRODUCT) for subject in told.unsure.waiting_for)
            return Explained(told.key, False, [], told.why_not(), is_unsure, waits_for)
        return Explained(told.key, True, list(told.chains(rows)), [])


def as_document(explained: Explained, deployment: str, *, every: bool) -> dict[str, Any]:
    """The document of `exposure explain --format json`, without its schema number: the nearest chain, or all."""
    return {
        "deployment": deployment,
        "customer": explained.customer,
        "reached": explained.reached,
        "hops": explained.chains[0] if explained.chains else [],
        "chains": explained.chains if every else explained.chains[:1],
        "more_chains": 0 if every else max(0, len(explained.chains) - 1),
        "why_not": explained.why_not,
        "not_ruled_out": explained.not_ruled_out,
        "waits_for": list(explained.waits_for),
    }


def hop(kind: str, ref: str, text: str) -> dict[str, str]:
    """One hop of a chain."""
    return {"kind": kind, "ref": ref, "text": text}


class _Telling:
    """Tells of one deployment and one customer."""

    def __init__(
        self,
        connection: Any,
        question: ExposureQuestion,
        details: CustomerDetails,
        asking: Asking,
        zone: tzinfo,
    ) -> None:
        self._connection = connection
        self._question = question
        self._details = details
        self._names = catalogs.component_keys(connection)
        self._reveal = asking.reveal
        self._zone = zone
        self._now = asking.now
        self._named: dict[str, bool] = {}
        hidden = asking.opaque and asking.reveal < Reveal.NAMES
        self.key = opaque_key(details.ref.key) if hidden else details.ref.key

    def chains(self, rows: Sequence[Any]) -> Iterator[list[dict[str, str]]]:
        """A chain for each way in which the customer is reached, without those that differ in nothing that is told."""
        seen: set[tuple[Any, ...]] = set()
        is_only_named = all(row.source == "named" for row in rows)
        for row in sorted(rows, key=self._order):
            told = self._chain(row)
            if is_only_named:
                told.insert(-1, hop("entitlement", "none", "No entitlement places them here (so possibly)."))
            key = tuple(one["text"] for one in told)
            if key not in seen:
                seen.add(key)
                yield told

    def _order(self, row: Any) -> tuple[Any, ...]:
        """What is still carried first, then the nearest, then a place by its name before all others."""
        region, ring = told_place(row)
        rest = (region == REST and not row.any_region, ring == REST and not row.any_ring)
        return row.carrying_until <= self._question.at, row.rank, rest

    def _chain(self, row: Any) -> list[dict[str, str]]:
        if row.source == "named":
            return [*self._naming(), self._customer()]
        if row.component_id is None:
            return [self._blank(row), self._customer()]
        origin = self._origin(row)
        if origin is None:
            return [self._entitlement(row), self._customer()]
        return [
            *self._beginning(origin),
            *self._dependencies(row.component_id, origin),
            self._target(row, origin),
            self._entitlement(row),
            self._customer(),
        ]

    def _origin(self, row: Any) -> Any:
        """Where a way begins, against the baseline of a cell of theirs; one that is still carried, if the way is."""
        region, ring = self._reaching.place_of(row)
        behind = {one.origin_no for one in self._reaching.of([row]) if one.distance == row.rank % RANK}
        found = explanations.origins_of(
            self._connection,
            self._question.deployment_id,
            row.component_id,
            row.region if region is None else region,
            row.ring if ring is None else ring,
        )
        mine = [origin for origin in found if origin.origin_no in behind]
        at = self._question.at
        carried = [origin for origin in mine if origin.carrying_until > at] if row.carrying_until > at else []
        return next(iter(carried or mine), None)

    @cached_property
    def _reaching(self) -> Reaching:
        return Reaching(self._connection, self._question)

    def _naming(self) -> list[dict[str, str]]:
        when = When(self._question.at, self._question.known_at)
        names = customer_names.aliases_of(self._connection, self._details.ref.customer_id, when)
        found = explanations.changes_naming(self._connection, self._question.deployment_id, names)
        return [hop("change", row.sha or "stated", f"The change {self._quoted(row)} names them.") for row in found[:1]]

    def _quoted(self, row: Any) -> str:
        """A change by its sha and what its author said, unless that names a customer where no name may be shown."""
        said = "(whose subject names somebody)" if self._names_somebody(row.subject) else f"“{row.subject}”"
        return f"{row.sha[:SHORT]} {said}" if row.sha else said

    def _names_somebody(self, text: str) -> bool:
        """Whether a text names somebody where no name may be shown; only what its own words can mean is read."""
        if text not in self._named:
            hides = hiding_below_names(self._connection, [text], self._reveal, self._now)
            self._named[text] = hides is not None and hides(text)
        return self._named[text]

    def _blank(self, row: Any) -> dict[str, str]:
        if row.source == "unplaced":
            return hop("entitlement", "none", "They have no entitlement, and their directory counts such customers.")
        return hop("path", "unmapped", "A changed path belongs to no component, and this repo counts it for everyone.")

    def _beginning(self, origin: Any) -> list[dict[str, str]]:
        """The change, its path, and the component that they belong to."""
        deployment_id = self._question.deployment_id
        touched = self._names[origin.touched_id]
        change, many = explanations.changes_of_origin(
            self._connection, deployment_id, origin.baseline_no, origin.touched_id
        )
        path = explanations.path_of_origin(self._connection, deployment_id, origin.baseline_no, origin.touched_id)
        hops: list[dict[str, str]] = []
        if change is not None:
            others = f" (and {many - 1} more)" if many > 1 else ""
            verb = "was taken away" if change.side == "removed" else "was deployed"
            hops.append(hop("change", change.sha or "stated", f"The change {self._quoted(change)}{others} {verb}."))
            path = change.sample_path or path
        if path and self._names_somebody(path):
            hops.append(hop("path", "withheld", "It changed a path whose name names somebody."))
        elif path:
            others = f" (and {origin.paths - 1} more of it)" if origin.paths > 1 else ""
            by = "It changed" if change is not None else "In a merge changed"
            hops.append(hop("path", path, f"{by} {path}{others}."))
        hops.append(hop("component", touched, f"That is part of {touched}."))
        return hops

    def _dependencies(self, component_id: int, origin: Any) -> list[dict[str, str]]:
        """From the changed component to the customer's own, one hop a dependency."""
        hops: list[dict[str, str]] = []
        steps = explanations.steps_of_origin(self._connection, self._question.deployment_id, origin.origin_no)
        here = component_id
        while here != origin.carrier_id:
            via = steps[here][1]
            if via is None:
                break
            user, used = self._names[here], self._names[via]
            hops.append(hop("dependency", user, f"{user} depends on {used}."))
            here = via
        if origin.carrier_id != origin.touched_id:
            carrier, touched = self._names[origin.carrier_id], self._names[origin.touched_id]
            via = steps[origin.carrier_id][1]
            over = f", through {self._names[via]}" if via is not None and via != origin.touched_id else ""
            hops.append(hop("dependency", carrier, f"{carrier} is built with {touched}{over}."))
        return hops[::-1]

    def _target(self, row: Any, origin: Any) -> dict[str, str]:
        where = self._where(row)
        began = format_both(origin.live_from, self._zone)
        text = f"It went to {self._question.environment}, {where}, at {began}"
        if not origin.certain:
            text += ", and has not succeeded (so they are reached possibly)"
        if origin.carrying_until != OPEN_END and origin.carrying_until <= self._question.at:
            text += f"; it was carried there until {format_both(origin.carrying_until, self._zone)}"
            text += f" ({origin.carrying_reason}, by D-{origin.carrying_ended_by})" if origin.carrying_ended_by else ""
        elif not origin.certain:
            text += " and may still be carried there"
        elif origin.carrying_doubt_from <= self._question.at:
            text += " and may still be carried there (it is not decided whether it was taken back)"
        else:
            text += " and is still carried there"
        return hop("target", where, text + ".")

    def _where(self, row: Any) -> str:
        """The place of a window; `''` is every region (ring), or every one that the deployment does not name."""
        region, ring = told_place(row)
        rest = [
            f"every other {axis}"
            for axis, value, every in (("region", region, row.any_region), ("ring", ring, row.any_ring))
            if value == REST and not every and self._names_some(axis)
        ]
        named = place_words(region, ring) if region or ring else ""
        return ", ".join(filter(None, (named, *rest))) or place_words(REST, REST)

    def _names_some(self, axis: str) -> bool:
        places = explanations.places_of(self._connection, self._question.deployment_id)
        return any(place[axis == "ring"] != REST for place in places)

    def _entitlement(self, row: Any) -> dict[str, str]:
        text = f"They use {_subject_words(row.subject)} in {entitlement_words(row)}."
        if not row.subject_certain:
            text = f"{text[:-1]}; several repos have a component of that name (so possibly)."
        if row.source in _TAKEN:
            copy = f"They run their own copy of {_subject_words(row.subject)}"
            text = f"{copy}, and took {row.version}, {_TAKEN[row.source]}."
        return hop("entitlement", row.subject, text)

    def _customer(self) -> dict[str, str]:
        facts = self._details.facts
        shown = self._reveal >= Reveal.NAMES and facts is not None and facts.name
        return hop(
            "customer", self.key, f"They are {facts.name} ({self.key})." if shown and facts else f"They are {self.key}."
        )

    def why_not(self) -> list[str]:
        """Why the customer is not reached, as far as the ledger can tell; one sentence an entitlement."""
        blank = [*self._blank_words(), *self._waiting_words()]
        lines = [one for one in self._details.entitlements if one.subject not in self.unsure.waiting_for]
        if not self._details.entitlements:
            return blank if self.unsure.waiting_for else [*blank, "They have no entitlement at that instant."]
        reached = {
            row.component_id: row.full_key
            for row in footprints.read_reached(self._connection, self._question.deployment_id)
        }
        if not reached:
            return blank or ["The deployment reaches no component at all."]
        subjects = exposure.subjects_of(self._connection, list(reached))
        return blank + list(dict.fromkeys(self._why(line, subjects) for line in lines))

    @cached_property
    def unsure(self) -> UnsureOf:
        """What keeps them, whom nothing known reaches, from being ruled out."""
        return unsure_of(self._connection, self._question, self._details.ref.customer_id)

    def _waiting_words(self) -> list[str]:
        """What they wait for, one sentence each."""
        partly = dict(self.unsure.not_in_full)
        return [
            f"They use {_subject_words(subject)}, "
            + (
                f"of which {', '.join(partly[subject])} is not known to the ledger"
                if subject in partly
                else "which the ledger does not know"
            )
            + ": their entitlement waits, and they cannot be ruled out."
            for subject in self.unsure.waiting_for
        ]

    def _blank_words(self) -> list[str]:
        """That they cannot be ruled out, when what changed is not known in full; else nothing."""
        if not self.is_not_ruled_out:
            return []
        return [f"They cannot be ruled out: {blank_words(self._deployment.unmapped_paths)}."]

    @cached_property
    def is_not_ruled_out(self) -> bool:
        """Whether they, whom nothing known reaches, are among those whom something unknown may reach."""
        return self._deployment.has_blank and exposure.may_be_reached(
            self._connection, self._question, self._details.ref.customer_id
        )

    @cached_property
    def _deployment(self) -> Any:
        return deployments.get_deployment(self._connection, self._question.deployment_id).row

    def _why(self, line: Any, subjects: set[str]) -> str:
        what = f"They use {_subject_words(line.subject)}"
        if line.subject not in subjects:
            return f"{what}, which the deployment does not reach."
        if self._other_environment(line):
            where = line.environment or "production environments"
            return f"{what} in {where}, and the deployment went to {self._question.environment}."
        if line.version not in (ANY, UNKNOWN, *spellings(self._question.release)):
            copy = f"They run their own copy of {_subject_words(line.subject)}, {line.version}"
            if line.subject in self.unsure.pinned:
                return f"{copy}; the deployment names no release, so whether it reaches them is not known."
            is_of = f"is of release {self._question.release}" if self._question.release else "names no release"
            return f"{copy}; the deployment {is_of}."
        return f"{what} in {place_words(line.region, line.ring)}, where it did not go while they did."

    def _other_environment(self, line: Any) -> bool:
        if line.environment == ANY:
            return not self._question.is_production
        return line.environment not in (UNKNOWN, self._question.environment)


_TAKEN = {
    UPGRADE: "a later version that holds it",
    FROM_UNRECORDED: "a later version, from one of which the ledger saw no deployment here: "
    "it may have held this already (so possibly)",
    TO_UNRECORDED: "a version of which the ledger saw no deployment here: it may hold this (so possibly)",
    UNSURE_RANGE: "a later version; whether this was still in it is not decided (so possibly)",
}
"""What is said of the version that a customer's own copy took, by the source of the row."""


def place_words(region: str, ring: str) -> str:
    """A place for people: `''` is every other one, `?` unknown."""
    words = {ANY: "", UNKNOWN: "unknown"}
    parts = [
        f"{axis} {words.get(value, value)}" for axis, value in (("region", region), ("ring", ring)) if value != ANY
    ]
    return ", ".join(parts) or "all regions and rings"


def entitlement_words(row: Any) -> str:
    """The axes of an entitlement for people."""
    environment = {ANY: "every production environment", UNKNOWN: "an environment that is not known"}.get(
        row.environment, row.environment
    )
    words = [environment]
    for axis, value in (("region", row.entitled_region), ("ring", row.entitled_ring)):
        if value == UNKNOWN:
            words.append(f"a {axis} that is not known (so possibly)")
        elif value != ANY:
            words.append(f"{axis} {value}")
    if row.version == UNKNOWN:
        words.append("in a version that is not known (so possibly)")
    return ", ".join(words)


def _subject_words(subject: str) -> str:
    product = subject.removeprefix("product:")
    return f"the product {product}" if product != subject else subject
