"""Addresses that are kept: none of their secrets is."""

from __future__ import annotations

import pytest

from releasewatch.domain.links import without_secrets


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://ci.example/job/1?buildId=7#log", "https://ci.example/job/1?buildId=7#log"),
        ("http://kim:s3same@ci.example/1", "http://ci.example/1"),
        ("http://kim:p@ss@ci.example/1", "http://ci.example/1"),
        ("https://ci.example/@kim/1", "https://ci.example/@kim/1"),
        ("https://ci.example/1?a=1&access_token=s3same&b=2", "https://ci.example/1?a=1&access_token=***&b=2"),
        ("https://ci.example/1?X-Api-Key=s3same", "https://ci.example/1?X-Api-Key=***"),
        ("", ""),
    ],
)
def test_no_secret_of_an_address_is_kept(given: str, kept: str) -> None:
    assert without_secrets(given) == kept
