"""Renders documents: notes and call lists, whole or piece by piece; nothing that must stay inside gets out."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TextIO

from releasewatch.domain.privacy import Reveal
from releasewatch.errors import LeakError, TemplateError
from releasewatch.rendering.templates import Format, Templates
from releasewatch.rendering.views import notes_view

if TYPE_CHECKING:  # notes are timed in tenths of a second: what only some documents need is loaded for those
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from releasewatch.domain.audiences import Audience
    from releasewatch.domain.call_lists import CallList
    from releasewatch.domain.leaks import Leak, LeakScanner
    from releasewatch.domain.notes import Notes

CallFormat = Literal["md", "html", "csv"]

INNER_ITEM = "the text of a change that this audience may not read"

_TOGETHER = 10
"""So many pieces of a document are written at once; those of a long list have some tens of KiB."""

_MOST_OF_SUMMARY = 1 << 20
_DROPPED = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_SPOKEN = re.compile(r"""\b(?:title|alt|aria-label|content|href|label)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def load_notes(audience: Audience, fmt: Format) -> None:
    """Have what writes notes ready before there are any: as long as something else is waited for, it costs nothing."""
    _builtin(fmt).load(_name_of_notes(audience, fmt))


def render_notes(
    notes: Notes,
    fmt: Format,
    user_templates: Path | None = None,
    *,
    names: LeakScanner | None = None,
    allow: Collection[str] = (),
) -> str:
    """The notes of one audience as a document.

    An outer document is looked through before it is returned: for `names` (those of other customers), and for the text
    of changes that its audience may not read. A hit raises LeakError; `allow` holds names and texts that a person
    passed by hand, and the reader's own names. Raises TemplateError for templates of the user's.
    """
    text = "".join(_stream_notes(notes, fmt, user_templates))
    if notes.audience != "engineering":
        what = f"The notes for {notes.audience} readers were not written: they hold"
        hint = "Give the change another wording, or pass what was found by hand with a reason."
        refuse_leaks(what, text, fmt, _scanners(notes, names), allow, hint)
    return text


def write_notes(
    stream: TextIO,
    notes: Notes,
    fmt: Format,
    user_templates: Path | None = None,
    *,
    names: LeakScanner | None = None,
    allow: Collection[str] = (),
) -> None:
    """The same into a stream: notes for engineering while they are made, outer ones when they have been checked."""
    if notes.audience == "engineering":
        _pour(_stream_notes(notes, fmt, user_templates), stream)
    else:
        stream.write(render_notes(notes, fmt, user_templates, names=names, allow=allow))


def write_calls(
    stream: TextIO,
    calls: CallList,
    fmt: CallFormat,
    user_templates: Path | None = None,
    *,
    reveal: Reveal = Reveal.CONTACTS,
    in_ci: bool = False,
    opaque: bool = False,
) -> None:
    """A call list for account staff, into a stream row by row; as much of it as the channel may show.

    CSV ends its lines with CR LF and begins with a byte order mark: open the stream with `newline=""`, in UTF-8.
    """
    from releasewatch.rendering.call_views import call_list_view

    if fmt == "csv":
        from releasewatch.rendering.call_sheets import CALL_COLUMNS, csv_blocks
        from releasewatch.rendering.tabular import write_columns

        write_columns(stream, CALL_COLUMNS, csv_blocks(calls, reveal, in_ci=in_ci, opaque=opaque), bom=True)
        return
    view = call_list_view(calls, reveal, in_ci=in_ci, opaque=opaque)
    _pour(Templates(fmt, user_templates).stream(f"calls/list.{fmt}", {"calls": view}), stream)


def render_plan(plan: Mapping[str, Any]) -> str:
    """What a deployment would reach, as Markdown for a pull request, from the document of `deployment plan`.

    Counts and keys only, and by the built-in template: a pull request must not choose what is said about it.
    """
    return "".join(Templates("md").stream("plan/pull-request.md", {"plan": plan}))


def render_summary(document: Mapping[str, Any], user_templates: Path | None = None) -> str:
    """The summary of a pipeline's step, as Markdown, from the document of `deployment record` or `plan`.

    Counts and keys alone, whatever the template does: its view holds nothing else. Raises TemplateError for a template
    of the user's that is wrong, or makes more than a summary holds.
    """
    from releasewatch.rendering.summary_views import summary_view

    values = {"summary": summary_view(document)}
    pieces: list[str] = []
    size = 0
    for piece in Templates("md", user_templates).stream("summary/deployment.md", values):
        pieces.append(piece)
        size += len(piece.encode())
        if size > _MOST_OF_SUMMARY and user_templates is not None:
            raise TemplateError(
                "Template summary/deployment.md makes more than 1 MiB, and a summary holds no more.",
                hint="Leave something out of it.",
            )
    return "".join(pieces)


