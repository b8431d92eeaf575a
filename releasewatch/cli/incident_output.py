"""How incidents are given out: one screen for people, the contract's JSON for programs."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from releasewatch.cli.incident_measures import measure_lines
from releasewatch.cli.options import INSTANT
from releasewatch.cli.output import emit_json, emit_jsonl, emit_table, one_line, open_output, printable, say
from releasewatch.cli.suspects import in_none_of_the_days, ranking_of
from releasewatch.domain.impacts import doubt_lines
from releasewatch.domain.privacy import WITHHELD, Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.unsure import Unsure
from releasewatch.domain.words import counted
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.impacts import ImpactTold
    from releasewatch.usecases.incident_showing import Showing

_REFUSED_SHOWN = 20
_PLACES_SHOWN = 8
_REASONS_SHOWN = 3
_REASON_WIDTH = 160


def viewing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--at` and `--known-at`: the two clocks."""
    for option in (
        click.option("--known-at", type=INSTANT, metavar="T", help="Only what was recorded by then."),
        click.option("--at", type=INSTANT, metavar="T", help="The world at that instant, as known now; default now."),
    ):
        function = option(function)
    return function


def showing(
    app: App,
    reveal: str | None,
    output: Path | None,
    at: datetime | None = None,
    known_at: datetime | None = None,
) -> Showing:
    """As of when an incident is shown, and how much of customers where it goes."""
    from releasewatch.usecases.incident_showing import Showing
    from releasewatch.usecases.incident_viewing import Viewing

    without = {key: one.without_entitlement for key, one in app.config.tables.directory.items()}
    return Showing(
        Viewing(app.now, at, known_at, without),
        app.level(reveal, output),
        app.config.tables.privacy.keys == "opaque",
        app.config.tables.ranking.customer_tier,
        app.calling_hours,
    )


def give_out_incident(
    app: App,
    form: str,
    ref: str,
    how: Showing,
    *,
    already_open: bool = False,
    output: Path | None = None,
    customers: bool = False,
    with_timeline: bool = False,
    measured: bool = False,
    numbered: bool = True,
    impact: ImpactTold | None = None,
) -> None:
    """Give out one incident. `numbered`: suspects that have no number yet are given one, which is written down."""
    from releasewatch.usecases.incident_showing import show_incident, stream_affected
    from releasewatch.usecases.incident_suspects import add_suspects
    from releasewatch.usecases.incident_timeline import read_timeline

    document = show_incident(app.ledger, ref, how, already_open=already_open)
    if how.viewing.at is None and how.viewing.known_at is None:
        document = add_suspects(app.ledger, document, app.now, ranking_of(app), numbered=numbered, reveal=how.reveal)
    if impact is not None:
        document["said"] = impact.document
    if customers:
        shown = how.reveal >= Reveal.KEYS
        document["affected_customers"] = list(stream_affected(app.ledger, ref, how)) if shown else []
        if not shown and not app.quiet:
            say("This is a public repository: counts are shown, and no customer.")
    if measured:
        from releasewatch.usecases.impact_measures import measure_incident

        is_none = document["incident"]["status"] == "cancelled"
        measures = None if is_none else measure_incident(app.ledger, ref, how.viewing, how.hours, how.reveal)
        document["measures"] = measures
    if with_timeline:
        document["timeline"] = read_timeline(app.ledger, ref, how.viewing, how.reveal)
    if output is not None:
        with open_output(output) as stream:
            _write(app, form, document, stream)
    else:
        _write(app, form, document, sys.stdout)


def _write(app: App, form: str, document: dict[str, Any], stream: TextIO) -> None:
    if form == "json":
        emit_json(document, stream)
        return
    lines = [*_lines(app, document), *(measure_lines(app, document["measures"]) if document.get("measures") else ())]
    for line in lines:
        stream.write(f"{printable(line)}\n")
    _write_customers(document, stream)
    if "timeline" in document:
        stream.write("\n")
        emit_table(
            ("when", "written down", "what", "of", "said", "for", "by", "why"),
            (_timeline_row(app, one) for one in document["timeline"]),
            stream=stream,
        )
    if document["next"]:
        stream.write("Next:\n" + "".join(f"  {line}\n" for line in document["next"]))


def _timeline_row(app: App, one: dict[str, Any]) -> list[str]:
    """A line of the timeline; when it was written down stands there where that was at another time."""
    when, recorded = (_instant(app, one[name] or one["recorded_at"]) for name in ("happened_at", "recorded_at"))
    kind, subject, value, by, why = _texts(one, "kind", "subject", "value", "by", "why")
    if kind in ("impact_started_at", "impact_ended_at"):
        value = _instant(app, value) if value else "taken back"
    audience = one["audience"] if kind in ("entry", "summary") else ""
    if one["number"] is not None:
        subject = str(one["number"])
    replaced = "  [replaced]" if one["replaced"] else ""
    return [when, recorded if recorded != when else "", kind, subject, value + replaced, audience, by, why]


