"""What is written to a customer who is not called: agreed words alone, or the reasons why there is nothing to send."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from releasewatch.domain.call_incidents import in_words
from releasewatch.domain.call_purposes import gravest
from releasewatch.domain.call_rules import OVER
from releasewatch.domain.their_time import in_their_time

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.calls import CallCandidate, PlannedCall
    from releasewatch.domain.leaks import LeakScanner

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\]+")
"""One address and nothing else: a cell that holds two, or a name, would go to who knows whom."""

_SUBJECTS = {
    "correction": "A correction to what we told you about {what}",
    "first_notice": "A problem with {what}",
    "after_the_fact": "A problem with {what} that is over",
    "update": "News of the problem with {what}",
    "resolution": "The problem with {what} is over",
}
_ASKING = {
    "first_notice": "A question about {what}",
    "after_the_fact": "A question about {what}",
}
"""To whoever may not have been hurt: a presumption is never told as a fact."""
NAMES_ANOTHER = "it names another customer"
_CARE = "What changed in {what}"
_COMING = "What will change in {what}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A draft to one customer. `problems`: why it must not be sent, in sentences without a name; none: it may be.

    `greeting_name`: how to address them, empty when nobody is known. `language`: theirs; the words are as they were
    agreed, in whatever language that was. `subject` is ours, in English; `titles`: what it is about; `purpose`: what
    for, `what_changed` or `coming` without an incident; `asks`: they are asked whether they were hurt, and not told.
    `body`: the text of the mail, a blank line between paragraphs; `template`: what made subject and body.
    """

    rank: int
    call: str
    key: str
    customer: str
    greeting_name: str
    email: str
    language: str
    subject: str
    lines: tuple[str, ...]
    problems: tuple[str, ...]
    titles: tuple[str, ...] = ()
    purpose: str = ""
    asks: bool = False
    body: str = ""
    template: str = ""
    own_names: frozenset[str] = frozenset()

    @property
    def is_sendable(self) -> bool:
        """Whether it may be sent as it is."""
        return not self.problems

    def worded(self, subject: str, body: str, template: str, scanner: LeakScanner) -> Letter:
        """The same in the words of a template. `scanner`: as for `letters_of`; a template may name somebody, too."""
        own, named = {self.key, self.customer, *self.own_names}, NAMES_ANOTHER in self.problems
        more = () if named or not scanner.scan(f"{subject}\n{body}", own) else (NAMES_ANOTHER,)
        return replace(self, subject=subject, body=body, template=template, problems=(*self.problems, *more))


def is_foreign(language: str) -> bool:
    """Whether somebody reads another language than the one of subjects and greetings, which are English."""
    return bool(language) and language.split("-")[0].casefold() != "en"


def letters_of(rows: Iterable[PlannedCall], scanner: LeakScanner, now: datetime) -> list[Letter]:
    """A draft for each customer who is to be written to, in the order of the list.

    `scanner` looks for the names of all customers; their own may be in it.
    """
    is_over = set(OVER) - {"waiting"}
    return [
        _letter(row, scanner, now)
        for row in rows
        if row.verdict == "write" and row.candidate.standing.status not in is_over
    ]


def _letter(row: PlannedCall, scanner: LeakScanner, now: datetime) -> Letter:
    candidate, contact = row.candidate, row.contact
    subject = subject_of(candidate)
    own = {candidate.key, candidate.name, *candidate.own_names}
    return Letter(
        titles=candidate.titles,
        purpose=purpose_of(candidate),
        asks=asks(candidate),
        own_names=candidate.own_names,
        rank=row.rank,
        call=candidate.call,
        key=candidate.key,
        customer=candidate.name,
        greeting_name=contact.name if contact is not None else "",
        email=contact.email.strip() if contact is not None else "",
        language=(contact.language if contact is not None else "") or candidate.language,
        subject=subject,
        lines=tuple(in_their_time(line, row.local_zone) for line in candidate.letter),
        problems=tuple(
            _problems(row, now, names_another=bool(scanner.scan("\n".join((subject, *candidate.letter)), own)))
        ),
    )


def _problems(row: PlannedCall, now: datetime, *, names_another: bool) -> Iterator[str]:
    candidate, standing = row.candidate, row.candidate.standing
    if not candidate.letter:
        yield "no agreed wording"
    elif candidate.letter_lacks:
        yield "no agreed wording for part of it"
    if names_another:
        yield NAMES_ANOTHER
    if candidate.say_outdated:
        yield "the wording is older than the end: it was agreed before it was over"
    if row.contact is None:
        yield "nobody who may be written to is known"
    elif not row.contact.email.strip():
        yield "no address is known"
    elif not row.contact.email.isascii() or _ADDRESS.fullmatch(row.contact.email.strip()) is None:
        yield "the address cannot be read"
    if not candidate.call:
        yield "not planned yet"
    if standing.status == "claimed":
        yield "somebody has claimed it"
    if standing.waits_for:
        yield f"it waits for {standing.waits_for}, which is about an incident"
    elif standing.written and standing.not_before is not None and standing.not_before > now:
        # A letter waits for no dial, but nobody is written to twice.
        yield "they were written to already, and are to be tried again later"


def purpose_of(candidate: CallCandidate) -> str:
    """What a letter is for: of what is in the call the gravest; `what_changed` or `coming` without an incident."""
    reasons, hurt = candidate.standing.reasons, candidate.hurt
    if hurt is None:
        return "coming" if any(one.coming for one in reasons) else "what_changed"
    purposes = [one.purpose for one in reasons if one.incident]
    return gravest(purposes) if purposes else hurt.due.purpose


def asks(candidate: CallCandidate) -> bool:
    """Whether a letter asks, because it is not known that they were hurt."""
    hurt = candidate.hurt
    return hurt is not None and hurt.state != "affected" and purpose_of(candidate) in _ASKING


def subject_of(candidate: CallCandidate) -> str:
    """A line that says what it is about, by titles that customers know."""
    what, purpose = in_words(candidate.titles) or "what you use of ours", purpose_of(candidate)
    words = {"what_changed": _CARE, "coming": _COMING, **_SUBJECTS, **(_ASKING if asks(candidate) else {})}
    return words.get(purpose, _SUBJECTS["update"]).format(what=what)
