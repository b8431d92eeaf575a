"""What a tag's name says: a version of everything, or of one package of a repo that holds several."""

from __future__ import annotations

import re

_AT = re.compile(r"(?P<package>@?[^@]+)@v?\d.*")
_BEFORE_VERSION = re.compile(r"(?P<package>.+?)[-_/]v?\d+\.\d.*")
_IS_VERSION = re.compile(r"v?\d")

_NO_PACKAGE = frozenset(
    {
        "release", "releases", "rel", "version", "versions", "ver", "v", "tag", "tags", "deploy", "deployed",
        "deployment", "prod", "production", "live", "stable", "staging", "hotfix", "rc", "beta", "alpha", "nightly",
        "snapshot", "build",
    }
)  # fmt: skip
"""Words before a version that name no part of the software."""


def package_of(tag: str, repo: str = "") -> str | None:
    """The package in `pkg@1.0.0`, `@scope/pkg@1.0.0`, `pkg-v1.0.0`, `pkg-1.0.0`, `pkg_v1.0.0` and `path/pkg/v1.0.0`.

    None for a tag of everything: nothing, the repo's own name or a word like `release` stands before the version.
    """
    found = _AT.fullmatch(tag) or _BEFORE_VERSION.fullmatch(tag)
    if found is None:
        return None
    parts = found["package"].strip("-_/").split("/")
    while parts and parts[0].casefold() in _NO_PACKAGE:
        del parts[0]
    package = "/".join(parts)
    own = repo.rpartition("/")[2].casefold()
    if not package or _IS_VERSION.match(package) or package.casefold() == own:
        return None
    return package
