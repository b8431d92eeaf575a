"""Commit messages: Conventional Commits, trailers as git reads them, what is reverted, pull requests."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.messages import (
    Message,
    read_conventional,
    read_message,
    read_trailers,
    trailer_values,
    without_pull_request,
)
from releasewatch.domain.releases import Commit, ConventionalParts
from tests.support.repos import RepoBuilder


@pytest.mark.parametrize(
    ("subject", "parts"),
    [
        ("feat: add invoices", ConventionalParts("feat", None, False, "add invoices")),
        ("fix(money): round half up", ConventionalParts("fix", "money", False, "round half up")),
        ("feat!: drop v1", ConventionalParts("feat", None, True, "drop v1")),
        ("refactor(api/v2)!: drop v1", ConventionalParts("refactor", "api/v2", True, "drop v1")),
        ("Fix: a colon: inside", ConventionalParts("fix", None, False, "a colon: inside")),
        ("feat(ünïcode): ja", ConventionalParts("feat", "ünïcode", False, "ja")),
    ],
)
def test_a_conventional_subject_is_taken_apart(subject: str, parts: ConventionalParts) -> None:
    assert read_conventional(subject) == parts


@pytest.mark.parametrize(
    "subject",
    ["", "Add invoices", "feat add", "feat:add", "feat(): add", "feat(a: b", "feat : add", "git-svn: fix", "feat: "],
)
def test_other_subjects_are_left_alone(subject: str) -> None:
    assert read_conventional(subject) is None


@pytest.mark.parametrize(
    ("subject", "body", "breaking"),
    [
        ("feat!: drop v1", "", True),
        ("feat: drop v1", "Some words\n\nBREAKING CHANGE: v1 is gone", True),
        ("Drop v1", "BREAKING-CHANGE: v1 is gone", True),
        ("feat: drop v1", "BREAKING CHANGE:\nv1 is gone", True),
        ("feat: drop v1", "breaking change: v1 is gone", False),
        ("docs: explain", "the footer `BREAKING CHANGE: x` is explained", False),
        ("docs: explain", "> BREAKING CHANGE: of somebody else's notes", False),
    ],
)
def test_breaking_is_said_by_a_mark_or_a_footer(subject: str, body: str, breaking: bool) -> None:
    assert read_message(subject, body).breaking is breaking


@pytest.mark.parametrize(
    ("body", "trailers"),
    [
        ("Customer: acme", (("Customer", "acme"),)),
        ("Words.\n\nCustomer: acme\nNote: Faster\n  bills", (("Customer", "acme"), ("Note", "Faster bills"))),
        ("Customer: acme\nand more words", ()),
        ("Customer: acme\n\nLast words", ()),
        # git wrote one of them: a quarter is enough
        ("a\nb\nCustomer: x\nSigned-off-by: A", (("Customer", "x"), ("Signed-off-by", "A"))),
        ("a\nb\nc\nd\nSigned-off-by: A", ()),
        ("a\nb\nCustomer: x\n(cherry picked from commit 1234567)", (("Customer", "x"),)),
        ("Refs: A-1\n\n# a comment\n\nConflicts:\n\n\ta.txt", (("Refs", "A-1"),)),
        ("Refs: A-1\r\nFixes: INC-1\r", (("Refs", "A-1"), ("Fixes", "INC-1"))),
        ("Embargo :until 2026-02-01", (("Embargo", "until 2026-02-01"),)),
        ("BREAKING CHANGE: gone\nCustomer: acme", (("BREAKING CHANGE", "gone"), ("Customer", "acme"))),
        ("Words\n\n  indented: no", ()),
        ("Refs:", (("Refs", ""),)),
    ],
)  # fmt: skip
def test_trailers(body: str, trailers: tuple[tuple[str, str], ...]) -> None:
    assert read_trailers(body) == trailers


_LINES = st.sampled_from(
    [
        "", " ", "words", "more words: here", "Customer: acme", "Refs:", "refs : a", " continued", "\tcontinued: more",
        "# note", "Signed-off-by: A <a@example.org>", "(cherry picked from commit 1234567)", "Conflicts:", "\tfile.txt",
        "---", "Key-1:x", ": no key", "ünï: no", "a\r", "Refs: 1\r",
    ]
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(bodies=st.lists(st.lists(_LINES, min_size=1, max_size=8), min_size=60, max_size=60))
def test_trailers_are_those_that_git_finds(bodies: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    repo = RepoBuilder(tmp_path_factory.mktemp("messages"))
    stream = b"".join(_fast_import("Subject\n\n" + "\n".join(lines) + "\n") for lines in bodies)
    repo.git_bytes("fast-import", "--quiet", stdin=stream)
    shown = repo.git("log", "--format=%b%x00%(trailers:only,unfold,separator=%x01)%x00", "main", "--").split("\0\n")
    assert len(shown) == len(bodies)
    for body, _, trailers in (entry.removesuffix("\0").partition("\0") for entry in shown):
        expected = [line.partition(":")[::2] for line in trailers.split("\1") if line]
        assert read_trailers(body) == tuple((key, value.strip()) for key, value in expected)


def _fast_import(message: str) -> bytes:
    data = message.encode()
    return b"commit refs/heads/main\ncommitter A <a@example.org> 1 +0000\ndata %d\n%s\n" % (len(data), data)


def test_values_of_a_trailer_are_found_without_regard_to_case() -> None:
    trailers = (("Customer", "acme"), ("Refs", "A-1"), ("customer", "globex"))
    assert trailer_values(trailers, "CUSTOMER") == ("acme", "globex")
    assert trailer_values(trailers, "Embargo") == ()


@pytest.mark.parametrize(
    ("subject", "subjects"),
    [
        ('Revert "feat: a"', ("feat: a",)),
        ('Revert "feat: a (#12)" (#13)', ("feat: a (#12)",)),
        ('Revert "Revert "feat: a""', ('Revert "feat: a"',)),
        ('Reapply "feat: a"', ('Revert "feat: a"',)),
        ('Revert "Reapply "feat: a""', ('Reapply "feat: a"',)),
        ('fix(x): revert "feat: a"', ("feat: a",)),
        ("revert: feat: a (#13)", ("feat: a",)),
        ('revert: "feat: a"', ("feat: a",)),
        ("Revert to the old colours", ()),
        ('Explain how to Revert "x"', ()),
        ("fix: revert the colours", ()),
        ("revert(deps): bump", ()),
    ],
)
def test_the_subject_that_is_reverted(subject: str, subjects: tuple[str, ...]) -> None:
    assert read_message(subject, "").reverts_subjects == subjects


SHA_1, SHA_2 = "1" * 39 + "a", "2" * 39 + "b"


@pytest.mark.parametrize(
    ("body", "shas"),
    [
        (f"This reverts commit {SHA_1}.", (SHA_1,)),
        (f"This reverts commit {SHA_1}, reversing\nchanges made to {SHA_2}.", (SHA_1,)),
        (f"This reverts commits {SHA_1} and\n{SHA_2}.", (SHA_1, SHA_2)),
        (f"This reverts commit {SHA_1}.\nThis reverts commit {SHA_2}.\nThis reverts commit {SHA_1}.", (SHA_1, SHA_2)),
        ("This reverts commit 1234abc (subject, 2026-01-01).", ("1234abc",)),
        (f"(cherry picked from commit {SHA_1})", ()),
        (f"This partially reverts commit {SHA_1}.", ()),
        ("Reverts acme/shop#12", ()),
        (f"It was broken by commit {SHA_1}.", ()),
        ("This reverts commit 12345.", ()),
    ],
)
def test_the_shas_that_are_reverted(body: str, shas: tuple[str, ...]) -> None:
    assert read_message('Revert "x"', body).reverts_shas == shas


@pytest.mark.parametrize(
    ("subject", "body", "number", "title"),
    [
        ("Merge pull request #12 from acme/topic", "feat: add invoices\n\nWords", 12, "feat: add invoices"),
        ("Merge pull request #12 from acme/topic", "", 12, None),
        ("Merge branch 'topic' into 'main'", "Add invoices\n\nSee merge request acme/shop!34", 34, "Add invoices"),
        ("Merge branch 'topic' into 'main'", "See merge request acme/shop!34", 34, None),
        ("Merge branch 'topic'", "Words", None, None),
        ("feat: add invoices (#56)", "", 56, None),
        ("feat: add invoices (!56)", "", 56, None),
        ('Revert "feat: add invoices (#56)"', "", None, None),
        ("feat: sheet (2 of 3)", "", None, None),
        ("fix #56", "", None, None),
    ],
)
def test_pull_requests(subject: str, body: str, number: int | None, title: str | None) -> None:
    message = read_message(subject, body)
    assert (message.pull_request, message.pull_request_title) == (number, title)


def test_a_merge_is_conventional_by_its_pull_requests_title() -> None:
    message = read_message("Merge pull request #12 from acme/topic", "feat(money)!: drop floats")
    assert message.conventional == ConventionalParts("feat", "money", True, "drop floats")
    assert message.breaking


def test_a_squash_suffix_is_no_part_of_a_subject() -> None:
    assert without_pull_request("feat: a (#12)") == "feat: a"
    assert without_pull_request("feat: a (b)") == "feat: a (b)"


def test_equal_trailers_share_their_memory() -> None:
    first, second = (read_trailers(f"Words {n}\n\nCo-authored-by: A <a@example.org>") for n in range(2))
    assert all(one is other for one, other in pairwise((*first, *second)))


def test_what_a_message_says_stands_in_a_commit_as_it_is_handed_over() -> None:
    """By place: no type tells `reverts_shas` from `reverts_subjects`."""
    names = [one.name for one in fields(Commit)]
    first = names.index(Message._fields[0])
    assert names[first - 1] == "paths"
    assert tuple(names[first : first + len(Message._fields)]) == Message._fields
