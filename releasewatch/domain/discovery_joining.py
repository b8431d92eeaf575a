"""Joins what several sources say of one repo: members that share a folder are one component, each with its reasons."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ROOT, RUNS, Found, Member, Proposal, ProposedComponent, TypeGuess, in_line
from releasewatch.domain.folder_patterns import folders_spelled, patterns_of
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_CONTAINER_FILE = re.compile(r"(?:Dockerfile|Containerfile)(?:\..+)?\Z")
_NOT_IN_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_GO_MAJOR = re.compile(r"/v\d+\Z")
_FILES_ASKED = 300
"""Files of a component whose owners are looked up, at most: enough to say whose it is."""

Identity = tuple[str, str]
"""The folder of a component, and its name where people's entries share the folder."""


@dataclass(slots=True)
class _Group:
    """Members that are one component; the first one names it."""

    members: list[Member]
    key: str = ""
    key_because: str = ""
    needs: dict[Identity, dict[str, None]] = field(default_factory=dict)

    @property
    def first(self) -> Member:
        return self.members[0]


def join(found: Iterable[Found], files: Sequence[str], *, repo_name: str = "") -> Proposal:
    """One component for each folder with members (each entry of a catalog that people wrote is one of its own).

    `found` comes in the order in which sources are believed. `files` are the paths of the repo. A dependency on what
    is no member was left out by its source. `repo_name` is what a member that is the whole repo is called when its
    own name is none.
    """
    listed = list(found)
    left_out = [sentence for one in listed for sentence in one.left_out]
    groups, counts = _group(listed, left_out)
    _name(groups, repo_name)
    _connect(groups)
    containers = _containers(files)
    owners = [one.owner_of for one in listed if one.owner_of is not None]
    files_of = _files_by_folder(groups, files) if owners else {}
    stated_dependents = {identity: sorted(_dependents(groups, identity)) for identity in groups}
    folders = {folder for group in groups.values() for folder in _folders_taken(group)}
    components = []
    for identity, group in groups.items():
        kind = _type(group, containers, stated_dependents[identity])
        owner, owner_because = _owner(group, owners, files_of.get(group.first.folder, []))
        title = next((member.title for member in group.members if member.title), None)
        components.append(
            ProposedComponent(
                key=group.key,
                folder=group.first.folder,
                paths=next((m.paths for m in group.members if m.paths), patterns_of(group.first.folder, folders)),
                type=kind.type,
                title=title,
                owner=owner,
                depends_on=tuple(sorted(groups[other].key for other in group.needs)),
                because=tuple(in_line(line) for line in _because(group, groups, kind, owner_because)),
                sources=tuple(dict.fromkeys(member.source for member in group.members)),
            )
        )
    return Proposal(
        tuple(sorted(components, key=lambda one: one.key)), tuple(in_line(line) for line in left_out), counts
    )


def key_of(name: str) -> str:
    """A component key from the name in a manifest: without npm's scope, Go's module path and a major version."""
    bare = _GO_MAJOR.sub("", name.rstrip("/")).rpartition("/")[2]
    return _fit(bare)


def _fit(text: str) -> str:
    return _NOT_IN_KEY.sub("-", text).strip("-._")[:100].rstrip("-._")


def _group(found: Iterable[Found], left_out: list[str]) -> tuple[dict[Identity, _Group], dict[str, int]]:
    members = [member for one in found for member in one.members]
    counts = Counter(member.source for member in members)
    stated: dict[str, Identity] = {}
    groups: dict[Identity, _Group] = {}
    for member in members:
        if any(ord(one) < 32 or ord(one) == 127 or 0xD800 <= ord(one) < 0xE000 for one in member.folder):
            left_out.append(f"{member.name} in {member.folder}: no pattern can name this folder")
            counts[member.source] -= 1
            continue
        identity = (member.folder, member.name) if member.stated else stated.get(member.folder, (member.folder, ""))
        if member.stated:
            stated.setdefault(member.folder, identity)
        groups.setdefault(identity, _Group([])).members.append(member)
    ordered = dict(sorted(groups.items()))
    return ordered, {source: count for source, count in counts.items() if count}


def _name(groups: Mapping[Identity, _Group], repo_name: str) -> None:
    """Give each group its key: of its name; where several would share it, of more of the name, or of the folder."""
    wanted = {identity: key_of(group.first.name) for identity, group in groups.items()}
    for identity, key in wanted.items():
        if not key:
            folder = identity[0] or repo_name
            wanted[identity] = _fit(folder.replace("/", "-")) or "component"
    taken = Counter(wanted.values())
    used = {key for key, many in taken.items() if many == 1}
    for identity, group in groups.items():
        key = wanted[identity]
        if taken[key] == 1:
            group.key = key
            continue
        same = ", ".join(other[0] or "the root" for other in groups if wanted[other] == key and other != identity)
        for choice in (_fit(group.first.name.replace("/", "-")), _fit(identity[0].replace("/", "-")), key):
            group.key = choice
            if choice and choice not in used and choice not in taken:
                break
        else:
            group.key = _numbered(group.key or key, used)
        used.add(group.key)
        group.key_because = f"key: {key} would also be the one of {same}"


