"""What a single gitignore pattern says, and which are refused because they could never match."""

from __future__ import annotations

import re
from itertools import product

import pytest

from releasewatch.domain import patterns
from releasewatch.domain.patterns import Pattern, byte_text, read_pattern
from releasewatch.errors import InvalidCallError


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("*.md", Pattern(False, False, False, ("*.md",))),
        ("/docs", Pattern(False, False, True, ("docs",))),
        ("docs/", Pattern(False, True, False, ("docs",))),
        ("!a/b/", Pattern(True, True, True, ("a", "b"))),
        ("a/**", Pattern(False, False, True, ("a", "**"))),
        ("!!a", Pattern(True, False, False, ("!a",))),
        (r"\!a", Pattern(False, False, False, (r"\!a",))),
        (" a  ", Pattern(False, False, False, (" a",))),
        (r"a\  ", Pattern(False, False, False, (r"a\ ",))),
        ("é", Pattern(False, False, False, ("\udcc3\udca9",))),
        ("[ab]c", Pattern(False, False, False, ("\ue000c",), (frozenset(b"ab"),))),
        ("[+-9/]", Pattern(False, False, True, ("\ue000",), (frozenset(b"+,-.0123456789"),))),
    ],
)
def test_a_pattern_is_taken_apart(text: str, pattern: Pattern) -> None:
    assert read_pattern(text) == pattern


@pytest.mark.parametrize(
    ("text", "folders", "path"),
    [
        ("/a/b", ("a", "b"), "a/b"),
        ("README.md", (), "README.md"),
        (r"a/\*b\ ", ("a", "*b "), "a/*b "),
        ("a/b/**", ("a", "b"), None),
        ("a/b?/c", ("a",), None),
        ("a/[b]", ("a",), None),
        ("*.md", (), None),
        ("**/a", (), None),
    ],
)
def test_what_a_pattern_spells_out_is_known(text: str, folders: tuple[str, ...], path: str | None) -> None:
    pattern = read_pattern(text)
    assert (pattern.literal_folders, pattern.literal_path) == (folders, path)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "!", "/", "!/", "//", "a//b", "a//", "#a", "\\", "a\\", "!a\\", r"a\/b", ".", "./a", "a/../b"),
        *("[", "[]", "[!]", "[a", "[a-", "[\\", "[[:alpha:]", "[[:nothing:]]", "[[::]]", "[/]", "[^\x01-\udcff]"),
        *("a/b**/c", "/b**", "a/b***", "a\0", "a\tb", "a\x7f"),
    ],
)
def test_a_pattern_that_could_never_match_is_refused(text: str) -> None:
    with pytest.raises(InvalidCallError):
        read_pattern(text)


def test_byte_text_has_one_character_for_each_byte() -> None:
    for text in ("plain", "é\udcff", "日本\n"):
        raw = text.encode("utf-8", "surrogateescape")
        assert len(byte_text(text)) == len(raw)
        assert byte_text(text).encode("ascii", "surrogateescape") == raw


def test_a_pattern_of_a_common_form_is_taken_apart_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text of up to six of these, the wrong ones among them: read quickly, and read without that."""
    texts = ["".join(some) for many in range(1, 7) for some in product("a*./", repeat=many)]
    read_pattern.cache_clear()
    quickly = {text: taken_apart(text) for text in texts}
    monkeypatch.setattr(patterns, "_COMMON", re.compile(r"(?!)"))
    read_pattern.cache_clear()
    assert {text: taken_apart(text) for text in texts} == quickly
    read_pattern.cache_clear()


def taken_apart(text: str) -> Pattern | str:
    try:
        return read_pattern(text)
    except InvalidCallError as error:
        return error.message
