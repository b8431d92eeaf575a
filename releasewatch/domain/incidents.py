"""Incidents: statements that are only added, and the state that they fold to, as of an instant and as known at one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

Status = Literal["investigating", "identified", "monitoring", "resolved", "cancelled"]
OpenStatus = Literal["investigating", "identified", "monitoring"]
Severity = Literal["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
DetectedBy = Literal["monitoring", "staff", "customer"]
ComponentStatus = Literal["operational", "maintenance", "degraded", "partial", "major_outage"]
"""From least to worst."""

Kind = Literal[
    "title",
    "severity",
    "status",
    "detected_by",
    "impact_started_at",
    "impact_ended_at",
    "environment",
    "component",
    "component_status",
    "region",
    "ring",
    "commander",
    "liaison",
    "summary",
    "attribute",
    "entry",
    "withdrawal",
    "replaced",
]

OPEN_STATUSES: tuple[str, ...] = get_args(OpenStatus)
SEVERITIES: tuple[str, ...] = get_args(Severity)
COMPONENT_STATUSES: tuple[str, ...] = get_args(ComponentStatus)

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when that holds which is of the incident as a whole: whenever it is said or corrected, it was so all along."""

TIMELESS: frozenset[str] = frozenset(
    {
        "title",
        "detected_by",
        "impact_started_at",
        "impact_ended_at",
        "environment",
        "component",
        "region",
        "ring",
        "attribute",
        "withdrawal",
    }
)
"""Kinds that hold of the incident as a whole. The others change while it goes on, each from an instant on."""

OF_STAFF = frozenset({"commander", "liaison"})
"""Kinds whose value is the name of one of our people."""

REPLACED = "replaced"
"""The kind of a statement that another one, by its number, counts no more. It stays, and is shown as replaced."""

MEMBER, NO_MEMBER = "yes", "no"
"""The values of `component`, `region` and `ring`: whether the incident is about it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said. `subject`: a component's key, a region, a ring, an audience, an attribute, or the number of an
    entry that is taken back; else empty.

    `source`: the kind of file that it was imported from; empty for what a person said here.
    """

    kind: str
    value: str
    happened_at: datetime
    recorded_at: datetime
    subject: str = ""
    audience: str = "engineering"
    recorded_by: str = ""
    why: str = ""
    number: int = 0
    source: str = ""

    @property
    def order(self) -> tuple[datetime, bool, datetime, int]:
        """Which of two statements about the same thing counts: the later one; of one instant a person's, then the
        newer one. So no import undoes what a person said of the incident as a whole."""
        return self.happened_at, not self.source, self.recorded_at, self.number


def withdrawn_entries(statements: Iterable[Statement]) -> frozenset[int]:
    """The numbers of entries of the timeline that were taken back: a statement of its own, whose subject is one."""
    return frozenset(int(one.subject) for one in statements if one.kind == "withdrawal")