def _numbered(key: str, used: set[str]) -> str:
    number = 2
    while f"{key}-{number}" in used:
        number += 1
    return f"{key}-{number}"


def _connect(groups: Mapping[Identity, _Group]) -> None:
    at_folder: dict[str, Identity] = {}
    for identity, group in groups.items():
        if not group.first.stated or identity[0] not in at_folder:
            at_folder.setdefault(identity[0], identity)
    for identity, group in groups.items():
        for member in group.members:
            for need in member.needs:
                exact = (need.folder, need.name or "")
                target = exact if exact in groups else at_folder.get(need.folder)
                if target is not None and target != identity:
                    group.needs.setdefault(target, {})[need.because] = None


def _dependents(groups: Mapping[Identity, _Group], identity: Identity) -> list[str]:
    return [group.key for group in groups.values() if identity in group.needs]


def _containers(files: Iterable[str]) -> dict[str, str]:
    """The folders that hold a Dockerfile, each with its path."""
    found: dict[str, str] = {}
    for path in files:
        folder, _, name = path.rpartition("/")
        if _CONTAINER_FILE.match(name):
            found.setdefault(folder, path)
    return found


def _type(group: _Group, containers: Mapping[str, str], dependents: Sequence[str]) -> TypeGuess:
    guesses = [member.guess for member in group.members if member.guess is not None]
    container = containers.get(group.first.folder)
    if container is not None:
        guesses.append(TypeGuess("service", f"{container} makes a container of it", RUNS))
    if guesses:
        return max(guesses, key=lambda guess: guess.weight)  # the first of the weightiest
    if dependents:
        more = f" and {len(dependents) - 3} more" if len(dependents) > 3 else ""
        needed = "is needed by" if len(dependents) == 1 else "are those that need it:"
        who = f"{', '.join(dependents[:3])}{more}"
        because = f"it {needed} {who}" if len(dependents) == 1 else f"others here need it: {who}"
        return TypeGuess("library", because, 0)
    return TypeGuess("service", "nothing here depends on it, and nothing says that it is a library", 0)


def _folders_taken(group: _Group) -> list[str]:
    """The folders that are a component's own: its folder, unless its source states which paths it takes."""
    stated = next((member.paths for member in group.members if member.paths), ())
    return folders_spelled(stated) if stated else [group.first.folder]


def _files_by_folder(groups: Mapping[Identity, _Group], files: Iterable[str]) -> dict[str, list[str]]:
    """The files of each component's folder, without those of a component further in."""
    found: dict[str, list[str]] = {identity[0]: [] for identity in groups}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            folder = folder.rpartition("/")[0]
        if folder in found and len(found[folder]) < _FILES_ASKED:
            found[folder].append(path)
    return found


def _owner(
    group: _Group, owners: Iterable[Callable[[str], tuple[str, str] | None]], files: Sequence[str]
) -> tuple[str | None, str]:
    for member in group.members:
        if member.owner:
            return member.owner, member.owner_because
    for owner_of in owners:
        answers = Counter(answer for path in files if (answer := owner_of(path)) is not None)
        if answers:
            (owner, where), many = min(answers.items(), key=lambda item: (-item[1], item[0]))
            asked = counted(len(files), "file") + (" looked at" if len(files) == _FILES_ASKED else "")
            return owner, f"{where}, for {many} of {asked}"
    return None, ""


def _because(group: _Group, groups: Mapping[Identity, _Group], kind: TypeGuess, owner_because: str) -> Iterable[str]:
    for member in group.members:
        yield member.evidence
    if group.key_because:
        yield group.key_because
    yield f"{kind.type}: {kind.because}"
    if owner_because:
        yield f"owner: {owner_because}"
    reasons: dict[str, list[str]] = {}
    for target, whys in group.needs.items():
        for why in whys:
            reasons.setdefault(why, []).append(groups[target].key)
    for why, keys in reasons.items():
        yield f"needs {_some(sorted(keys))}: {why}"
    for member in group.members:
        yield from member.remarks
    if group.first.folder == ROOT and not any(member.paths for member in group.members):
        yield "paths: the whole repo" + (", without the folders of the others" if len(groups) > 1 else "")


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
