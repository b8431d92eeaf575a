"""Renders the documents of an incident, and looks outer ones through before they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.leaks import LeakScanner
from releasewatch.rendering.documents import refuse_leaks
from releasewatch.rendering.incident_views import incident_view
from releasewatch.rendering.templates import Format, Templates

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from releasewatch.domain.incident_documents import IncidentDocument

INNER_TEXT = "a text about the incident that this audience may not read"
AT_A_CUSTOMER = "the name, address or number of somebody at a customer, in what somebody wrote for these readers"
OUR_NUMBERS = "a deployment or a commit, in what somebody wrote for these readers"
OUR_PEOPLE = "the name of one of our people, in what somebody wrote for these readers"

HINT = "Say it in other words (incident update --audience … --summary TEXT){entries}, or pass it by hand with a reason."


def render_incident(
    document: IncidentDocument,
    fmt: Format,
    user_templates: Path | None = None,
    *,
    names: LeakScanner | None = None,
    allow: Collection[str] = (),
) -> str:
    """A document of an incident, as text.

    An outer one is looked through before it is returned: the whole of it for `names` (of customers) and for what inner
    audiences were told; what people wrote also for the names of our people and of people at
    customers, and for deployments and commits. A hit raises
    LeakError; `allow` holds what a person passed by hand, and the reader's own names. Raises TemplateError for
    templates of the user's.
    """
    values = {"incident": incident_view(document)}
    text = "".join(Templates(fmt, user_templates).stream(f"incidents/{document.kind}.{fmt}", values))
    if document.audience != "engineering":
        inner = LeakScanner({}, dict.fromkeys(document.held, INNER_TEXT))
        scanners = [inner] if names is None else [names, inner]
        what = f"The {document.kind} for {document.audience} readers was not written: it holds"
        people = LeakScanner(dict.fromkeys(document.people, OUR_PEOPLE))
        named = LeakScanner(
            dict.fromkeys(document.named.contacts, AT_A_CUSTOMER) | dict.fromkeys(document.named.commits, OUR_NUMBERS),
            marks=dict.fromkeys(document.named.deployments, OUR_NUMBERS),
        )
        hint = _hint(document, [*scanners, people, named], allow)
        refuse_leaks(what, text, fmt, scanners, allow, hint)
        # Only in what people wrote: a name may be a word of any sentence (May), and the fixed ones hold no name.
        refuse_leaks(what, "\n".join(document.texts), "md", [people, named], allow, hint)
    return text


def _hint(document: IncidentDocument, scanners: Collection[LeakScanner], allow: Collection[str]) -> str:
    """What can be done, with the entries of the timeline that stand in the way."""
    numbers = [
        one.number
        for one in (*document.timeline, *document.after)
        if one.kind == "entry" and any(scanner.scan(one.value, allow) for scanner in scanners)
    ]
    options = " ".join(f"--withdraw-entry {number}" for number in numbers)
    return HINT.format(entries=f", take the entry back (incident update {document.id} {options})" if numbers else "")
