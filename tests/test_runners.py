"""The shipped steps in real runners, on this machine itself and without a network: act and gitlab-ci-local."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IN_CI
from tests.support.repos import RepoBuilder, git_environment

HERE = Path(__file__).parents[1]
CANARY = "canary-7f3a"
WORKFLOW = f"""
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: echo "RELEASEWATCH_DATABASE_URL=postgresql://ada:{CANARY}%40x@127.0.0.1:1/ledger" >>"$GITHUB_ENV"
      - id: away
        uses: ./.action/ci/github/record-deployment
        with:
          environment: staging
          key: run-1
      - run: printf '%s-%s' "$RECORDED" "$STATUS" >"$TOLD"
        env:
          RECORDED: ${{{{ steps.away.outputs.recorded }}}}
          STATUS: ${{{{ job.status }}}}
      - run: echo "address $RELEASEWATCH_DATABASE_URL"
      - run: exit 1
      - if: always()
        id: record
        uses: ./.action/ci/github/record-deployment
        with:
          environment: production
          regions: eu us
          release: v1 "$(touch hacked)" `touch hacked`
          key: run-2
        env:
          RELEASEWATCH_DATABASE_URL: ${{{{ env.LEDGER }}}}
"""


def recorded(shop: RepoBuilder, ledger: str) -> list[dict[str, Any]]:
    shown = subprocess.run(
        [sys.executable, "-m", "releasewatch", "deployment", "list", "--format", "json"],
        cwd=shop.path,
        env=os.environ | {"RELEASEWATCH_DATABASE_URL": ledger},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(shown.stdout)["deployments"]
    return found


def test_the_action_records_how_the_job_ended_and_is_not_in_its_way(tmp_path: Path) -> None:
    """Where the ledger is away the job goes on; a job that fails is recorded as failed, and stays so."""
    shop = RepoBuilder(tmp_path / "shop")
    files = {"releasewatch.toml": '[releasewatch]\nrepo = "shop"\n[components.all]\npaths = ["**"]\n'}
    shop.commit("Start", {**files, ".github/workflows/deploy.yml": WORKFLOW})
    shutil.copytree(HERE / "ci", shop.path / ".action" / "ci")
    told, ledger = tmp_path / "told", f"sqlite:///{tmp_path}/ledger.db"
    act = Path(sys.executable).with_name("act")
    done = subprocess.run(
        [act, "push", "-P", "ubuntu-latest=-self-hosted", "--env", f"TOLD={told}", "--env", f"LEDGER={ledger}"],
        cwd=shop.path,
        env=os.environ | {"PATH": f"{act.parent}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    log = done.stdout + done.stderr
    assert done.returncode == 1, log
    assert told.read_text() == "false-success", log
    assert "releasewatch-spool:1:" in log
    (one,) = recorded(shop, ledger)
    assert (one["environment"], one["status"], one["head"]) == ("production", "failed", shop.head)
    assert [target["region"] for target in one["targets"]] == ["eu", "us"]
    assert one["release"] == 'v1 "$(touch hacked)" `touch hacked`'
    assert not list(tmp_path.rglob("hacked"))
    assert "address ***" in log
    assert CANARY not in log.partition("Run Main ./.action")[2]


PIPELINE = """
stages: [deploy, .post]
include:
  - local: ci/record-deployment.yml
    inputs: {environment: production, job: deploy, regions: eu us}

deploy:
  stage: deploy
  extends: .releasewatch-deployment
  script: ["exit $ENDS_WITH"]
"""


@pytest.fixture
def runner() -> Path:
    found = Path(sys.prefix) / "gitlab-ci-local" / "node_modules" / ".bin" / "gitlab-ci-local"
    if not (found.exists() and shutil.which("node") and shutil.which("rsync")):
        (pytest.fail if IN_CI else pytest.skip)(
            "gitlab-ci-local is not installed: ci/test does, where there is Node.js"
        )
    return found


def test_the_job_of_gitlab_records_how_another_one_ended(tmp_path: Path, runner: Path) -> None:
    shop = RepoBuilder(tmp_path / "shop")
    files = {"releasewatch.toml": '[releasewatch]\nrepo = "shop"\n[components.all]\npaths = ["**"]\n'}
    step = (HERE / "ci" / "gitlab" / "record-deployment.yml").read_bytes()
    shop.commit("Start", {**files, ".gitlab-ci.yml": PIPELINE, "ci/record-deployment.yml": step})
    shop.git("remote", "add", "origin", "git@gitlab.example.org:acme/shop.git")
    ledger, away = f"sqlite:///{tmp_path}/ledger.db", f"postgresql://ada:{CANARY}@127.0.0.1:1/ledger"
    program = Path(sys.executable).parent
    for key, ends_with, url in (("one", 0, ledger), ("two", 3, ledger), ("three", 3, away)):
        given = {"ENDS_WITH": ends_with, "RELEASEWATCH_DATABASE_URL": url, "RELEASEWATCH_RECORD_KEY": key}
        done = subprocess.run(
            [runner, "--force-shell-executor", *(f"--variable={name}={value}" for name, value in given.items())],
            cwd=shop.path,
            env=git_environment() | {"PATH": f"{program}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        log = done.stdout + done.stderr
        assert (done.returncode == 0) is (ends_with == 0), log
        assert "PASS  record-deployment" in log, log
        assert ("It waits in" in log, CANARY in log) == (url == away, False), log
    found = recorded(shop, ledger)
    assert [one["status"] for one in found] == ["failed", "succeeded"]
    assert {(one["environment"], one["head"]) for one in found} == {("production", shop.head)}


def test_strict_is_strict_in_gitlab(tmp_path: Path, runner: Path) -> None:
    """Where it was not recorded, the job fails and the pipeline with it; without it only the job that deployed can."""
    shop = RepoBuilder(tmp_path / "shop")
    files = {"releasewatch.toml": '[releasewatch]\nrepo = "shop"\n[components.all]\npaths = ["**"]\n'}
    step = (HERE / "ci" / "gitlab" / "record-deployment.yml").read_bytes()
    strict = PIPELINE.replace("regions: eu us", "strict: true")
    assert strict != PIPELINE
    shop.commit("Start", {**files, ".gitlab-ci.yml": strict, "ci/record-deployment.yml": step})
    shop.git("remote", "add", "origin", "git@gitlab.example.org:acme/shop.git")
    given = {"ENDS_WITH": 0, "RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger"}
    done = subprocess.run(
        [runner, "--force-shell-executor", *(f"--variable={name}={value}" for name, value in given.items())],
        cwd=shop.path,
        env=git_environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    log = done.stdout + done.stderr
    assert (done.returncode, "FAIL  record-deployment" in log) == (1, True), log
    assert "releasewatch-spool:1:" not in log
