"""The steps that are shipped for other people's pipelines: never in the way, and with nothing of theirs in a script."""

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

from releasewatch.domain.spool import from_line
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parents[1]
STEP = HERE / "ci" / "record-deployment.sh"
ACTIONS = sorted((HERE / "ci" / "github").glob("*/action.yml"))
GITLAB = sorted((HERE / "ci" / "gitlab").glob("*.yml"))
CONFIG = '[releasewatch]\nrepo = "shop"\n[components.shop]\npaths = ["**"]\n'


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG})
    return repo


def step(shop: RepoBuilder, *words: str, path: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a pipeline does, with the program of this environment first on its path."""
    given = {"PATH": path or f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CI": "true", **env}
    return subprocess.run(
        ["sh", STEP, *words], cwd=shop.path, env=os.environ | given, capture_output=True, text=True, check=False
    )


def recorded(shop: RepoBuilder) -> list[dict[str, Any]]:
    words = [sys.executable, "-m", "releasewatch", "deployment", "list", "--format", "json"]
    done = subprocess.run(words, cwd=shop.path, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["deployments"]
    return found


def test_a_step_records_what_its_variables_say(shop):
    done = step(
        shop,
        RELEASEWATCH_RECORD_ENVIRONMENT="production",
        RELEASEWATCH_RECORD_STATUS="ABORTED",
        RELEASEWATCH_RECORD_COMPONENTS="",
        RELEASEWATCH_RECORD_REGIONS="eu us",
        RELEASEWATCH_RECORD_RELEASE="$(touch hacked); `touch hacked` v1",
        RELEASEWATCH_RECORD_KEY="run-1",
    )
    assert done.returncode == 0, done.stderr
    (one,) = recorded(shop)
    assert (one["environment"], one["status"], one["release"]) == (
        "production",
        "cancelled",
        "$(touch hacked); `touch hacked` v1",
    )
    assert [target["region"] for target in one["targets"]] == ["eu", "us"]
    assert not (shop.path / "hacked").exists()


def test_options_are_passed_on_and_go_before_variables(shop):
    done = step(shop, "--environment", "staging", "--key", "k", RELEASEWATCH_RECORD_ENVIRONMENT="production")
    assert done.returncode == 0, done.stderr
    assert [one["environment"] for one in recorded(shop)] == ["staging"]


def test_a_ledger_that_is_away_leaves_the_record_in_the_spool(shop):
    done = step(shop, "--environment", "production", RELEASEWATCH_DATABASE_URL="postgresql://127.0.0.1:1/ledger")
    assert done.returncode == 0, done.stderr
    assert "releasewatch-spool:1:" in done.stderr
    assert len(list((shop.path / ".releasewatch" / "spool").glob("*.spool"))) == 1


def test_a_broken_config_leaves_it_there_too(shop, tmp_path):
    shop.commit("Break", {"releasewatch.toml": "["})
    output = tmp_path / "output"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_RUN_ID": "1"}
    done = step(shop, "--environment", "production", **env)
    assert done.returncode == 0, done.stderr
    (file,) = (shop.path / ".releasewatch" / "spool").glob("*.spool")
    assert file.read_text().strip() in output.read_text()
    assert "::warning" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("env", "status"),
    [
        ({"RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger"}, 3),
        ({"RELEASEWATCH_RECORD_STATUS": "skipped"}, 2),
        ({"RELEASEWATCH_CONFIG": "no-such.toml"}, 2),
        ({"RELEASEWATCH_RECORD_TIMEOUT": "soon"}, 2),
    ],
)
def test_what_fails_fails_the_step_in_strict_mode_alone(shop, env, status):
    named = {"RELEASEWATCH_RECORD_ENVIRONMENT": "production", **env}
    assert step(shop, **named).returncode == 0
    assert step(shop, **named, RELEASEWATCH_RECORD_STRICT="true").returncode == status


@pytest.mark.parametrize(
    ("env", "begin"),
    [({"GITHUB_ACTIONS": "true"}, "::warning "), ({"TF_BUILD": "True"}, "##vso[task.logissue type=warning]"), ({}, "")],
)
def test_a_step_that_cannot_record_says_so_at_the_top_of_the_run(shop, tmp_path, env, begin):
    program = tmp_path / "releasewatch"
    program.write_text("#!/bin/sh\nexit 2\n")
    program.chmod(0o755)
    done = step(shop, path=f"{tmp_path}:{os.environ['PATH']}", **env)
    assert done.returncode == 0
    assert "was not recorded (exit status 2)" in done.stderr
    assert any(line.startswith(begin) for line in done.stdout.splitlines()) is bool(begin)


def test_where_it_cannot_be_installed_the_job_goes_on(shop, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "mktemp", "rm", "date"):
        (bare / name).symlink_to(f"/usr/bin/{name}")
    done = step(shop, path=str(bare), PYTHON="/bin/false", RELEASEWATCH_RECORD_ENVIRONMENT="production")
    assert done.returncode == 0, done.stderr
    assert "could not be installed" in done.stderr
    strict = step(shop, path=str(bare), PYTHON="/bin/false", RELEASEWATCH_RECORD_STRICT="true")
    assert strict.returncode == 3


def scripts(action: Mapping[str, Any]) -> list[str]:
    return [one["run"] for one in action["runs"]["steps"]]


@pytest.mark.parametrize("file", ACTIONS, ids=lambda file: file.parent.name)
def test_an_action_has_no_expression_inside_a_script(file):
    action = yaml.safe_load(file.read_text())
    assert action["runs"]["using"] == "composite"
    assert scripts(action)
    assert not [script for script in scripts(action) if "${{" in script]
    used = " ".join(str(one.get("env", "")) + str(one.get("working-directory", "")) for one in action["runs"]["steps"])
    assert sorted(re.findall(r"inputs\.([a-z-]+)", used)) == sorted(action["inputs"])


@pytest.mark.parametrize("ledger", ["", "postgresql://127.0.0.1:1/ledger"], ids=["no ledger named", "a ledger"])
def test_a_wrong_working_directory_of_the_action_loses_no_record(shop, tmp_path, ledger):
    """It is a warning: the record waits in the job's own folder, or its line in the log, and names the commit."""
    action = yaml.safe_load((HERE / "ci/github/record-deployment/action.yml").read_text())
    (script,) = (one["run"] for one in action["runs"]["steps"] if one.get("id") == "record")
    given = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_SHA": shop.head,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_WORKSPACE": str(shop.path),
        "GITHUB_ACTION_PATH": str(HERE / "ci/github/record-deployment"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "FOLDER": "no/such",
        "TMPDIR": str(tmp_path),
        "RELEASEWATCH_RECORD_ENVIRONMENT": "production",
        "RELEASEWATCH_RECORD_STATUS": "success",
        "RELEASEWATCH_DATABASE_URL": ledger,
    }
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=shop.path, env=os.environ | given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "::warning title=releasewatch::The working directory of this step is not there" in done.stdout
    assert "recorded<<" in (tmp_path / "output").read_text()
    (file,) = (shop.path / ".releasewatch" / "spool").glob("*.spool")
    flush = [sys.executable, "-m", "releasewatch", "spool", "flush"]
    made = subprocess.run(
        flush, cwd=shop.path, env=os.environ | {"CI": ""}, capture_output=True, text=True, check=False
    )
    assert (made.returncode, file.exists()) == (0, False), made.stdout
    (one,) = recorded(shop)
    assert (one["head"], one["status"]) == (shop.head, "succeeded")


def test_the_status_of_an_action_is_the_jobs():
    action = yaml.safe_load((HERE / "ci/github/record-deployment/action.yml").read_text())
    assert action["inputs"]["status"]["default"] == "${{ job.status }}"
    readme = (HERE / "README.md").read_text("utf-8")
    used = readme.index("ci/github/record-deployment@")
    assert "if: always()" in readme[used - 200 : used]


@pytest.mark.parametrize("file", GITLAB, ids=lambda file: file.stem)
def test_a_job_of_gitlab_uses_every_input_and_none_inside_a_script(file):
    spec, jobs = yaml.safe_load_all(file.read_text())
    used = re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", file.read_text())
    assert set(used) == set(spec["spec"]["inputs"])
    assert "$[[" not in str([job.get("script") for job in jobs.values()])


def test_steps_name_only_variables_that_the_program_reads():
    known = subprocess.run(
        [sys.executable, "-m", "releasewatch", "deployment", "record", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    named = set(re.findall(r"RELEASEWATCH_RECORD_[A-Z]+", "".join(file.read_text() for file in (*ACTIONS, *GITLAB))))
    of_the_script = {"RELEASEWATCH_RECORD_STRICT", "RELEASEWATCH_RECORD_TIMEOUT"}
    assert named - of_the_script <= set(re.findall(r"RELEASEWATCH_RECORD_[A-Z]+", known.replace("\n", " ")))


def test_the_job_of_gitlab_is_the_script_word_for_word():
    """An included file has no script beside it."""
    _, jobs = yaml.safe_load_all((HERE / "ci/gitlab/record-deployment.yml").read_text())
    (text,) = jobs["record-deployment"]["script"]
    _, _, inside = text.partition("\n(\n")
    lines = [line.removeprefix("  ") for line in inside.rpartition("\n)")[0].splitlines()]
    script = STEP.read_text()
    assert lines == script[script.index("set -eu") :].splitlines()


def test_in_gitlab_a_deployment_begins_with_the_job_that_deploys(shop):
    """The one that records it starts later, and knows its own start alone: what the first one gives on goes before."""
    _, jobs = yaml.safe_load_all((HERE / "ci/gitlab/record-deployment.yml").read_text())
    job = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "1", "CI_COMMIT_SHA": shop.head}
    deploys = {"CI_JOB_STATUS": "failed", "CI_JOB_STARTED_AT": "2026-01-31T16:47:55Z", "CI_JOB_ID": "7"}
    (line,) = jobs[".releasewatch-deployment"]["after_script"]
    subprocess.run(["sh", "-e", "-c", line], cwd=shop.path, env=os.environ | job | deploys, check=True)
    report = jobs[".releasewatch-deployment"]["artifacts"]["reports"]["dotenv"]
    given = dict(line.split("=", 1) for line in (shop.path / report).read_text().splitlines())
    records = {"CI_JOB_STARTED_AT": "2026-01-31T16:59:01Z", "CI_JOB_ID": "8"}
    done = step(shop, RELEASEWATCH_RECORD_ENVIRONMENT="production", **job, **records, **given)
    assert done.returncode == 0, done.stderr
    (one,) = recorded(shop)
    words = [sys.executable, "-m", "releasewatch", "deployment", "show", one["id"], "--format", "json"]
    shown = subprocess.run(words, cwd=shop.path, capture_output=True, text=True, check=True)
    assert (one["status"], json.loads(shown.stdout)["deployment"]["started_at"]) == ("failed", "2026-01-31T16:47:55Z")


def slow_python(folder: Path) -> Path:
    """A Python that makes no virtual environment in any time one would wait for."""
    slow = folder / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    return slow


@pytest.mark.parametrize("has_timeout", [True, False], ids=["timeout", "no timeout"])
def test_the_time_of_the_step_bounds_the_installation_too(shop, tmp_path, has_timeout):
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "mktemp", "rm", "date", "sleep", *(["timeout"] if has_timeout else [])):
        (bare / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    done = step(shop, path=str(bare), PYTHON=str(slow_python(tmp_path)), RELEASEWATCH_RECORD_TIMEOUT="1")
    assert done.returncode == 0, done.stderr
    assert "could not be installed (releasewatch[postgres]) within 1 s." in done.stderr


def test_what_the_installation_took_is_not_left_for_the_record(shop, tmp_path):
    """Of 600 seconds some are gone; the program is told what is left, and words that are no number as they are."""
    told = tmp_path / "told"
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"\n'
        f'printf \'#!/bin/sh\\nprintf "%%s\\\\n" "$*" >{told}\\n\' >"$3/bin/releasewatch"\n'
        'chmod +x "$3/bin/releasewatch"; sleep 2; fi\n'
    )
    python.chmod(0o755)
    for given in ("600", "abc", "08"):
        done = step(shop, path="/usr/bin:/bin", PYTHON=str(python), RELEASEWATCH_RECORD_TIMEOUT=given)
        assert done.returncode == 0, done.stderr
        left = told.read_text().partition("--timeout ")[2].split()[0]
        assert (0 < int(left) <= 598) if given == "600" else (left == given)


def test_a_wrong_word_of_a_step_is_kept(shop):
    done = step(shop, RELEASEWATCH_RECORD_ENVIRONMENT="production", RELEASEWATCH_RECORD_STATUS="skipped")
    assert done.returncode == 0, done.stderr
    assert "'skipped' is not one of succeeded, failed, cancelled" in done.stderr
    assert len(list((shop.path / ".releasewatch" / "spool").glob("*.spool"))) == 1


def test_so_is_a_variable_that_was_not_filled_in(shop):
    """As Azure leaves it: no region of that name begins to exist, and the record waits for the one that was meant."""
    done = step(shop, RELEASEWATCH_RECORD_ENVIRONMENT="production", RELEASEWATCH_RECORD_REGIONS="$(REGION)")
    assert done.returncode == 0, done.stderr
    assert "'$(REGION)' holds a variable that was not filled in." in done.stderr
    (file,) = (shop.path / ".releasewatch" / "spool").glob("*.spool")
    flush = [
        sys.executable,
        "-m",
        "releasewatch",
        "spool",
        "flush",
        "--set",
        f"{from_line(file.read_text()).id}:region=eu",
    ]
    subprocess.run(flush, cwd=shop.path, capture_output=True, check=True)
    (one,) = recorded(shop)
    assert [target["region"] for target in one["targets"]] == ["eu"]
