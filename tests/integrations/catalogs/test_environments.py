"""The environments that a repo's files name, and those that they only seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.wiring import App
from tests.support.catalogs import commit_files

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = """
on: push
jobs:
  ship:
    environment: {name: Production, url: https://shop.example.org}
  try:
    environment: staging
  each:
    environment: ${{ inputs.where }}
  build: {}
"""
GITLAB = """
stages: [deploy]
review:
  environment: {name: review/$CI_COMMIT_REF_SLUG}
live:
  environment: {name: production}
"""


def seen(folder: Path, files: dict[str, str]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    repo = commit_files(folder, files)
    app = App(environ={}, cwd=repo.path)
    found = app.seen_environments(app.tracked_files())
    return {one.name: one.because for one in found.found}, found.unread


def test_jobs_state_environments_and_files_are_called_after_them(tmp_path: Path) -> None:
    found, unread = seen(
        tmp_path / "shop",
        {
            ".github/workflows/deploy.yml": WORKFLOW,
            ".gitlab-ci.yml": GITLAB,
            "deploy/overlays/staging/kustomization.yaml": "",
            "chart/Chart.yaml": "name: shop\n",
            "chart/values-eu.yaml": "",
            "docker-compose.qa.yml": "",
        },
    )
    assert unread == ()
    assert found == {
        "Production": (
            "the job ship in .github/workflows/deploy.yml deploys to Production",
            "the job live in .gitlab-ci.yml deploys to production",
        ),
        "staging": (
            "the job try in .github/workflows/deploy.yml deploys to staging",
            "deploy/overlays/staging/kustomization.yaml (Kustomize overlay)",
        ),
        "eu": ("chart/values-eu.yaml (values of a Helm chart)",),
        "qa": ("docker-compose.qa.yml (Compose file)",),
    }


@pytest.mark.parametrize(
    "path",
    [
        "values-production.yaml",  # beside no chart
        "chart/values-ci.yaml",
        "chart/values.schema.json",
        "docker-compose.override.yml",
        "compose.dev.yaml",
        "tests/overlays/production/kustomization.yaml",
        "overlays/production/other.yaml",
        "notes/.github/workflows/deploy.yml",
    ],
)
def test_what_only_looks_like_one_is_none(tmp_path: Path, path: str) -> None:
    assert seen(tmp_path / "shop", {path: WORKFLOW, "chart/Chart.yaml": ""}) == ({}, ())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    files = {".github/workflows/a.yml": "{", ".gitlab-ci.yml": "- 1", ".github/workflows/b.yml": "jobs: [1]"}
    assert seen(tmp_path / "shop", files) == ({}, (".github/workflows/a.yml", ".gitlab-ci.yml"))
