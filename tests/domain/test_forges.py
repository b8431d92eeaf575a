"""What a forge says of changes, put beside what they say themselves; and which issues a description closes."""

from __future__ import annotations

from releasewatch.domain.closing_words import closed_issues
from releasewatch.domain.forges import PullRequest, add_requests
from releasewatch.domain.notes import NoteChange


def request(number: int, merged_as: str = "", *labels: str, title: str = "Show due dates") -> PullRequest:
    return PullRequest(number, title, f"https://forge.example.org/{number}", labels=labels, merged_as=merged_as)


def test_a_title_stands_for_a_requests_only_commit() -> None:
    change = NoteChange("a", "wip")
    add_requests([change], {"a": request(7)})
    assert (change.title, change.pull_request, change.pull_request_url) == (
        "Show due dates",
        7,
        "https://forge.example.org/7",
    )


def test_commits_that_were_rebased_keep_their_subjects() -> None:
    changes = [NoteChange("a", "Second"), NoteChange("b", "First")]
    add_requests(changes, {"a": request(7, "a"), "b": request(7, "a")})
    assert [(one.title, one.pull_request) for one in changes] == [(None, 7), (None, 7)]


def test_what_a_merge_brought_is_of_its_request_and_the_merge_has_the_title() -> None:
    merge = NoteChange("m", "Merge branch x", is_merge=True)
    inner = NoteChange("i", "Merge main into x", is_merge=True, merged_by="m")
    commits = [NoteChange("a", "One", merged_by="i"), NoteChange("b", "Two", merged_by="m")]
    add_requests([merge, inner, *commits], {"m": request(7, "m")})
    assert [one.pull_request for one in (merge, inner, *commits)] == [7, 7, 7, 7]
    assert [one.title for one in (merge, inner, *commits)] == ["Show due dates", None, None, None]


def test_a_conventional_title_is_read_as_one() -> None:
    change = NoteChange("a", "wip")
    add_requests([change], {"a": request(7, title="feat(pdf)!: Show due dates")})
    assert (change.type, change.scope, change.description, change.breaking) == ("feat", "pdf", "Show due dates", True)


def test_labels_are_trailers_and_the_commits_own_sentence_comes_first() -> None:
    labels = ("bug", "audience: account", "release-note: Of the label", "Customer:acme", "priority: high", "audience:")
    change = NoteChange("a", "wip", trailers=(("Release-note", "Of the commit"),))
    add_requests([change], {"a": request(7, "", *labels)})
    assert change.trailers == (("Release-note", "Of the commit"), ("audience", "account"), ("Customer", "acme"))


def test_issues_that_are_closed_by_each_forges_rule() -> None:
    text = "Closes #1, #2 and #3. Fixed: acme/other#4 `fixes #5` prefix #6 <!-- closes #7 -->\n"
    text += "resolves https://forge.example.org/a/b/-/issues/8 Implements #9, fixes ACME/shop#10"
    assert closed_issues(text, "github", "acme/shop") == ("#1", "acme/other#4", "a/b#8", "#10")
    assert closed_issues(text, "gitlab", "acme/shop") == ("#1", "#2", "#3", "acme/other#4", "a/b#8", "#9", "#10")
    assert closed_issues("no closes # at all", "github", "acme/shop") == ()
