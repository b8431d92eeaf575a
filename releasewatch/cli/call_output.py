"""How call lists and calls are given out: what each channel may show, and the table for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from releasewatch.cli.output import emit_line, emit_table, say
from releasewatch.domain.privacy import WORDS, Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.words import blank_line, counted
from releasewatch.errors import RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from releasewatch.usecases.call_candidates import RankedList


_STAFF = ("assigned_to", "caller", "caller_because", "goes_up_to")
"""Who of our people a call is in the hands of: names, too."""


def counts_of(made: RankedList) -> dict[str, int]:
    """How many rows have each verdict."""
    counts = {"call": 0, "write": 0, "leave": 0}
    for row in made.calls.rows:
        counts[row.verdict] += 1
    return counts


def is_opaque(app: App) -> bool:
    """Whether keys are withheld where names are."""
    return app.config.tables.privacy.keys == "opaque"


def hours_in_words(
    app: App, word: str, window: Sequence[str] | None, their: Mapping[str, Any], rules: Mapping[str, Any]
) -> str:
    """When somebody can be called, as call lists say it, and by our own clock, from what documents hold.

    `word`: now, later, …; `window`: its begin and end; `their`: a document with `timezone`, `local_time` and what is
    withheld of it; `rules`: one with `at_any_hour` and `holiday`.
    """
    from releasewatch.domain.calling_hours import Availability, Window, find_zone
    from releasewatch.rendering.call_words import callable_in_words

    place, given = find_zone(their["timezone"] or ""), [datetime.fromisoformat(one) for one in window or ()]
    local = their["local_time"] and datetime.fromisoformat(their["local_time"]).astimezone(place)
    slot = Window(*given) if given else None
    found: Any = word
    availability = Availability(found, local, slot, rules["holiday"] or "", rules["at_any_hour"] or "")
    words = callable_in_words(availability, their_time="name" not in their["withheld"])
    if slot is None or availability.by_rule or word not in ("now", "later"):
        return words
    if place is None:
        return f"{words}, not before {format_both(slot.from_at, app.zone)}"
    return f"{words}, that is {format_both(slot.until_at if word == 'now' else slot.from_at, app.zone)}"


def their_time(app: App, text: str, zone: str | None, *, day: bool = True) -> str:
    """`, Wed 2026-05-27 09:00 their time`, where their clock shows another time than ours, and may be told."""
    from releasewatch.domain.calling_hours import find_zone

    at, place = datetime.fromisoformat(text), find_zone(zone or "")
    if place is None or at.astimezone(place).utcoffset() == at.astimezone(app.zone).utcoffset():
        return ""
    return f", {at.astimezone(place):{'%a %Y-%m-%d %H:%M' if day else '%a %H:%M'}} their time"


def local_time_of(zone: str | None, local_time: str | None) -> str:
    """`Wed 10:07 (Europe/Berlin)`; empty where it is not known, or may not be told."""
    if zone is None or local_time is None:
        return ""
    at = datetime.fromisoformat(local_time)
    return f"{at:%a %H:%M} ({zone})"


def refuse_if_public(app: App, reveal: str | None, level: Reveal) -> None:
    """Refuse a list of customers where only counts may be shown and more was asked for."""
    if reveal is not None and level < WORDS[reveal] and app.ci is not None and app.ci.public_repo:
        raise RefusedError("This is a public repository: its logs and files are counts only.", "Run it elsewhere.")


def _blank_of(made: RankedList) -> str:
    blank = blank_line(made.calls.unmapped, made.calls.not_ruled_out, made.calls.unsure.lines)
    return " ".join(filter(None, (made.calls.beyond.line, blank)))


def emit_blank(made: RankedList) -> None:
    """Who is beyond the list's length; how many cannot be ruled out, and why."""
    if blank := _blank_of(made):
        emit_line(blank)


def say_blank(app: App, made: RankedList) -> None:
    """The same where the format has no place for it."""
    if (blank := _blank_of(made)) and not app.quiet:
        say(blank)


def emit_left_out(made: RankedList) -> None:
    """Who of an incident is not on its list, and why."""
    incident = made.calls.incident
    if incident is not None and incident.left_out.get("cleared"):
        emit_line(f"{counted(incident.left_out['cleared'], 'customer')} cleared, and told of nothing: not on the list.")


def say_withdrawn(made: RankedList) -> None:
    """What planning took out of calls, by why."""
    for why, many in sorted(made.withdrawn.items()):
        emit_line(f"Withdrawn: {many}, because {why}.")


def say_left_out(app: App, made: RankedList) -> None:
    """How many rows lack something to say."""
    rows = sum(1 for row in made.calls.rows if row.candidate.say_withheld)
    if rows and not app.quiet:
        care = made.calls.incident is None
        what = "names another customer" if care else "names somebody, or holds what is not for customers,"
        say(
            f"For {counted(rows, 'customer')} something to say {what} and was left out. "
            "Give it other words: releasewatch "
            + ("change edit" if care else "incident update --audience customer --summary TEXT")
        )


def say_if_outdated(app: App, made: RankedList) -> None:
    """That the words are from before the end of the incident, and how they become new ones."""
    if any(row.candidate.say_outdated and row.verdict != "leave" for row in made.calls.rows) and not app.quiet:
        say(
            "The words to say were agreed before it was over. Agree on others: "
            f"releasewatch incident update {made.calls.subject} --audience customer --summary TEXT"
        )


