"""Where a repo says what it is made of: one module for each kind of source, none of which knows another."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from releasewatch.integrations.catalogs import (
    backstage,
    cargo,
    codeowners,
    compose,
    folders,
    go,
    helm,
    maven,
    npm,
    uv,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from releasewatch.domain.discovery import Found
    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCES: Mapping[str, Callable[[RepoFiles], Found]] = MappingProxyType(
    {
        module.SOURCE: module.find
        for module in (backstage, npm, cargo, uv, go, maven, compose, helm, codeowners, folders)
    }
)
"""In the order in which they are believed."""
