"""CODEOWNERS of GitHub and GitLab: who owns which path, and the folders that are named apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import Found, Member, is_line
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.catalogs.repo_files import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "codeowners"
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where GitHub and GitLab look for it; the first one counts (GitHub's order, GitLab's own folder last)."""

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s+\S+)*)\s*\Z")
_OWNER = re.compile(r"@[^\s@]\S*|[^\s@]+@[^\s@]+")
_WORD = re.compile(r"(?:\\.|[^\\\s])+")
_ADDRESS = re.compile(r"[^@]+@.+")
_LONGEST = 2000
_TAIL = re.compile(r"/(?:\*\*?)?\Z")


@dataclass(slots=True)
class _Line:
    number: int
    pattern: str
    owners: tuple[str, ...]
    section: str
    matches: Callable[[str], bool]


def find(files: RepoFiles) -> Found:
    """A member for each folder that a line names and gives to somebody, and an answer to whose a path is."""
    places = [path for path in PLACES if files.has(path)]
    if not places:
        return Found()
    path, *others = places
    left_out = [f"{other}: {path} is the one that counts" for other in others]
    try:
        text = files.read(path).decode("utf-8-sig")
    except (ManifestError, UnicodeDecodeError):
        return Found(left_out=(*left_out, f"{path}: this is no text in UTF-8"))
    lines = list(_lines(files, path, text, left_out))
    members: dict[str, Member] = {}
    for line in lines:
        folder = _folder(line.pattern)
        if line.owners and folder is not None and folder in files.folders:
            members[folder] = Member(  # the last line that names a folder is the one that counts
                SOURCE, folder, folder.rpartition("/")[2], f"{path} line {line.number} names {line.pattern}",
            )  # fmt: skip
    return Found(tuple(members.values()), tuple(left_out), _owner_of(files, path, lines))


def _lines(files: RepoFiles, path: str, text: str, left_out: list[str]) -> Iterator[_Line]:
    section = ""
    default: tuple[str, ...] = ()
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip()
        if not line or line.startswith("#"):
            continue
        if len(line) > _LONGEST:
            left_out.append(f"{path}:{number}: the line is longer than {_LONGEST} characters")
            continue
        heading = _SECTION.match(line)
        if heading is not None:
            section = heading["name"].strip().lower()
            default = tuple(word for word in heading["owners"].split() if _OWNER.fullmatch(word))
            continue
        pattern, *words = _WORD.findall(line)
        owners: list[str] = []
        for word in words:
            if word.startswith("#"):
                break
            if not _OWNER.fullmatch(word) or not is_line(word):
                left_out.append(f"{path}:{number}: {word} is no owner (@name, @org/team or an address)")
                break
            owners.append(word)
        if pattern.startswith("!"):
            left_out.append(f"{path}:{number}: {pattern}: a pattern of CODEOWNERS cannot begin with !")
            continue
        try:
            matches = _matcher(files, pattern)
        except InvalidCallError as error:
            left_out.append(f"{path}:{number}: {error.message}")
            continue
        # A line without owners takes a path away from the lines above; in a section of GitLab it has the section's.
        yield _Line(number, pattern, tuple(owners) or default, section, matches)


def _owner_of(files: RepoFiles, path: str, lines: list[_Line]) -> Callable[[str], tuple[str, str] | None]:
    """The last line that matches decides, in each section of its own."""
    candidates = files.sorter([line.pattern for line in lines])

    def owner_of(asked: str) -> tuple[str, str] | None:
        last = {lines[n].section: lines[n] for n in sorted(candidates(asked)) if lines[n].matches(asked)}
        hits = [line for line in last.values() if line.owners]
        if not hits:
            return None
        ordered = sorted(hits, key=lambda one: one.number)
        # A person's address is no name of a team, and would go from the config into the ledger.
        owners = dict.fromkeys(owner for hit in ordered for owner in hit.owners if not _ADDRESS.fullmatch(owner))
        if not owners:
            return None
        numbers = ", ".join(str(hit.number) for hit in ordered)
        return " ".join(owners), f"{path} line {numbers}"

    return owner_of


def _matcher(files: RepoFiles, pattern: str) -> Callable[[str], bool]:
    """A gitignore pattern, but that `docs/*` means the files in that folder and not what lies further in."""
    takes = files.matcher([pattern])
    if not pattern.endswith("/*"):
        return takes
    return lambda path: takes(path) and not takes(path.rpartition("/")[0])


def _folder(pattern: str) -> str | None:
    """The folder that a pattern spells out, or None when it means several, or the whole repo."""
    bare = _TAIL.sub("", pattern).removeprefix("/").replace("\\ ", " ")
    return bare if bare and not re.search(r"[*?\[\]\\]", bare) and "." not in bare.split("/") else None