def withhold(row: dict[str, Any], level: Reveal, *, in_ci: bool, opaque: bool) -> dict[str, Any]:
    """A row as its channel may show it: what is withheld is null, and named."""
    from releasewatch.domain.call_rules import NO_RATE
    from releasewatch.domain.call_scores import parts_for_ci
    from releasewatch.domain.privacy import opaque_key

    shown, withheld = dict(row), []
    outside, (said, left_out) = shown.pop("verdict_outside"), shown.pop("say_outside")
    if in_ci:
        shown["parts"] = parts_for_ci(row["parts"])
        shown["not_known"] = [words for words in row["not_known"] if words != NO_RATE]
    if level < Reveal.CONTACTS and row["contact"] is not None:
        shown["contact"] = None
        withheld.append("contact")
    if level < Reveal.NAMES:
        if opaque:
            shown["customer"] = opaque_key(row["customer"])
        shown["name"] = None
        shown["account_manager"] = shown["account_manager_note"] = None
        # The window is the working day of their time zone, in UTC; minutes hurt within it may tell it too.
        for name in (
            "timezone",
            "local_time",
            "next_window",
            "holiday",
            "minutes_in_working_hours",
            "holder",
            "language",
            *_STAFF,
        ):
            if row.get(name) is not None:
                shown[name] = None
                withheld.append(name)
        shown["same_number_as"] = [
            {"customer": opaque_key(one["customer"]) if opaque and one["customer"] else one["customer"]}
            for one in row["same_number_as"]
        ]
        shown |= {"verdict_because": outside, "say": list(said), "say_withheld": left_out}
        withheld += ["name"] + (["account_manager"] if row["account_manager"] else [])
    shown["withheld"] = withheld
    return shown


def show(rows: Sequence[dict[str, Any]], counts: dict[str, int]) -> None:
    """The list as a table."""
    if rows:
        emit_table(
            ("#", "when", "call", "verdict", "customer", "score", "callable", "contact", "number", "owner", "why"),
            (
                (
                    str(row["rank"]),
                    row["band"] or "",
                    _call_words(row),
                    row["verdict"],
                    row["name"] or row["customer"],
                    str(row["score"]),
                    row["callable"] + (f" ({row['at_any_hour']})" if row["at_any_hour"] else ""),
                    contact_words(row, "name"),
                    contact_words(row, "phone"),
                    _owner_words(row),
                    "; ".join(
                        filter(
                            None,
                            (
                                row["verdict_because"],
                                _late_words(row),
                                _tried_words(row),
                                *remarks(row),
                                _outdated_words(row),
                            ),
                        )
                    ),
                )
                for row in rows
            ),
            right=("#", "score"),
        )
    emit_line(f"{counts['call']} to call, {counts['write']} to write to, {counts['leave']} to leave.")


def _owner_words(row: dict[str, Any]) -> str:
    """Who keeps the customer, how that stands, and who makes the call where that is somebody else."""
    if "account_manager" in row["withheld"]:
        return "withheld"
    note = f" ({row['account_manager_note']})" if row["account_manager"] and row["account_manager_note"] else ""
    owner = f"{row['account_manager'] or 'UNOWNED'}{note}"
    return f"{owner}, call: {row['caller']}" if row["caller"] not in (None, row["account_manager"]) else owner


def _tried_words(row: dict[str, Any]) -> str:
    if not row["attempts"] or row["status"] not in ("open", "claimed", "waiting"):
        return ""
    return "tried once" if row["attempts"] == 1 else f"tried {row['attempts']} times"


def remarks(row: dict[str, Any]) -> Iterator[str]:
    """What else a caller should know before the dial, one sentence each."""
    for one in row["same_number_as"]:
        yield f"same number as {one['customer'] or 'a customer of somebody else'}: one dial"
    for one in row["called_lately"]:
        if f"({one['call']})" in row["verdict_because"]:
            continue  # said there already
        about = f" about {', '.join(one['about'])}" if one["about"] else ""
        yield f"called {one['at'][:10]}{about} ({one['call']})"
    # What else is not known stands in a column, or in the reason.
    if "time zone not known" in row["not_known"]:
        yield "time zone not known"


def _late_words(row: dict[str, Any]) -> str:
    if not row["late_because"]:
        return ""
    if row["goes_up_to"]:
        return f"LATE, {row['late_because']}: goes up to {row['goes_up_to']}"
    up = "goes up to their manager" if "goes_up_to" in row["withheld"] else "no manager is known to whom it goes up"
    return f"LATE, {row['late_because']}: {up}"


def _outdated_words(row: dict[str, Any]) -> str:
    return (
        "the words to say were agreed before it was over" if row["say_outdated"] and row["verdict"] != "leave" else ""
    )


def _call_words(row: dict[str, Any]) -> str:
    words = [row["id"] or ""]
    if row["status"] not in ("open", "not_planned"):
        words.append(row["status"])
    if not row["approved"]:
        words.append("DRAFT")
    return " ".join(filter(None, words))


def contact_words(row: dict[str, Any], what: str) -> str:
    """The contact's name or number, as far as it is shown."""
    if row["contact"] is None:
        return "withheld" if "contact" in row["withheld"] else "none"
    if what == "phone" and not row["contact"]["may_dial"]:
        return "not by phone"
    return row["contact"][what] or ""
