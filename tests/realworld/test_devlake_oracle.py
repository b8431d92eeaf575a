"""DevLake's own oracle for the rule of the clock: `--strategy latest` blames the deployment that DevLake expects."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import run_here
from tests.support.data import real_data
from tests.support.repos import RepoBuilder

PROJECT = "project1"
CONFIG = """
[releasewatch]
repo = "world"
[components.all]
paths = ["/**"]
[environments.production]
[environments.staging]
tier = "staging"
"""


def rows(name: str) -> list[dict[str, str]]:
    with real_data("incidents", "devlake", f"dora_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_project(table: str) -> set[str]:
    return {
        row["row_id"] for row in rows("project_mapping") if row["project_name"] == PROJECT and row["table"] == table
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The project's deployments in a ledger of its own, each row one; and the pipeline of each by its number."""
    repo = RepoBuilder(tmp_path_factory.mktemp("devlake") / "world")
    repo.commit("Start", {"releasewatch.toml": CONFIG})
    pipelines: dict[str, str] = {}
    scopes = in_project("cicd_scopes")
    for row in rows("deployment_commits"):
        # A row without an environment is no deployment to production for DevLake either.
        if row["cicd_scope_id"] not in scopes or not row["environment"]:
            continue
        done = run_here(
            "deployment", "record", "--kind", "change", "--component", "all", "--title", row["id"],
            "--environment", row["environment"].lower(), "--key", row["id"],
            "--started-at", row["started_date"], "--finished-at", row["finished_date"],
            "--status", {"SUCCESS": "succeeded", "FAILURE": "failed"}[row["result"]],
            "--format", "json", cwd=repo.path,
        )  # fmt: skip
        assert done.status == 0, done.err
        pipelines[done.document["deployment"]["id"]] = row["cicd_deployment_id"]
    assert len(pipelines) == 13
    return repo.path, pipelines


def test_the_clock_alone_blames_what_devlake_expects(recorded):
    folder, pipelines = recorded
    expected = {row["id"]: row["deployment_id"] for row in rows("expected_incident_deployment")}
    scopes = {(table, scope) for table in ("repos", "boards") for scope in in_project(table)}
    blamed: dict[str, str] = {}
    for row in rows("incidents"):
        if (row["table"], row["scope_id"]) not in scopes:
            continue
        began_at = datetime.fromisoformat(row["created_date"]).replace(tzinfo=UTC)
        done = run_here(
            "incident", "suspects", "--since", began_at.isoformat(), "--strategy", "latest", "--limit", "1",
            "--environment", "production", "--format", "json", cwd=folder,
        )  # fmt: skip
        assert done.status == 0, done.err
        document = json.loads(done.out)
        blamed[row["id"]] = pipelines[document["suspects"][0]["deployment"]]
    assert blamed == expected