def render_call_report(document: Mapping[str, Any]) -> str:
    """Who called first, as HTML with a picture, from the document of `report calls`: figures, and no customer."""
    from releasewatch.rendering.report_views import call_report_view

    return "".join(Templates("html").stream("reports/calls.html", {"report": call_report_view(document)}))


def render_reviews(document: Mapping[str, Any]) -> str:
    """A review of customers as HTML, from the document of `report customer`: for who keeps them, and nobody else."""
    from releasewatch.rendering.customer_review import reviews_view

    return "".join(Templates("html").stream("reports/customers.html", {"report": reviews_view(document)}))


def render_digest(document: Mapping[str, Any], fmt: Format) -> str:
    """An account manager's page, from the document of `digest`: for them, and nobody else."""
    from releasewatch.rendering.digest import digest_view

    return "".join(Templates(fmt).stream(f"digest/page.{fmt}", {"digest": digest_view(document)}))


def refuse_leaks(
    what: str, text: str, fmt: Format, scanners: Iterable[LeakScanner], allow: Collection[str], hint: str
) -> None:
    """Raise LeakError when a finished document holds what it must not. `what`: "The … was not written: it holds"."""
    leaks = find_leaks_in_document(text, fmt, scanners, allow)
    if leaks:
        raise LeakError(f"{what} {_in_words(leaks)}.", hint=hint)


def find_leaks_in_document(
    text: str, fmt: Format, scanners: Iterable[LeakScanner], allow: Collection[str] = ()
) -> tuple[Leak, ...]:
    """Look through a finished document: what a reader (or a machine that reads aloud) gets, not its markup."""
    plain = _plain(text) if fmt == "html" else text  # Markdown's escapes are punctuation, which no name depends on
    return tuple(leak for scanner in scanners for leak in scanner.scan(plain, allow))


def _stream_notes(notes: Notes, fmt: Format, user_templates: Path | None) -> Iterator[str]:
    values: dict[str, Any] = {"notes": notes_view(notes)}
    templates = _builtin(fmt) if user_templates is None else Templates(fmt, user_templates)
    return templates.stream(_name_of_notes(notes.audience, fmt), values)


@cache
def _builtin(fmt: Format) -> Templates:
    """Those of the product, which are read and compiled once."""
    return Templates(fmt)


def _name_of_notes(audience: Audience, fmt: Format) -> str:
    return f"notes/{audience}.{fmt}"


def _scanners(notes: Notes, names: LeakScanner | None) -> list[LeakScanner]:
    scanners = [] if names is None else [names]
    if notes.held:
        from releasewatch.domain.leaks import LeakScanner

        scanners.append(LeakScanner({}, dict.fromkeys(notes.held, INNER_ITEM)))
    return scanners


def _in_words(leaks: Collection[Leak]) -> str:
    """Categories with the lines they stand in; never the words themselves, which may go to a log."""
    lines: dict[str, list[str]] = {}
    for leak in leaks:
        where = lines.setdefault(leak.category, [])
        if str(leak.line) not in where:
            where.append(str(leak.line))
    return "; ".join(
        f"{category} (line{'s' if len(where) > 1 else ''} {', '.join(where[:5])}{', …' if len(where) > 5 else ''})"
        for category, where in lines.items()
    )


def _plain(document: str) -> str:
    """The words of an HTML document, its titles and links among them, each in the line it stands in."""

    def spoken(tag: re.Match[str]) -> str:
        values = [first or second for first, second in _SPOKEN.findall(tag[0])]
        return f" {' '.join(values)} " + "\n" * tag[0].count("\n")

    import html  # its table of entities takes a while to load, and Markdown does without

    text = _DROPPED.sub(lambda style: "\n" * style[0].count("\n"), document)
    return html.unescape(_TAG.sub(spoken, text.replace("<!--", " ").replace("-->", " ")))


def _pour(pieces: Iterable[str], stream: TextIO) -> None:
    """Write many small pieces as few large ones."""
    rest = iter(pieces)
    while some := list(islice(rest, _TOGETHER)):
        stream.write("".join(some))
