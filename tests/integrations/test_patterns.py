"""Which components a path belongs to: held against git itself, and against a reading that takes no short cuts."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.catalog import Catalog, Component, PathOwners
from releasewatch.domain.patterns import read_pattern
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.pattern_index import PatternIndex
from releasewatch.integrations.patterns import GitignoreMapper, PatternList
from tests.support.check_ignore import GitIgnore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from releasewatch.domain.patterns import Pattern

NAMES = [
    "a",
    "b",
    "c",
    "foo",
    "foo.a",
    "ab",
    " ",
    "a ",
    "é",
    "\udcff",
    "*",
    "!",
    "#",
    "-",
    "]",
    "[",
    "\\",
    "^",
    "$",
    "a\nb",
]
PIECES = [
    *("a", "b", "foo", "é", "\udcff", " ", "!", "#", "-", "^", "$", "(", "|", ".a", "/", "/", "/", "*", "?", "**"),
    *("**/", "/**", "/**/", "***", "\\a", "\\*", "\\ ", "\\\\", "\\", "[ab]", "[!a]", "[^b]", "[a-c]", "[c-a]"),
    *("[]a]", "[!]a]", "[\\]]", "[a\\-c]", "[--a]", "[a/]", "[é]", "[[:alpha:]]", "[^[:lower:][:digit:]]", "[[:a]"),
    *("[:alpha:]", "[a-", "]"),
]  # fmt: skip


def some_paths(names: Sequence[str], count: int, depth: int) -> list[str]:
    """The same random paths in every run."""
    source = random.Random(20260105)
    found = {"/".join(source.choices(names, k=source.randint(1, depth))) for _ in range(count)}
    return sorted(found)


PATHS = some_paths([*NAMES, *(x + y for x in NAMES[:5] for y in NAMES[:5])], 400, 4)


def is_usable(text: str) -> bool:
    try:
        read_pattern(text)
    except InvalidCallError:
        return False
    return True


PATTERNS = (
    st.tuples(st.sampled_from(["", "", "", "!"]), st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
    .map(lambda made: made[0] + "".join(made[1]))
    .filter(is_usable)
)
LISTS = st.lists(PATTERNS, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitIgnore:
    return GitIgnore(tmp_path_factory.mktemp("git"))


def taken(patterns: Sequence[str], paths: Iterable[str]) -> set[str]:
    found = PatternList(patterns)
    return {path for path in paths if found.matches(path)}


def catalog(paths: Mapping[str, Sequence[str]], no_effect: Sequence[str] = ()) -> Catalog:
    components = tuple(Component(key, key, tuple(patterns)) for key, patterns in sorted(paths.items()))
    return Catalog("shop", components, tuple(no_effect))


@settings(max_examples=150, deadline=None)
@given(LISTS)
def test_any_patterns_take_the_paths_that_git_says(git: GitIgnore, patterns: list[str]) -> None:
    assert taken(patterns, PATHS) == git.taken(patterns, PATHS)


@pytest.mark.parametrize(
    "patterns",
    [
        # a file cannot come back when its folder is excluded, but can when only the folder's contents are
        ["foo", "!foo/a"],
        ["foo/", "!foo/a"],
        ["foo/**", "!foo/a"],
        ["foo/*", "!foo/a"],
        ["/*", "!/foo", "/foo/*", "!/foo/a"],
        ["*", "!*/", "!*.a"],
        ["a/b", "!a"],
        # two stars take each file below for itself, which a folder's `!` does not bring back
        ["foo/**", "!foo/a/"],
        ["foo/**", "!foo/a/**"],
        ["foo/*", "!foo/a/"],
        # a slash anchors, one at the end asks for a folder
        ["a"],
        ["/a"],
        ["a/"],
        ["/a/"],
        ["a/b"],
        # two stars
        ["**/b"],
        ["a/**/b"],
        ["a/**"],
        ["**"],
        ["**/"],
        ["*/**"],
        ["**/*/**"],
        ["/**/a/**/b"],
        ["**a**/b"],
        # one star and a question mark stand within a name, and for bytes
        ["f*o"],
        ["a/*"],
        ["?"],
        ["??"],
        # spaces and escapes
        ["\\ "],
        ["a\\ "],
        ["a "],
        [" /"],
        ["\\!"],
        ["!!", "\\#"],
        ["\\*"],
        ["\\\\"],
        # a name with a newline, which no pattern can spell out
        ["a?b"],
        ["a*b"],
        ["**/a*b/**"],
    ],
)
def test_what_is_written_about_gitignore_holds(git: GitIgnore, patterns: list[str]) -> None:
    assert taken(patterns, PATHS) == git.taken(patterns, PATHS)


CLASS_NAMES = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit"
CLASSES = [
    *(f"[[:{name}:]]" for name in CLASS_NAMES.split()),
    *("[!a]", "[^a]", "[]]", "[!]]", "[]-a]", "[a-c-e]", "[-a]", "[a-]", "[--a]", "[a-c\\]x]", "[\\a-\\c]", "[\\\\]"),
    *(
        "[[]",
        "[[:]",
        "[[:a]",
        "[a[:digit:]b]",
        "[^[:alnum:]]",
        "[+-9]",
        "[ -~]",
        "[&&a]",
        "[a||b]",
        "[~~]",
        "[^^]",
        "[!!]",
    ),
    *("[é]", "[\udc80-\udcff]", "[c-a]", "[a/b]", "?"),
]


@pytest.mark.parametrize("text", CLASSES)
def test_a_class_allows_the_bytes_that_git_says(git: GitIgnore, text: str) -> None:
    every_byte = [bytes([code]).decode("utf-8", "surrogateescape") for code in range(1, 256) if code not in b"./"]
    paths = [f"x{byte}y/z" for byte in every_byte] + ["x/y/z"]
    assert taken([f"/x{text}y"], paths) == git.taken([f"/x{text}y"], paths)


@settings(max_examples=300, deadline=None)
@given(st.lists(LISTS, min_size=1, max_size=6), st.lists(PATTERNS, max_size=3))
def test_the_index_of_folders_changes_no_answer(lists: list[list[str]], no_effect: list[str]) -> None:
    by_key = {f"c{number}": patterns for number, patterns in enumerate(lists)}
    mapper = GitignoreMapper(catalog(by_key, no_effect))
    slow = {key: PatternList(patterns) for key, patterns in by_key.items()}
    nothing = PatternList(no_effect)

    for path in PATHS:
        found = mapper.owners(path)
        claimed = {key for key, patterns in slow.items() if patterns.matches(path)}
        if nothing.matches(path):
            assert found.components <= claimed
            assert found.no_effect is (not found.components)
        else:
            assert found == PathOwners(frozenset(claimed))
        assert mapper.owners(path) is found


def test_a_path_may_belong_to_several_components_or_to_none() -> None:
    invoicing = ["services/invoicing/*", "!services/invoicing/tests/"]
    mapper = GitignoreMapper(catalog({"invoicing": invoicing, "sql": ["*.sql"], "root": ["/Makefile"]}))
    assert mapper.owners("services/invoicing/x.sql").components == {"invoicing", "sql"}
    assert mapper.owners("services/invoicing/tests/x.py").unmapped
    assert mapper.owners("services/INVOICING/x.py").unmapped
    assert mapper.owners("services/invoicing").unmapped
    assert mapper.owners("sub/Makefile").unmapped
    assert mapper.owners("Makefile").components == {"root"}


def test_no_effect_beats_every_pattern_but_the_explicit_path() -> None:
    mapper = GitignoreMapper(
        catalog(
            {
                "site": ["docs/index.md", "/docs/api", "docs/*.css"],
                "legal": ["/docs/legal.md", "docs/**"],
                "star": [r"docs/\*.md"],
                "mind": ["docs/changed.md", "!docs/changed.md"],
            },
            no_effect=["docs/**", "*.md", "!docs/keep.md"],
        )
    )
    nothing = PathOwners(no_effect=True)

    assert mapper.owners("docs/index.md").components == {"site"}
    assert mapper.owners("docs/legal.md").components == {"legal"}
    assert mapper.owners("docs/*.md").components == {"star"}
    assert mapper.owners("docs/x.md") == nothing
    assert mapper.owners("docs/a.css") == nothing
    assert mapper.owners("docs/api/a.md") == nothing
    assert mapper.owners("docs/changed.md") == nothing
    assert mapper.owners("elsewhere/docs/index.md") == nothing
    assert mapper.owners("docs/keep.md").components == {"legal"}
    assert not mapper.owners("docs/index.md").no_effect


def test_names_that_end_alike_are_alike_only_to_patterns_that_ask_for_endings() -> None:
    patterns = {
        "ending": ["*.env"],
        "name": [".env", "b/x.env"],
        "long": ["c/*.tar.env"],
        "dot": ["*."],
        "folder": ["*.env/", "d.env/"],
        "beginning": ["e/y*"],
        "order": ["f/*.env", "!f/not.env"],
    }
    mapper = GitignoreMapper(catalog(patterns))
    slow = {key: PatternList(texts) for key, texts in patterns.items()}
    names = ["z.env", "x.env", "y.env", "not.env", ".env", "env", "q.", "z.tar.env", "z.tar", "d.env", "z.Env", "q"]
    for folder in ("", "a/", "b/", "c/", "d.env/", "e/", "f/", "a/e.env/"):
        for name in (*names, *(f"{name}/{inner}" for name in names for inner in names)):
            expected = {key for key, one in slow.items() if one.matches(folder + name)}
            assert mapper.owners(folder + name).components == expected, folder + name


def test_the_places_of_patterns_are_those_that_they_are_asked_at() -> None:
    patterns = {
        "escaped": [r"/a\*/b"],
        "exact": ["a/b"],
        "folder": ["a/b/"],
        "inside": ["a/**"],
        "beside": ["a/*.ts"],
        "below": ["a/**/*.ts"],
        "beginning": ["a/x*"],
        "crooked": ["a/*/c/**/d?"],
        "anywhere": ["**/x.ts", "y[0-9]"],
    }
    mapper = GitignoreMapper(catalog(patterns))
    paths = {
        "a*/b": {"escaped"},
        "a/b": {"exact", "inside"},
        "a/b/z": {"exact", "folder", "inside"},
        "a/q.ts": {"inside", "beside", "below"},
        "a/q/q.ts": {"inside", "below"},
        "a/x.ts": {"inside", "beside", "below", "beginning", "anywhere"},
        "a/xyz/q": {"inside", "beginning"},
        "a/p/c/d1": {"inside", "crooked"},
        "a/p/c/e/f/d1": {"inside", "crooked"},
        "x.ts": {"anywhere"},
        "q/y7/z": {"anywhere"},
        "a": set(),
    }
    assert {path: mapper.owners(path).components for path in paths} == paths


def test_a_plain_pattern_means_what_it_means_when_it_is_taken_apart() -> None:
    """Every text of up to five of these, the wrong ones among them; whichever is not plain is taken apart."""
    parts = ("a", "b.c", "*.c", ".", "..", "/", "*", "**", "/**/", "!", " ", "\\", "[")
    names = ("a", "b.c", "ab.c", "b.ca", ".", "**", "*.c")
    paths = ["/".join(some) for many in range(1, 4) for some in product(names, repeat=many)]
    taken_apart: list[str] = []

    def read(_: str, text: str) -> Pattern:
        taken_apart.append(text)
        return read_pattern("never/met")

    plain = 0
    for text in ("".join(some) for many in range(1, 6) for some in product(parts, repeat=many)):
        PatternIndex({text: ["one"]}, read)
        if taken_apart:
            taken_apart.clear()
            continue
        plain += 1
        slow = PatternList([text])  # it is a right one
        assert not slow.excludes
        mapper = GitignoreMapper(catalog({"one": [text]}))
        expected = {path for path in paths if slow.matches(path)}
        assert {path for path in paths if mapper.owners(path).components} == expected, text
    assert plain > 500


def test_names_that_are_not_utf_8_are_matched_byte_by_byte() -> None:
    mapper = GitignoreMapper(catalog({"latin": ["caf\udce9/**"], "utf": ["café/**"], "any": ["caf?/x"]}))
    assert mapper.owners("caf\udce9/x").components == {"latin", "any"}
    assert mapper.owners("café/x").components == {"utf"}


def test_a_catalog_with_a_bad_pattern_names_component_and_pattern() -> None:
    with pytest.raises(InvalidCallError, match=r"in shop-ui, the pattern 'a/\[b' cannot be used: a \[ in a pattern"):
        GitignoreMapper(catalog({"shop-ui": ["a/[b"]}))


def test_a_path_is_held_against_the_few_components_that_can_reach_it() -> None:
    keys = [f"c{number:03}" for number in range(500)]
    mapper = GitignoreMapper(catalog({key: [f"services/{key}/**"] for key in keys}, ["*.md"]))
    for key in keys:
        assert mapper.owners(f"services/{key}/src/x.py").components == {key}
        assert mapper.owners(f"services/{key}/src/x.md").no_effect


def test_a_tree_deeper_than_any_call_stack_is_walked() -> None:
    deep = "a/" * 3000
    mapper = GitignoreMapper(catalog({"deep": [f"{deep}**"], "b": ["b/"]}))
    assert mapper.owners(f"{deep}x").components == {"deep"}
    assert mapper.owners(f"{deep}b/x").components == {"deep", "b"}


def test_what_is_remembered_starts_anew_before_it_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasewatch.integrations.patterns._REMEMBERED", 10)
    mapper = GitignoreMapper(catalog({"a": ["a/**"], "b": ["*.b"]}))
    for _ in range(2):
        for number in range(100):
            assert mapper.owners(f"a/{number}/x.b").components == {"a", "b"}
            assert mapper.owners(f"c/{number}/x.b").components == {"b"}
    assert max(len(mapper._paths), len(mapper._folders)) <= 12
