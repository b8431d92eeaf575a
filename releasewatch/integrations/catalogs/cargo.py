"""Cargo workspaces: members with globs and exclude, the packages that path dependencies lead to, and their edges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.discovery import ALONE, BUILDS, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.globs import folders_matching
from releasewatch.integrations.catalogs.manifests import Table, load_toml, table_at, text_at, texts
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "cargo"
MANIFEST = "Cargo.toml"

_SHIPPED = ("dependencies", "build-dependencies")
"""dev-dependencies test a package, and are no part of what is built."""


def find(files: RepoFiles) -> Found:
    """The packages of every workspace, and those that none names. Raises ManifestError for a broken member."""
    left_out: list[str] = []
    read: dict[str, Table] = {}
    for path in files.named(MANIFEST):
        try:
            read[folder_of(path)] = load_toml(files, path)
        except ManifestError as error:
            left_out.append(error.message)
    members: dict[str, Member] = {}
    roots = [folder for folder, manifest in read.items() if isinstance(manifest.get("workspace"), dict)]
    gone = {one for root in roots for one in _exclusions(root, read[root])}
    for root in roots:
        for folder, member in _workspace(files, root, read, left_out).items():
            members.setdefault(folder, member)
    outside = [folder for folder in read if folder not in members and folder not in roots]
    for folder in outside:
        if _excluded(folder, gone):
            left_out.append(f"{_manifest(folder)}: its workspace excludes it")
            continue
        if not text_at(read[folder].get("package"), "name"):
            left_out.append(f"{_manifest(folder)}: it names no package")
            continue
        alone = _member(files, folder, read[folder], {}, folder)
        is_lone = folder != "" or bool(roots)
        evidence = f"{_manifest(folder)} is the package {alone.name}" + (ALONE if is_lone else "")
        members[folder] = replace(alone, evidence=evidence, lone=is_lone)
    samples = files.samples(MANIFEST, taken={_manifest(folder) for folder in members})
    return Found(tuple(members.values()), (*samples, *left_out))


def _workspace(files: RepoFiles, root: str, read: dict[str, Table], left_out: list[str]) -> dict[str, Member]:
    workspace = read[root]["workspace"]
    where = f"workspace.members in {_manifest(root)}"
    folders = folders_matching(files, root, texts(workspace.get("members")), MANIFEST, left_out, where)
    gone = _exclusions(root, read[root])
    taken = {folder for folder in folders if not _excluded(folder, gone)}
    if isinstance(read[root].get("package"), dict):
        taken.add(root)
    pending = sorted(taken)
    packages: dict[str, Table] = {}
    while pending:
        folder = pending.pop()
        manifest = read.get(folder) or load_toml(files, _manifest(folder))
        read[folder] = packages[folder] = manifest
        for target, _ in _paths(folder, manifest, root, table_at(workspace, "dependencies")):
            # Cargo: every path dependency that lies below the workspace's root is a member by itself.
            below = target.startswith(f"{root}/" if root else "")
            if below and target not in taken and not _excluded(target, gone) and files.has(_manifest(target)):
                taken.add(target)
                pending.append(target)
    inherited = table_at(workspace, "dependencies")
    return {
        folder: _member(files, folder, manifest, inherited, root)
        for folder, manifest in sorted(packages.items())
        if isinstance(manifest.get("package"), dict)
    }


def _exclusions(root: str, manifest: Table) -> set[str | None]:
    return {inside(root, one.rstrip("/")) for one in texts(table_at(manifest, "workspace").get("exclude"))}


def _excluded(folder: str, gone: set[str | None]) -> bool:
    return any(one is not None and (folder == one or folder.startswith(f"{one}/")) for one in gone)


def _member(files: RepoFiles, folder: str, manifest: Table, inherited: Table, root: str) -> Member:
    name = text_at(manifest.get("package"), "name") or folder.rpartition("/")[2]
    needs = [
        Need(target, f"{table} in {_manifest(folder)}")
        for target, table in _paths(folder, manifest, root, inherited)
        if target != folder
    ]
    evidence = f"{_manifest(folder)} is the package {name}, of the Cargo workspace in {_manifest(root)}"
    return Member(SOURCE, folder, name, evidence, tuple(needs), _guess(files, folder, manifest))


def _paths(folder: str, manifest: Table, root: str, inherited: Table) -> Iterator[tuple[str, str]]:
    """The folders that path dependencies lead to, each with the table it stands in."""
    targets = [one for one in table_at(manifest, "target").values() if isinstance(one, dict)]
    for scope in (manifest, *targets):
        for table in _SHIPPED:
            for name, wanted in table_at(scope, table).items():
                target = _path(folder, name, wanted, root, inherited)
                if target is not None:
                    yield target, table


def _path(folder: str, name: str, wanted: Any, root: str, inherited: Table) -> str | None:
    if not isinstance(wanted, dict):
        return None
    if wanted.get("workspace") is True:
        path = text_at(inherited.get(name), "path")
        return inside(root, path) if path else None
    path = text_at(wanted, "path")
    return inside(folder, path) if path else None


def _guess(files: RepoFiles, folder: str, manifest: Table) -> TypeGuess | None:
    if manifest.get("bin") or files.has(_in(folder, "src/main.rs")):
        what = "[[bin]] in its Cargo.toml" if manifest.get("bin") else _in(folder, "src/main.rs")
        return TypeGuess("service", f"it is a program ({what})", BUILDS)
    if manifest.get("lib") or files.has(_in(folder, "src/lib.rs")):
        what = "[lib] in its Cargo.toml" if manifest.get("lib") else _in(folder, "src/lib.rs")
        return TypeGuess("library", f"it has a library and no program ({what})", BUILDS)
    return None


def _manifest(folder: str) -> str:
    return _in(folder, MANIFEST)


def _in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
