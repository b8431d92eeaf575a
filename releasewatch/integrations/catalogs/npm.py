"""Workspaces of npm, yarn, pnpm, lerna and turbo: the packages that a package.json or pnpm-workspace.yaml names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ALONE, BUILDS, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.globs import folders_matching
from releasewatch.integrations.catalogs.manifests import Table, load_json, load_yaml, table_at, text_at, texts
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "npm"
MANIFEST = "package.json"

_SHIPPED = ("dependencies", "optionalDependencies", "peerDependencies")
"""What a package needs when it runs. devDependencies build and test it, and are no part of what is deployed."""
_ELSEWHERE = ("http:", "https:", "git", "github:", "npm:", "ssh:")


@dataclass(slots=True)
class _Workspace:
    """A root with its patterns, and the words that say where they stand."""

    root: str
    patterns: list[str]
    where: str
    tools: list[str] = field(default_factory=list)


def find(files: RepoFiles) -> Found:
    """The packages of every workspace, else the package at the root; then those that no workspace names.

    Raises ManifestError for the package.json of a member that cannot be read.
    """
    left_out: list[str] = []
    roots: dict[str, Table] = {}
    for path in files.named(MANIFEST):
        try:
            roots[folder_of(path)] = load_json(files, path)
        except ManifestError as error:
            left_out.append(error.message)
    workspaces = list(_workspaces(files, roots, left_out))
    members: dict[str, Member] = {}
    lone = dict(roots)
    excluded: set[str] = set()
    for workspace in workspaces:
        folders = folders_matching(files, workspace.root, workspace.patterns, MANIFEST, left_out, workspace.where)
        folders = [folder for folder in folders if folder != workspace.root]
        packages = {folder: roots.get(folder) or load_json(files, _manifest(folder)) for folder in folders}
        own = roots.get(workspace.root, {})
        if own.get("private") is True or text_at(own, "name") is None:
            left_out.append(
                f"{_manifest(workspace.root)}: it holds the workspace together and is no package that is used"
            )
        else:
            packages[workspace.root] = own
        for folder, member in _members(packages, workspace, left_out).items():
            members.setdefault(folder, member)
        unwanted = [pattern[1:] for pattern in workspace.patterns if pattern.startswith("!")]
        excluded |= {*folders_matching(files, workspace.root, unwanted, MANIFEST, [], "")} - members.keys()
        for folder in (workspace.root, *packages):
            lone.pop(folder, None)
    if not workspaces and text_at(roots.get(""), "name"):
        members = _members({"": lone.pop("")}, _Workspace("", [], MANIFEST), left_out)
    if out := sorted(excluded & lone.keys() - members.keys()):
        left_out.append(f"package.json that its workspace excludes: {_listed(out)}")
    lone = {folder: package for folder, package in lone.items() if folder not in excluded}
    alone = (_alone(folder, package) for folder, package in _packages_alone(lone, left_out).items())
    samples = files.samples(MANIFEST, taken={_manifest(folder) for folder in members})
    return Found((*members.values(), *alone), (*samples, *left_out))


def _packages_alone(lone: Mapping[str, Table], left_out: list[str]) -> dict[str, Table]:
    """Those of no workspace that are packages: many a package.json only marks a folder as modules, say."""
    found = {
        folder: package
        for folder, package in lone.items()
        if text_at(package, "name") or any(package.get(one) for one in ("dependencies", "main", "bin", "exports"))
    }
    if none := [folder for folder in lone if folder not in found]:
        left_out.append(f"package.json that names no package: {_listed(none)}")
    return found


def _alone(folder: str, package: Table) -> Member:
    name = text_at(package, "name") or folder.rpartition("/")[2]
    # Out of a workspace a name means the registry's package: only paths lead to others here.
    needs = tuple(_needs(folder, package, {}))
    return Member(SOURCE, folder, name, f"{_manifest(folder)} is {name}{ALONE}", needs, _guess(package), lone=True)


def _workspaces(files: RepoFiles, roots: Mapping[str, Table], left_out: list[str]) -> list[_Workspace]:
    found: dict[str, _Workspace] = {}
    for path in files.named("pnpm-workspace.yaml"):
        try:
            patterns = texts(load_yaml(files, path).get("packages"))
        except ManifestError as error:
            left_out.append(error.message)
            continue
        if patterns:
            found[folder_of(path)] = _Workspace(folder_of(path), patterns, path, ["pnpm"])
    for folder, package in roots.items():
        stated = package.get("workspaces")
        patterns = texts(stated if isinstance(stated, list) else table_at(package, "workspaces").get("packages"))
        if patterns and folder not in found:
            tool = "yarn" if files.has(_in(folder, "yarn.lock")) else "npm"
            found[folder] = _Workspace(folder, patterns, f"workspaces in {_manifest(folder)}", [tool])
        elif stated is not None and not patterns and folder not in found:
            left_out.append(f"{_manifest(folder)}: workspaces is no list of patterns")
    _add_lerna(files, found, left_out)
    for folder, workspace in found.items():
        if files.has(_in(folder, "turbo.json")):
            workspace.tools.append("turbo")
    return sorted(found.values(), key=lambda one: (one.root.count("/"), one.root))


def _add_lerna(files: RepoFiles, found: dict[str, _Workspace], left_out: list[str]) -> None:
    """Old lerna repos name their packages in lerna.json alone."""
    for path in files.named("lerna.json"):
        folder = folder_of(path)
        try:
            patterns = texts(load_json(files, path).get("packages"))
        except ManifestError as error:
            left_out.append(error.message)
            continue
        if folder in found:
            found[folder].tools.append("lerna")
        elif patterns:
            found[folder] = _Workspace(folder, patterns, path, ["lerna"])


def _members(packages: Mapping[str, Table], workspace: _Workspace, left_out: list[str]) -> dict[str, Member]:
    named: dict[str, str] = {}
    for folder, package in packages.items():
        name = text_at(package, "name")
        if name is not None and named.setdefault(name, folder) != folder:
            left_out.append(f"{_manifest(folder)}: {name} is also the name of {_manifest(named[name])}")
    found = {}
    for folder, package in packages.items():
        name = text_at(package, "name") or folder.rpartition("/")[2]
        tools = "/".join(workspace.tools)
        evidence = f"{_manifest(folder)} is {name}" + (
            f", of the {tools} workspace ({workspace.where})" if tools else ""
        )
        found[folder] = Member(SOURCE, folder, name, evidence, tuple(_needs(folder, package, named)), _guess(package))
    return found


def _needs(folder: str, package: Table, named: Mapping[str, str]) -> list[Need]:
    found = []
    for table in _SHIPPED:
        for name, wanted in table_at(package, table).items():
            target = named.get(name)
            if isinstance(wanted, str) and wanted.startswith(("file:", "link:", "portal:")):
                target = inside(folder, wanted.partition(":")[2])
            elif isinstance(wanted, str) and wanted.startswith("workspace:."):
                target = inside(folder, wanted.removeprefix("workspace:"))
            elif isinstance(wanted, str) and wanted.startswith(_ELSEWHERE):
                target = None
            if target is not None and target != folder:
                found.append(Need(target, f"{table} in {_manifest(folder)}"))
    return found


def _guess(package: Table) -> TypeGuess | None:
    if package.get("bin"):
        return TypeGuess("service", "its package.json names a program (bin)", BUILDS)
    if package.get("private") is not True and any(package.get(one) for one in ("main", "module", "exports", "types")):
        return TypeGuess("library", "its package.json names what others import (main, module or exports)", BUILDS)
    return None


def _manifest(folder: str) -> str:
    return _in(folder, MANIFEST)


def _in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _listed(folders: list[str]) -> str:
    shown = ", ".join(folder or "the root" for folder in folders[:5])
    return shown + (f" and {len(folders) - 5} more" if len(folders) > 5 else "")
