"""Backstage catalogs: the components that `catalog-info.yaml` files and their Locations describe."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from releasewatch.domain.discovery import STATED, Found, Member, Need, TypeGuess, is_line
from releasewatch.domain.folder_patterns import folders_spelled
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.catalogs.backstage_entities import (
    API_VERSIONS,
    PATHS,
    find_problems,
    holds_template,
    is_filled_in_by_backstage,
    is_templated,
)
from releasewatch.integrations.catalogs.globs import matching_files
from releasewatch.integrations.catalogs.manifests import (
    LEAVE_OUT,
    Table,
    load_yaml_documents,
    table_at,
    text_at,
    texts,
)
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "backstage"
MANIFESTS = ("catalog-info.yaml", "catalog-info.yml")
MOST_FILES = 5000
_PROBLEMS_TOLD = 5

_REFERENCE = re.compile(r"(?:(?P<kind>[^:/]+):)?(?:(?P<namespace>[^:/]+)/)?(?P<name>[^:/]+)")

Name = tuple[str, str]
"""Namespace and name of an entity, in small letters: Backstage compares them so."""


@dataclass(slots=True)
class _Component:
    path: str
    entity: Table
    name: Name
    folder: str
    patterns: tuple[str, ...]
    needs: dict[Name, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def plain_name(self) -> str:
        return str(self.entity["metadata"]["name"])


def find(files: RepoFiles) -> Found:
    """Every Component in the catalog files of this repo.

    Raises ManifestError with file and field for what Backstage would refuse; templates are named and left out.
    """
    left_out = files.samples(*MANIFESTS)
    problems: list[str] = []
    entities = list(_entities(files, left_out, problems))
    if problems:
        more = f" (and {len(problems) - _PROBLEMS_TOLD} more)" if len(problems) > _PROBLEMS_TOLD else ""
        raise ManifestError("; ".join(problems[:_PROBLEMS_TOLD]) + more, LEAVE_OUT)
    components: dict[Name, _Component] = {}
    for path, entity in entities:
        if entity["kind"] != "Component":
            continue
        one = _component(files, path, entity)
        if one.name in components:
            other = components[one.name].path
            raise ManifestError(
                f"{path}: metadata.name: the component {one.plain_name} is described in {other} already", LEAVE_OUT
            )
        components[one.name] = one
    _connect(components)
    return Found(tuple(_member(one, components) for one in components.values()), tuple(left_out))


def _entities(files: RepoFiles, left_out: list[str], problems: list[str]) -> Iterator[tuple[str, Table]]:
    """The valid entities of the repo's catalog files, and of those that their Locations name."""
    pending = list(reversed(files.named(*MANIFESTS)))
    seen = set(pending)
    while pending:
        path = pending.pop()
        for entity in _valid(files, path, left_out, problems):
            if entity["kind"] == "Location" and entity.get("apiVersion") in API_VERSIONS:
                for target in _targets(files, path, entity, left_out):
                    if target not in seen and len(seen) < MOST_FILES:
                        seen.add(target)
                        pending.append(target)
            elif entity.get("apiVersion") in API_VERSIONS:
                yield path, entity


def _valid(files: RepoFiles, path: str, left_out: list[str], problems: list[str]) -> Iterator[Table]:
    try:
        documents = load_yaml_documents(files, path)
    except ManifestError as error:
        if files.has(path) and holds_template(files.read_file(path) or b""):
            left_out.append(f"{path}: it is a template that is not filled in yet")
        else:
            problems.append(error.message)
        return
    for number, document in enumerate(documents, 1):
        where = f"{path}: " + (f"document {number}: " if len(documents) > 1 else "")
        if not isinstance(document, dict):
            problems.append(f"{where}wanted an entity with apiVersion, kind and metadata")
        elif is_templated(document):
            left_out.append(f"{where}it is a template that is not filled in yet")
        elif is_filled_in_by_backstage(document):
            left_out.append(f"{where}a placeholder such as $text stands where Backstage alone knows what is meant")
        else:
            wrong = list(find_problems(document))
            problems.extend(where + one for one in wrong)
            if not wrong:
                yield document


def _targets(files: RepoFiles, path: str, entity: Table, left_out: list[str]) -> Iterator[str]:
    spec = table_at(entity, "spec")
    single = text_at(spec, "target")
    for target in [*([single] if single else []), *texts(spec.get("targets"))]:
        place = inside(folder_of(path), target)
        found = matching_files(files, place) if place else []
        if not found:
            left_out.append(f"{path}: the Location {target} is no file of this repo")
        yield from found


