"""Finds what a repo is made of, and what of it a catalog does not know yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.discovery import Found, Proposal, in_line
from releasewatch.domain.discovery_joining import join
from releasewatch.domain.lone_packages import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from releasewatch.domain.discovery import ProposedComponent
    from releasewatch.ports import PathMapper

OWNERS = "codeowners"
LAST = "folders"

_TOLD = 8

Sources = Mapping[str, "Callable[[], Found]"]
"""Each source by its name, in the order in which they are believed."""


def propose(sources: Sources, files: Sequence[str], repo_name: str = "") -> Proposal:
    """The components that the sources name.

    Who owns a path names parts only where no source says what the parts are, and folders with churn only where not
    even that is known; owners are taken in any case.
    """
    found = settle(look() for source, look in sources.items() if source not in (OWNERS, LAST))
    named = any(one.members for one in found)
    if OWNERS in sources:
        owners = sources[OWNERS]()
        found.append(replace(owners, members=()) if named else owners)
        named = named or bool(owners.members)
    if LAST in sources and not named:
        found.append(sources[LAST]())
    return join(found, files, repo_name=repo_name)


def as_catalog(proposal: Proposal, catalog: Catalog) -> Catalog:
    """A catalog with the components of a proposal instead of its own."""
    components = (
        Component(
            key=one.key,
            title=one.title or one.key,
            paths=one.paths,
            depends_on=one.depends_on,
            type=one.type,
            owner=one.owner,
        )
        for one in proposal.components
    )
    return replace(catalog, components=tuple(components))


def tell_uncovered(proposal: Proposal, mapper: PathMapper, files: Sequence[str]) -> Proposal:
    """Add a sentence about the folders at the root with files that no component takes, the largest first.

    Hidden folders, documentation and tests are nothing to tell of.
    """
    usual = {pattern.removesuffix("/**") for pattern, _ in _WITHOUT_EFFECT if pattern.endswith("/**")}
    firsts = ((path.partition("/"), path) for path in files)
    looked_at = (
        (first, path) for (first, slash, _), path in firsts if slash and first[0] != "." and first not in usual
    )
    many = Counter(first for first, path in looked_at if not mapper.owners(path).components)
    if not proposal.components or not many:
        return proposal
    ordered = sorted(many.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{in_line(folder)} ({files_in})" for folder, files_in in ordered[:_TOLD])
    more = f" and {len(ordered) - _TOLD} more" if len(ordered) > _TOLD else ""
    sentence = f"files that no component takes, by folder: {told}{more}; see: catalog import --from folders"
    return replace(proposal, left_out=(*proposal.left_out, sentence))


@dataclass(frozen=True, slots=True)
class News:
    """What a catalog does not know yet of a proposal; `known` says which own component each of the others is."""

    proposal: Proposal
    known: dict[str, str] = field(default_factory=dict)


def not_yet_known(
    proposal: Proposal, catalog: Catalog, mapper_of: Callable[[Catalog], PathMapper], files: Sequence[str]
) -> News:
    """Leave out what the catalog has: under that key, or under another one that takes all of its files.

    A dependency on what is known names it as the catalog does.
    """
    own = {component.key for component in catalog.components}
    takers = _takers(mapper_of(as_catalog(proposal, Catalog(""))), mapper_of(catalog), files) if own else {}
    known = {}
    for one in proposal.components:
        if one.key in own:
            known[one.key] = one.key
        elif takers.get(one.key):
            known[one.key] = min(takers[one.key])
    new = tuple(
        replace(one, depends_on=tuple(sorted({known.get(key, key) for key in one.depends_on} - {one.key})))
        for one in proposal.components
        if one.key not in known
    )
    return News(replace(proposal, components=new), known)


def _takers(proposed: PathMapper, own: PathMapper, files: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each proposed component those of the catalog that take every file of it, what is of no effect aside."""
    found: dict[str, frozenset[str]] = {}
    for path in files:
        owners = own.owners(path)
        if not owners.no_effect:
            for key in proposed.owners(path).components:
                found[key] = found.get(key, owners.components) & owners.components
    return found


OWN_FILE = "releasewatch.toml"
_WITHOUT_EFFECT = (
    ("*.md", "texts in Markdown; take this out where the program ships them"),
    ("docs/**", "documentation"),
    ("doc/**", "documentation"),
    ("tests/**", "tests"),
    ("test/**", "tests"),
    (".github/**", "how GitHub builds it"),
    (".gitlab/**", "how GitLab builds it"),
    (".gitlab-ci.yml", "how GitLab builds it"),
    ("Jenkinsfile", "how Jenkins builds it"),
    ("/CODEOWNERS", "who reviews what"),
    ("LICENSE*", "the licence"),
    (".gitignore", "what git leaves out"),
    (".gitattributes", "how git reads files"),
    (".editorconfig", "how editors write files"),
    (OWN_FILE, "this file"),
)


def guess_no_effect(
    proposal: Proposal, files: Sequence[str], sorter: Callable[[Sequence[str]], Callable[[str], Collection[int]]]
) -> list[tuple[str, str]]:
    """Patterns of files that reach no customer, with reasons: those that match something, and no whole component."""
    takers = sorter([pattern for pattern, _ in _WITHOUT_EFFECT])
    matching = {number for path in files for number in takers(path)}
    folders = {one.folder for one in proposal.components}
    found = []
    for number, (pattern, because) in enumerate(_WITHOUT_EFFECT):
        aside = pattern.removesuffix("/**")
        if any(folder == aside or folder.startswith(f"{aside}/") for folder in folders):
            continue
        if number in matching or pattern == OWN_FILE:
            found.append((pattern, because))
    return found


def describe(news: News) -> dict[str, Any]:
    """The document of `catalog import --format json`."""
    return {
        "components": [_described(one) for one in news.proposal.components],
        "known": [{"key": key, "component": own} for key, own in sorted(news.known.items())],
        "members": news.proposal.counts,
        "left_out": list(news.proposal.left_out),
    }


def _described(one: ProposedComponent) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "type": one.type,
        "owner": one.owner,
        "paths": list(one.paths),
        "depends_on": list(one.depends_on),
        "folder": one.folder,
        "sources": list(one.sources),
        "because": list(one.because),
    }