@dataclass(frozen=True, slots=True)
class IncidentState:
    """What an incident is at an instant, as known at one. `status` empty: it had not been opened yet."""

    title: str = ""
    severity: str = ""
    status: str = ""
    detected_by: str = ""
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    opened_at: datetime | None = None
    status_at: datetime | None = None
    environment: str = ""
    components: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    commander: str = ""
    liaison: str = ""
    summaries: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether somebody still works on it."""
        return self.status in OPEN_STATUSES


def replaced_numbers(statements: Iterable[Statement], known_at: datetime | None = None) -> frozenset[int]:
    """The numbers of the statements that count no more, by what was recorded by an instant; None: by now."""
    return frozenset(
        int(one.value)
        for one in statements
        if one.kind == REPLACED and (known_at is None or one.recorded_at <= known_at)
    )


def standing(statements: Iterable[Statement], known_at: datetime | None = None) -> list[Statement]:
    """The statements that count: without those that were replaced, and without what replaced them."""
    statements = list(statements)
    gone = replaced_numbers(statements, known_at)
    return [one for one in statements if one.kind != REPLACED and not (one.number and one.number in gone)]


def fold(statements: Iterable[Statement], at: datetime, known_at: datetime) -> IncidentState:
    """The state at `at` as known at `known_at`: of each kind and subject the newest statement that held by then.

    Newest: by `Statement.order`; what was replaced does not count. The order of the statements does not matter.
    """
    newest: dict[tuple[str, str], Statement] = {}
    opened: datetime | None = None
    for one in standing(statements, known_at):
        if one.happened_at > at or one.recorded_at > known_at or one.kind == "entry":
            continue
        held = newest.get((one.kind, one.subject))
        if held is None or one.order > held.order:
            newest[one.kind, one.subject] = one
        if one.kind == "status" and (opened is None or one.happened_at < opened):
            opened = one.happened_at

    by_subject = [(kind, subject, one.value) for (kind, subject), one in sorted(newest.items()) if one.value]

    def value(kind: str) -> str:
        found = newest.get((kind, ""))
        return found.value if found is not None else ""

    def of(kind: str) -> dict[str, str]:
        return {subject: value for k, subject, value in by_subject if k == kind}

    def members(kind: str) -> list[str]:
        return [subject for subject, said in of(kind).items() if said == MEMBER]

    statuses, ended = of("component_status"), read_instant(value("impact_ended_at"))
    status = newest.get(("status", ""))
    return IncidentState(
        title=value("title"),
        severity=value("severity"),
        status=value("status"),
        detected_by=value("detected_by"),
        impact_started_at=read_instant(value("impact_started_at")),
        # An end that is still to come at `at` is not told of the world as it was then.
        impact_ended_at=ended if ended is not None and ended <= at else None,
        opened_at=opened,
        status_at=status.happened_at if status is not None else None,
        environment=value("environment"),
        components={key: statuses.get(key, "") for key in members("component")},
        regions=tuple(members("region")),
        rings=tuple(members("ring")),
        commander=value("commander"),
        liaison=value("liaison"),
        summaries=of("summary"),
        attributes=of("attribute"),
    )


def read_instant(text: str) -> datetime | None:
    """An instant as a statement holds it; None for an empty one, which takes back what was said."""
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class ImpactWindow:
    """When customers suffered, half-open, and where each end is from: said, or taken from something else.

    `until` None: it goes on.
    """

    started_at: datetime
    until: datetime | None
    started_because: str
    ended_because: str

    def is_over(self, at: datetime) -> bool:
        """Whether customers have ceased to suffer by an instant."""
        return self.until is not None and self.until <= at


def impact_window(state: IncidentState, blamed_since: datetime | None, recorded_at: datetime) -> ImpactWindow:
    """The window of an incident: as said; else from the first blamed deployment, else from when it was opened.

    It ends as said, else when the incident was resolved. What nobody said is a presumption, and is told as one.
    """
    started, because = presumed_start(state, blamed_since, recorded_at)
    until, ended = state.impact_ended_at, "said"
    if until is None and state.status == "resolved":
        until, ended = state.status_at, "not said; when the incident was resolved"
    if because != "said" and until is not None and until < started:
        # What is only presumed gives way to what was said: no impact ends before it begins.
        started, because = until, "not said; not later than its end"
    return ImpactWindow(started, until, because, ended if until is not None else "")


def presumed_start(state: IncidentState, blamed_since: datetime | None, recorded_at: datetime) -> tuple[datetime, str]:
    """When the impact began, as said, else as presumed; and which of them it is."""
    if state.impact_started_at is not None:
        return state.impact_started_at, "said"
    if blamed_since is not None:
        return blamed_since, "not said; when the first blamed deployment began"
    return state.opened_at or recorded_at, "not said; when the incident was opened"


def problem_of(state: IncidentState, now: datetime) -> str:
    """Why a state cannot be, in a sentence; empty when it can. `state` is that at the end of all statements."""
    start, end = state.impact_started_at, state.impact_ended_at
    if start is not None and start > now:
        return "The impact would begin in the future."
    if end is not None and end > now:
        return "The impact would end in the future."
    if start is not None and end is not None and end < start:
        return "The impact would have ended before it started."
    if start is not None and state.status == "resolved" and state.status_at is not None and state.status_at < start:
        return "The incident would have been resolved before its impact started."
    return ""


def refusal(now_is: str, wanted: str) -> str:
    """Why an incident cannot go from one status to another, in a sentence; empty when it can."""
    if wanted in OPEN_STATUSES and now_is in OPEN_STATUSES:
        return ""
    if wanted in OPEN_STATUSES:
        return f"The incident is {now_is}; it would have to be re-opened first."
    if now_is not in (*OPEN_STATUSES, wanted):
        return f"The incident is {now_is}, so it cannot be {wanted}."
    return ""
