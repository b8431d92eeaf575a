"""A quarter's review of customers as people read it: a table, HTML, and a workbook with all that is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.words import counted, duration
from releasewatch.rendering.report_views import NOT_KNOWN, share_in_words
from releasewatch.rendering.views import View, instant_in_words
from releasewatch.rendering.workbook import Column, Page, write_workbook

REVIEW_HEADINGS = (
    "releases",
    "requests delivered",
    "incidents",
    "minutes hurt",
    "in working hours",
    "credit due",
    "we told them first",
    "promises kept",
)
_SHOWN = ("affected", "presumed")
_FIRST = {"we": "we told them first", "they": "they told us first", None: "neither told the other"}


@dataclass(frozen=True, slots=True)
class ReviewView(View):
    """One customer: their name, a cell for each of `REVIEW_HEADINGS`, and what stands behind, a sentence each."""

    key: str
    name: str
    cells: tuple[str, ...]
    incidents: tuple[str, ...]
    releases: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewsView(View):
    """All customers of an account manager."""

    title: str
    account_manager: str
    as_of: str
    summary: str
    headings: tuple[str, ...]
    customers: tuple[ReviewView, ...]


def reviews_view(document: Mapping[str, Any]) -> ReviewsView:
    """The view of a document of `report customer`."""
    since, until = (_instant(document[name]) for name in ("since", "until"))
    return ReviewsView(
        title=f"Customers, {since} to {until}",
        account_manager=document["account_manager"],
        as_of=_instant(document["as_of"]),
        summary=f"{counted(len(document['customers']), 'customer')} of {document['account_manager']}.",
        headings=REVIEW_HEADINGS,
        customers=tuple(_review(one) for one in document["customers"]),
    )


def review_cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a customer, as `REVIEW_HEADINGS` names them; affected and presumed stand apart."""
    minutes, credit = one["minutes"], one["credit_due"]
    possible = one["releases"]["possible"]
    first = one["called_first"]
    hurt = [state for state in _SHOWN if minutes[state]["incidents"]]
    return (
        f"{one['releases']['reached']}" + (f" and {possible} possible" if possible else ""),
        str(one["requests_delivered"]["changes"]),
        str(len(one["incidents"])),
        _by_state(hurt, lambda state: minutes[state]["minutes"]),
        _by_state(hurt, lambda state: minutes[state]["working_minutes"]),
        _by_state(hurt, lambda state: credit[state]["due"] if credit[state]["known"] else None),
        f"{first['we']} of {first['incidents']}" if first["incidents"] else NOT_KNOWN,
        share_in_words(one["promises"], "kept", "due"),
    )


def render_review_workbook(document: Mapping[str, Any]) -> bytes:
    """The workbook: the customers, and a sheet each for incidents, releases and requests."""
    view = reviews_view(document)
    above = (view.title, f"{view.summary} As of {view.as_of}.")
    pages = [
        Page(
            "Customers",
            (Column("customer", 16), Column("name", 24), *(Column(name, 15) for name in REVIEW_HEADINGS)),
            [(one.key, one.name, *one.cells) for one in view.customers],
            above=above,
            kept=1,
            head=view.title,
        ),
        _page("Incidents", _INCIDENT, document, lambda one: one["incidents"]),
        _page("Releases", _RELEASE, document, lambda one: one["releases"]["deployments"]),
        _page("Requests delivered", _REQUEST, document, lambda one: one["requests_delivered"]["items"]),
    ]
    return write_workbook(pages, title=view.title, made_at=datetime.fromisoformat(document["as_of"]))


_INCIDENT = (
    *("incident", "title", "severity", "status", "state", "impact_started_at", "minutes", "working_minutes"),
    *("promise", "credit", "first", "told_at", "reported_at"),
)
_RELEASE = ("deployment", "release", "repo", "environment", "kind", "components", "possible", "live_from")
_REQUEST = ("change", "deployment")


def _page(name: str, columns: tuple[str, ...], document: Mapping[str, Any], find: Any) -> Page:
    rows = [
        (one["key"], *(_cell(each[column]) for column in columns))
        for one in document["customers"]
        for each in find(one)
    ]
    headings = (Column("customer", 16), *(Column(column.replace("_", " "), 18) for column in columns))
    return Page(name, headings, rows, kept=1)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):  # a limit in minutes, and how it stands
        return f"{value['stands']} ({counted(value['minutes'], 'minute')})"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _review(one: Mapping[str, Any]) -> ReviewView:
    return ReviewView(
        key=one["key"],
        name=one["name"] or one["key"],
        cells=review_cells(one),
        incidents=tuple(map(incident_in_words, one["incidents"])),
        releases=tuple(releases_in_words(one["releases"]["deployments"])),
        requests=tuple(
            f"{each['change'][:12]}, with {each['deployment']}" for each in one["requests_delivered"]["items"]
        ),
    )


def incident_in_words(one: Mapping[str, Any]) -> str:
    """What a customer had of an incident, in a sentence."""
    minutes, inside = one["minutes"], one["working_minutes"]
    within = "within working hours: not known" if inside is None else f"{_span(inside)} of it in their working hours"
    credit = f"; credit: {one['credit']['stands']}" if one["credit"] else ""
    first = "" if one["state"] == "possible" and one["first"] is None else f"; {_FIRST[one['first']]}"
    return f"{one['incident']} {one['title']}: {one['state']} for {_span(minutes)}, {within}{credit}{first}"


def _span(minutes: int) -> str:
    """`2d 14h`, `8h`, `35m`, `none`."""
    found = duration(minutes * 60) if minutes else "none"
    for nothing in (" 00s", " 00m", " 0h"):
        found = found.removesuffix(nothing)
    return found


def releases_in_words(found: list[dict[str, Any]]) -> Iterator[str]:
    """What came to them, one sentence for each deployment."""
    for one in found:
        name = f"{one['repo']} {one['release']}" if one["release"] else one["repo"]
        doubt = ", possibly" if one["possible"] else ""
        yield f"{one['deployment']} {name} to {one['environment']}, {_instant(one['live_from'])}{doubt}"


def _by_state(states: list[str], find: Callable[[str], int | None]) -> str:
    """`affected 60, presumed not known`; 0 for whom no incident hurt."""
    found = {state: find(state) for state in states}
    return ", ".join(f"{state} {NOT_KNOWN if many is None else many}" for state, many in found.items()) or "0"


def _instant(text: str) -> str:
    return instant_in_words(datetime.fromisoformat(text))
