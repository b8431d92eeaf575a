"""Says at once when what somebody wrote for outer readers cannot be in a document for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.cli.output import say
from releasewatch.domain.privacy import Reveal

if TYPE_CHECKING:
    from releasewatch.wiring import App


def say_what_cannot_leave(app: App, incident: str, fields: Any) -> None:
    """Look through a summary and an entry as the documents of their audience will be; no name is in what is said."""
    from releasewatch.usecases.incident_documents import find_held
    from releasewatch.usecases.incident_showing import Showing
    from releasewatch.usecases.incident_viewing import Viewing

    summary = fields.summaries.get(fields.audience)
    if summary is None and fields.entry is None:
        return
    how = Showing(Viewing(app.now), reveal=Reveal.COUNTS)
    texts = [text for text in (summary, fields.entry) if text is not None]
    subjects = app.config.tables.notes.subjects
    found = find_held(app.ledger, incident, how, fields.audience, texts, subjects=subjects)
    if found is None:
        say("Nobody looked what names this holds: this role may not read them.")
        say(f"  A document for {fields.audience} readers is looked through when it is written.")
        return
    held, entry = found
    for text, what in zip(texts, held, strict=True):
        if not what:
            continue
        name = "entry" if text is fields.entry else "summary"
        say(f"This {name} for {fields.audience} readers holds {what}: no document for them is written while it stands.")
        other = f"--withdraw-entry {entry}" if name == "entry" else f"--audience {fields.audience} --summary TEXT"
        say(f"  Say it in other words: releasewatch incident update {incident} {other}")
