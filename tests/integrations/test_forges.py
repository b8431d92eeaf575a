"""GitHub and GitLab: what is read, pages, limits and refusals, against small forges on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from releasewatch.domain.forges import ForgeMark, PullRequest
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.integrations.forges import FORGES
from releasewatch.integrations.forges.addresses import api_of
from releasewatch.ports import Forge
from releasewatch.secret import Secret
from tests.support.fake_forges import TOKEN, FakeForge, FakeGitHub, FakeGitLab
from tests.support.forge_contract import AT, ONE, QUICK, THREE, TWO, asked, check_forge
from tests.support.http_server import Reply, Request, running_server


@pytest.fixture(params=["github", "gitlab"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fake(kind: str) -> Iterator[FakeGitHub | FakeGitLab]:
    with running_server() as server:
        made = FakeGitHub(server) if kind == "github" else FakeGitLab(server)
        made.merge(7, "Invoices show\n the due date", ONE, labels=["audience: account"], body="Closes #3")
        yield made


@pytest.fixture
def forge(kind: str, fake: FakeForge) -> Forge:
    return connect(kind, fake)


def connect(kind: str, fake: FakeForge, **options: Any) -> Forge:
    options = {"token": Secret(TOKEN), "patience": QUICK} | options
    return FORGES[kind](api_of(kind, fake.server.url), fake.project, **options)


def failure(forge: Forge) -> OutsideFailedError:
    with pytest.raises(OutsideFailedError) as caught:
        list(forge.pull_requests(asked(ONE)))
    assert TOKEN not in caught.value.message + caught.value.hint
    return caught.value


def test_the_contract(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    fake.deploy(1, TWO, "production", "2026-01-05T10:00:00Z", ("success", "2026-01-05T10:05:00Z"))
    check_forge(forge)


def test_a_request_is_read(forge: Forge, kind: str) -> None:
    ((sha, found),) = forge.pull_requests(asked(ONE))
    path = {"github": "pull/7", "gitlab": "-/merge_requests/7"}[kind]
    assert (sha, found) == (
        ONE,
        PullRequest(
            7,
            "Invoices show the due date",
            f"https://{kind}.example.org/acme/shop/{path}",
            "ada",
            ("audience: account",),
            ("#3",),
            ONE,
        ),
    )


def test_many_commits_cost_one_list(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    shas = [f"{number:040x}" for number in range(60)]
    for number, sha in enumerate(shas, 100):
        fake.merge(number, f"Change {number}", sha)
    found = dict(forge.pull_requests(asked(*shas)))
    assert {sha: request.number for sha, request in found.items() if request} == dict(
        zip(shas, range(100, 160), strict=True)
    )
    assert len(fake.server.asked) == 1


def test_pages_are_followed_and_what_the_list_does_not_tell_is_asked_for(
    forge: Forge, fake: FakeGitHub | FakeGitLab
) -> None:
    for number, sha in enumerate((TWO, THREE), 8):
        fake.merge(number, f"Change {number}", sha)
    fake.of_commit["d" * 40] = [8]
    fake.page = 1
    found = {sha: request and request.number for sha, request in forge.pull_requests(asked(ONE, TWO, THREE, "d" * 40))}
    assert found == {ONE: 7, TWO: 8, THREE: 9, "d" * 40: 8}
    assert [one.query.get("page") for one in fake.server.asked if one.query.get("sort")] == [None, "2", "3"]


def test_what_is_not_merged_is_no_request(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    fake.merge(8, "Closed", TWO, state="closed", merged_at=None)
    fake.merge(9, "Open", THREE, state="open" if forge.kind == "github" else "opened", merged_at=None)
    fake.unknown.add("d" * 40)
    assert dict(forge.pull_requests(asked(TWO, THREE, "d" * 40))) == {TWO: None, "d" * 40: None}


def test_deployments_have_the_end_that_was_told_last(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    gone, failed = ("inactive", "failure") if forge.kind == "github" else ("success", "failed")
    fake.deploy(1, ONE, "production", "2026-01-04T10:00:00Z", ("success", "2026-01-04T10:01:00Z"))
    begun = "in_progress" if forge.kind == "github" else "running"
    fake.deploy(
        2,
        TWO,
        "production",
        "2026-01-05T10:00:00Z",
        (begun, "2026-01-05T10:00:00Z"),
        ("success", "2026-01-05T10:05:00Z"),
        *([(gone, "2026-01-05T11:00:00Z")] if forge.kind == "github" else []),
    )
    fake.deploy(3, THREE, "production", "2026-01-05T12:00:00Z", (failed, "2026-01-05T12:05:00Z"))
    fake.deploy(4, ONE, "production", "2026-01-05T13:00:00Z", (begun, "2026-01-05T13:00:00Z"))
    fake.deploy(5, ONE, "staging", "2026-01-05T13:00:00Z", ("success", "2026-01-05T13:00:00Z"))
    fake.page = 2
    found = list(forge.deployments("production", None))
    assert [(one.id, one.status) for one in found] == [
        ("4", None),
        ("3", "failed"),
        ("2", "succeeded"),
        ("1", "succeeded"),
    ]
    assert (found[2].started_at, found[2].finished_at) == (AT, AT + timedelta(minutes=5))
    assert [one.id for one in forge.deployments("production", AT, {THREE})] == ["4", "2"]


def test_a_mark_is_made_once(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    mark = ForgeMark("production", ONE, "succeeded", "main", "https://ci.example.org/7", True)
    assert (forge.mark(mark), forge.mark(mark)) == (True, False)
    assert len(fake.deployments) == 1
    (told,) = forge.deployments("production", None)
    assert (told.sha, told.status) == (ONE, "succeeded")


def test_a_mark_that_may_have_arrived_is_not_sent_again(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    sent = []

    def lose(request: Request) -> Reply | None:
        if request.method == "POST":
            sent.append(request)
            return Reply({}, 502)
        return None

    fake.before = lose
    with pytest.raises(NotTakenError, match="fails with status 502"):
        forge.mark(ForgeMark("production", ONE, "succeeded"))
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        (401, "does not accept the token (401)", "still valid"),
        (403, "does not let this token read or write that (403)", "rights"),
        (404, "does not exist, or this token may not see it (404)", "acme/shop"),
        (500, "fails with status 500", "again later"),
    ],
)
def test_refusals_are_told_apart(forge: Forge, fake: FakeForge, status: int, words: str, hint: str) -> None:
    fake.before = lambda _: Reply({"message": "no"}, status)
    error = failure(forge)
    assert words in error.message
    assert hint in error.hint


def test_what_passes_is_asked_again(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    answers = iter([Reply({}, 503), Reply({}, 429, {"Retry-After": "0"}), None])
    fake.before = lambda _: next(answers)
    ((_, found),) = forge.pull_requests(asked(ONE))
    assert found is not None


@pytest.mark.parametrize("kind", ["github"])
def test_a_secondary_limit_is_waited_for_when_it_is_short(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    answers = iter([Reply({"message": "You have exceeded a secondary rate limit"}, 403, {"retry-after": "0"}), None])
    fake.before = lambda _: next(answers)
    assert dict(forge.pull_requests(asked(ONE)))[ONE] is not None
    fake.before = lambda _: Reply({"message": "You have exceeded a secondary rate limit."}, 403)
    assert "asks for fewer requests (403), and to wait 60 s" in failure(forge).message
    assert len(fake.server.asked) == 3


def test_a_limit_that_is_used_up_is_named_with_its_end(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    names = {"github": ("x-ratelimit-remaining", "x-ratelimit-reset", 403)}
    left, reset, status = names.get(forge.kind, ("RateLimit-Remaining", "RateLimit-Reset", 429))
    headers = {"Date": "Mon, 05 Jan 2026 10:00:00 GMT", left: "0", reset: str(int(AT.timestamp()) + 1800)}
    fake.before = lambda _: Reply({"message": "limit"}, status, headers)
    assert f"asks for fewer requests ({status}), and to wait 1800 s" in failure(forge).message
    assert len(fake.server.asked) == 1


def test_another_host_never_sees_the_token(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    with running_server() as other:
        fake.before = lambda request: Reply(b"", 302, {"Location": other.url + request.path})
        assert "another server" in failure(forge).message
        link = {"Link": f'<{other.url}/next>; rel="next"'}
        fake.before = lambda _: Reply([], 200, link)
        with pytest.raises(OutsideFailedError, match="another server"):
            list(forge.deployments("production", None))
        assert other.asked == []


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", {"message": "hi"}, ["x"]])
def test_what_is_no_answer_of_a_forge_is_said(forge: Forge, fake: FakeForge, body: Any) -> None:
    fake.before = lambda _: Reply(body)
    assert "an answer cannot be read" in failure(forge).message


def test_what_no_database_takes_is_left_out_of_texts(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    hostile: dict[str, Any] = {"labels": 7, "user": [], "author": "x", "html_url": "javascript:x", "web_url": None}
    fake.merge(8, "A\x00b \ud800\x1b[31mc" + "d" * 5000, TWO)
    fake.pulls[0] |= hostile
    ((_, found),) = forge.pull_requests(asked(TWO))
    assert found is not None
    assert (found.title[:10], len(found.title), found.labels, found.url, found.author) == (
        "A b [31mcd",
        1000,
        (),
        "",
        "",
    )
    fake.merge(2**40, "Too many", THREE)
    assert dict(forge.pull_requests(asked(THREE))) == {THREE: None}


def test_a_list_that_leads_in_a_circle_ends(forge: Forge, fake: FakeGitHub | FakeGitLab) -> None:
    fake.before = lambda request: Reply([], 200, {"Link": f'<{fake.server.url}{request.path}>; rel="next"'})
    with pytest.raises(OutsideFailedError, match="circle"):
        list(forge.deployments("production", None))


def test_time_for_all_questions_is_bounded(kind: str, fake: FakeGitHub | FakeGitLab) -> None:
    forge = connect(kind, fake, within=0.0)
    assert "did not answer everything within 0 s" in failure(forge).message
    assert fake.server.asked == []


def test_without_a_token_no_header_is_sent(kind: str, fake: FakeGitHub | FakeGitLab) -> None:
    fake.before = lambda _: Reply([])
    list(connect(kind, fake, token=None).pull_requests(asked(ONE)))
    assert not {"authorization", "private-token"} & fake.server.asked[0].headers.keys()


def test_where_the_api_is() -> None:
    assert api_of("github", "https://github.com/") == "https://api.github.com"
    assert api_of("github", "https://git.example.com") == "https://git.example.com/api/v3"
    assert api_of("gitlab", "https://example.com/gitlab/") == "https://example.com/gitlab/api/v4"
    assert api_of("gitlab", "https://gitlab.com/api/v4") == "https://gitlab.com/api/v4"
    with pytest.raises(InvalidCallError, match="wanted owner/name"):
        FORGES["github"]("https://api.github.com", "shop")
