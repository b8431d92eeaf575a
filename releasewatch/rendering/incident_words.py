"""The sentences of incident documents that nobody has to agree on: they say what the record says, and no more.

A presumption is told as one: somebody presumed to be hurt "may have been affected", somebody possible "cannot be ruled
out", and a time that nobody said is "presumably".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.incidents import OPEN_STATUSES
from releasewatch.rendering.views import day_in_words, instant_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from releasewatch.domain.incident_documents import IncidentDocument, Moment
    from releasewatch.domain.incident_facts import HurtFacts

COMPONENT_STATUS = {
    "operational": "working normally",
    "maintenance": "in maintenance",
    "degraded": "degraded",
    "partial": "partly unavailable",
    "major_outage": "unavailable",
}

DETECTED_BY = {"monitoring": "monitoring", "staff": "our people", "customer": "a customer"}

KINDS = {
    "title": "Title",
    "severity": "Severity",
    "status": "Status",
    "detected_by": "Noticed by",
    "impact_started_at": "Beginning of the impact",
    "impact_ended_at": "End of the impact",
    "environment": "Environment",
    "component": "Component",
    "component_status": "Status",
    "region": "Region",
    "ring": "Ring",
    "commander": "Commander",
    "liaison": "Liaison",
    "attribute": "Attribute",
    "status_at": "Time of the status",
}
"""What each kind of statement is called."""

STATES = {
    "affected": "said by a measurement or a person",
    "presumed": "run what is blamed; nobody has said that they were hurt",
    "possible": "cannot be ruled out",
    "cleared": "shown not to be affected",
}

_HEADLINES = {
    "investigating": "We are looking into a problem with {parts}",
    "identified": "We know the cause of the problem with {parts}",
    "monitoring": "We are watching a correction of the problem with {parts}",
    "resolved": "The problem with {parts} is resolved",
    "cancelled": "We withdraw our notice of a problem with {parts}",
}

_SENTENCES = {
    "investigating": "We are looking into a problem with {parts}. The cause is not known yet.",
    "identified": "We have found the cause of the problem with {parts}, and are working on a correction.",
    "monitoring": "A correction of the problem with {parts} is in place. We are watching whether it holds.",
    "resolved": "The problem with {parts} is resolved.",
    "cancelled": (
        "We withdraw our notice of a problem with {parts}: it was a false alarm, or we follow it under another "
        "reference."
    ),
}


def joined_words(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def headline(status: str, titles: Sequence[str]) -> str:
    """What stands above an update for customers."""
    return _HEADLINES[status].format(parts=joined_words(titles) or "our service")


def sentence(status: str, titles: Sequence[str]) -> str:
    """What a status says, in the absence of agreed words."""
    return _SENTENCES[status].format(parts=joined_words(titles) or "our service")


def paragraphs(text: str) -> tuple[str, ...]:
    """A text as its paragraphs, without empty ones."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def moment_in_words(moment: Moment) -> str:
    """`1 March 2026, 02:12 UTC`, or the same as a presumption, with what it was taken from."""
    told = instant_in_words(moment.at)
    return f"presumably {told} ({moment.presumed})" if moment.presumed else told


def span_in_words(span: timedelta) -> str:
    """`2 days 3 h`, `2 h 54 min`, `12 min`: the two largest units, no seconds."""
    minutes = int(span.total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = ((days, "day" if days == 1 else "days"), (hours, "h"), (rest, "min"))
    told = [f"{number} {unit}" for number, unit in units if number][:2]
    return " ".join(told) or "less than a minute"


def between(since: datetime, until: datetime | None) -> str:
    """`from … to …`, or `since …`."""
    if until is None:
        return f"since {instant_in_words(since)}"
    if since.date() == until.date():
        return f"from {day_in_words(since.date())}, {since:%H:%M} to {until:%H:%M} UTC"
    return f"from {instant_in_words(since)} to {instant_in_words(until)}"


def _question(state: str, uses: str, *, goes_on: bool) -> tuple[str, ...]:
    """What a customer is told, or asked, of themselves. `uses`: the components over which they are in it."""
    why = f", because you use {uses}" if uses else ""
    if state == "presumed":
        return (f"You {'may be' if goes_on else 'may have been'} affected{why}.", "Have you noticed anything?")
    if state == "possible":
        return (
            f"It cannot be ruled out that you {'are' if goes_on else 'were'} affected{why}.",
            "Have you noticed anything?",
        )
    if state == "cleared":
        return ("We have looked into it: you were not affected.",)
    return (f"You {'are' if goes_on else 'were'} affected{f', through {uses}' if uses else ''}.",)


def told_of_themselves(d: IncidentDocument, one: HurtFacts) -> tuple[str, ...]:
    """What the customer is told of themselves; an account manager reads the same

    Where the incident was none, nobody is asked; what a measurement or a person said still holds.
    """
    if d.status == "cancelled" and one.state in ("presumed", "possible"):
        return ()
    goes_on = d.status in OPEN_STATUSES and one.still_exposed and one.last_at is None
    uses = joined_words(tuple(dict.fromkeys(w.component for w in one.windows)))
    said = list(_question(one.state, uses, goes_on=goes_on))
    if one.state == "affected":
        if one.first_at is not None:
            said.append(f"As far as we know: {between(one.first_at, one.last_at)}.")
        if one.level:
            said.append(f"For you it was {COMPONENT_STATUS.get(one.level, one.level)}.")
    elif one.state != "cleared" and d.began is not None and not d.began.presumed:
        times = dict.fromkeys(f"{w.component}, {between(w.since, w.until)}" for w in one.windows)
        said += [f"The time in question: {time}." for time in times]
    return tuple(said)
