"""Which names of releases can name nobody, so that no ledger is asked."""

from __future__ import annotations

import pytest

from releasewatch.domain.plain_texts import is_plain


@pytest.mark.parametrize(
    "text",
    [
        *(
            "v1",
            "1.4.0",
            "v1.4.0-rc.2",
            "1.4.0rc1",
            "2026.11.23",
            "20261123.4",
            "release/2026-11-23",
            "r1234",
            "1.2.3-4",
        ),
        *("r1234", "50d898c74d", "50d898c74d0a1b2c3d4e5f60718293a4b5c6d7e8", "v1.4.0-12-g50d898c"),
        *("build_77", "1.0.0-beta.1", "1.2.3-4"),
    ],
)
def test_versions_and_commits_are_plain(text):
    assert is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        *("acme", "v1-acme", "1.4.0+bolt", "deface", "the fix for Bolt", "v1 acme", "Zoë", "東京", "1.4.0\nacme"),
        *("020-7946-0102", "+49-30-23125101", "4930231251010", "0049-30-23125101", "ab", "v1.0-xy"),
    ],
)
def test_what_may_name_somebody_or_ring_somewhere_is_not(text):
    assert not is_plain(text)
