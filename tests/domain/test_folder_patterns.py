"""Patterns of folders inside each other: each file belongs to the nearest one, whatever the folders are called."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.folder_patterns import folders_spelled, patterns_of
from releasewatch.integrations.patterns import GitignoreMapper

NAMES = st.sampled_from(["a", "b", "a.b", "[x]", "*", "!c", "#d", "e f", "g\\h", "ü", " i", "j "])
FOLDERS = st.lists(NAMES, min_size=0, max_size=4).map("/".join)


@settings(max_examples=150, deadline=None)
@given(st.sets(FOLDERS, min_size=1, max_size=6), st.lists(FOLDERS, min_size=1, max_size=6))
def test_each_file_belongs_to_the_nearest_folder(folders: set[str], places: list[str]) -> None:
    ordered = sorted(folders)
    components = (Component(f"k{n}", "t", patterns_of(folder, folders)) for n, folder in enumerate(ordered))
    mapper = GitignoreMapper(Catalog("repo", tuple(components)))
    for place in [*places, *ordered]:
        path = f"{place}/file" if place else "file"
        nearest = max((f for f in folders if not f or path.startswith(f"{f}/")), key=len, default=None)
        expected = {f"k{ordered.index(nearest)}"} if nearest is not None else set()
        assert mapper.owners(path).components == expected, (path, ordered)


def test_folders_that_patterns_spell_out() -> None:
    patterns = ("a/b/**", "/c/", "d/", "e/*", "!f/**", "g/h/", "*.py", "/i/**", "j/k", "[x]/**")
    assert folders_spelled(patterns) == ["a/b", "c", "g/h", "i"]
