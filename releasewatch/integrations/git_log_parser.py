"""Turns the NUL-separated output of `git log` and `git diff-tree` into commits and path changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from releasewatch.domain.messages import commit_saying
from releasewatch.domain.releases import Commit, PathChange

if TYPE_CHECKING:
    from collections.abc import Iterator

MERGE_FORMAT = "--format=%H%x00%P"
PATHS_FORMAT = "--format=%H"

EPOCH = datetime.fromtimestamp(0, UTC)

_NEWLINE, _COLON = b"\n:"


@dataclass(slots=True)
class MergeDiff:
    """What a merge made of some paths: for each, `(parent's blob, merge's blob)` for every parent it differs from."""

    sha: str
    parents: int
    paths: dict[str, list[tuple[str | None, str | None]]] = field(default_factory=dict)


def parse_log(pieces: Iterator[bytes]) -> Iterator[tuple[bool, Commit]]:
    """Commits of a log with `git_begun.COMMIT_FORMAT` and `--raw -z`, each with whether it is on base's side.

    After the eight fields of a commit come its paths, in pairs: `:modes blobs letter` (the first behind a newline) and
    the path. So a piece that begins otherwise begins the next commit, whatever a message or a path holds.
    Equal texts become one object: names, addresses, paths and shas repeat thousands of times in a history.
    """
    texts, paths_known, shas = _Decoded("replace"), _Decoded("surrogateescape"), _Decoded("strict")
    take = pieces.__next__
    piece = next(pieces, None)
    while piece is not None:
        mark, sha = piece[:1], piece[1:]
        try:
            parents, name, email, authored, committed, subject, body = (
                take(), take(), take(), take(), take(), take(), take(),
            )  # fmt: skip
        except StopIteration:  # git broke off; whoever started it reads its exit status and says why
            return
        paths: list[str] = []
        for piece in pieces:  # the piece that ends the paths begins the next commit
            if piece[0] != _COLON and piece[0] != _NEWLINE:
                break
            paths.append(paths_known[next(pieces, b"")])
        else:
            piece = None
        committed_at = _instant(committed, EPOCH)
        yield (
            mark == b"<",
            commit_saying(
                shas[sha],
                tuple([shas[parent] for parent in parents.split()]),
                texts[name],
                texts[email],
                committed_at if authored == committed else _instant(authored, committed_at),
                committed_at,
                subject.decode("utf-8", "replace"),
                body.decode("utf-8", "replace").rstrip(),
                tuple(paths),
            ),
        )


def parse_touched(pieces: Iterator[bytes]) -> Iterator[tuple[str, list[str]]]:
    """Each commit of a log with PATHS_FORMAT and `--raw -z`, with the paths it touched."""
    known = _Decoded("surrogateescape")
    sha, paths = "", list[str]()
    for piece in pieces:
        if piece[:1] == b":" or piece[:1] == b"\n":
            paths.append(known[next(pieces, b"")])
            continue
        if sha:
            yield sha, paths
        sha, paths = piece.decode("ascii"), []
    if sha:
        yield sha, paths


def parse_changes(pieces: Iterator[bytes]) -> Iterator[PathChange]:
    """Path changes of `git diff-tree -r -z --raw --no-abbrev`; git's letter U or X would mean that git is broken."""
    for piece in pieces:
        _, _, old, new, letter = piece.split(b" ")
        yield PathChange(next(pieces).decode("utf-8", "surrogateescape"), letter[:1].decode(), _blob(old), _blob(new))


def parse_merges(pieces: Iterator[bytes]) -> Iterator[MergeDiff]:
    """Merges of a log with MERGE_FORMAT and `-m --raw -z`: git prints one once for each parent it differs from."""
    merge: MergeDiff | None = None
    for piece in pieces:
        if piece[0] == _COLON or piece[0] == _NEWLINE:
            assert merge is not None  # noqa: S101 - a diff stands behind its commit
            _, _, old, new, _ = piece.lstrip(b"\n").split(b" ")
            path = next(pieces).decode("utf-8", "surrogateescape")
            merge.paths.setdefault(path, []).append((_blob(old), _blob(new)))
            continue
        sha = piece.decode()
        parents = len(next(pieces).split())
        if merge is None or merge.sha != sha:
            if merge is not None:
                yield merge
            merge = MergeDiff(sha, parents)
    if merge is not None:
        yield merge


class _Decoded(dict[bytes, str]):
    """Texts by their bytes: each is decoded once, and is one object however often it stands in a history."""

    def __init__(self, errors: str) -> None:
        super().__init__()
        self._errors = errors

    def __missing__(self, raw: bytes) -> str:
        text = self[raw] = raw.decode("utf-8", self._errors)
        return text


def _blob(raw: bytes) -> str | None:
    return raw.decode("ascii") if raw.strip(b"0") else None


def _instant(seconds: bytes, otherwise: datetime) -> datetime:
    """An instant in UTC from git's seconds; histories hold dates that are missing, or beyond every calendar."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
