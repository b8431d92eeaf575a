"""Reads a commit message: Conventional Commit parts, git trailers, what it reverts, and its pull request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from releasewatch.domain.releases import Commit, ConventionalParts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

NAMING_TRAILER = "customer"
"""The trailer by which a commit names the customers whom it matters to, in small letters."""

_WHITE = " \t\n\v\f\r"
"""What C's isspace() takes for white space; Python's str.isspace() would take more."""

_CONVENTIONAL = re.compile(r"([A-Za-z]+)(?:\(([^()]+)\))?(!)?:[ \t]+(\S.*)")
_BREAKING_FOOTER = re.compile(r"^BREAKING[ -]CHANGE:\s", re.MULTILINE)
_TRAILER = re.compile(r"([A-Za-z0-9-]+|BREAKING CHANGE)[ \t]*:")
_MADE_BY_GIT = ("Signed-off-by: ", "(cherry picked from commit ")

_REVERT_SUBJECT = re.compile(r'(?:[A-Za-z]+(?:\([^()]*\))?!?:[ \t]+)?([Rr]evert|[Rr]eapply):? "(.+)"')
_REVERTED_SHAS = re.compile(
    r"(?<!partially )(?<!partly )\breverts\s+commits?:?\s+((?:[0-9a-f]{7,64}\b(?:\s*,|\s+and\b|\s*&)?\s*)+)",
    re.IGNORECASE,
)
_SHA = re.compile(r"[0-9a-f]{7,64}")

_LONGEST_NUMBER = 9
_GITHUB_MERGE = re.compile(r"Merge pull request #(\d{1,9}) from ")
_GITLAB_MERGE = re.compile(r"^See merge request \S*!(\d{1,9})\s*$", re.MULTILINE)


class Message(NamedTuple):
    """Everything a commit message says beside its words; the fields, and their order, are those of `Commit`."""

    conventional: ConventionalParts | None = None
    breaking: bool = False
    trailers: tuple[tuple[str, str], ...] = ()
    reverts_shas: tuple[str, ...] = ()
    reverts_subjects: tuple[str, ...] = ()
    pull_request: int | None = None
    pull_request_title: str | None = None


def commit_saying(
    sha: str,
    parents: tuple[str, ...],
    author_name: str,
    author_email: str,
    authored_at: datetime,
    committed_at: datetime,
    subject: str,
    body: str,
    paths: tuple[str, ...],
) -> Commit:
    """A commit with everything that its message says; instants aware and in UTC."""
    return Commit(
        sha,
        parents,
        author_name,
        author_email,
        authored_at,
        committed_at,
        subject,
        body,
        paths,
        *read_message(subject, body),
    )


def read_message(subject: str, body: str) -> Message:
    """Read a message that git has split into its first paragraph (on one line) and the rest.

    Each part is looked for only where a cheap test says it may be there: this runs for every commit of a range.
    """
    number, title = _pull_request(subject, body)
    conventional = read_conventional(title or subject)
    breaking = conventional is not None and conventional.breaking
    if not breaking and "BREAKING" in body:
        breaking = _BREAKING_FOOTER.search(body) is not None
    return Message(
        conventional,
        breaking,
        read_trailers(body) if body else (),
        _reverted_shas(body) if "everts" in body else (),
        _reverted_subjects(subject, conventional),
        number,
        title,
    )


def read_conventional(subject: str) -> ConventionalParts | None:
    """Read `type(scope)!: description` (Conventional Commits 1.0.0). The type has no case there: it is lowered."""
    match = _CONVENTIONAL.match(subject)
    if match is None:
        return None
    kind, scope, mark, description = match.groups()
    return ConventionalParts(kind.lower(), scope, mark is not None, description.rstrip())


def without_pull_request(subject: str) -> str:
    """A subject without the ` (#123)` that a forge's squash merge puts behind it."""
    at = _start_of_number(subject)
    return subject if at is None else subject[:at].rstrip()


def trailer_values(trailers: Iterable[tuple[str, str]], key: str) -> tuple[str, ...]:
    """The values of all trailers with a key, in order; keys are compared without case, as git does."""
    wanted = key.lower()
    return tuple(value for name, value in trailers if name.lower() == wanted)


