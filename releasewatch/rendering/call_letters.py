"""Letters to customers as a mail-merge table, and each as a draft that a mail program opens."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, TextIO

from releasewatch.domain.call_letters import is_foreign
from releasewatch.errors import TemplateError
from releasewatch.rendering.escape import as_markdown, clean
from releasewatch.rendering.tabular import guard
from releasewatch.rendering.templates import Templates
from releasewatch.rendering.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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
    "template",
)

DEFAULT = "calls/letter.txt"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_PARAGRAPHS = re.compile(r"\n\s*\n")

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST = 40
_TRANSLATE = "[Before you send: they read {language}; subject and greeting are English. Translate, delete this line.]"
"""Stands in a draft alone, which a person opens and sends; a mail merge would send it along."""
_CHECK = (
    "[Before you send: they read {language}; subject and greeting are in it ({template}), what was agreed is as it was "
    "agreed. Translate it if need be, delete this line.]"
)


@dataclass(frozen=True, slots=True)
class LetterView(View):
    """A letter, as a template sees it: the first line that it prints is the subject, the rest the text.

    - `subject`: ours, in English. `greeting_name`: empty when nobody is known. `customer`: their name.
    - `lines`: what may be said, as it was agreed. `titles`: of what it is about.
    - `purpose`: first_notice, after_the_fact, update, resolution, correction, what_changed or coming; `asks`: they are
      asked whether they were hurt, for that is not known. `language`: theirs, may be empty.
    """

    subject: str
    greeting_name: str
    customer: str
    lines: tuple[str, ...]
    titles: tuple[str, ...]
    purpose: str
    asks: bool
    language: str


class LetterWriter:
    """Words letters by templates: that of the customer's language where there is one, else the default."""

    def __init__(self, user_templates: Path | None = None) -> None:
        self._templates = Templates("txt", user_templates)
        self._names: dict[str, str] = {}

    def write(self, letter: Letter) -> tuple[str, str, str]:
        """Subject, body and the template that made them. Raises TemplateError for one of the user's."""
        name = self._name(letter.language)
        fields = {one: getattr(letter, one) for one in LetterView.__dataclass_fields__}
        fields["lines"] = tuple(part for line in letter.lines for part in line.splitlines() if part.strip())
        text = "".join(self._templates.stream(name, {"letter": LetterView(**fields)}))
        subject, _, rest = text.strip().partition("\n")
        body = "\n\n".join(part.strip() for part in _PARAGRAPHS.split(rest.strip()))
        if not subject.strip() or not body:
            raise TemplateError(f"Template {name} says nothing.", "Its first line is the subject, the rest the text.")
        return subject.strip(), body, name.rpartition("/")[2]

    def _name(self, language: str) -> str:
        """`calls/letter.de-CH.txt` before `calls/letter.de.txt` before the default."""
        if language not in self._names:
            tags = [language, language.lower(), language.split("-")[0].lower()] if _fits(language) else []
            found = self._templates.first_of(f"calls/letter.{tag}.txt" for tag in tags)
            self._names[language] = found or DEFAULT
        return self._names[language]


def is_untranslated(letter: Letter) -> bool:
    """Whether somebody gets subject and greeting in another language than they read."""
    return is_foreign(letter.language) and letter.template in ("", DEFAULT.rpartition("/")[2])


def _fits(language: str) -> bool:
    return _LANGUAGE.fullmatch(language) is not None


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
        template = one.template if sent else ""
        writer.writerow([_guarded(cell) for cell in (*cells, *words, *said, template)])


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
        note = _TRANSLATE if is_untranslated(letter) else _CHECK
        paragraphs.insert(0, note.format(language=letter.language, template=letter.template))
    text = "\n\n".join("\n".join(map(clean, part.split("\n"))) for part in paragraphs)
    message.set_content(f"{text}\n", cte="quoted-printable")
    return f"{name}.eml", message.as_bytes()


def _note(letter: Letter) -> str:
    about = as_markdown(letter.customer)
    reasons = "".join(f"- {as_markdown(one)}\n" for one in letter.problems)
    return f"# {about}: not to be sent\n\n{reasons}"


def _guarded(text: str) -> str:
    return "\n".join(guard(line) for line in text.split("\n"))