def _texts(item: dict[str, Any], *names: str) -> list[str]:
    return [_said(item, name) for name in names]


def _said(item: dict[str, Any], name: str) -> str:
    """A text, or what stands for it where it may not be shown."""
    if item[name] is None:
        return WITHHELD if name in item.get("withheld", ()) else ""
    return str(item[name])


def _instant(app: App, text: str) -> str:
    return format_both(datetime.fromisoformat(text), app.zone)


def _head_lines(app: App, i: dict[str, Any]) -> Iterable[str]:
    """What it is, since when, where, and who works at it."""
    words = [
        i["severity"],
        i["status"] or "not opened yet",
        f"noticed by {i['detected_by']}" if i["detected_by"] else "",
    ]
    again = "  [open before]" if i["already_open"] else ""
    yield one_line(f"{i['key']}: {_said(i, 'title')} ({', '.join(filter(None, words))}){again}")
    because = "" if i["impact_started_because"] == "said" else f" ({i['impact_started_because']})"
    until = ""
    if i["impact_ended_at"]:
        ended = "" if i["impact_ended_because"] == "said" else f" ({i['impact_ended_because']})"
        until = f", until {_instant(app, i['impact_ended_at'])}{ended}"
    yield f"  hurting since {_instant(app, i['impact_started_at'])}{because}{until}"
    statuses = i["component_status"]
    components = [f"{key} ({statuses[key]})" if key in statuses else key for key in i["components"]]
    where = [*components, *i["regions"], *i["rings"]]
    if where:
        yield one_line(f"  in {', '.join(where)}")
    people = [
        f"{i[role]} {does}" for role, does in (("commander", "leads"), ("liaison", "speaks with customers")) if i[role]
    ]
    if people:
        yield one_line(f"  {', '.join(people)}")


def _lines(app: App, document: dict[str, Any]) -> Iterable[str]:
    i = document["incident"]
    is_none = i["status"] == "cancelled"
    yield from _head_lines(app, i)
    yield from _suspect_lines(app, document)
    for one in document["deployments"]:
        score = f", {one['score']} of 100" if one["score"] is not None else ""
        reason = textwrap.shorten(_said(one, "reason"), _REASON_WIDTH, placeholder=" …")
        yield one_line(f"  {one['id']} {one['state']}{score}: {reason}")
    if document["fixed_by"]:
        yield f"  fixed by {', '.join(document['fixed_by'])}"
    if document["proposed_fixes"]:
        yield f"  taken back by {', '.join(document['proposed_fixes'])}; nobody has said that this fixed it"
    for one in document["same_elsewhere"]:
        places = ", ".join("/".join(filter(None, place.values())) or "everywhere else" for place in one["places"])
        yield f"  {one['deployment']} put the same as {one['same_as']} to {one['environment']} ({places}), still live"
    for audience, text in sorted(i["summaries"].items()):
        yield one_line(f"  for {audience}: {WITHHELD if text is None else text}")
        if audience == "customer" and i["customer_summary_outdated"]:
            yield "    agreed before it was over: say anew what customers are to hear now"
    yield from _count_lines(document, is_none=is_none)
    if len(document["places"]) > 1 and not is_none:
        # Those who still carry it come first: of many places only some are shown.
        for place in sorted(document["places"], key=lambda one: -one["still_exposed"])[:_PLACES_SHOWN]:
            name = "/".join(filter(None, (place["region"], place["ring"]))) or "everywhere else"
            yield f"  {name}: {place['still_exposed']} still exposed, {place['returned']} returned"
        if len(document["places"]) > _PLACES_SHOWN:
            yield f"  and {counted(len(document['places']) - _PLACES_SHOWN, 'more place')}: --format json has them all"
    yield from _owed(app, document)
    if document["first_to_call"] and not is_none and "affected_customers" not in document:
        yield "First to call:"
        for one in document["first_to_call"]:
            words = [one["state"], "" if one["still_exposed"] else "returned", one["account_manager"] or ""]
            yield one_line(f"  {_customer(one)} ({', '.join(filter(None, words))})")


def _count_lines(document: dict[str, Any], *, is_none: bool) -> Iterable[str]:
    """How many customers, whom the blame does not explain, and of whom something is not known."""
    counts = document["customers"]
    yield (
        f"{counted(counts['exposed'], 'customer')}: {counts['presumed']} presumed, {counts['possible']} possible, "
        f"{counts['affected']} affected, {counts['cleared']} cleared"
        + ("." if is_none else f"; {counts['still_exposed']} still exposed, {counts['returned']} returned.")
    )
    if not is_none:
        yield from (f"  {line}" for line in doubt_lines(**document["unexplained"]))
    if document["nobody_because"]:
        yield f"  {document['nobody_because']}"
    yield from (f"  {line}" for line in Unsure.of(document).incident_lines)


