"""A call list as a spreadsheet that is worked on and read back: an XLSX workbook, or CSV."""

from __future__ import annotations

from datetime import UTC
from operator import attrgetter
from typing import TYPE_CHECKING

from releasewatch.domain.call_attempts import DISPOSITIONS, OUTCOMES
from releasewatch.domain.call_sheets import AS_OF, FILLED, LIST, TOLD, VERSION, heading_of
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.rendering.call_views import call_list_view, row_maker
from releasewatch.rendering.tabular import TOGETHER
from releasewatch.rendering.workbook import Column, Page, write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from releasewatch.domain.call_lists import CallList
    from releasewatch.domain.calls import PlannedCall
    from releasewatch.rendering.call_views import CallListView, CallView
    from releasewatch.rendering.tabular import Cell

LIST_COLUMNS = (LIST, AS_OF, VERSION, "settings_version")
"""Which list a row is of: in every row, so that no way of saving, sorting or cutting a file loses it."""

CALL_COLUMNS = (
    *TOLD,
    *FILLED,
    "key",
    "email",
    "role",
    "status",
    "holder",
    "purpose",
    "items",
    "verdict_because",
    "local_time",
    "callable",
    "next_window",
    "account_manager",
    "reach",
    "possible",
    "rank",
    "score",
    "parts",
    "language",
    "same_number",
    "called_lately",
    "not_known",
    "caller",
    "late",
    *LIST_COLUMNS,
)
"""The columns of the CSV, in their order."""

NOTHING_ELSE = "Other customers; what is not under “say”."
"""What is not to be said where nothing more was agreed."""

_ORDER = {"call": 0, "write": 1, "leave": 2}
_BANDS = {"now": 0, "today": 1, "this week": 2, "": 3}

_WIDTHS = {
    "call": 6,
    "verdict": 7,
    "band": 6,
    "customer": 16,
    "contact": 14,
    "phone": 15,
    "callable_until": 17,
    "why": 22,
    "say": 34,
    "do_not_say": 17,
    "disposition": 12,
    "outcome": 12,
    "note": 22,
    "promise": 14,
    "due": 11,
    "next_at": 11,
    "email": 26,
    "language": 9,
    "status": 16,
    "list": 9,
    "as_of": 28,
    "list_version": 9,
}
_HINTS = {
    "disposition": "What the line did. connected: they were reached, or replied. Needed in each row you worked on.",
    "outcome": "What came of the talk.",
    "note": "What is worth knowing.",
    "promise": "What was promised to them; needs a day in the next column.",
    "due": "The day by which it is kept, as 2026-12-31 or 31.12.2026.",
    "next_at": "When to try again, as 2026-12-31 14:30; left empty, a rule decides.",
}
_BESIDE = ("email", "language", "status", "key", "account_manager", LIST, AS_OF, VERSION)
"""What stands right of the columns that are printed."""


def in_sheet_order(rows: Iterable[PlannedCall]) -> list[PlannedCall]:
    """Calls before letters, then by band, then by place: a sheet is worked on from top to bottom."""
    found = sorted(rows, key=attrgetter("rank"))
    found.sort(key=lambda row: len(_BANDS) * _ORDER[row.verdict] + _BANDS[row.band])
    return found


def csv_blocks(calls: CallList, reveal: Reveal, *, in_ci: bool, opaque: bool) -> Iterator[list[Sequence[Cell]]]:
    """The cells of the CSV, of some rows at a time, column by column as `CALL_COLUMNS` names them; not guarded yet."""
    make = row_maker(reveal, in_ci=in_ci, opaque=opaque)
    planned = in_sheet_order(calls.rows) if reveal >= Reveal.KEYS else []
    of_all: dict[str, Cell] = {
        **dict.fromkeys(FILLED, ""),
        LIST: calls.list_id,
        AS_OF: _instant(calls),
        VERSION: calls.version,
        "settings_version": calls.settings_version,
    }
    for begin in range(0, len(planned), TOGETHER):
        rows = list(map(make, planned[begin : begin + TOGETHER]))
        yield [[of_all[name]] * len(rows) if name in of_all else list(map(_CELLS[name], rows)) for name in CALL_COLUMNS]


def render_workbook(calls: CallList, reveal: Reveal, *, in_ci: bool, opaque: bool) -> bytes:
    """The list as a workbook: whom to call or to write to, who is left and why, and what to know of the list."""
    view = call_list_view(calls, reveal, in_ci=in_ci, opaque=opaque)
    make = row_maker(reveal, in_ci=in_ci, opaque=opaque)
    planned = in_sheet_order(calls.rows) if reveal >= Reveal.KEYS else []
    rows = [make(row) for row in planned if row.verdict != "leave"]
    left = [make(row) for row in planned if row.verdict == "leave"]
    names = (*TOLD, *FILLED, *_BESIDE)
    of_all = {LIST: calls.list_id, AS_OF: _instant(calls), VERSION: str(calls.version)}
    whose = f", for {view.account_manager}" if view.account_manager else ""
    stand = f"As of {view.as_of}, version {view.version}"
    work = Page(
        "Calls",
        tuple(_column(name) for name in names),
        [tuple((_told(row) | of_all).get(name, "") for name in names) for row in rows],
        above=(
            *([view.draft] if view.draft else []),
            *view.withdrawn,
            f"{view.title}{whose}",
            f"{stand}. {view.summary}",
            _how(view),
            *([view.beyond] if view.beyond else []),
        ),
        printed=len(TOLD) + len(FILLED),
        kept=TOLD.index("customer") + 1,
        head=f"{view.title}{whose}",
        foot=f"{stand}. Names and numbers of people: keep it inside.",
    )
    leave = Page(
        "To leave",
        (Column("place", 7), Column("customer", 30), Column("why", 70), Column("score", 8)),
        [(str(row.rank), row.name, f"{row.because}: {'; '.join(row.why)}", str(row.score)) for row in left],
        above=("Nothing to do now; they are here so that nobody has to wonder.",),
    )
    about = Page("About", (Column("what", 28), Column("says", 100)), _about(view))
    pages = [work, *([leave] if left else []), about]
    return write_workbook(pages, title=view.title, made_at=calls.as_of.astimezone(UTC))


