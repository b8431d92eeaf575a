"""Python projects: the members that `[tool.uv.workspace]` names, the root among them, and those of no workspace."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ALONE, BUILDS, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.globs import folders_matching
from releasewatch.integrations.catalogs.manifests import Table, load_toml, table_at, text_at, texts
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "uv"
MANIFEST = "pyproject.toml"

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_SEPARATORS = re.compile(r"[-_.]+")


def find(files: RepoFiles) -> Found:
    """The members of every workspace, and the projects that none names. Raises ManifestError for a broken member."""
    left_out: list[str] = []
    read: dict[str, Table] = {}
    for path in files.named(MANIFEST):
        try:
            read[folder_of(path)] = load_toml(files, path)
        except ManifestError as error:
            left_out.append(error.message)
    members: dict[str, Member] = {}
    excluded: set[str] = set()
    roots = [folder for folder, one in read.items() if isinstance(table_at(one, "tool", "uv").get("workspace"), dict)]
    for root in roots:
        workspace = table_at(read[root], "tool", "uv", "workspace")
        unwanted = texts(workspace.get("exclude"))
        patterns = [*texts(workspace.get("members")), *(f"!{one}" for one in unwanted)]
        excluded |= {*folders_matching(files, root, unwanted, MANIFEST, [], "")}
        where = f"[tool.uv.workspace] in {_manifest(root)}"
        folders = folders_matching(files, root, patterns, MANIFEST, left_out, where)
        projects = {folder: read.get(folder) or load_toml(files, _manifest(folder)) for folder in folders}
        if table_at(read[root], "project"):
            projects[root] = read[root]  # uv: the root is a member of its own workspace
        sources = table_at(read[root], "tool", "uv", "sources")
        for folder, member in _members(projects, sources, f", of the uv workspace in {_manifest(root)}").items():
            members.setdefault(folder, member)
    for folder, project in read.items():
        if folder in excluded and folder not in members:
            left_out.append(f"{_manifest(folder)}: its workspace excludes it")
            continue
        # Many a pyproject.toml only sets up tools. Poetry named its projects in its own table.
        if folder not in members and any(text_at(table, "name") for table in _named(project)):
            (alone,) = _members({folder: project}, {}, ALONE if folder or roots else "").values()
            members[folder] = replace(alone, lone=bool(folder or roots))
    samples = files.samples(MANIFEST, taken={_manifest(folder) for folder in members})
    return Found(tuple(members.values()), (*samples, *left_out))


def _members(projects: Mapping[str, Table], shared: Table, of: str) -> dict[str, Member]:
    named: dict[str, str] = {}
    for folder, project in sorted(projects.items()):
        named.setdefault(_normal(_name(folder, project)), folder)
    return {
        folder: Member(
            SOURCE,
            folder,
            _name(folder, project),
            f"{_manifest(folder)} is the project {_name(folder, project)}{of}",
            tuple(_needs(folder, project, named, shared)),
            _guess(project),
        )
        for folder, project in projects.items()
    }


def _needs(folder: str, project: Table, named: Mapping[str, str], shared: Table) -> Iterator[Need]:
    own = table_at(project, "tool", "uv", "sources")
    sources = {_normal(name): source for name, source in {**shared, **own}.items()}
    for table, requirement in _requirements(project):
        match = _NAME.match(requirement)
        if match is None:
            continue
        name = _normal(match[1])
        source = sources.get(name)
        target = named.get(name)
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            target = inside(folder, source["path"])
        elif source is not None and not (isinstance(source, dict) and source.get("workspace") is True):
            target = None  # from an index, a URL or another repo
        if target is not None and target != folder:
            yield Need(target, f"{table} in {_manifest(folder)}")
    for wanted in table_at(project, "tool", "poetry", "dependencies").values():
        path = text_at(wanted, "path")
        target = inside(folder, path) if path else None
        if target is not None and target != folder:
            yield Need(target, f"tool.poetry.dependencies in {_manifest(folder)}")


def _requirements(project: Table) -> Iterator[tuple[str, str]]:
    table = table_at(project, "project")
    for requirement in texts(table.get("dependencies")):
        yield "dependencies", requirement
    for group, wanted in table_at(table, "optional-dependencies").items():
        for requirement in texts(wanted):
            yield f"optional-dependencies.{group}", requirement


def _guess(project: Table) -> TypeGuess | None:
    scripts = any(table.get(one) for table in _named(project) for one in ("scripts", "gui-scripts"))
    return TypeGuess("service", "its pyproject.toml names a program (scripts)", BUILDS) if scripts else None


def _name(folder: str, project: Table) -> str:
    return next((name for table in _named(project) if (name := text_at(table, "name"))), folder.rpartition("/")[2])


def _named(project: Table) -> tuple[Table, Table]:
    return table_at(project, "project"), table_at(project, "tool", "poetry")


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _manifest(folder: str) -> str:
    return f"{folder}/{MANIFEST}" if folder else MANIFEST