def _suspect_lines(app: App, document: dict[str, Any]) -> Iterable[str]:
    """The suspects where nobody is blamed yet, one a line with its main reasons."""
    if document.get("none_plausible") is None:
        return
    if not document["suspects"]:
        other = "other " if document["deployments"] else ""
        yield f"Suspects: none; no {other}deployment went live {in_none_of_the_days(app, 'before it began')}"
        return
    doubt = ": none of these is plausible, so the cause may be elsewhere" if document["none_plausible"] else ""
    before = document["suspects_before"]
    # Not the start that is told above: those who are affected suffered earlier.
    earlier = f", live by {_instant(app, before)}" if before != document["incident"]["impact_started_at"] else ""
    yield f"Suspects, of 100 points{earlier}{doubt}:"
    for one in document["suspects"]:
        number = "-" if one["number"] is None else str(one["number"])
        reasons = ", ".join(f"{reason['text']} ({reason['points']})" for reason in one["reasons"][:_REASONS_SHOWN])
        unlikely = "" if one["plausible"] or document["none_plausible"] else "unlikely; "
        yield one_line(
            f"  {number}  {one['deployment']} {one['score']:>3}  {one['repo']}, live from "
            f"{_instant(app, one['live_from'])}: {unlikely}{reasons or 'nothing speaks against it'}"
        )


def _owed(app: App, document: dict[str, Any]) -> Iterable[str]:
    """Who was told what is no longer so."""
    if not document["corrections_owed"]:
        return
    yield f"{counted(document['corrections_owed'], 'correction')} owed:"
    for one in document["corrections"]:
        told = f": “{one['told']}”" if one["told"] else f": {WITHHELD}" if "told" in one["withheld"] else ""
        when = f"{one['purpose'].replace('_', ' ')} by {one['channel']}, {_instant(app, one['told_at'])}"
        yield one_line(f"  {one['customer']} ({one['because']}), told {when}{told}")


def _customer(one: dict[str, Any]) -> str:
    return f"{one['key']} {one['name']}" if one["name"] else str(one["key"])


def _is_still(one: dict[str, Any]) -> str:
    """Whether a customer carries it still; nothing of who is cleared, or where there was no incident."""
    if one["still_exposed"] is None or one["state"] == "cleared":
        return ""
    return "still" if one["still_exposed"] else "returned"


def _write_customers(document: dict[str, Any], stream: TextIO) -> None:
    items = document.get("affected_customers")
    if not items:
        return
    stream.write("\n")
    emit_table(
        ("customer", "state", "level", "exposed", "why"),
        (
            [
                _customer(one),
                one["state"],
                one["level"] or "",
                _is_still(one),
                "; ".join(one["reasons"]),
            ]
            for one in items
        ),
        stream=stream,
    )


def say_impact(app: App, told: ImpactTold, *, strict: bool) -> None:
    """Say what came of words about customers: rows that were refused, by line and reason alone."""
    for line, why in told.added.refused[:_REFUSED_SHOWN]:
        say(f"Line {line} is refused: {why}.")
    if len(told.added.refused) > _REFUSED_SHOWN:
        say(f"And {counted(len(told.added.refused) - _REFUSED_SHOWN, 'more line')}.")
    if strict and told.added.refused:
        say("Nothing was added: --strict stops at refused rows.")
    elif not app.quiet:
        say(
            f"{told.added.new} new, {told.added.same} said before"
            + (f", {len(told.added.refused)} refused" if told.added.refused else "")
            + "."
        )


def give_out_list(
    app: App,
    form: str,
    *,
    status: str | None,
    limit: int,
    after: str | None,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Give out the list of incidents."""
    from releasewatch.usecases.incident_lists import list_document
    from releasewatch.usecases.incident_viewing import Viewing

    document = list_document(
        app.ledger,
        Viewing(app.now, at, known_at),
        limit=limit,
        cursor=after,
        status=status,
        reveal=app.level(None, None),
    )
    if form == "json":
        emit_json(document)
    elif form == "jsonl":
        emit_jsonl(document["incidents"])
    else:
        emit_table(
            ("id", "opened", "severity", "status", "components", "title"),
            (
                [
                    one["key"],
                    _instant(app, one["opened_at"]) if one["opened_at"] else "",
                    *_texts(one, "severity", "status"),
                    ", ".join(one["components"]),
                    _said(one, "title"),
                ]
                for one in document["incidents"]
            ),
        )
        if document["next_cursor"]:
            say(f"More: --after {document['next_cursor']}")
