"""Letters to customers as a mail-merge table, and each as a draft that a mail program opens."""

from __future__ import annotations

import csv
import re
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, TextIO

from releasewatch.domain.call_letters import is_foreign
from releasewatch.rendering.escape import as_markdown, clean
from releasewatch.rendering.tabular import guard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.domain.call_letters import Letter

MERGE_COLUMNS = (
    "call",
    "customer",
    "name",
    "greeting_name",
    "email",
    "language",
    "subject",
    "body",
    "sendable",
    "why_not",
)

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST = 40
_TRANSLATE = "[Before you send: they read {language}; subject and greeting are English. Translate, delete this line.]"
"""Stands in a draft alone, which a person opens and sends; a mail merge would send it along."""


def write_merge(stream: TextIO, letters: Iterable[Letter]) -> None:
    """One row for each customer. What must not be sent has no address and no text, so that no merge can send it.

    CSV as call lists are; a body has its paragraphs on lines of their own, each guarded like a cell.
    """
    stream.write("\ufeff")
    writer = csv.writer(stream)
    writer.writerow(MERGE_COLUMNS)
    for one in letters:
        sent = one.is_sendable
        cells = (one.call, one.key, one.customer, one.greeting_name, one.email if sent else "", one.language)
        words = (one.subject, one.body) if sent else ("", "")
        said = ("yes" if sent else "no", "; ".join(one.problems))
        writer.writerow([_guarded(cell) for cell in (*cells, *words, *said)])


def draft_file(letter: Letter) -> tuple[str, bytes]:
    """Name and content of a draft: a mail that is not sent yet, or a note of why there is none."""
    slug = _UNFIT.sub("-", letter.key.lower()).strip("-")[:_LONGEST] or "customer"
    name = f"{letter.rank:04d}-{slug}"
    if not letter.is_sendable:
        return f"{name}.not-sendable.md", _note(letter).encode()
    message = EmailMessage(policy=SMTP)
    # Mail programs open a message with this header for writing, and not as one that has come.
    message["X-Unsent"] = "1"
    message["To"] = letter.email
    message["Subject"] = clean(letter.subject)
    message["X-Releasewatch-Call"] = letter.call
    paragraphs = letter.body.split("\n\n")
    if is_foreign(letter.language):
        paragraphs.insert(0, _TRANSLATE.format(language=letter.language))
    message.set_content("\n\n".join(clean(text) for text in paragraphs) + "\n", cte="quoted-printable")
    return f"{name}.eml", message.as_bytes()


def _note(letter: Letter) -> str:
    about = as_markdown(letter.customer)
    reasons = "".join(f"- {as_markdown(one)}\n" for one in letter.problems)
    return f"# {about}: not to be sent\n\n{reasons}"


def _guarded(text: str) -> str:
    return "\n".join(guard(line) for line in text.split("\n"))
