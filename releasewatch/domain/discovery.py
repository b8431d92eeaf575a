"""What a repo says of its own parts: members that a source named, and the components they are proposed as."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from releasewatch.domain.catalog import ComponentType

ROOT = ""
"""The folder of a member that is the whole repo."""

STATED = 3
"""Weight of a guess that is none: somebody wrote it down."""
RUNS = 2
"""Weight of a guess from how it is started: a container, a chart."""
BUILDS = 1
"""Weight of a guess from what is built: a program or a library."""
ALONE = "; no workspace names it: it is taken for a part of its own"
"""What the evidence of a lone member ends with."""


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """Service or library, why, and how much that weighs against what another source says."""

    type: ComponentType
    because: str
    weight: int


@dataclass(frozen=True, slots=True)
class Need:
    """A dependency on another member: its folder, and its name where several people's entries share the folder."""

    folder: str
    because: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One part of the software as one source names it.

    `folder` is relative to the root of the repo, without a slash at its ends. `stated` members are entries that
    people wrote for a catalog: each is a component of its own; others that share a folder are one. `paths` are
    patterns that the source states; without them the folder counts. `remarks` say what was left out of it. `lone`: a
    package in a folder of its own, which nothing else names (see `lone_packages`).
    """

    source: str
    folder: str
    name: str
    evidence: str
    needs: tuple[Need, ...] = ()
    guess: TypeGuess | None = None
    title: str | None = None
    owner: str | None = None
    owner_because: str = ""
    paths: tuple[str, ...] = ()
    stated: bool = False
    remarks: tuple[str, ...] = ()
    lone: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What one source found. `left_out` are sentences: what was seen there and is no member, and why.

    `owner_of` answers for one path: its owner, and the words that say where that stands; None when it names none.
    """

    members: tuple[Member, ...] = ()
    left_out: tuple[str, ...] = ()
    owner_of: Callable[[str], tuple[str, str] | None] | None = None


@dataclass(frozen=True, slots=True)
class SeenEnvironment:
    """A place that a repo's files name as one to deploy to, and where they do."""

    name: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenEnvironments:
    """What was found; `unread`: files that may name more and could not be read."""

    found: tuple[SeenEnvironment, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposedComponent:
    """A component as the repo suggests it; every guess in it has its reason in `because`, a line each."""

    key: str
    folder: str
    paths: tuple[str, ...]
    type: ComponentType
    title: str | None = None
    owner: str | None = None
    depends_on: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The components found, ordered by key, and what was left out."""

    components: tuple[ProposedComponent, ...] = ()
    left_out: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    """How many members each source named."""


def is_line(text: str) -> bool:
    """Whether a text from a file can stand as a value of one line (a title, an owner)."""
    return bool(text.strip()) and len(text) <= 500 and all(unicodedata.category(one)[0] != "C" for one in text)


def in_line(text: str) -> str:
    """A text made fit to stand within a line: what is no printable character becomes `?`."""
    shown = "".join("?" if unicodedata.category(one)[0] == "C" else one for one in text)
    return shown if len(shown) <= 300 else f"{shown[:300]}…"
