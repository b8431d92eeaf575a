"""Maven projects: the modules that a pom.xml builds, those that none does, and which depend on each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ALONE, BUILDS, Found, Member, Need, TypeGuess, is_line
from releasewatch.integrations.catalogs.manifests import load_xml
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "maven"
MANIFEST = "pom.xml"

_PROPERTY = re.compile(r"\$\{([^}]*)\}")
_LONGEST = 300
_RUNS = {"war": "it is packaged as a war", "ear": "it is packaged as an ear"}
_RUN_BY = ("spring-boot-maven-plugin", "quarkus-maven-plugin", "micronaut-maven-plugin", "jib-maven-plugin")


@dataclass(slots=True)
class _Project:
    path: str
    group: str
    artifact: str
    packaging: str
    title: str | None
    modules: list[str]
    needs: list[tuple[str, str]]
    run_by: str | None

    @property
    def folder(self) -> str:
        return folder_of(self.path)


def find(files: RepoFiles) -> Found:
    """The projects that the outermost pom.xml files build, and those that none does.

    Raises ManifestError for a module that cannot be read.
    """
    left_out = files.samples(MANIFEST)
    projects: dict[str, _Project] = {}
    alone: list[_Project] = []
    for path in files.named(MANIFEST):
        if path in projects:
            continue
        try:
            root = _read(files, path)
        except ManifestError as error:
            left_out.append(error.message)
            continue
        if root.modules or path == MANIFEST:
            _take(files, root, projects, left_out)
        else:
            alone.append(root)
    # A module may stand in a pom.xml that is no folder's own, or further in than the one that builds it.
    lone = {one.path: one for one in alone if one.path not in projects}
    projects |= lone
    members = [one for one in projects.values() if not (one.packaging == "pom" or one.modules)]
    left_out += [
        f"{one.path}: it holds modules together and is no part that is deployed"
        for one in projects.values()
        if one not in members
    ]
    at = {(one.group, one.artifact): one.folder for one in reversed(members)}
    found = (_member(one, at, is_lone=one.path in lone) for one in members)
    return Found(tuple(found), tuple(left_out))


def _take(files: RepoFiles, project: _Project, projects: dict[str, _Project], left_out: list[str]) -> None:
    """A project and its modules, however deep."""
    pending = [project]
    while pending:
        one = pending.pop()
        if one.path in projects:
            continue
        projects[one.path] = one
        for module in one.modules:
            target = inside(one.folder, module)
            path = target if target and target.endswith(".xml") else f"{target}/{MANIFEST}" if target else MANIFEST
            if target is None:
                left_out.append(f"{one.path}: the module {module} leads out of this repo")
            elif not files.has(path):
                left_out.append(f"{one.path}: the module {module} holds no pom.xml")
            else:
                pending.append(_read(files, path))


def _member(one: _Project, at: dict[tuple[str, str], str], *, is_lone: bool) -> Member:
    name = f"{one.group}:{one.artifact}" if one.group else one.artifact
    folders = dict.fromkeys(at[need] for need in one.needs if need in at and at[need] != one.folder)
    guess = None
    if one.packaging in _RUNS:
        guess = TypeGuess("service", _RUNS[one.packaging], BUILDS)
    elif one.run_by:
        guess = TypeGuess("service", f"its pom.xml uses {one.run_by}", BUILDS)
    needs = tuple(Need(folder, f"dependencies in {one.path}") for folder in folders)
    evidence = f"{one.path} is the module {name}" + (ALONE if is_lone else "")
    return Member(SOURCE, one.folder, one.artifact, evidence, needs, guess, title=one.title, lone=is_lone)


def _read(files: RepoFiles, path: str) -> _Project:
    root = load_xml(files, path)
    if _tag(root) != "project":
        raise ManifestError(f"{path}: wanted <project>, and it holds <{_tag(root)[:40]}>")
    artifact = _text(root, "artifactId")
    if artifact is None:
        raise ManifestError(f"{path}: project.artifactId is missing")
    parent = _child(root, "parent")
    group = _text(root, "groupId") or (_text(parent, "groupId") if parent is not None else None) or ""
    known = {"project.groupId": group, "groupId": group, "pom.groupId": group}
    known |= {"project.artifactId": artifact, "artifactId": artifact}
    properties = _child(root, "properties")
    for one in properties if properties is not None else ():
        known.setdefault(_tag(one), (one.text or "").strip())
    if parent is not None:
        known["project.parent.groupId"] = _text(parent, "groupId") or ""
    title = _text(root, "name")
    return _Project(
        path,
        group,
        artifact,
        _text(root, "packaging") or "jar",
        title if title and "${" not in title and is_line(title) and title != artifact else None,
        list(_modules(root)),
        [(_filled(g, known), _filled(a, known)) for g, a in _dependencies(root)],
        next(_run_by(root), None),
    )


def _modules(root: Element) -> Iterator[str]:
    profiles = _child(root, "profiles")
    for scope in (root, *(profiles if profiles is not None else ())):
        modules = _child(scope, "modules")
        for module in modules if modules is not None else ():
            if _tag(module) == "module" and module.text and module.text.strip():
                yield module.text.strip()


def _dependencies(root: Element) -> Iterator[tuple[str, str]]:
    for one in _below(root, "dependencies"):
        group, artifact = _text(one, "groupId"), _text(one, "artifactId")
        if group and artifact and _text(one, "scope") != "test":
            yield group, artifact


def _run_by(root: Element) -> Iterator[str]:
    build = _child(root, "build")
    for plugin in _below(build, "plugins") if build is not None else ():
        artifact = _text(plugin, "artifactId")
        if artifact in _RUN_BY:
            yield artifact


def _below(scope: Element, tag: str) -> Iterator[Element]:
    found = _child(scope, tag)
    yield from found if found is not None else ()


def _child(scope: Element, tag: str) -> Element | None:
    return next((one for one in scope if _tag(one) == tag), None)


def _text(scope: Element, tag: str) -> str | None:
    found = _child(scope, tag)
    return (found.text or "").strip() or None if found is not None else None


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _filled(text: str, known: dict[str, str]) -> str:
    if len(text) > _LONGEST:
        return text
    return _PROPERTY.sub(lambda found: known.get(found[1], found[0]), text)
