"""The shipped gate and flag steps: in real runners, and the comment of a pull request against a server of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.command import run_here
from tests.support.repos import RepoBuilder, git_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parents[1]
COMMENT = HERE / "ci/github/plan-deployment/comment.py"
PROGRAM = Path(sys.executable).parent
CONFIG = '[releasewatch]\nrepo = "shop"\n[components.all]\npaths = ["**"]\n'

WORKFLOW = """
on:
  pull_request:
  workflow_dispatch:
    inputs:
      title:
        type: string
jobs:
  plan:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: plan
        uses: ./.action/ci/github/plan-deployment
        with:
          environment: production
          fail-on: |
            customers>0
            customer=acme
          release: v1 "$(touch hacked)" `touch hacked`
      - if: always()
        run: printf '%s' "$STATUS" >"$TOLD"
        env:
          STATUS: ${{ steps.plan.outputs.status }}
  flag:
    if: github.event_name == 'workflow_dispatch'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: first
        uses: ./.action/ci/github/flag-deployment
        with: &flag
          title: ${{ inputs.title }}
          components: shop/all
          started-at: 20m
      - id: second
        uses: ./.action/ci/github/flag-deployment
        with: *flag
      - run: printf '%s %s' "$FIRST" "$SECOND" >"$TOLD"
        env:
          FIRST: ${{ steps.first.outputs.incident }}
          SECOND: ${{ steps.second.outputs.incident }}
"""


def releasewatch(shop: RepoBuilder, ledger: str, *words: str) -> str:
    done = run_here(*words, cwd=shop.path, env={"RELEASEWATCH_DATABASE_URL": ledger})
    assert done.status == 0, done.err
    return done.out


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with a customer, a deployment, and a commit that would reach them."""
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, ".github/workflows/gate.yml": WORKFLOW, ".gitignore": "*.csv\n"})
    (repo.path / "customers.csv").write_text("key,name\nacme,Acme GmbH\n")
    (repo.path / "entitlements.csv").write_text("customer,component\nacme,shop/all\n")
    shutil.copytree(HERE / "ci", repo.path / ".action" / "ci")
    ledger = ledger_of(repo)
    files = ("--customers", "customers.csv", "--entitlements", "entitlements.csv")
    releasewatch(repo, ledger, "customer", "import", *files)
    releasewatch(repo, ledger, "deployment", "record", "--environment", "production", "-q")
    repo.commit("fix: more", {"a.py": "1"})
    return repo


def ledger_of(repo: RepoBuilder) -> str:
    return f"sqlite:///{repo.path.parent}/ledger.db"


