"""What a forge (GitHub, GitLab) knows of our changes and deployments, and how far its words count in documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from releasewatch.domain.messages import NAMING_TRAILER, read_conventional, trailer_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from releasewatch.domain.deployments import Status
    from releasewatch.domain.notes import NoteChange

ForgeKind = Literal["github", "gitlab"]
FORGE_TITLES: dict[str, str] = {"github": "GitHub", "gitlab": "GitLab"}

LONGEST_TITLE = 1000
"""Titles and labels are cut here: both forges allow less."""

LABEL_WORDS = (NAMING_TRAILER, "release-note", "audience", "embargo")
"""The trailers that a label may stand for, as in `audience: engineering`; any other label is only a label."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A merged pull or merge request.

    `merged_as`: the commit that merging made, empty where the forge does not say. `closes`: the issues that it says it
    closes, as `#12`, or `group/project#12` of another repo. `author`: a person's login there.
    """

    number: int
    title: str
    url: str
    author: str = ""
    labels: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    merged_as: str = ""


@dataclass(frozen=True, slots=True)
class AskedCommit:
    """A commit whose pull request is wanted."""

    sha: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class ForgeDeployment:
    """A deployment as a forge knows it. `status` is None while it has none that we know (queued, waiting)."""

    id: str
    sha: str
    environment: str
    status: Status | None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class ForgeMark:
    """What a forge is told of a deployment. `ref`: a branch or tag, empty where none is known; `url`: of the run."""

    environment: str
    sha: str
    status: Status
    ref: str = ""
    url: str = ""
    is_production: bool = False


def add_requests(changes: Sequence[NoteChange], known: Mapping[str, PullRequest]) -> None:
    """Put beside changes what their pull requests say: number, address, labels as trailers, issues closed, and title.

    The title stands for the commit that merging made, or for a request's only commit; the single commits of a request
    keep their subjects, or all would read alike. A commit's own `Release-note:` comes before that of a label.
    """
    if not known:
        return
    by_side: dict[tuple[str, str], NoteChange] = {(change.side, change.sha): change for change in changes}
    found: dict[tuple[str, int], list[NoteChange]] = {}
    requests: dict[int, PullRequest] = {}
    for change in changes:
        request = known.get(change.sha) or _of_merge(change, by_side, known)
        if request is not None:
            requests[request.number] = request
            found.setdefault((change.side, request.number), []).append(change)
    for (_, number), members in found.items():
        for change in members:
            _add(change, requests[number], has_title=_stands_for(change, members, requests[number]))


def _of_merge(
    change: NoteChange, by_side: Mapping[tuple[str, str], NoteChange], known: Mapping[str, PullRequest]
) -> PullRequest | None:
    """The request of the innermost merge that brought a change and has one."""
    seen: set[str] = set()
    sha = change.merged_by
    while sha is not None and sha not in seen:
        if sha in known:
            return known[sha]
        seen.add(sha)
        merge = by_side.get((change.side, sha))
        sha = merge.merged_by if merge is not None else None
    return None


def _stands_for(change: NoteChange, members: Sequence[NoteChange], request: PullRequest) -> bool:
    return len(members) == 1 or (change.is_merge and change.sha == request.merged_as)


def _add(change: NoteChange, request: PullRequest, *, has_title: bool) -> None:
    change.pull_request = request.number
    change.pull_request_url = request.url
    change.trailers = (*change.trailers, *label_trailers(change.trailers, request))
    if not has_title:
        return
    change.title = request.title
    parts = None if change.type else read_conventional(request.title)
    if parts is not None:
        change.type, change.scope, change.description = parts.type, parts.scope, parts.description
        change.breaking = change.breaking or parts.breaking


def label_trailers(own: Sequence[tuple[str, str]], request: PullRequest) -> Iterator[tuple[str, str]]:
    """The trailers that labels and closed issues of a request stand for, beside those of the commit itself."""
    for label in request.labels:
        word, colon, value = (part.strip() for part in label.partition(":"))
        key = word.lower()
        if not colon or not value or key not in LABEL_WORDS:
            continue
        if key == "release-note" and trailer_values(own, key):
            continue  # two sentences would be told, one of them meant to be replaced
        yield word, value
    for issue in request.closes:
        yield "Fixes", issue
