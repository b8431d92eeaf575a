"""Which component a package in a tag's name is, so that its release is not taken for one of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.tag_names import package_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from releasewatch.domain.catalog import Catalog
    from releasewatch.ports import PathMapper

_TOLD = 5


@dataclass(frozen=True, slots=True)
class TagPackages:
    """What tags of packages stand for: `components`, a full key for each package, and those that are `unknown`."""

    components: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    of_tag: Mapping[str, str] = field(default_factory=dict)

    def notes(self) -> tuple[str, ...]:
        """What is worth saying of how tags were taken."""
        if not self.components:
            return ()
        many = Counter(self.of_tag.values())
        each = [f"{one} = {key} ({many[one]})" for one, key in sorted(self.components.items())]
        more = f" and {len(each) - _TOLD} more" if len(each) > _TOLD else ""
        return (
            f"Tags that name a package are taken as releases of its component alone: {', '.join(each[:_TOLD])}{more}.",
        )

    def unknown_words(self) -> str:
        """Why tags of an unknown package are left out."""
        names = sorted(self.unknown)
        more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
        return f"of a package that is no component: {', '.join(names[:_TOLD])}{more}"


@dataclass(frozen=True, slots=True)
class Packages:
    """What a repo knows of its packages. `folders`: by name as manifests give it; `files`: what git tracks."""

    folders: Mapping[str, str]
    files: Sequence[str]
    mapper: PathMapper


def read_tag_packages(tags: Iterable[str], catalog: Catalog, known: Packages) -> TagPackages:
    """The packages that tags name, and the components they are.

    By the manifest that gives a package its name: the one component that takes its files. Else by a component's key
    or title, with or without the scope, where no other package of the tags is called so; else as a folder. One name
    that stands before every version, and is no component, is the program's own: those are tags of everything.
    """
    names = list(tags)
    of_tag = {name: package for name in names if (package := package_of(name, catalog.repo)) is not None}
    packages = sorted(set(of_tag.values()))
    found: dict[str, str] = {}
    for package in packages:
        key = _component_of(package, packages, catalog, known)
        if key is not None:
            found[package] = catalog.full_key(key)
    unknown = frozenset(packages) - found.keys()
    if len(packages) == 1 and unknown and len(of_tag) == len(names):
        return TagPackages()
    return TagPackages(found, unknown, of_tag)


def _component_of(package: str, packages: Collection[str], catalog: Catalog, known: Packages) -> str | None:
    folder = known.folders.get(package)
    if folder is not None:
        return _owner_of(folder, known)
    bare = _bare(package)
    if sum(_bare(one) == bare for one in packages) == 1:
        named = [one.key for one in catalog.components if bare in (one.key.casefold(), one.title.casefold())]
        if len(named) == 1:
            return named[0]
    return _owner_of(package, known)


def _bare(package: str) -> str:
    return package.rpartition("/")[2].casefold() if package.startswith("@") else package.casefold()


def _owner_of(folder: str, known: Packages) -> str | None:
    """The one component that takes what lies in a folder, as far as anything there counts; else None."""
    inside = f"{folder}/" if folder else ""
    owners = {key for path in known.files if path.startswith(inside) for key in known.mapper.owners(path).components}
    return owners.pop() if len(owners) == 1 else None