def named_customers(trailers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Everybody whom the `Customer:` trailers name, as written, each once: one may name several, between commas."""
    values = trailer_values(trailers, NAMING_TRAILER)
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def read_trailers(body: str) -> tuple[tuple[str, str], ...]:
    """The trailers of a message without its first paragraph, as `git log --format=%(trailers:only,unfold)` gives them.

    The rule is git's (trailer.c): the last paragraph counts when every line of it is a trailer, or when git itself
    wrote one of them (`Signed-off-by`, `(cherry picked from`) and at least a quarter are trailers. Lines that begin
    with white space continue the one before. One thing is added: `BREAKING CHANGE:`, a footer of Conventional
    Commits that git's rule would let spoil the whole paragraph, is a trailer too.
    """
    words = body.rstrip(_WHITE)
    if words[:1] == "#" or "\n#" in words or "Conflicts:" in words:
        lines = body.rstrip("\n").split("\n")
        return _trailers_of(lines[: _end_of_words(lines)])
    last_paragraph = words[words.rfind("\n\n") + 1 :]
    return _trailers_at_end(last_paragraph) if ":" in last_paragraph else ()


@lru_cache(maxsize=2048)
def _trailers_at_end(paragraph: str) -> tuple[tuple[str, str], ...]:
    """Those of a last paragraph; a history repeats its sign-offs and co-authors, which then share their memory."""
    return _trailers_of(paragraph.split("\n"))


def _trailers_of(lines: list[str]) -> tuple[tuple[str, str], ...]:
    start = _start_of_trailers(lines)
    return _unfolded(lines[start:]) if start < len(lines) else ()


def _end_of_words(lines: list[str]) -> int:
    """Where the run of comments, blank lines and `Conflicts:` lists at the end begins (git: ignore_non_trailer)."""
    end = len(lines)
    running = conflicts = False
    for number, line in enumerate(lines):
        if line == "" or line[0] == "#" or line == "Conflicts:":
            conflicts = conflicts or line == "Conflicts:"
            if not running:
                running, end = True, number
        elif not (conflicts and line[0] == "\t"):
            running = conflicts = False
    return end if running else len(lines)


def _start_of_trailers(lines: list[str]) -> int:
    """The index of the first line of the trailer block, or the number of lines when there is none."""
    made_by_git, only_blank = False, True
    trailers = others = continuations = 0
    for number in range(len(lines) - 1, -2, -1):
        line = lines[number] if number >= 0 else ""  # the blank line after the first paragraph
        if line.startswith("#"):
            others += continuations
            continuations = 0
        elif not line.strip(_WHITE):
            if only_blank and number >= 0:
                continue
            others += continuations
            is_block = trailers * 3 >= others if made_by_git else trailers > 0 and others == 0
            return number + 1 if is_block else len(lines)
        else:
            only_blank = False
            if line.startswith(_MADE_BY_GIT):
                made_by_git = True
                trailers += 1
                continuations = 0
            elif line[0] in _WHITE:
                continuations += 1
            elif _TRAILER.match(line):
                trailers += 1
                continuations = 0
            else:
                others += 1 + continuations
                continuations = 0
    return len(lines)


def _unfolded(lines: list[str]) -> tuple[tuple[str, str], ...]:
    whole: list[str] = []
    continuable = False
    for line in lines:
        if continuable and line[:1] and line[0] in _WHITE:
            whole[-1] += " " + line.lstrip(_WHITE)
        else:
            continuable = _TRAILER.match(line) is not None
            if continuable:
                whole.append(line)
    return tuple(map(_pair, whole))


@lru_cache(maxsize=2048)
def _pair(line: str) -> tuple[str, str]:
    """Key and value; cached because a history repeats its sign-offs and co-authors, which then share their memory."""
    match = _TRAILER.match(line)
    assert match is not None  # noqa: S101 - only lines that matched arrive here
    return match[1], line[match.end() :].strip(_WHITE)


def _pull_request(subject: str, body: str) -> tuple[int | None, str | None]:
    if subject.startswith("Merge "):
        match = _GITHUB_MERGE.match(subject)
        if match is None and "See merge request" in body:
            match = _GITLAB_MERGE.search(body)
        if match is not None:
            first = body.partition("\n")[0].strip()
            return int(match[1]), None if first.startswith("See merge request ") else first or None
    at = _start_of_number(subject)
    return (None if at is None else int(subject[at + 2 : -1])), None


def _start_of_number(subject: str) -> int | None:
    """Where the `(#123)` (GitLab: `(!123)`) begins that stands at the very end; by hand, for every commit is asked."""
    if not subject.endswith(")"):
        return None
    at = subject.rfind("(")
    digits = subject[at + 2 : -1]
    is_number = subject[at + 1 : at + 2] in ("#", "!") and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER
    return at if at >= 0 and is_number else None


def _reverted_subjects(subject: str, conventional: ConventionalParts | None) -> tuple[str, ...]:
    """The subject that a subject says it takes back.

    `Revert "x"` (git), `Reapply "x"` (git since 2.43 for a revert of `Revert "x"`), `fix: revert "x"`, and
    `revert: x` (the Angular convention, where x is the whole header of the reverted commit).
    """
    if '"' in subject:
        match = _REVERT_SUBJECT.fullmatch(without_pull_request(subject))
        if match is not None:
            quoted = match[2]
            return (f'Revert "{quoted}"' if match[1].lower() == "reapply" else quoted,)
    if conventional is not None and conventional.type == "revert" and conventional.scope is None:
        return (without_pull_request(conventional.description).strip('"'),)
    return ()


def _reverted_shas(body: str) -> tuple[str, ...]:
    found = (sha for block in _REVERTED_SHAS.findall(body) for sha in _SHA.findall(block.lower()))
    return tuple(dict.fromkeys(found))
