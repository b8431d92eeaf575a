"""Events that GitHub sent, put through the shipped action and its example workflow in a real runner."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.command import run_here
from tests.support.data import real_data
from tests.support.repos import RepoBuilder

HERE = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent


def test_a_deployment_that_github_tells_of_is_recorded_once(tmp_path: Path) -> None:
    """The event as it was sent, but for the commit, which is one of a repo that we do not have."""
    events = json.loads(real_data("deployments", "github-webhooks", "deployment_status.json").read_text("utf-8"))
    workflow = (HERE / "ci/github/examples/record-deployment.yml").read_text()
    workflow = workflow.replace(
        "YOUR/releasewatch/ci/github/record-deployment@v1", "./.action/ci/github/record-deployment"
    )
    workflow = re.sub(r"\n      - uses: actions/setup-python.*\n.*\n.*", "", workflow)
    workflow = workflow.replace("${{ secrets.RELEASEWATCH_DATABASE_URL }}", "${{ env.LEDGER }}")
    shop = RepoBuilder(tmp_path / "shop")
    config = '[releasewatch]\nrepo = "shop"\n[components.all]\npaths = ["**"]\n'
    shop.commit("Start", {"releasewatch.toml": config, ".github/workflows/record.yml": workflow})
    shutil.copytree(HERE / "ci", shop.path / ".action" / "ci")
    ledger, sent = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "event.json"
    event = events[0] | {"deployment": events[0]["deployment"] | {"sha": shop.head}}
    for state in (event["deployment_status"]["state"], "in_progress", "error"):
        event["deployment_status"] |= {"state": state}
        sent.write_text(json.dumps(event))
        done = subprocess.run(
            [PROGRAM / "act", "deployment_status", "-P", "ubuntu-24.04=-self-hosted", "-e", sent,
             "--env", f"LEDGER={ledger}"],
            cwd=shop.path,
            env=os.environ | {"PATH": f"{PROGRAM}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    listed = run_here(
        "deployment", "list", "--format", "json", cwd=shop.path, env={"RELEASEWATCH_DATABASE_URL": ledger}
    )
    (one,) = listed.document["deployments"]
    assert (one["environment"], one["status"], one["head"]) == ("production", "succeeded", shop.head)
