"""What a template of a step's summary may use: counts and keys, so that no template can show more.

A template gets one value, `summary`. There is no customer in it, no title, person, address or path: those may hold
names, and a summary is read by everybody who may see the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releasewatch.rendering.views import View


@dataclass(frozen=True, slots=True)
class ComponentView(View):
    """A component that is reached: `reach` is direct or dependent, `via` the one before it, `distance` the hops."""

    key: str
    reach: str
    via: str
    distance: int
    changes: int
    paths: int


@dataclass(frozen=True, slots=True)
class ViolationView(View):
    """A rule that a plan breaks, as it is written, but for a customer's key; and the sentence that says so."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class SummaryView(View):
    """One deployment, or the plan of one (`is_plan`, `deployment` is then empty).

    - `deployment`: its id; `status`, `kind`: words of the JSON; `head`: the beginning of its sha, empty without git
    - `places`: regions and rings, e.g. `eu/stable`; none: everywhere
    - `added`, `removed`: changes; `removed` is None where it is not known
    - `named`, `direct`, `dependent`: customers by reach, together `customers`; `possible` of them are uncertain
    - `violations`: rules that a plan breaks
    - `unmapped`: changed paths of no component; `not_ruled_out`: customers who may be reached by those
    """

    is_plan: bool
    deployment: str
    already_recorded: bool
    repo: str
    environment: str
    kind: str
    status: str
    head: str
    places: tuple[str, ...]
    history_complete: bool
    added: int
    removed: int | None
    violations: tuple[ViolationView, ...]
    components: tuple[ComponentView, ...]
    not_deployed: tuple[str, ...]
    customers: int
    named: int
    direct: int
    dependent: int
    possible: int
    unplaced: int
    unmapped: int
    not_ruled_out: int


def summary_view(document: Mapping[str, Any]) -> SummaryView:
    """The view of what `deployment record`, `show` or `plan` gives out as JSON."""
    d, exposed = document["deployment"], document["exposure"]
    places = ("/".join(filter(None, (target["region"], target["ring"]))) for target in d["targets"])
    return SummaryView(
        is_plan="violations" in document,
        deployment=d["id"] or "",
        already_recorded=bool(d["already_recorded"]),
        repo=d["repo"],
        environment=d["environment"],
        kind=d["kind"],
        status=d["status"],
        head=(d["head"] or "")[:10],
        places=tuple(place for place in places if place),
        history_complete=bool(d["history_complete"]),
        added=document["changes"]["added"],
        removed=document["changes"]["removed"],
        violations=tuple(_violation(one) for one in document.get("violations", ())),
        components=tuple(
            ComponentView(c["key"], c["reach"], c["via"] or "", c["distance"] or 0, c["changes"] or 0, c["paths"] or 0)
            for c in document["components"]
        ),
        not_deployed=tuple(document["not_deployed"]),
        customers=exposed["customers"],
        named=exposed["named"],
        direct=exposed["direct"],
        dependent=exposed["dependent"],
        possible=exposed["possible"],
        unplaced=exposed["unplaced"],
        unmapped=document["unmapped"]["paths"],
        not_ruled_out=exposed["not_ruled_out"],
    )


def _violation(one: Mapping[str, Any]) -> ViolationView:
    kind, sign, _ = one["rule"].partition("=")
    return ViolationView(f"{kind}{sign}…" if kind == "customer" else one["rule"], one["text"])
