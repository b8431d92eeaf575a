"""The files of a repo as the sources of a catalog read them: what git tracks, and nothing else."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

SAMPLE_FOLDERS = frozenset(
    {
        "node_modules", "vendor", "third_party", "test", "tests", "__tests__", "testdata", "fixtures", "fixture",
        "__fixtures__", "example", "examples", "sample", "samples", "skeleton", "skeletons", "template", "templates",
    }
)  # fmt: skip
"""Folders whose manifests speak for something else than the program: they count only where a workspace names them."""

_OTHERS = frozenset({"node_modules", "vendor", "third_party"})

LARGEST = 1 << 20
"""Bytes of the largest file that is read: a manifest that people write is far smaller."""


class ManifestError(InvalidCallError):
    """A file of the repo that a catalog is read from cannot be used; the message holds file and place."""

    code = "invalid_manifest"


@dataclass(slots=True)
class Churn:
    """How often what lies where was changed: commits that touched each path, among the newest `commits`."""

    commits: int
    by_path: Mapping[str, int]


@dataclass
class RepoFiles:
    """The regular files of a repo, ordered by path.

    `read_file` gives a file's bytes, or None when it is not there. `matcher` makes a test for paths from gitignore
    patterns; `sorter` tells which of many patterns, by number, take a path, without trying each of them.
    `count_churn` reads history; it is called only when that is what is asked.
    """

    paths: tuple[str, ...]
    read_file: Callable[[str], bytes | None]
    matcher: Callable[[Sequence[str]], Callable[[str], bool]]
    sorter: Callable[[Sequence[str]], Callable[[str], Collection[int]]]
    count_churn: Callable[[], Churn] = field(default=lambda: Churn(0, {}))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.paths:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, however deep."""
        found: set[str] = {""}
        for path in self.paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def named(self, *names: str) -> list[str]:
        """Files with one of these names at any depth, nearest to the root first, but for samples of other programs."""
        found = [path for name in names for path in self._by_name.get(name, ())]
        return sorted((path for path in found if not is_sample(path)), key=lambda path: (path.count("/"), path))

    def samples(self, *names: str, taken: Collection[str] = ()) -> list[str]:
        """A sentence about the files with one of these names that `named` leaves out, or nothing; for `left_out`.

        `taken`: those that are members all the same, for a workspace names them.
        """
        found = sorted(path for name in names for path in self._by_name.get(name, ()) if is_sample(path))
        told = [path for path in found if path not in taken and _OTHERS.isdisjoint(path.split("/"))]
        if not told:
            return []
        more = f" and {len(told) - 3} more" if len(told) > 3 else ""
        which = ", ".join(told[:3]) + more
        return [f"in folders of tests, examples or templates, where only what a workspace names counts: {which}"]

    def every(self, name: str) -> list[str]:
        """Files with this name wherever they are, samples as well."""
        return self._by_name.get(name, [])

    def has(self, path: str) -> bool:
        """Whether this is a file of the repo."""
        return path in self._known

    def read(self, path: str) -> bytes:
        """The content of a file; raises ManifestError when it is not there or too large to be a manifest."""
        content = self.read_file(path) if path in self._known else None
        if content is None:
            raise ManifestError(f"{path}: git tracks it, and the work tree does not hold it")
        if len(content) > LARGEST:
            raise ManifestError(f"{path}: it is larger than {LARGEST >> 20} MB, which no manifest is")
        return content


def is_sample(path: str) -> bool:
    """Whether a path lies in a folder of tests, examples, templates or other people's code."""
    return not SAMPLE_FOLDERS.isdisjoint(path.split("/")[:-1])


def folder_of(path: str) -> str:
    """The folder that a file lies in; the root is empty."""
    return path.rpartition("/")[0]


def inside(folder: str, relative: str) -> str | None:
    """A path as a file in `folder` writes it, from the root of the repo; None when it leads out of the repo."""
    if relative.startswith(("/", "~")) or "\\" in relative or "\0" in relative or "://" in relative:
        return None
    path = posixpath.normpath(posixpath.join(folder, relative))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path
