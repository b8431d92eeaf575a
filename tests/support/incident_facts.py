"""Random incidents as facts, in which everything that must stay inside carries a mark that no other text holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from releasewatch.domain.impacts import STATES, ImpactCounts
from releasewatch.domain.incident_facts import (
    BlameFacts,
    BlameWord,
    FixFacts,
    HurtFacts,
    HurtWindow,
    IncidentFacts,
    PlaceFacts,
)
from releasewatch.domain.incidents import (
    ALWAYS,
    COMPONENT_STATUSES,
    MEMBER,
    OPEN_STATUSES,
    SEVERITIES,
    Statement,
    fold,
    impact_window,
)
from releasewatch.domain.note_building import prepare_notes
from releasewatch.domain.notes import ComponentLabel, NoteChange, NotesInput

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(hours=100)
INSIDE, STAFF = "zqinside", "zqstaff"
"""What begins with the first may be read by engineering alone, with the second by account staff too."""

OUTER = {"r/a": "Invoices", "r/b": "Checkout"}
LABELS = {key: ComponentLabel(title) for key, title in OUTER.items()} | {
    "r/inner": ComponentLabel(f"{STAFF} Ledger", "internal")
}
KEYS = ("r/a", "r/b", "r/inner", f"r/{STAFF}unknown")
"""Of the last one no catalog knows anything."""


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


@dataclass
class Teller:
    """Adds statements, each with a reason and an author that must stay inside."""

    said: list[Statement]

    def tell(self, kind: str, value: str, at: float | None, subject: str = "", audience: str = "engineering") -> None:
        number = len(self.said) + 1
        recorded = hour((at or 0) + number / 1000)
        self.said.append(
            Statement(
                kind,
                value,
                ALWAYS if at is None else hour(at),
                recorded,
                subject,
                audience,
                f"{INSIDE}-author{number}@example.org",
                f"{INSIDE} why it was said {number}",
                number,
            )
        )


def _marked(audience: str, what: str) -> str:
    mark = {"engineering": f"{INSIDE} ", "account": f"{STAFF} ", "customer": ""}[audience]
    return f"{mark}{what}"


AUDIENCES = st.sampled_from(["engineering", "account", "customer"])
HOURS = st.integers(1, 40)


@st.composite
def incidents(draw: Any) -> IncidentFacts:
    """An incident at some instant, with blame, fixes, customers, and a change under embargo."""
    teller = Teller([])
    teller.tell("status", "investigating", 0)
    teller.tell("title", f"{INSIDE} title of the incident", None)
    for key in draw(st.sets(st.sampled_from(KEYS))):
        teller.tell("component", MEMBER, None, key)
        for _ in range(draw(st.integers(0, 2))):
            teller.tell("component_status", draw(st.sampled_from(COMPONENT_STATUSES)), draw(HOURS), key)
    for number in range(draw(st.integers(0, 4))):
        audience = draw(AUDIENCES)
        text = _marked(audience, f"entry that was written as number {number}")
        teller.tell("entry", text, draw(st.integers(0, 99)), "", audience)
    for audience in draw(st.sets(AUDIENCES)):
        teller.tell("summary", _marked(audience, "summary in a few words"), draw(HOURS), audience, audience)
    teller.tell("severity", draw(st.sampled_from(SEVERITIES)), draw(HOURS))
    teller.tell("commander", f"{INSIDE} Commander", draw(HOURS))
    teller.tell("liaison", f"{STAFF} Liaison", draw(HOURS))
    teller.tell("environment", f"{STAFF}-environment", None)
    teller.tell("region", MEMBER, None, f"{STAFF}-region")
    teller.tell("ring", MEMBER, None, f"{STAFF}-ring")
    if draw(st.booleans()):
        teller.tell("impact_started_at", hour(-draw(HOURS)).isoformat(), None)
    for status in draw(st.lists(st.sampled_from(OPEN_STATUSES), max_size=3)):
        teller.tell("status", status, draw(HOURS))
    end = draw(st.sampled_from(["", "resolved", "cancelled"]))
    if end:
        teller.tell("status", end, 50)
    if end == "resolved" and draw(st.booleans()):
        teller.tell("impact_ended_at", hour(draw(st.integers(30, 49))).isoformat(), None)
    state = fold(teller.said, NOW, NOW)
    blame = tuple(_blame(draw, number) for number in range(1, draw(st.integers(0, 2)) + 1))
    live = [one.live_at for one in blame if one.state != "cleared"]
    fixes = (FixFacts("D-9", hour(45), f"{INSIDE} why it fixes", f"{INSIDE} fixer", hour(45)),)
    return IncidentFacts(
        id="INC-7",
        given_key=f"{INSIDE}-page",
        as_of=NOW,
        known_at=None,
        state=state,
        window=impact_window(state, min(live, default=None), hour(0)),
        statements=tuple(teller.said),
        labels=LABELS,
        blame=blame,
        fixes=fixes if draw(st.booleans()) else (),
        proposed_fixes=("D-8",),
        counts=ImpactCounts(8731, 8732, 8733, 8734, 8735),
        places=(PlaceFacts(f"{INSIDE}-region", "", 1, 2),),
        customers=tuple(_hurt(draw, f"{INSIDE}-other{number}") for number in range(2)),
        customer=_hurt(draw, "own") if draw(st.booleans()) else None,
        people=frozenset({f"{INSIDE} Deployer", f"{INSIDE} Author"}),
    )


def _blame(draw: Any, number: int) -> BlameFacts:
    changes = [
        NoteChange(str(n) * 40, f"{mark}subject number {n}", components=(key,), author_name=f"{INSIDE} Author",
                   trailers=trailers)
        for n, (mark, key, trailers) in enumerate(
            [
                ("", "r/a", (("Release-note", "A sentence for everybody."),)),
                (f"{INSIDE} ", draw(st.sampled_from(KEYS)), (("Embargo", "until 2026-04-01"),)),
                (f"{INSIDE} ", "r/b", (("Audience", "engineering"),)),
                (f"{STAFF} ", "r/b", ()),
                (f"{STAFF} ", "r/inner", (("Release-note", f"{STAFF} sentence about what is internal"),)),
            ],
            1,
        )
    ]  # fmt: skip
    given = NotesInput("r", "f" * 40, NOW, actor=f"{INSIDE} Deployer", changes=changes, components=LABELS)
    states = draw(st.lists(st.sampled_from(["suspect", "confirmed", "cleared"]), min_size=1, max_size=3))
    words = tuple(BlameWord(one, f"{INSIDE} reason", 71, f"{INSIDE} blamer", hour(at)) for at, one in enumerate(states))
    return BlameFacts(f"D-{number}", f"{STAFF}-environment", hour(-number), words, prepare_notes(given))


def _hurt(draw: Any, name: str) -> HurtFacts:
    windows = tuple(
        HurtWindow(key, f"{STAFF}-region", f"{STAFF}-ring", hour(since), None if ends else hour(since + 1), "D-1")
        for key, since, ends in draw(st.lists(st.tuples(st.sampled_from(KEYS), HOURS, st.booleans()), max_size=3))
    )
    return HurtFacts(
        name, f"{name} Ltd", f"{STAFF}-manager", draw(st.sampled_from(STATES)), "", None, None, None, windows,
        draw(st.booleans()), (f"{INSIDE} what somebody said of them",),
    )  # fmt: skip


def full_incident(text: str) -> IncidentFacts:
    """A resolved incident with everything in it, where whatever comes from outside is the same text."""
    teller = Teller([])

    def tell(kind: str, value: str, at: float | None, subject: str = "", audience: str = "engineering") -> None:
        teller.tell(kind, value, at, subject, audience)

    tell("status", "investigating", 1)
    tell("title", text, None)
    tell("title", f"{text} again", None)
    tell("component", MEMBER, None, "r/a")
    tell("component_status", "partial", 2, "r/a")
    for kind in ("severity", "commander", "liaison"):
        tell(kind, text, 2)
    for kind in ("environment", "detected_by"):
        tell(kind, text, None)
    for kind in ("region", "ring"):
        tell(kind, MEMBER, None, text)
    for audience in ("engineering", "account", "customer"):
        tell("entry", text, 2, "", audience)
        tell("summary", text, 2, audience, audience)
    tell("impact_started_at", hour(1).isoformat(), None)
    tell("status", "resolved", 4)
    tell("impact_ended_at", hour(3).isoformat(), None)
    for at in (5, 6):
        tell("entry", text, at, "", "customer")
    said = [replace(one, why=text, recorded_by=f"author{one.number} of ours") for one in teller.said]
    labels = {"r/a": ComponentLabel(text), "r/b": ComponentLabel(f"{text} b")}
    change = NoteChange("1" * 40, text, components=("r/a",), trailers=(("Release-note", text),))
    secret = NoteChange("2" * 40, text, components=("r/a",), trailers=(("Embargo", "until 2026-04-01"),))
    notes = prepare_notes(NotesInput("r", "f" * 40, NOW, changes=[change, secret], components=labels))
    state = fold(said, NOW, NOW)
    window = HurtWindow("r/a", text, text, hour(1), hour(3), "D-1")
    hurt = HurtFacts("key", text, text, "affected", "partial", hour(1), hour(2), 7, (window,), False, (text,))
    return IncidentFacts(
        id="INC-7",
        given_key=text,
        as_of=NOW,
        known_at=NOW,
        state=state,
        window=impact_window(state, None, hour(0)),
        statements=tuple(said),
        labels=labels,
        blame=(BlameFacts("D-1", text, hour(0), (BlameWord("suspect", text, 71, text, hour(2)),), notes),),
        fixes=(FixFacts("D-2", hour(3), text, text, hour(3)),),
        proposed_fixes=("D-3",),
        counts=ImpactCounts(1, 2, 3, 4, 5),
        places=(PlaceFacts(text, text, 1, 2),),
        customers=(hurt, replace(hurt, key="other", state="presumed")),
    )
