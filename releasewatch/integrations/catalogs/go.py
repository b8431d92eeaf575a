"""Go modules: those that go.work uses, those of no go.work, and which of them require each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ALONE, BUILDS, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.repo_files import LARGEST, ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "go"
MANIFEST = "go.mod"

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s()]+|[()]')

Directive = tuple[int, list[str]]
"""A line's number, and its words: the verb first, in blocks as well."""


def find(files: RepoFiles) -> Found:
    """The modules of every go.work, else the root; then the others. Raises ManifestError for a broken one in use."""
    left_out = files.samples(MANIFEST)
    used = _used(files, left_out)
    if not used and files.has(MANIFEST):
        used[""] = ""
    modules: dict[str, list[list[str]]] = {}
    for folder in list(used):
        try:
            modules[folder] = [words for _, words in _directives(files, _manifest(folder))]
        except ManifestError as error:
            if used[folder]:
                raise
            left_out.append(error.message)
    names = {folder: _module(words) for folder, words in modules.items()}
    for folder, name in names.items():
        if name is None and used[folder]:
            raise ManifestError(f"{_manifest(folder)}: it names no module", "Add the line: module PATH")
    at = {name: folder for folder, name in sorted(names.items(), reverse=True) if name is not None}
    members = tuple(
        Member(
            SOURCE,
            folder,
            names[folder] or folder,
            f"{_manifest(folder)} is the module {names[folder]}"
            + (f", used by {used[folder]}" if used[folder] else ""),
            tuple(_needs(folder, words, at)),
            _guess(files, folder),
        )
        for folder, words in modules.items()
        if names[folder] is not None
    )
    outside = (folder_of(path) for path in files.named(MANIFEST) if folder_of(path) not in used)
    return Found((*members, *_alone(files, outside, left_out)), tuple(left_out))


def _alone(files: RepoFiles, folders: Iterable[str], left_out: list[str]) -> Iterator[Member]:
    """The modules that no go.work uses: each is built with what its own go.mod says, so only paths lead to others."""
    for folder in folders:
        try:
            words = [words for _, words in _directives(files, _manifest(folder))]
        except ManifestError as error:
            left_out.append(error.message)
            continue
        name = _module(words)
        if name is None:
            left_out.append(f"{_manifest(folder)}: it names no module")
            continue
        needs = tuple(_needs(folder, words, {}))
        evidence = f"{_manifest(folder)} is the module {name}{ALONE}"
        yield Member(SOURCE, folder, name, evidence, needs, _guess(files, folder), lone=True)


def _used(files: RepoFiles, left_out: list[str]) -> dict[str, str]:
    """The folders that every go.work uses, each with its path."""
    used: dict[str, str] = {}
    for path in files.named("go.work"):
        try:
            directives = list(_directives(files, path))
        except ManifestError as error:
            left_out.append(error.message)
            continue
        for number, words in directives:
            if words[0] != "use" or len(words) < 2:
                continue
            folder = inside(folder_of(path), words[1])
            if folder is None:
                left_out.append(f"{path}:{number}: {words[1]} leads out of this repo")
            elif not files.has(_manifest(folder)):
                left_out.append(f"{path}:{number}: {words[1]} is used, and holds no go.mod")
            else:
                used.setdefault(folder, path)
    return used


def _needs(folder: str, words: list[list[str]], at: dict[str, str]) -> Iterator[Need]:
    replaced: dict[str, str | None] = {}
    for line in words:
        if line[0] == "replace" and "=>" in line:
            target = line[line.index("=>") + 1 :][:1]
            local = target and target[0].startswith((".", "/"))
            replaced[line[1]] = inside(folder, target[0]) if local else None
    for line in words:
        if line[0] != "require" or len(line) < 2:
            continue
        # In a workspace its own modules win; a replacement matters only for what go.work does not use.
        target_folder = at.get(line[1], replaced.get(line[1]))
        if target_folder is not None and target_folder != folder:
            yield Need(target_folder, f"require in {_manifest(folder)}")


def _guess(files: RepoFiles, folder: str) -> TypeGuess:
    prefix = f"{folder}/" if folder else ""
    for path in files.every("main.go"):
        if path == f"{prefix}main.go" or path.startswith(f"{prefix}cmd/"):
            return TypeGuess("service", f"it is a program ({path})", BUILDS)
    return TypeGuess("library", "it has neither a main.go nor one below cmd/", BUILDS)


def _module(words: list[list[str]]) -> str | None:
    return next((line[1] for line in words if line[0] == "module" and len(line) > 1), None)


def _directives(files: RepoFiles, path: str) -> Iterator[Directive]:
    """The lines of a go.mod or go.work, blocks in parentheses taken apart; raises ManifestError."""
    content = files.read(path)
    if b"\0" in content or len(content) > LARGEST:
        raise ManifestError(f"{path}: this is no file of Go's")
    block: str | None = None
    seen = False
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        words = [_unquoted(word) for word in _WORD.findall(line.partition("//")[0])]
        if not words:
            continue
        if block is not None:
            if words == [")"]:
                block = None
            else:
                yield number, [block, *words]
        elif words[-1] == "(" and len(words) == 2:
            block, seen = words[0], True
        elif words[0] in (
            "module",
            "go",
            "use",
            "require",
            "replace",
            "exclude",
            "retract",
            "toolchain",
            "godebug",
            "tool",
            "ignore",
        ):
            seen = True
            yield number, words
        else:
            raise ManifestError(f"{path}:{number}: Go knows no line that begins with {words[0][:40]}")
    if block is not None or not seen:
        raise ManifestError(f"{path}: it ends before it says anything" if not seen else f"{path}: a ( has no )")


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] in '"`' and word[-1] == word[0] else word


def _manifest(folder: str) -> str:
    return f"{folder}/{MANIFEST}" if folder else MANIFEST
