"""The README's steps for each CI system, as they stand there: valid files, and shell that records what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.conftest import IN_CI
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parents[1]
CONFIG = '[releasewatch]\nrepo = "shop"\n[components.shop]\npaths = ["**"]\n'
WHOLE = {
    "GitHub Actions": (
        "vendor.github-workflows",
        "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n{}",
        0,
    ),
    "GitLab CI": ("vendor.gitlab-ci", "{}", 0),
    "Azure Pipelines": ("vendor.azure-pipelines", "{}", 0),
    "Bitbucket Pipelines": ("vendor.bitbucket-pipelines", "pipelines:\n  default:\n{}", 4),
    "CircleCI": (
        "vendor.circle-ci",
        "version: 2.1\njobs:\n  deploy:\n    docker: [{{image: a/b}}]\n{}workflows: {{w: {{jobs: [deploy]}}}}",
        4,
    ),
}
"""By the name of a system: the schema, what stands around the snippet, and by how much that is indented."""


def snippet(system: str) -> str:
    """The block under the name of a system."""
    readme = (HERE / "README.md").read_text("utf-8")
    (block,) = re.findall(rf"^\*\*{re.escape(system)}\*\*.*?```\w+\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    return str(block)


@pytest.mark.parametrize("system", WHOLE)
def test_it_is_a_file_of_that_system(system, tmp_path):
    schema, around, indent = WHOLE[system]
    block = "".join(f"{' ' * indent}{line}\n" for line in snippet(system).splitlines())
    file = tmp_path / "file.yml"
    file.write_text(around.format(block))
    words = [linter("check-jsonschema"), "--builtin-schema", schema, file]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def linter(name: str) -> Path:
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        (pytest.fail if IN_CI else pytest.skip)(f"{name} is not installed: the dependency group lint has it")
    return program


def test_zizmor_finds_nothing_in_what_is_copied_for_github(tmp_path):
    """By the same measure as in our own workflows, and pinned to the same commits."""
    _, around, _ = WHOLE["GitHub Actions"]
    file = tmp_path / ".github" / "workflows" / "deploy.yml"
    file.parent.mkdir(parents=True)
    file.write_text(f"name: Deploy\npermissions: {{}}\n{around.format(snippet('GitHub Actions'))}")
    words = [linter("zizmor"), "--offline", "--no-progress", "--quiet", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pinned = re.findall(r"uses: (\S+@[0-9a-f]{40} # \S+)", file.read_text())
    ours = (HERE / ".github" / "workflows" / "ci.yml").read_text()
    assert pinned
    assert all(one in ours for one in pinned)


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG})
    (repo.path / "ci").mkdir()
    shutil.copy(HERE / "ci" / "record-deployment.sh", repo.path / "ci")
    return repo


def recorded(shop: RepoBuilder, lines: Sequence[str], env: Mapping[str, str]) -> Any:
    """Run some lines as a job does; the one deployment that they recorded."""
    own = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **env}
    given = os.environ | {name: value.format(sha=shop.head) for name, value in own.items()}
    script = "\n".join(lines)
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=shop.path, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    words = [sys.executable, "-m", "releasewatch", "deployment", "list", "--format", "json"]
    listed = subprocess.run(words, cwd=shop.path, capture_output=True, text=True, check=True)
    (one,) = json.loads(listed.stdout)["deployments"]
    assert one["head"] == shop.head
    return one["environment"], one["status"]


def filled_in(text: str, variables: Mapping[str, str]) -> str:
    """As Azure does: what is not defined stays as it is."""
    return re.sub(r"\$\(([^)]+)\)", lambda found: variables.get(found[1], found[0]), text)


@pytest.mark.parametrize(
    ("word", "status"),
    [("Succeeded", "succeeded"), ("SucceededWithIssues", "succeeded"), ("Failed", "failed"), ("Canceled", "cancelled")],
)
def test_azure(shop, word, status):
    step = yaml.safe_load(snippet("Azure Pipelines"))["steps"][-1]
    assert step["condition"] == "always()"
    told = {"Agent.JobStatus": word, "RELEASEWATCH_DATABASE_URL": f"sqlite:///{shop.path}/.releasewatch/ledger.db"}
    env = {name: filled_in(value, told) for name, value in step["env"].items()}
    job = {"TF_BUILD": "True", "BUILD_BUILDID": "1", "SYSTEM_JOBATTEMPT": "1", "BUILD_SOURCEVERSION": "{sha}"}
    (shop.path / ".releasewatch").mkdir()
    assert recorded(shop, [step["script"]], env | job) == ("production", status)


@pytest.mark.parametrize(("code", "status"), [("0", "succeeded"), ("1", "failed")])
def test_bitbucket(shop, code, status):
    step = yaml.safe_load(snippet("Bitbucket Pipelines"))[0]["step"]
    job = {
        "CI": "true",
        "BITBUCKET_BUILD_NUMBER": "1",
        "BITBUCKET_COMMIT": "{sha}",
        "BITBUCKET_DEPLOYMENT_ENVIRONMENT": step["deployment"],
        "BITBUCKET_EXIT_CODE": code,
    }
    assert recorded(shop, step["after-script"], job) == ("production", status)


@pytest.mark.parametrize(("when", "status"), [("on_success", "succeeded"), ("on_fail", "failed")])
def test_circleci(shop, when, status):
    steps = yaml.safe_load(snippet("CircleCI"))["steps"]
    runs = [one["run"] for one in steps if isinstance(one, dict) and isinstance(one["run"], dict)]
    (command,) = (one["command"] for one in runs if one["when"] == when)
    job = {"CI": "true", "CIRCLECI": "true", "CIRCLE_PIPELINE_ID": "1", "CIRCLE_SHA1": "{sha}", "CIRCLE_BUILD_NUM": "1"}
    assert recorded(shop, [command], job) == ("production", status)


@pytest.mark.parametrize(("code", "status"), [("0", "succeeded"), ("2", "failed")])
def test_buildkite(shop, code, status):
    job = {
        "CI": "true",
        "BUILDKITE": "true",
        "BUILDKITE_BUILD_ID": "1",
        "BUILDKITE_COMMIT": "{sha}",
        "BUILDKITE_RETRY_COUNT": "0",
        "BUILDKITE_PULL_REQUEST": "false",
        "BUILDKITE_STEP_KEY": "deploy",
        "BUILDKITE_COMMAND_EXIT_STATUS": code,
    }
    assert recorded(shop, snippet("Buildkite").splitlines(), job) == ("production", status)


@pytest.mark.parametrize("key", [{}, {"BUILDKITE_STEP_KEY": "test"}], ids=["no key", "another key"])
def test_buildkite_records_nothing_after_other_steps(shop, key):
    job = {"CI": "true", "BUILDKITE": "true", "BUILDKITE_BUILD_ID": "1", "BUILDKITE_COMMAND_EXIT_STATUS": "0", **key}
    given = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **job}
    subprocess.run(["sh", "-eu", "-c", snippet("Buildkite")], cwd=shop.path, env=given, check=True)
    assert not (shop.path / ".releasewatch").exists()