def act(shop: RepoBuilder, event: str, payload: dict[str, Any]) -> tuple[int, str, str]:
    """Run the workflow on an event; the exit status, the log and what the workflow told."""
    folder = shop.path.parent
    (folder / "event.json").write_text(json.dumps(payload))
    told = folder / "told"
    variables = {"TOLD": str(told), "RELEASEWATCH_DATABASE_URL": ledger_of(shop)}
    done = subprocess.run(
        [PROGRAM / "act", event, "-P", "ubuntu-latest=-self-hosted", "-e", folder / "event.json",
         *(word for name, value in variables.items() for word in ("--env", f"{name}={value}"))],
        cwd=shop.path,
        env=os.environ | {"PATH": f"{PROGRAM}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / "cache")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    log = done.stdout + done.stderr
    assert told.exists(), log
    return done.returncode, log, told.read_text()


def test_the_plan_fails_a_pull_request_that_breaks_a_rule(shop: RepoBuilder, tmp_path: Path) -> None:
    repo = {"full_name": "acme/shop"}
    base = {"sha": shop.sha("HEAD~1"), "ref": "main", "repo": repo}
    event = {"pull_request": {"number": 7, "head": {"sha": shop.head, "repo": repo}, "base": base}}
    status, log, told = act(shop, "pull_request", event)
    assert (status, told) == (1, "1"), log
    assert "would reach 1 customer" in log
    assert "**customers\\>0:** It reaches 1 customer by name or directly; more than 0 is too many." in log
    assert "in no comment: there is no token" in log
    assert "Acme GmbH" not in log
    assert not list(tmp_path.rglob("hacked"))


def test_a_bad_deployment_is_flagged_once_however_often_it_is_run(shop: RepoBuilder, tmp_path: Path) -> None:
    title = 'invoices "500" $(touch hacked) `touch hacked`'
    status, log, told = act(shop, "workflow_dispatch", {"inputs": {"title": title}})
    assert (status, told) == (0, "INC-1 INC-1"), log
    assert not list(tmp_path.rglob("hacked"))
    listed = json.loads(releasewatch(shop, ledger_of(shop), "incident", "list", "--format", "json"))
    assert [one["title"] for one in listed["incidents"]] == [title]


class GitHub:
    """Comments of one pull request, as GitHub's API keeps them; `refuses`: the status of every answer."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.refuses = 0
        self.asked: list[tuple[str, str]] = []

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path))
        if self.refuses or token != "Bearer t0ken":
            return self.refuses or 401, {"message": "no"}
        where, _, query = path.partition("?")
        if method == "GET":
            page = int(query.rpartition("page=")[2])
            return 200, self.comments[(page - 1) * 100 : page * 100]
        if method == "POST":
            assert where == "/repos/acme/shop/issues/7/comments"
            self.comments.append({"id": len(self.comments), "body": body["body"]})
            return 201, self.comments[-1]
        self.comments[int(where.rpartition("/")[2])]["body"] = body["body"]
        return 200, {}


@contextmanager
def serving(github: GitHub) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, found = github.answer(self.command, self.path, self.headers["Authorization"], body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - so the library calls them

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def comment(tmp_path: Path) -> Iterator[Any]:
    """Write a comment on a server; gives the server and the command."""
    github = GitHub()
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
    with serving(github) as url:

        def run(text: str, about: str = "production ", **env: str) -> str:
            (tmp_path / "plan.md").write_text(text)
            given = {
                "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "acme/shop", "COMMENT_TOKEN": "t0ken", "COMMENT": "true",
                "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), "COMMENT_FILE": str(tmp_path / "plan.md"),
                "COMMENT_ABOUT": about, **env,
            }  # fmt: skip
            done = subprocess.run(
                [sys.executable, COMMENT], env=os.environ | given, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            assert "t0ken" not in done.stdout
            return done.stdout

        yield github, run


def test_a_comment_is_written_anew_and_never_repeated(comment):
    github, run = comment
    github.comments = [{"id": number, "body": "a word of somebody"} for number in range(150)]
    assert run("## One\n") == "The comment is written.\n"
    assert run("## One\n") == "The comment is as it was.\n"
    assert run("## Two\n") == "The comment is written anew.\n"
    assert [one["body"] for one in github.comments[150:]] == ["<!-- releasewatch plan: production  -->\n## Two\n"]
    run("## Staging\n", about="staging --> x")
    assert len(github.comments) == 152
    assert github.comments[151]["body"].startswith("<!-- releasewatch plan: staging -> x -->\n")
    run("x\n" * 60_000)
    assert len(github.comments[150]["body"]) < 65_536


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500])
def test_where_no_comment_may_be_written_it_says_so_and_goes_on(comment, status):
    github, run = comment
    github.refuses = status
    said = run("## One\n")
    assert said.startswith("::notice ")
    assert f"GitHub answered {status}" in said
    assert (github.comments, len(github.asked)) == ([], 1)


def test_a_server_that_is_away_and_a_comment_that_is_not_wanted(comment):
    github, run = comment
    assert "GitHub did not answer" in run("## One\n", GITHUB_API_URL="http://127.0.0.1:1")
    assert "there is no token" in run("## One\n", COMMENT_TOKEN="")
    assert run("## One\n", COMMENT="false") == run(" \n") == ""
    assert github.asked == []


def test_a_fork_that_is_told_no_ledger_plans_nothing(tmp_path):
    script, outputs = HERE / "ci/github/plan-deployment/plan.sh", tmp_path / "outputs"
    env = os.environ | {"FROM_A_FORK": "true", "GITHUB_OUTPUT": str(outputs), "GITHUB_ACTION_PATH": str(script.parent)}
    env.pop("RELEASEWATCH_DATABASE_URL", None)
    done = subprocess.run(["sh", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, outputs.read_text()) == (0, "status=skipped\n")
    assert "nothing was planned" in done.stdout


def test_the_steps_name_only_variables_that_the_program_reads():
    words = [sys.executable, "-m", "releasewatch", "deployment", "plan", "--help"]
    known = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for file in ("ci/github/plan-deployment/action.yml", "ci/gitlab/plan-deployment.yml"):
        jobs = list(yaml.safe_load_all((HERE / file).read_text()))[-1]
        steps = jobs["runs"]["steps"] if "runs" in jobs else [{"env": jobs["plan-deployment"]["variables"]}]
        named = {name for step in steps for name in step.get("env", {}) if name.startswith("RELEASEWATCH_PLAN_")}
        assert len(named) > 5
        assert not [name for name in named if name not in known.replace("\n", " ")], file


PIPELINE = """
stages: [test]
include:
  - local: ci/plan-deployment.yml
    inputs: {environment: production, fail-on: "exposed>5\\ncustomers>0"}
"""


def test_the_gate_of_gitlab_fails_where_a_rule_is_broken(shop: RepoBuilder) -> None:
    runner = Path(sys.prefix) / "gitlab-ci-local" / "node_modules" / ".bin" / "gitlab-ci-local"
    if not (runner.exists() and shutil.which("node") and shutil.which("rsync")):
        pytest.skip("gitlab-ci-local is not installed: ci/test does, where there is Node.js")
    step = (HERE / "ci/gitlab/plan-deployment.yml").read_bytes()
    shop.commit("Pipeline", {".gitlab-ci.yml": PIPELINE, "ci/plan-deployment.yml": step})
    shop.git("remote", "add", "origin", "git@gitlab.example.org:acme/shop.git")
    done = subprocess.run(
        [runner, "--force-shell-executor", f"--variable=RELEASEWATCH_DATABASE_URL={ledger_of(shop)}"],
        cwd=shop.path, env=git_environment() | {"PATH": f"{PROGRAM}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    log = done.stdout + done.stderr
    assert done.returncode == 1, log
    assert "**customers\\>0:**" in log
    assert "**exposed" not in log
