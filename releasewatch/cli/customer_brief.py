"""`releasewatch customer brief`: one screen for a customer on the line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from releasewatch.cli.call_output import hours_in_words, local_time_of, refuse_if_public, their_time
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, one_line, stream_to
from releasewatch.domain.call_incidents import NO_INCIDENT_WORDING
from releasewatch.domain.call_purposes import purpose_in_words
from releasewatch.domain.privacy import WITHHELD, Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted, with_key
from releasewatch.errors import RefusedError
from releasewatch.wiring import App


@click.command("brief")
@click.argument("who", metavar="CUSTOMER", nargs=-1, required=True)
@common(("text", "json"), output=True, reveal=True, reads=True)
def brief(app: App, form: str, who: tuple[str, ...], output: Path | None, reveal: str | None) -> None:
    """One screen for CUSTOMER on the line: a key, an alias, part of a name, a phone number, a mail address or domain.

    Open incidents with their state, what reached them in 14 days, what they reported, our calls, promises (overdue
    first), what may be said and what not, and whom to call when. Numbers, notes and quotes need --reveal contacts.
    """
    from releasewatch.cli.call import planning
    from releasewatch.usecases.customer_brief import brief_customer

    level = app.level(reveal, output)
    refuse_if_public(app, reveal, level)
    if level < Reveal.KEYS:
        raise RefusedError("This is a public repository: its logs are counts only.", "Run it elsewhere.")
    found = brief_customer(app.ledger, " ".join(who), planning(app), level)
    document = found.document
    document["customer"]["key"] = app.looking(reveal, output).key(found.key)
    for one in document["promises"]:
        one.pop("customer")
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
            return
        for line in _lines(app, document):
            emit_line(one_line(line), stream)


def _lines(app: App, found: dict[str, Any]) -> Iterator[str]:
    one = found["customer"]
    facts = [one[name] for name in ("customer_tier", "country", "language") if one[name]]
    there = local_time_of(one["timezone"], one["local_time"])
    facts += [f"their time is {there}"] if there else []
    facts += ["ESCALATED"] if one["escalated"] else []
    yield with_key(one["name"] or one["key"], one["key"]) + (f": {', '.join(facts)}" if facts else "")
    if "account_manager" not in one["withheld"] and "name" not in one["withheld"]:
        note = f" ({one['account_manager_note']})" if one["account_manager_note"] else ""
        yield f"  account manager: {one['account_manager'] or 'NOBODY'}{note}"
    yield from _section("Incidents", _incidents(app, found), "no open incident holds them")
    yield from _section("Promises", _promises(found["promises"]), "")
    yield from _section("Say", _say(found["words"]), NO_INCIDENT_WORDING)
    unsaid = found["left_unsaid"]
    beside = [f"{counted(unsaid, 'text')} left out, for what may not be said"] if unsaid else []
    silence = [f"{one['about']}: {text}" for one in found["words"] for text in one["do_not_say"]]
    yield from _section("Know, do not say", [*silence, *beside], "")
    yield from _section("Reached them in 14 days", _reached(app, found), "nothing that is recorded")
    yield from _section("They told us", _reported(app, found["reported"]), "")
    yield from _section("Our calls", _calls(app, found), "none in 30 days")
    yield from _section("Contacts", _contacts(app, found), "")


def _section(title: str, lines: Any, empty: str) -> Iterator[str]:
    shown = list(lines) or ([empty] if empty else [])
    if shown:
        yield f"{title}:"
        yield from (f"  {line}" for line in shown)


def _say(words: list[dict[str, Any]]) -> Iterator[str]:
    """Each line with what it is about; of an incident without agreed words, that there are none."""
    for one in words:
        about = f"{one['about']}{' (its list is a draft)' if one['draft'] else ''}"
        if not one["say"] and one["about"].startswith("INC-"):
            yield f"{about}: {NO_INCIDENT_WORDING if not one['agreed'] else 'left out, for what it holds.'}"
        yield from (f"{about}: {text}" for text in one["say"])


def _incidents(app: App, found: dict[str, Any]) -> Iterator[str]:
    zone = found["customer"]["timezone"]
    for one in found["incidents"]:
        until = f" until {_local(app, one['until'], zone)}" if one["until"] else ""
        state = f"they are {one['state']}" if one["state"] else "it does not hold them any more"
        yield (
            f"{one['incident']} ({one['severity'] or 'severity not said'}, {one['status']}): "
            f"{one['title'] or WITHHELD}; {state}, since {_local(app, one['since'], zone)}{until}"
        )
        told = f"told {_local(app, one['told_at'])}" if one["told_at"] else "not told yet"
        owed = f"; owed: {one['owed'].replace('_', ' ')}" if one["owed"] else ""
        yield f"  {told}{owed}" + (f", {one['call']}" if one["call"] else "")
        yield from (f"  why: {because}" for because in one["because"])


def _promises(rows: list[dict[str, Any]]) -> Iterator[str]:
    for one in rows:
        state = "OVERDUE " if one["overdue"] else "" if one["state"] == "open" else f"{one['state']}, "
        text = one["promise"] or ("withheld" if "promise" in one["withheld"] else "")
        yield f"{one['id']} {state}by {one['due_on']}: {text} ({one['call']})"


def _reached(app: App, found: dict[str, Any]) -> Iterator[str]:
    for one in found["reached"]:
        doubt = ", possible only" if one["possible"] else ""
        gone = f", left them {_local(app, one['carrying_until'])}" if one["carrying_until"] else ""
        blame = f", blamed for {', '.join(one['blamed_for'])}" if one["blamed_for"] else ""
        release = f" {one['release']}" if one["release"] else ""
        what = ", ".join(one["components"]) or one["repo"]
        yield f"{one['deployment']}{release}: {what}, since {_local(app, one['live_from'])}{gone}{doubt}{blame}"
    if found["more_reached"]:
        yield "… and more"


def _reported(app: App, rows: list[dict[str, Any]]) -> Iterator[str]:
    for one in rows:
        about = f" on {one['component']}" if one["component"] else ""
        ticket = f" {one['reference']}" if one["reference"] else ""
        texts = [f"“{one['quote']}”"] if one["quote"] else []
        texts += [one["note"]] if one["note"] else []
        said = f": {'; '.join(texts)}" if texts else ": withheld" if one["withheld"] else ""
        yield f"{one['id']} {_local(app, one['reported_at'])}, {one['channel']}{ticket}{about}{said}"


def _item(one: dict[str, Any]) -> str:
    about = one["incident"] or one["deployment"] or one["coming"] or ""
    return f"{purpose_in_words(one['purpose'], one['deployment'])} {about}".rstrip()


def _calls(app: App, found: dict[str, Any]) -> Iterator[str]:
    chosen = found["callable"]["call"]  # of this one it stands with the contacts
    for one in found["calls"]:
        items = ", ".join(_item(each) for each in one["items"])
        when = f", again from {_local(app, one['next_at'])} on" if one["next_at"] else ""
        hours = f"; callable {_hours(app, one, found['customer'])}" if "callable" in one and one["id"] != chosen else ""
        yield f"{one['id']} {one['status']}: {items}{when}{hours}"
        for each in one["attempts"]:
            outcome = f", {each['outcome']}" if each["outcome"] else ""
            yield f"  {_local(app, each['at'])}: {each['channel']}, {each['disposition']}{outcome}"
            texts = ("note", "quote", "ask_engineering")
            yield from (f"    {name.replace('_', ' ')}: {each[name]}" for name in texts if each[name])


def _contacts(app: App, found: dict[str, Any]) -> Iterator[str]:
    able = found["callable"]
    about = f" for {able['call']}" if able["call"] else ""
    yield f"callable{about}: {_hours(app, able, found['customer'])}" + (
        f" ({able['why_not']})" if able["why_not"] else ""
    )
    for one in found["contacts"]:
        marks = ["call this one"] if one["to_call"] else []
        marks += ["do not call"] if not one["may_be_called"] else []
        marks += ["WRONG NUMBER"] if one["wrong_number"] else []
        words = [one[name] for name in ("role", "phone", "email", "language", "hours") if one[name]]
        yield f"{one['name']}: {', '.join([*words, *marks])}"


def _hours(app: App, one: dict[str, Any], customer: dict[str, Any]) -> str:
    window = (one["from"], one["until"]) if one["from"] else None
    return hours_in_words(app, one["callable"], window, customer, one)


def _local(app: App, text: str, zone: str | None = None) -> str:
    """By our own clock and in UTC; with `zone` by the customer's, too."""
    return format_both(datetime.fromisoformat(text), app.zone) + their_time(app, text, zone)
