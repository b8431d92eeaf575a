"""The plan as a note in a GitLab merge request, on a fake GitLab: one for each place; without it the plan stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here
from tests.support.fake_forges import TOKEN, FakeGitLab
from tests.support.http_server import Reply, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.http_server import Request

FORGE = """
[forge]
kind = "gitlab"
url = "{url}"
project = "acme/shop"
plain_http = true
"""
PLAN = ("deployment", "plan", "--environment", "production", "--note")


@pytest.fixture
def gitlab(shop) -> Iterator[FakeGitLab]:
    with running_server() as server:
        forge = FakeGitLab(server)
        config = (shop.path / "releasewatch.toml").read_text() + FORGE.format(url=server.url)
        base = shop.commit("chore: with a forge", {"releasewatch.toml": config})
        shop.commit("fix: more for Acme GmbH", {"services/invoicing/a.py": "7"})
        forge.job = {
            "GITLAB_CI": "true",
            "CI": "true",
            "CI_PIPELINE_ID": "7",
            "CI_JOB_ID": "9",
            "CI_PROJECT_PATH": "acme/shop",
            "CI_MERGE_REQUEST_IID": "12",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "RELEASEWATCH_GITLAB_TOKEN": TOKEN,
        }
        yield forge


def plan(shop, gitlab, *words, status=0, **env):
    done = run_here(*PLAN, *words, cwd=shop.path, env={**gitlab.job, **env})
    assert (done.status, TOKEN in done.out + done.err) == (status, False), done.err
    return done.err


def test_a_note_is_written_once_for_each_place_and_anew_when_it_changes(shop, gitlab):
    gitlab.page = 2
    gitlab.notes[12] = [{"id": 100 + number, "body": f"person {number}"} for number in range(3)]
    assert "The note in merge request 12 is written." in plan(shop, gitlab)
    assert "is as it was." in plan(shop, gitlab)
    shop.commit("fix: yet more", {"services/checkout/a.py": "7"})
    assert "is written anew." in plan(shop, gitlab)
    assert "is written." in plan(shop, gitlab, "--region", "eu")
    *people, everywhere, eu = [one["body"] for one in gitlab.notes[12]]
    assert people == ["person 0", "person 1", "person 2"]
    assert everywhere.startswith("<!-- releasewatch plan: production -->\n## Deploying ")
    assert eu.startswith("<!-- releasewatch plan: production eu -->\n")
    assert "Acme" not in everywhere + eu


def test_a_broken_rule_is_in_the_note_and_fails_all_the_same(shop, gitlab):
    plan(shop, gitlab, "--fail-on", "customers>0", "--format", "json", status=1)
    assert "[!CAUTION]" in gitlab.notes[12][0]["body"]


def test_why_there_is_no_note_is_said_and_the_plan_stands(shop, gitlab):
    def refuse(request: Request) -> Reply | None:
        return Reply({"message": "403 Forbidden"}, 403) if request.method == "POST" else None

    assert "CI_JOB_TOKEN cannot write notes" in plan(shop, gitlab, RELEASEWATCH_GITLAB_TOKEN="", CI_JOB_TOKEN="x")
    assert "comes from a fork" in plan(shop, gitlab, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="2")
    assert "no job of a GitLab merge request" in plan(shop, gitlab, CI_MERGE_REQUEST_IID="")
    gitlab.before = refuse
    said = plan(shop, gitlab)
    assert "The plan is in no note of the merge request." in said
    assert "403" in said
    assert gitlab.notes[12] == []
