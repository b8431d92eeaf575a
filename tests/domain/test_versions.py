"""When two versions are the same, and what is none."""

from __future__ import annotations

import pytest

from releasewatch.domain.versions import is_one_version, plain_version, spellings, tellable

SAME = {
    "1.2.0": "1.2.0",
    " v1.2.0 ": "1.2.0",
    "V2": "2",
    "v": "v",
    "vv1": "vv1",
    "vista": "vista",
    "invoicing/v1.2": "invoicing/v1.2",
    "": "",
}


@pytest.mark.parametrize(("written", "plain"), SAME.items())
def test_a_leading_letter_and_spaces_make_no_other_version(written: str, plain: str) -> None:
    assert plain_version(written) == plain


def test_every_spelling_of_a_release_is_that_release() -> None:
    assert spellings("v1.2") == spellings(" 1.2") == ("1.2", "v1.2", "V1.2")
    assert {plain_version(one) for one in spellings("V1.2")} == {"1.2"}
    assert spellings("vista") == ("vista",)


@pytest.mark.parametrize(
    "text", ["1.2.0", "v1.2.0", "2026-03", "1.2.0-rc.1+build.5", "invoicing@1.2", "svc/v1", "bookworm", "xenial", "12x"]
)
def test_what_is_one_version(text: str) -> None:
    assert is_one_version(text)


@pytest.mark.parametrize(
    "text",
    [
        *(">=1.0", "^1.2", "~1.2", "1.x", "1.2.X", "x", "*", "latest", "Latest", "1.0 - 2.0", "[1.0,2.0)", "1.0..2.0"),
        *("1.2+", "1.2 || 1.3", "1.2 or later", "1.2, 1.3", "1.0\u20132.0", "n/a", "-"),
    ],
)
def test_what_is_no_version(text: str) -> None:
    assert not is_one_version(text)


def test_only_ranges_and_usual_words_of_a_cell_are_told() -> None:
    assert [tellable(text) for text in (">=1.0", "1.x", "latest")] == [">=1.0", "1.x", "latest"]
    assert tellable("ask Ada Lovelace") == "other words"
