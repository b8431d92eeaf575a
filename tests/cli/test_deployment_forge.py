"""What a forge adds to a deployment, before and after the fact: on a fake GitHub and a fake GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import Finished, run_here
from tests.support.fake_forges import TOKEN, FakeGitHub, FakeGitLab
from tests.support.http_server import Reply, running_server
from tests.support.repos import RepoBuilder

CONFIG = """
[releasewatch]
repo = "shop"
[forge]
kind = "{kind}"
url = "{url}"
project = "acme/shop"
[components.invoicing]
title = "Invoices"
paths = ["services/invoicing/**"]
"""
ENVIRON = {"RELEASEWATCH_GITHUB_TOKEN": TOKEN, "RELEASEWATCH_GITLAB_TOKEN": TOKEN}
ON_GITHUB = pytest.mark.parametrize("shop", ["github"], indirect=True)
ON_GITLAB = pytest.mark.parametrize("shop", ["gitlab"], indirect=True)


class Shop:
    """A repo with two commits deployed after a first one, and its forge."""

    def __init__(self, folder: Path, forge: FakeGitHub | FakeGitLab, kind: str) -> None:
        self.forge, self.kind = forge, kind
        self.repo = RepoBuilder(folder)
        self.start = self.repo.commit("Start", {"releasewatch.toml": CONFIG.format(kind=kind, url=forge.server.url)})
        self.run("deployment", "record", "--environment", "production", "--key", "one", env={})
        self.squashed = self.repo.commit("wip", {"services/invoicing/a": "1"})
        self.plain = self.repo.commit("Correct a slip", {"services/invoicing/b": "1"})

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Finished:
        return run_here(*arguments, cwd=self.repo.path, env=ENVIRON if env is None else env)

    def notes(self, audience: str = "engineering") -> str:
        done = self.run("notes", "render", "--deployment", "two", "--audience", audience)
        assert done.status == 0, done.err
        return done.out


@pytest.fixture(params=["github", "gitlab"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    made: type[FakeGitHub | FakeGitLab] = {"github": FakeGitHub, "gitlab": FakeGitLab}[request.param]
    with running_server() as server:
        yield Shop(tmp_path / "shop", made(server), request.param)


def recorded(shop: Shop, env: dict[str, str] | None = None) -> Finished:
    done = shop.run("deployment", "record", "--environment", "production", "--key", "two", "--format", "json", env=env)
    assert done.status == 0, done.err
    return done


def test_titles_of_pull_requests_stand_in_notes(shop: Shop) -> None:
    shop.forge.merge(7, "Invoices show the due date", shop.squashed, body="Closes #3")
    shop.forge.before = lambda _: Reply({}, 503)
    recorded(shop, env={})
    assert "wip" in shop.notes()
    shop.forge.before = None
    done = shop.run("deployment", "enrich", "--deployment", "two", "--format", "json")
    assert done.status == 0, done.err
    told = done.document["forge"]
    assert (told["with_pull_request"], told["without_pull_request"], told["missing"]) == (1, 1, 0)
    notes = shop.notes()
    assert "Invoices show the due date" in notes
    assert "#7" in notes
    assert "wip" not in notes
    assert "Correct a slip" in notes
    asked = len(shop.forge.server.asked)
    again = shop.run("deployment", "enrich", "--deployment", "two", "--format", "json")
    assert again.document["forge"]["known_before"] == 2
    assert len(shop.forge.server.asked) == asked


@ON_GITHUB
def test_a_record_asks_the_forge_itself(shop: Shop) -> None:
    shop.forge.merge(7, "Invoices show the due date", shop.squashed)
    shop.forge.unknown.add(shop.plain)
    told = recorded(shop).document["forge"]
    assert (told["with_pull_request"], told["missing"], told["why_missing"], told["unrecorded"]) == (1, 0, None, [])
    assert "Invoices show the due date" in shop.notes()


@ON_GITLAB
def test_a_forge_that_does_not_answer_is_not_in_the_way(shop: Shop) -> None:
    shop.forge.before = lambda _: Reply({}, 401)
    done = recorded(shop)
    told = done.document["forge"]
    assert told["missing"] == 2
    assert "does not accept the token (401)" in told["why_missing"]
    assert "The deployment is recorded" in done.err
    assert "releasewatch deployment enrich --deployment D-2" in done.err
    assert TOKEN not in done.out + done.err
    failed = shop.run("deployment", "enrich", "--deployment", "two", "--format", "json")
    assert (failed.status, failed.error["code"]) == (3, "outside_failed")
    shop.forge.before = None
    shop.forge.merge(7, "Invoices show the due date", shop.squashed)
    assert shop.run("deployment", "enrich").out.endswith("s of 1 of 2 commits.\n")


@ON_GITHUB
def test_a_broken_setting_is_not_in_the_way_either(shop: Shop) -> None:
    config = (shop.repo.path / "releasewatch.toml").read_text()
    (shop.repo.path / "releasewatch.toml").write_text(
        config.replace("acme/shop", 'shop"\ntoken = "env:RELEASEWATCH_NO')
    )
    done = recorded(shop)
    assert "the variable RELEASEWATCH_NO is not set" in done.document["forge"]["why_missing"]


@ON_GITHUB
def test_labels_speak_as_trailers_do_and_people_come_first(shop: Shop) -> None:
    labels = ["Customer: acme", "release-note: Due dates are shown", "bug", "audience: customer"]
    shop.forge.merge(7, "Show due dates", shop.squashed, labels=labels)
    (shop.repo.path / "customers.csv").write_text("key,name\nacme,Acme GmbH\n")
    (shop.repo.path / "entitlements.csv").write_text("customer,component\nacme,other\n")
    files = ["--customers", "customers.csv", "--entitlements", "entitlements.csv"]
    assert shop.run("customer", "import", "--directory", "crm", *files).status == 0
    recorded(shop, env={})
    shop.run("deployment", "enrich", "--deployment", "two")
    shown = shop.run("deployment", "show", "two", "--format", "json").document
    assert shown["exposure"]["named"] == 1
    assert "Due dates are shown" in shop.notes("customer")
    edited = shop.run("change", "edit", shop.squashed, "--wording", "Due dates, at last", "--why", "better")
    assert edited.status == 0, edited.err
    notes = shop.notes("customer")
    assert "Due dates, at last" in notes
    assert "are shown" not in notes


@ON_GITLAB
def test_a_label_keeps_a_change_inside(shop: Shop) -> None:
    shop.forge.merge(7, "Show due dates", shop.squashed, labels=["Audience: engineering"])
    recorded(shop)
    assert "Show due dates" in shop.notes()
    assert "due dates" not in shop.notes("account")
    assert "wip" not in shop.notes("account")


@ON_GITHUB
def test_a_mark_is_left_once(shop: Shop) -> None:
    record = ("deployment", "record", "--environment", "production", "--key", "two", "--mark", "--format", "json")
    first, second = shop.run(*record), shop.run(*record)
    assert (first.document["forge"]["marked"], second.document["forge"]["marked"]) == (True, True)
    assert "was told of it" in first.err
    assert "knew of it" in second.err
    assert len(shop.forge.deployments) == 1
    shop.forge.before = lambda request: Reply({}, 403) if request.method == "POST" else None
    shop.repo.commit("More", {"services/invoicing/c": "1"})
    refused = shop.run(*record[:5], "three", *record[6:])
    assert (refused.status, refused.document["forge"]["marked"]) == (0, False)
    assert "was not told of the deployment" in refused.err


@ON_GITLAB
def test_what_a_forge_knows_becomes_the_past(shop: Shop) -> None:
    done = "success"
    shop.forge.deploy(1, shop.start, "production", "2026-01-06T10:00:00Z", (done, "2026-01-06T10:05:00Z"))
    shop.forge.deploy(2, shop.squashed, "production", "2026-01-07T10:00:00Z", ("failed", "2026-01-07T10:05:00Z"))
    shop.forge.deploy(3, "f" * 40, "production", "2026-01-08T10:00:00Z", (done, "2026-01-08T10:05:00Z"))
    shop.forge.deploy(4, shop.plain, "production", "2026-01-09T10:00:00Z")
    command = ("deployment", "import", "--source", shop.kind, "--environment", "production", "--format", "json")
    first, again = shop.run(*command), shop.run(*command)
    assert first.status == 0, first.err
    assert [first.document["import"][name] for name in ("read", "recorded", "rejected")] == [4, 2, 1]
    assert first.document["import"]["left_out"] == [{"reason": "not ended there", "count": 1}]
    assert [one["forge_id"] for one in first.document["rejected"]] == ["3"]
    assert [again.document["import"][name] for name in ("recorded", "already_recorded")] == [0, 2]
    listed = shop.run("deployment", "list", "--format", "json").document["deployments"]
    assert [(one["head"], one["status"], one["source"]) for one in listed][1:] == [
        (shop.squashed, "failed", shop.kind),
        (shop.start, "succeeded", shop.kind),
    ]
    shown = shop.run("deployment", "show", "D-2").out
    assert "[imported from GitLab]" in shown


@ON_GITHUB
def test_what_was_told_as_it_happened_is_not_imported_again(shop: Shop) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    shop.forge.deploy(1, shop.start, "production", now, ("success", now))
    command = ("deployment", "import", "--source", shop.kind, "--environment", "production", "--format", "json")
    assert shop.run(*command).document["import"]["left_out"] == [{"reason": "told as it happened", "count": 1}]


@ON_GITLAB
def test_a_record_names_what_the_ledger_lacks(shop: Shop) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    shop.forge.deploy(1, shop.squashed, "production", now, ("success", now))
    shop.forge.deploy(2, shop.plain, "production", now, ("success", now))
    done = recorded(shop)
    assert [one["head"] for one in done.document["forge"]["unrecorded"]] == [shop.squashed]
    assert f"deployments to production that the ledger lacks: {shop.squashed[:10]}" in done.err
    assert f"releasewatch deployment import --source {shop.kind} --environment production" in done.err


@ON_GITHUB
def test_doctor_has_a_line_for_the_forge(shop: Shop) -> None:
    def line() -> tuple[str, str]:
        checks = shop.run("doctor", "--format", "json").document["checks"]
        (found,) = (one for one in checks if one["name"] == "forge")
        return found["state"], found["text"]

    state, text = line()
    assert state == "ok"
    assert f"the token is from RELEASEWATCH_{shop.kind.upper()}_TOKEN" in text
    assert "4,999 requests left" in text
    shop.forge.before = lambda _: Reply({}, 404)
    assert line()[0] == "fail"


@ON_GITHUB
def test_calls_that_are_wrong(shop: Shop) -> None:
    for words, said in (
        (("enrich", "--deployment", "two", "--since", "3d"), "Leave one of them out"),
        (("enrich", "--deployment", "D-99"), "no deployment D-99"),
        (("import", "--source", shop.kind), "Add --environment production"),
        (("import", "--source", shop.kind, "--environment", "x", "--tags", "v*"), "a forge is asked"),
        (
            ("import", "--source", "github" if shop.kind == "gitlab" else "gitlab", "--environment", "x"),
            f"Use --source {shop.kind}",
        ),
    ):
        done = shop.run("deployment", *words)
        assert (done.status, said in done.err) == (2, True), done.err
