"""Which address a repo may be cloned from."""

from __future__ import annotations

import pytest

from releasewatch.domain.clone_urls import read_clone_url
from releasewatch.errors import CloneAddressError


@pytest.mark.parametrize(
    ("text", "url", "path"),
    [
        ("https://git.example.org/acme/shop.git", "https://git.example.org/acme/shop.git", "acme/shop"),
        ("git@git.example.org:acme/shop.git", "git@git.example.org:acme/shop.git", "acme/shop"),
        ("ssh://git@git.example.org:22/acme/shop", "ssh://git@git.example.org:22/acme/shop", "acme/shop"),
        ("https://acme@dev.example.org/acme/_git/shop", "https://dev.example.org/acme/_git/shop", "acme/_git/shop"),
        ("file:///srv/shop", "file:///srv/shop", "srv/shop"),
        ("../shop", "../shop", "../shop"),
    ],
)
def test_an_address(text, url, path):
    found = read_clone_url(text, typed=True)
    assert (found.url, found.path) == (url, path)


@pytest.mark.parametrize(
    ("text", "scope", "user", "password"),
    [
        ("https://ada:p%40ss@git.example.org:8443/shop", "https://git.example.org:8443", "ada", "p@ss"),
        ("https://token-of-more-than-20-letters@git.example.org/shop", "https://git.example.org", None, ""),
        ("http://ada:pw@[::1]:8080/shop", "http://[::1]:8080", "ada", "pw"),
    ],
)
def test_a_secret_is_taken_out_of_it(text, scope, user, password):
    found = read_clone_url(text, typed=False)
    assert "@" not in found.url
    assert (found.scope, found.password.reveal()) == (scope, password)
    assert user in (found.user, None)
    assert password not in repr(found) or not password
    with pytest.raises(CloneAddressError, match="command line"):
        read_clone_url(text, typed=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--upload-pack=touch hacked",
        "-x",
        "ext::sh -c touch% hacked",
        "ext::x",
        "::x",
        "fd::17",
        "ftp://git.example.org/shop",
        "https://",
        "https:///shop",
        "https://git.example.org:port/shop",
        "https://git.example.org/a\nb",
        "ssh://ada:canary@git.example.org/shop",
        "http://ada:canary@git.example.org/shop",
        "https://" + "a" * 2000,
    ],
)
def test_what_is_none(text):
    with pytest.raises(CloneAddressError) as refused:
        read_clone_url(text, typed=False)
    assert "canary" not in refused.value.message + refused.value.hint
