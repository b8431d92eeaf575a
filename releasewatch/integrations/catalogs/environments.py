"""Environments that a repo's files name: jobs of GitHub and GitLab, Kustomize overlays, Helm values, Compose files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import SeenEnvironment, SeenEnvironments
from releasewatch.integrations.catalogs.manifests import load_yaml
from releasewatch.integrations.catalogs.repo_files import ManifestError, is_sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_GITLAB = ".gitlab-ci.yml"
_OVERLAY = re.compile(r"(?:.+/)?overlays/([^/]+)/kustomization\.ya?ml")
_VALUES = re.compile(r"(?P<folder>(?:.+/)?)values[-._](?P<name>[^/]+)\.ya?ml")
_COMPOSE = re.compile(r"(?:.+/)?(?:docker-)?compose[-.](?P<name>[^/]+)\.ya?ml")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,99}")

_NO_ENVIRONMENT = frozenset(
    {
        "base", "ci", "common", "debug", "default", "defaults", "dev", "develop", "example", "examples", "local",
        "override", "sample", "schema", "secret", "secrets", "template", "test", "tests",
    }
)  # fmt: skip
"""Words in the name of a file that speak of a machine of one's own, or of no place at all."""


def find_environments(files: RepoFiles) -> SeenEnvironments:
    """Each environment once, by the source that states it first, with all that name it; what people state goes before
    what files are called. Names that are only known when a job runs are left out."""
    named: dict[str, tuple[str, list[str]]] = {}
    unread: list[str] = []
    for name, because in (*_stated(files, unread), *_by_file(files)):
        if _NAME.fullmatch(name):
            named.setdefault(name.casefold(), (name, []))[1].append(because)
    return SeenEnvironments(
        tuple(SeenEnvironment(name, tuple(dict.fromkeys(why))) for name, why in named.values()), tuple(unread)
    )


def _stated(files: RepoFiles, unread: list[str]) -> Iterator[tuple[str, str]]:
    for path in files.paths:
        if path != _GITLAB and not _WORKFLOW.fullmatch(path):
            continue
        try:
            document = load_yaml(files, path)
        except ManifestError:
            unread.append(path)
            continue
        jobs = document if path == _GITLAB else document.get("jobs")
        for job, table in jobs.items() if isinstance(jobs, dict) else ():
            stated = table.get("environment") if isinstance(table, dict) else None
            name = stated.get("name") if isinstance(stated, dict) else stated
            if isinstance(name, str) and "$" not in name:
                yield name, f"the job {job} in {path} deploys to {name}"


def _by_file(files: RepoFiles) -> Iterator[tuple[str, str]]:
    overlays = [(found[1], path) for path in files.paths if (found := _OVERLAY.fullmatch(path))]
    values = [
        (found["name"], path)
        for path in files.paths
        if (found := _VALUES.fullmatch(path)) and files.has(f"{found['folder']}Chart.yaml")
    ]
    compose = [(found["name"], path) for path in files.paths if (found := _COMPOSE.fullmatch(path))]
    for what, named in (("Kustomize overlay", overlays), ("values of a Helm chart", values), ("Compose file", compose)):
        for name, path in named:
            if not is_sample(path) and name.casefold() not in _NO_ENVIRONMENT:
                yield name, f"{path} ({what})"
