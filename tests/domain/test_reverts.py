"""Which commits of a range were undone inside it; every test is a small history, told newest first."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.messages import read_message
from releasewatch.domain.releases import Commit
from releasewatch.domain.reverts import mark_reverts

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def sha(name: str) -> str:
    """A sha that begins with the name's own bytes, so that a test can be read."""
    return name.encode().hex().ljust(40, "0")


def commit(name: str, subject: str, *parents: str, body: str = "", paths: tuple[str, ...] = ("a",)) -> Commit:
    says = read_message(subject, body)
    return Commit(
        sha(name),
        tuple(map(sha, parents)),
        "Ada",
        "ada@example.org",
        NOW,
        NOW,
        subject,
        body,
        () if len(parents) > 1 else paths,
        reverts_shas=says.reverts_shas,
        reverts_subjects=says.reverts_subjects,
        pull_request=says.pull_request,
        pull_request_title=says.pull_request_title,
    )


def line(*commits: tuple[str, str] | tuple[str, str, str]) -> list[Commit]:
    """A linear history from `(name, subject[, body])`, newest first."""
    names = [told[0] for told in commits] + ["base"]
    return [
        commit(told[0], told[1], names[at + 1], body=told[2] if len(told) > 2 else "")
        for at, told in enumerate(commits)
    ]


def marks(commits: list[Commit], net: tuple[str, ...] = ()) -> dict[str, str]:
    """`{undone: by}` in the names of the test."""
    mark_reverts(commits, net)
    names = {commit.sha: bytes.fromhex(commit.sha).rstrip(b"\0").decode() for commit in commits}
    return {names[commit.sha]: names[commit.reverted_by] for commit in commits if commit.reverted_by}


def test_a_revert_by_sha() -> None:
    history = line(("R", 'Revert "x"', f"This reverts commit {sha('X')}."), ("Y", "x"), ("X", "x"))
    assert marks(history) == {"X": "R"}
    assert history[0].reverts_in_range == (sha("X"),)


def test_a_revert_by_a_short_sha_that_fits_one_commit_only() -> None:
    short = sha("Xx")[:7]
    assert marks(line(("R", "Undo", f"This reverts commit {short}."), ("Xx", "x"), ("Xy", "y"))) == {"Xx": "R"}
    both = line(("R", "Undo", f"This reverts commit {sha('Xxxx')[:8]}."), ("Xxxxa", "x"), ("Xxxxb", "y"))
    assert marks(both) == {}


def test_a_quoted_subject_means_the_nearest_earlier_commit() -> None:
    history = line(("X3", "x"), ("R", 'Revert "x"'), ("X2", "x"), ("X1", "x"))
    assert marks(history) == {"X2": "R"}


def test_what_lies_on_another_branch_is_not_meant_by_a_subject() -> None:
    history = [
        commit("M", "Merge", "R", "X2"),
        commit("R", 'Revert "x"', "X1"),
        commit("X2", "x", "base"),
        commit("X1", "x", "base"),
    ]
    assert marks(history) == {"X1": "R"}


def test_a_sha_that_is_not_in_the_range_gives_way_to_the_subject() -> None:
    history = line(("R", 'Revert "x"', f"This reverts commit {sha('gone')}."), ("X", "x"))
    assert marks(history) == {"X": "R"}


def test_a_target_outside_the_range_marks_nothing_and_is_kept() -> None:
    history = line(("R", 'Revert "x"', f"This reverts commit {sha('gone')}."), ("Y", "y"))
    assert marks(history) == {}
    assert history[0].reverts_shas == (sha("gone"),)
    assert history[0].reverts_subjects == ("x",)
    assert history[0].reverts_in_range == ()


def test_a_revert_of_a_revert_restores() -> None:
    history = line(("R2", 'Revert "Revert "x""'), ("R1", 'Revert "x"'), ("X", "x"))
    assert marks(history) == {"R1": "R2"}
    again = line(("R3", 'Revert "Reapply "x""'), ("R2", 'Reapply "x"'), ("R1", 'Revert "x"'), ("X", "x"))
    assert marks(again) == {"R2": "R3", "X": "R1"}


def test_a_commit_that_was_made_again_and_reverted_again() -> None:
    history = line(("R2", 'Revert "x"'), ("X2", "x"), ("R1", 'Revert "x"'), ("X1", "x"))
    assert marks(history) == {"X2": "R2", "X1": "R1"}


