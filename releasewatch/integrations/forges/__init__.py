"""Forges: GitHub and GitLab, each behind the same few questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.integrations.forges.github import GitHub
from releasewatch.integrations.forges.gitlab import GitLab

if TYPE_CHECKING:
    from collections.abc import Mapping

FORGES: Mapping[str, type[GitHub | GitLab]] = {"github": GitHub, "gitlab": GitLab}

__all__ = ["FORGES", "GitHub", "GitLab"]
