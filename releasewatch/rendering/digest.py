"""An account manager's page for the day, as people read it: a table, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from releasewatch.domain.calling_hours import find_zone
from releasewatch.domain.words import counted
from releasewatch.rendering.call_words import ADDRESS, E164
from releasewatch.rendering.customer_review import incident_in_words, releases_in_words
from releasewatch.rendering.views import View, instant_in_words

CALL_HEADINGS = ("when", "callable", "customer", "contact", "reach at", "why", "list", "call")


@dataclass(frozen=True, slots=True)
class DigestCallView(View):
    """One call: `cells` as `CALL_HEADINGS` names them, and how to claim it; empty where it cannot be now.

    `link`: by which the number is dialled, or the address written to; empty where there is none."""

    cells: tuple[str, ...]
    claim: str
    link: str


@dataclass(frozen=True, slots=True)
class DigestCustomerView(View):
    """What reached a customer, a sentence each, incidents first."""

    name: str
    key: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DigestView(View):
    """The page. `overdue` and `promises` (those not due yet): a sentence each. `nobodys`: that calls are nobody's, or
    empty; `waiting`: that calls of theirs wait for others of the same customer, or empty. `take`: the command that
    takes the next one; `none`: why none can be, or empty. `beyond`: of each list that is longer than it may be, how
    many customers are not on it."""

    account_manager: str
    as_of: str
    since: str
    summary: str
    overdue: tuple[str, ...]
    promises: tuple[str, ...]
    withdrawn: tuple[str, ...]
    nobodys: str
    calls: tuple[DigestCallView, ...]
    take: str
    none: str
    waiting: str
    beyond: tuple[str, ...]
    customers: tuple[DigestCustomerView, ...]


def digest_view(document: Mapping[str, Any]) -> DigestView:
    """The view of a document of `digest`, after what its channel may not show was withheld."""
    late = [promise_in_words(one) for one in document["promises"] if one["overdue"]]
    return DigestView(
        account_manager=document["account_manager"],
        as_of=_instant(document["as_of"]),
        since=_instant(document["since"]),
        summary=digest_summary(document),
        overdue=tuple(late),
        promises=tuple(promise_in_words(one) for one in document["promises"] if not one["overdue"]),
        withdrawn=tuple(withdrawn_in_words(one) for one in document["versions_withdrawn"]),
        nobodys=nobodys_in_words(document),
        calls=tuple(
            DigestCallView(call_cells(one), one["claim"] if one["claimable"] else "", _link(one))
            for one in calls_to_make(document)
        ),
        take=document["next"] or "",
        none=none_in_words(document),
        waiting=waiting_in_words(document),
        beyond=tuple(beyond_in_words(document)),
        customers=tuple(
            DigestCustomerView(one["name"] or one["key"], one["key"], tuple(customer_lines(one)))
            for one in document["customers"]
        ),
    )


def digest_summary(document: Mapping[str, Any]) -> str:
    """The page in a sentence."""
    calls, late = calls_to_make(document), sum(one["overdue"] for one in document["promises"])
    now = sum(one["callable"] == "now" and one["verdict"] == "call" for one in calls)
    return (
        f"{counted(late, 'promise')} overdue; {counted(len(calls), 'open call')}, {now} callable now; "
        f"{counted(len(document['customers']), 'customer')} reached by something since."
    )


def calls_to_make(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of the page, each customer once: a call that waits for another one of theirs is not one yet."""
    return [one for one in document["calls"] if one["status"] != "waiting"]


def none_in_words(document: Mapping[str, Any]) -> str:
    """Why none of the calls can be taken now, and which is next; empty where one can, or there is none."""
    calls = calls_to_make(document)
    if document["next"] or not calls:
        return ""
    held = [one for one in calls if one["status"] == "claimed"]
    drafts = [one for one in calls if one["status"] != "claimed" and not one["approved"]]
    later = [one for one in calls if one["claimable"] and one["callable"] == "later" and one["next_window"]]
    said = [f"{len(held)} claimed"] if held else []
    said += [f"{len(drafts)} of a draft"] if drafts else []
    if later:
        first = min(later, key=lambda one: str(one["next_window"]["from"]))
        said.append(f"{len(later)} later, {first['id']} first, {_when(first)}")
    return f"None can be taken now: {'; '.join(said) or 'see why with each'}."