def _component(files: RepoFiles, path: str, entity: Table) -> _Component:
    metadata, spec = entity["metadata"], entity["spec"]
    name = (str(metadata.get("namespace", "default")).lower(), str(metadata["name"]).lower())
    annotation = table_at(metadata, "annotations").get(PATHS)
    patterns = tuple(one.strip() for one in re.split(r"[,\n]", annotation or "") if one.strip())
    if annotation is not None and not patterns:
        raise ManifestError(f"{path}: metadata.annotations.{PATHS}: wanted patterns, a comma between them")
    try:
        files.matcher(patterns)
    except InvalidCallError as error:
        raise ManifestError(f"{path}: metadata.annotations.{PATHS}: {error.message}", error.hint) from error
    folder = folder_of(path)
    if len(patterns) == 1:
        folder = next(iter(folders_spelled(patterns)), folder)
    one = _Component(path, entity, name, folder, patterns)
    for reference in texts(spec.get("dependsOn")):
        _need(one, reference, f"spec.dependsOn in {path}")
    return one


def _need(one: _Component, reference: str, because: str, *, kind: str | None = None) -> None:
    named = _resolve(reference, one.name[0], kind)
    if named is None:
        one.remarks.append(f"left out: {reference} in {one.path} is no reference such as component:NAME")
    elif named[0] == "component":
        one.needs.setdefault((named[1], named[2]), because)


def _resolve(reference: str, namespace: str, kind: str | None) -> tuple[str, str, str] | None:
    """Kind, namespace and name of a reference; None without a kind, when the field has none of its own."""
    match = _REFERENCE.fullmatch(reference.strip().lower())
    if match is None or not (match["kind"] or kind):
        return None
    return match["kind"] or str(kind), match["namespace"] or namespace, match["name"]


def _connect(components: dict[Name, _Component]) -> None:
    """Edges that are written at the other end: parts need to be known to their whole, and APIs to who consumes them."""
    providers: dict[tuple[str, str], list[_Component]] = defaultdict(list)
    for one in components.values():
        spec = one.entity["spec"]
        whole = text_at(spec, "subcomponentOf")
        named = _resolve(whole, one.name[0], "component") if whole else None
        if named is not None:
            target = components.get((named[1], named[2]))
            if target is None:
                one.remarks.append(f"left out: subcomponentOf {whole}, which this repo does not describe")
            else:
                target.needs.setdefault(one.name, f"spec.subcomponentOf in {one.path} makes it a part")
        for reference in texts(spec.get("dependencyOf")):
            named = _resolve(reference, one.name[0], None)
            if named is not None and named[0] == "component" and (named[1], named[2]) in components:
                components[named[1], named[2]].needs.setdefault(one.name, f"spec.dependencyOf in {one.path}")
        for reference in texts(spec.get("providesApis")):
            named = _resolve(reference, one.name[0], "api")
            if named is not None:
                providers[named[1], named[2]].append(one)
    for one in components.values():
        for reference in texts(one.entity["spec"].get("consumesApis")):
            named = _resolve(reference, one.name[0], "api")
            for provider in providers.get((named[1], named[2]), ()) if named is not None else ():
                one.needs.setdefault(provider.name, f"spec.consumesApis in {one.path}")


def _member(one: _Component, components: dict[Name, _Component]) -> Member:
    metadata, spec = one.entity["metadata"], one.entity["spec"]
    needs = []
    for name, because in one.needs.items():
        target = components.get(name)
        if target is None:
            shown = name[1] if name[0] == "default" else f"{name[0]}/{name[1]}"
            one.remarks.append(
                f"left out: {because}: {shown}, which this repo does not describe (another repo: repo/key)"
            )
        elif target is not one:
            needs.append(Need(target.folder, because, target.plain_name))
    kind: Any = "library" if spec["type"].lower() == "library" else "service"
    title = text_at(metadata, "title")
    owner = _owner(spec["owner"])
    paths = f"paths: the annotation {PATHS}" if one.patterns else f"paths: the folder of {one.path}"
    return Member(
        SOURCE,
        one.folder,
        one.plain_name,
        f"{one.path} describes the component {one.plain_name}; {paths}",
        tuple(needs),
        TypeGuess(kind, f"spec.type is {spec['type']} in {one.path}", STATED),
        title=title if title and is_line(title) else None,
        owner=owner,
        owner_because=f"spec.owner in {one.path}" if owner else "",
        paths=one.patterns,
        stated=True,
        remarks=tuple(one.remarks),
    )


def _owner(reference: str) -> str | None:
    """A group of the default namespace by its name alone, as people write it; a person's address is none."""
    owner = reference.strip().removeprefix("group:").removeprefix("default/")
    return owner if is_line(owner) and "@" not in owner[1:] else None
