"""What a single gitignore pattern says, and which are refused because they could never match."""

from __future__ import annotations

import pytest

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