def waiting_in_words(document: Mapping[str, Any]) -> str:
    """`2 more calls wait until an incident's is made: C-36 (for C-2), C-37 (for C-1).`, or empty."""
    waiting = [one for one in document["calls"] if one["status"] == "waiting"]
    if not waiting:
        return ""
    wait = "waits" if len(waiting) == 1 else "wait"
    named = ", ".join(f"{one['id']} (for {one['waits_for']})" for one in waiting)
    return f"{counted(len(waiting), 'more call')} {wait} until the one about an incident is made: {named}."


def beyond_in_words(document: Mapping[str, Any]) -> Iterator[str]:
    """`INC-1: And 34 more customers score lower …`, of each list that is longer than it may be."""
    yield from (f"{one['list']}: {one['sentence']}" for one in document["lists_beyond"])


def nobodys_in_words(document: Mapping[str, Any]) -> str:
    """That there are calls which nobody makes, and where they stand; empty where there are none."""
    lists = document["nobodys_calls"]
    if not lists:
        return ""
    many = sum(one["calls"] for one in lists)
    where = "; ".join(one["see"] for one in lists)
    return f"{counted(many, 'open call')} {'is' if many == 1 else 'are'} nobody's, and first in turn: {where}"


def call_cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a call, as `CALL_HEADINGS` names them."""
    contact = one["contact"]
    nobody = "withheld" if "contact" in one["withheld"] else "none"
    return (
        one["band"] or "",
        _when(one),
        one["name"] or one["customer"],
        nobody if contact is None else contact["name"],
        nobody if contact is None else _number(one, contact),
        "; ".join(_why(one)),
        ", ".join(_lists(one)),
        one["id"],
    )


def _number(one: Mapping[str, Any], contact: Mapping[str, Any]) -> str:
    """Where they are reached: the address of whom one writes to, else the number; never one not to be dialled."""
    if one["verdict"] == "write":
        address = contact["email"] or "no address"
        return Markup(address) if ADDRESS.fullmatch(address) else address  # noqa: S704 - matched right here
    return (contact["phone"] or "none") if contact["may_dial"] else "not by phone"


def _link(one: Mapping[str, Any]) -> str:
    contact = one["contact"]
    if contact is None:
        return ""
    if one["verdict"] == "write":
        return f"mailto:{contact['email']}" if contact["email"] and ADDRESS.fullmatch(contact["email"]) else ""
    number = contact["phone_e164"] or ""
    return f"tel:{number}" if contact["may_dial"] and E164.fullmatch(number) else ""


def promise_in_words(one: Mapping[str, Any]) -> str:
    """`P-7 to ada, by 2026-03-02: a credit note (C-1)`."""
    words = one["promise"] or ("withheld" if "promise" in one["withheld"] else "its words were erased")
    return f"{one['id']} to {one['customer']}, by {one['due_on']}: {words} ({one['call']})"


def withdrawn_in_words(one: Mapping[str, Any]) -> str:
    """Which version of which list does not hold, and why."""
    return f"{one['list']}: {one['sentence']}"


def customer_lines(one: Mapping[str, Any]) -> Iterator[str]:
    """What reached a customer, a sentence each."""
    yield from map(incident_in_words, one["incidents"])
    yield from releases_in_words(one["deployments"])


def _when(one: Mapping[str, Any]) -> str:
    """`now`, or from when; `write` to whom no call is made."""
    if one["verdict"] != "call":
        return str(one["verdict"])
    window = one["next_window"]
    if one["callable"] != "later" or not window:
        return str(one["callable"])
    place = find_zone(one["timezone"] or "")
    there = f" ({datetime.fromisoformat(window['from']).astimezone(place):%a %H:%M} their time)" if place else ""
    return f"from {_instant(window['from'])}{there}"


def _lists(one: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a call is about, the list first that says why."""
    yield one["list"]
    about = (item["incident"] or item["deployment"] or item["coming"] for item in one["items"])
    yield from (name for name in dict.fromkeys(about) if name and name != one["list"])


def _why(one: Mapping[str, Any]) -> Iterator[str]:
    if not one["approved"]:
        yield "DRAFT, not approved yet"
    if one["holder"]:
        yield f"claimed by {one['holder']}"
    elif one["caller"] and one["caller"] != one["account_manager"]:
        yield f"{one['caller']} makes it: {one['caller_because']}"
    if one["late_because"]:
        yield f"LATE, {one['late_because']}"
    yield one["verdict_because"]


def _instant(text: str) -> str:
    return instant_in_words(datetime.fromisoformat(text))