@given(depth=st.integers(0, 12), by_sha=st.booleans())
def test_a_tower_of_reverts_stands_or_falls_by_its_height(depth: int, by_sha: bool) -> None:
    told: list[tuple[str, str, str]] = [("C0", "x", "")]
    for at in range(1, depth + 1):
        body = f"This reverts commit {sha(told[0][0])}." if by_sha else ""
        told.insert(0, (f"C{at}", f'Revert "{told[0][1]}"', body))
    # The newest stands, the one it reverts does not, what that one had reverted stands again, and so on down.
    expected = {f"C{at}": f"C{at + 1}" for at in range(depth) if (depth - at) % 2}
    assert marks(line(*told)) == expected


def test_several_commits_in_one_revert() -> None:
    body = f"This reverts commits {sha('X')} and {sha('Y')}."
    assert marks(line(("R", "Undo both", body), ("Y", "y"), ("X", "x"))) == {"X": "R", "Y": "R"}


def test_a_partial_revert_leaves_the_rest_standing() -> None:
    def history() -> list[Commit]:
        return [
            commit("R", 'Revert "x"', "X", paths=("a",)),
            commit("X", "x", "base", paths=("a", "b")),
        ]

    assert marks(history(), net=("b",)) == {}
    assert marks(history(), net=("other",)) == {"X": "R"}


def test_two_partial_reverts_make_a_whole_one() -> None:
    history = [
        commit("R2", "The rest", "R1", body=f"This reverts commit {sha('X')}.", paths=("b",)),
        commit("R1", 'Revert "x"', "X", paths=("a",)),
        commit("X", "x", "base", paths=("a", "b")),
    ]
    assert marks(history, net=("a", "b")) == {"X": "R1"}


def test_a_squashed_pull_request_is_named_with_and_without_its_number() -> None:
    assert marks(line(("R", 'Revert "x" (#13)'), ("X", "x (#12)"))) == {"X": "R"}
    assert marks(line(("R", 'Revert "x (#12)" (#13)'), ("X2", "x (#11)"), ("X", "x (#12)"))) == {"X": "R"}


def test_reverting_a_merge_reverts_what_it_brought_in() -> None:
    history = [
        commit("R", 'Revert "Merge pull request #1 from acme/t"', "M", paths=("a", "b")),
        commit("M", "Merge pull request #1 from acme/t", "N", "T2", body="Topic"),
        commit("N", "n", "base", paths=("n",)),
        commit("T2", "t2", "T1", paths=("b",)),
        commit("T1", "t1", "base", paths=("a",)),
    ]
    assert marks(history, net=("n",)) == {"M": "R", "T1": "R", "T2": "R"}


def test_a_merge_is_named_by_its_pull_requests_title_too() -> None:
    history = [
        commit("M2", "Merge pull request #2 from acme/revert-1-t", "M", "R", body='Revert "Topic"'),
        commit("R", 'Revert "Topic"', "M"),
        commit("M", "Merge pull request #1 from acme/t", "base", "T", body="Topic"),
        commit("T", "t", "base"),
    ]
    assert marks(history) == {"M": "R", "T": "R"}
    assert history[0].reverts_in_range == (sha("M"),), "the merge of the revert does nothing but undo"


def test_a_merge_on_a_branch_can_be_reverted() -> None:
    history = [
        commit("M", "Merge topic", "base", "R"),
        commit("R", "Undo", "S", body=f"This reverts commit {sha('S')}.", paths=("s",)),
        commit("S", "Merge a branch into topic", "T", "U"),
        commit("U", "u", "base", paths=("s",)),
        commit("T", "t", "base", paths=("t",)),
    ]
    assert marks(history, net=("t",)) == {"U": "R", "S": "R"}


def test_an_octopus_is_undone_with_all_its_arms() -> None:
    history = [
        commit("R", "Undo", "M", body=f"This reverts commit {sha('M')}.", paths=("a", "b", "c")),
        commit("M", "Merge a, b and c", "base", "A", "B", "C"),
        commit("C", "c", "base", paths=("c",)),
        commit("B", "b", "base", paths=("b",)),
        commit("A", "a", "base", paths=("a",)),
    ]
    assert marks(history) == {"M": "R", "A": "R", "B": "R", "C": "R"}


def test_nothing_can_revert_what_is_newer_or_itself() -> None:
    assert marks(line(("X", "x"), ("R", 'Revert "x"', f"This reverts commit {sha('X')}."))) == {}
    assert marks(line(("R", "Undo", f"This reverts commit {sha('R')}."))) == {}
    assert marks([]) == {}