def _how(view: CallListView) -> str:
    if not view.version:
        return "Not planned yet: what is filled in here cannot be read back. Plan it first (releasewatch call plan)."
    return (
        "Fill in the yellow columns, of each row you worked on. Then: releasewatch call import FILE. "
        "Columns may be added, moved and sorted."
    )


def _column(name: str) -> Column:
    words: Sequence[str] = {"disposition": DISPOSITIONS, "outcome": OUTCOMES}.get(name, ())
    return Column(heading_of(name), _WIDTHS.get(name, 14), name in FILLED, words, _HINTS.get(name, ""))


def _instant(calls: CallList) -> str:
    """To the microsecond: what was planned within the same second is on the list, and not joined since."""
    return format_utc(calls.as_of)


def _until(row: CallView) -> str:
    return f"{row.callable_text} ({row.window})" if row.window else row.callable_text


def _not_to_say(row: CallView) -> list[str]:
    left_out = f"{row.say_withheld} left out: it holds what may not be said here." if row.say_withheld else ""
    return [*row.do_not_say, *row.know, *([left_out] if left_out else []), NOTHING_ELSE]


def _hands(row: CallView) -> tuple[str, ...]:
    caller = (f"call: {row.caller}",) if row.caller else ()
    return (*caller, f"LATE: {row.late}") if row.late else caller


def _told(row: CallView) -> dict[str, str]:
    """A row of the workbook: text-typed cells keep `+` and zeros, and run nothing, so that no guard is needed."""
    return {
        "call": row.call,
        "verdict": row.verdict,
        "band": row.band,
        "customer": row.name,
        "contact": row.contact,
        "phone": row.phone,
        "callable_until": _until(row),
        "why": "\n".join((row.because, *row.why, *_to_mind(row), *_hands(row))),
        "say": "\n".join(row.say),
        "do_not_say": "\n".join(_not_to_say(row)),
        "email": str(row.email),
        "status": row.in_hand or row.status,
        "key": row.key,
        "account_manager": row.account_manager or "unowned",
        "language": row.language,
    }


def _to_mind(row: CallView) -> tuple[str, ...]:
    return (*row.tried, *row.same_number, *row.called_lately, *row.not_known)


def _as_text(phone: str) -> str:
    """A number that could not be read, with words behind it: a spreadsheet would drop its zeros, or round it."""
    return f"{phone} (as stored)" if any(character.isdigit() for character in phone) else phone


_CELLS: dict[str, Callable[[CallView], Cell]] = {
    **{name: attrgetter(name) for name in CALL_COLUMNS},
    "customer": attrgetter("name"),
    "phone": lambda row: row.tel or _as_text(row.phone),
    "callable_until": _until,
    "why": lambda row: "; ".join(row.why),
    "say": lambda row: " / ".join(row.say),
    "do_not_say": lambda row: " / ".join(_not_to_say(row)),
    "email": lambda row: str(row.email),
    "items": lambda row: ", ".join(row.items),
    "verdict_because": attrgetter("because"),
    "next_window": attrgetter("window"),
    "possible": lambda row: "yes" if row.possible else "no",
    "parts": lambda row: ", ".join([f"{part.label} {part.value}" for part in row.parts]),
    "same_number": lambda row: " / ".join(row.same_number),
    "called_lately": lambda row: " / ".join(row.called_lately),
    "not_known": lambda row: ", ".join(row.not_known),
}
"""What the CSV says of a row in each of its columns that is not the same in all rows."""


def _about(view: CallListView) -> list[tuple[str, str]]:
    unowned = "\n".join(f"{row.name}, to {row.verdict} (place {row.rank})" for row in view.unowned)
    return [
        ("List", view.title),
        ("As of", view.as_of),
        ("Version", str(view.version)),
        *([("For", view.account_manager)] if view.account_manager else []),
        *([("Draft", view.draft)] if view.draft else []),
        *((("Withdrawn", sentence)) for sentence in view.withdrawn),
        ("In short", view.summary),
        *([("Beyond the list", view.beyond)] if view.beyond else []),
        *((fact.label, fact.value) for fact in view.facts),
        *([("Not known", view.blank)] if view.blank else []),
        *([("Withheld on this channel", view.withheld)] if view.withheld else []),
        *([("Nobody keeps", unowned)] if unowned else []),
        ("What not to say", "\n".join(_NEVER)),
        ("disposition", f"One of: {', '.join(DISPOSITIONS)}. Needed in each row you worked on."),
        ("outcome", f"One of: {', '.join(OUTCOMES)}; may be empty."),
        ("due, next at", "Days as 2026-12-31 or 31.12.2026; times as 2026-12-31 14:30, in your own time zone."),
        ("at, channel, quote", "Columns that you may add: when it was, how they were tried, what they said."),
        *((f"Score: {weight.label}", weight.value) for weight in view.weights),
    ]


_NEVER = (
    "The name of another customer, or that others are reached.",
    "Who made or deployed the change, or a cause that is not under “say”.",
    "Anything else that is not under “say”.",
)
