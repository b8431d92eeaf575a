"""The public contract for templates of reports: who called first, in words, and as bars that are read without colour.

A template gets one value, `report`: text, numbers, and views; text is raw and escaped by the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.privacy import WITHHELD
from releasewatch.domain.words import counted, duration
from releasewatch.rendering.views import View, instant_in_words

NOT_KNOWN = "not known"

CALL_HEADINGS = (
    "affected: we first",
    "presumed: we first",
    "first call",
    "90th percentile",
    "from detection",
    "from detection, 90th",
    "never told",
    "open",
    "overdue",
    "corrections",
    "promises kept",
)
"""The columns of `report calls`, after that of the group; each cell with how many facts it rests on."""

_WIDTH, _LEFT, _STEP = 420, 190, 34
"""The picture, in its own units: how long a whole bar is, where it begins, and from bar to bar."""

_LONGEST = 14
"""Letters of a name for which there is room before a bar."""


@dataclass(frozen=True, slots=True)
class BarView(View):
    """A bar of the picture: `parts` side by side from `left`, at `top`; `label` before it, `text` says it in words."""

    label: str
    text: str
    top: int
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class PartView(View):
    """A part of a bar. `kind`: we, they, neither; `left` and `width` in the picture's units; `number` stands in it."""

    kind: str
    left: int
    width: int
    middle: int
    number: str


@dataclass(frozen=True, slots=True)
class RowView(View):
    """A row of the table: what it is of, what is said of that beside, and its cells."""

    name: str
    beside: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallReportView(View):
    """All of it. `total` is the row of everything, each customer's call and promise once; `height` of the picture."""

    title: str
    as_of: str
    summary: str
    by: str
    headings: tuple[str, ...]
    rows: tuple[RowView, ...]
    total: RowView
    bars: tuple[BarView, ...]
    height: int
    width: int


def call_report_view(document: Mapping[str, Any]) -> CallReportView:
    """The view of a document of `report calls`."""
    by = document["by"] or ""
    if document["incident"]:
        title = f"Did we call first? {document['incident']}"
    else:
        since, until = (_instant(document[name]) for name in ("since", "until"))
        title = f"Did we call first? {since} to {until}"
    rows = tuple(RowView(group_name(row, by), _beside(row), call_cells(row)) for row in document["rows"])
    bars = _bars([(group_name(row, by), row) for row in document["rows"]] or [("all", document["total"])])
    return CallReportView(
        title=title,
        as_of=_instant(document["as_of"]),
        summary=summary_of(document["total"]),
        by=by,
        headings=CALL_HEADINGS,
        rows=rows,
        total=RowView("all", "", call_cells(document["total"])),
        bars=bars,
        height=len(bars) * _STEP + 8,
        width=_LEFT + _WIDTH + 10,
    )


def group_name(row: Mapping[str, Any], by: str) -> str:
    """What a row is of, as people read it."""
    return row["group"] or {"person": "NOBODY", "team": "no team"}.get(by, "other")


def summary_of(row: Mapping[str, Any]) -> str:
    """One sentence on all of it."""
    if not row["incidents"]:
        return "No incident in it."
    hurt = row["called_first"]
    known = f"{hurt['affected']['customers']} affected, {hurt['presumed']['customers']} presumed"
    return f"{counted(row['incidents'], 'incident')}; customers in them: {known}."


def call_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a row, as `CALL_HEADINGS` names them."""
    impact, detection = (row["time_to_first_call"][name] for name in ("from_impact", "from_detection"))
    hurt = sum(one["customers"] for one in row["called_first"].values())
    never = sum(row["never_told"].values())
    return (
        *(share_in_words(row["called_first"][state], "we", "customers") for state in ("affected", "presumed")),
        _time(impact, "median_seconds"),
        _time(impact, "p90_seconds"),
        _time(detection, "median_seconds"),
        _time(detection, "p90_seconds"),
        f"{never} of {hurt}" if hurt else NOT_KNOWN,
        str(row["calls"]["open"]),
        str(row["calls"]["overdue"]),
        str(row["corrections_owed"]),
        share_in_words(row["promises"], "kept", "due"),
    )


def share_in_words(found: Mapping[str, Any], part: str, whole: str) -> str:
    """`67% (2 of 3)`; not known where there is nothing it would be a share of."""
    return NOT_KNOWN if found["rate"] is None else f"{found['rate']:.0%} ({found[part]} of {found[whole]})"


def _time(found: Mapping[str, Any], name: str) -> str:
    return NOT_KNOWN if found[name] is None else f"{duration(found[name])} (of {found['customers']})"


def _beside(row: Mapping[str, Any]) -> str:
    if "title" not in row:
        return counted(row["incidents"], "incident")
    severity = f"{row['severity']}, " if row["severity"] else ""
    said = "" if row["impact_started_because"] == "said" else f" ({row['impact_started_because']})"
    return f"{row['title'] or WITHHELD}; {severity}{row['status']}, since {_instant(row['impact_started_at'])}{said}"


def _bars(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[BarView, ...]:
    found: list[BarView] = []
    for name, row in rows:
        for state, share in row["called_first"].items():
            if share["customers"]:
                found.append(_bar(name, state, share, len(found) * _STEP + 4))
    return tuple(found)


def _bar(name: str, state: str, share: Mapping[str, Any], top: int) -> BarView:
    parts = []
    before = 0
    for kind in ("we", "they", "neither"):
        begins, ends = (round(_WIDTH * many / share["customers"]) for many in (before, before + share[kind]))
        before += share[kind]
        if ends > begins:
            left = _LEFT + begins
            parts.append(PartView(kind, left, ends - begins, (left + _LEFT + ends) // 2, str(share[kind])))
    text = f"{name}, {state}: we first {share['we']}, they first {share['they']}, neither {share['neither']}"
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return BarView(f"{short}, {state}", text, top, tuple(parts))


def _instant(text: str) -> str:
    return instant_in_words(datetime.fromisoformat(text))
