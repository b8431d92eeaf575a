"""What may reach which audience, in every combination; how merges and reverts carry it; and how notes are filed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Literal

import pytest

from releasewatch.domain.audiences import Edit
from releasewatch.domain.merges import brought_by
from releasewatch.domain.note_building import build_notes, notes_for, prepare_notes
from releasewatch.domain.notes import (
    ComponentLabel,
    CustomerScope,
    NoteChange,
    NoteItem,
    Notes,
    NotesInput,
    ReachCounts,
    talking_points,
)
from releasewatch.errors import LeakError
from releasewatch.rendering.documents import render_notes
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from releasewatch.domain.audiences import Audience, Subjects

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LABELS = {
    "shop/invoicing": ComponentLabel("Invoices"),
    "shop/checkout": ComponentLabel("Checkout"),
    "shop/ledger": ComponentLabel("Ledger", "internal"),
}
AUDIENCES: tuple[Audience, ...] = ("engineering", "account", "customer")


def notes_input(changes: Iterable[NoteChange], **more: object) -> NotesInput:
    """Notes of some changes to the shop, with a catalog of two visible components and an internal one."""
    given = NotesInput("shop", "f" * 40, NOW, base="e" * 40, changes=tuple(changes), components=LABELS)
    return replace(given, **more)  # type: ignore[arg-type]


def sha(number: int) -> str:
    """A full sha that is easy to read in a failing test."""
    return f"{number:040d}"


def change(number: int, subject: str, *trailers: tuple[str, str], **more: object) -> NoteChange:
    """A plain change to invoicing."""
    fields: dict[str, object] = {"components": ("shop/invoicing",), "trailers": trailers} | more
    return NoteChange(sha(number), subject, **fields)  # type: ignore[arg-type]


def lines(notes: Notes) -> list[NoteItem]:
    """All lines of notes, whatever heading they stand under."""
    return [i for sections in (notes.sections, notes.removed) for s in sections for g in s.groups for i in g.items]


def texts(given: NotesInput, audience: Audience, scope: CustomerScope | None = None) -> list[str]:
    """The texts of all lines that an audience reads."""
    return [item.text for item in lines(build_notes(given, audience, scope))]


# Every combination of what may be said about one change, against a second reading of the rules.

Told = Literal["subject", "wording", "number", "nothing"]


@dataclass(frozen=True)
class Case:
    """One combination. `note`, `audience` and `embargo` are the values of trailers, None where there is none."""

    visibility: tuple[str, ...]
    audience: str | None
    note: str | None
    embargo: str | None
    reverted: bool
    edited: Audience | None
    reworded: bool
    subjects: Subjects


CASES = [
    Case(*values)
    for values in product(
        ((), ("customer",), ("internal",), ("customer", "internal")),
        (None, "engineering", "account", "customer", "everybody"),
        (None, "none", "text"),
        (None, "until 2026-03-10", "until 2026-03-11", "soon"),
        (False, True),
        (None, "engineering", "account", "customer"),
        (False, True),
        ("account", "customer"),
    )
]


def expected(case: Case) -> dict[Audience, Told]:
    """The rules of product.md, "What may be said", read one by one and without any of the code under test."""
    inner_only = (
        case.reverted
        or case.note == "none"
        or case.audience in ("engineering", "everybody")  # unreadable is taken at its safest
        or case.embargo in ("until 2026-03-11", "soon")  # the 10th began at 00:00 UTC, so that embargo is over
        or case.edited == "engineering"
    )
    has_words = case.reworded or case.note == "text"
    outward: Told = "wording" if has_words else "subject"
    if inner_only:
        return {"engineering": "subject", "account": "nothing", "customer": "nothing"}
    staff_only = "internal" in case.visibility or "account" in (case.audience, case.edited)
    if not case.visibility and not has_words:
        staff_only = True  # nobody said that customers may know of it: no component, no sentence
    told: Told = outward
    if staff_only:
        told = "nothing"
    elif not has_words and case.subjects == "account":
        told = "number"
    return {"engineering": "subject", "account": outward, "customer": told}


KEYS = {"customer": "shop/invoicing", "internal": "shop/ledger"}


def canaries(number: int) -> dict[str, str]:
    """Words that occur nowhere else, one for each text of a change."""
    return {kind: f"canary{kind}{number:05d}x" for kind in ("subject", "wording", "edited", "revert")}


def changes_of(case: Case, number: int) -> list[NoteChange]:
    """The change of a case, and the one that reverts it where it is reverted; newest first."""
    words = canaries(number)
    trailers = []
    if case.audience is not None:
        trailers.append(("Audience", case.audience))
    if case.note is not None:
        trailers.append(("Release-note", words["wording"] if case.note == "text" else "none"))
    if case.embargo is not None:
        trailers.append(("Embargo", case.embargo))
    made = NoteChange(
        sha(number),
        words["subject"],
        trailers=tuple(trailers),
        components=tuple(KEYS[v] for v in case.visibility),
        author_name="Ada Author",
        reverted_by=sha(number + 1_000_000) if case.reverted else None,
    )
    if not case.reverted:
        return [made]
    return [NoteChange(sha(number + 1_000_000), words["revert"], components=made.components), made]


def edits_of(case: Case, number: int) -> dict[str, Edit]:
    wording = canaries(number)["edited"] if case.reworded else None
    return {sha(number): Edit(case.edited, wording)} if case.edited or wording else {}


def test_every_combination_reaches_exactly_the_audiences_that_the_rules_say() -> None:
    for number, case in enumerate(CASES):
        words = canaries(number)
        given = notes_input(changes_of(case, number), subjects=case.subjects, edits=edits_of(case, number))
        prepared = prepare_notes(given)
        wording = words["edited"] if case.reworded else words["wording"]
        for audience, told in expected(case).items():
            notes = notes_for(prepared, audience)
            shown = [item.text for item in lines(notes)]
            want = {"subject": [words["subject"]], "wording": [wording], "number": [], "nothing": []}[told]
            if audience == "engineering" and case.reverted:
                want = [words["revert"], *want]
            assert shown == want, (case, audience)
            counts = (("Invoices", 1),) if told == "number" else ()
            assert notes.counts == counts, (case, audience)


@pytest.mark.parametrize("fmt", ["md", "html"])
@pytest.mark.parametrize("subjects", ["account", "customer"])
def test_documents_of_all_combinations_hold_no_text_that_they_must_not(
    fmt: Literal["md", "html"], subjects: Subjects
) -> None:
    cases = [(n, case) for n, case in enumerate(CASES) if case.subjects == subjects]
    given = notes_input(
        [made for number, case in cases for made in changes_of(case, number)],
        subjects=subjects,
        edits={k: v for number, case in cases for k, v in edits_of(case, number).items()},
        actor="Deploying Dora",
    )
    prepared = prepare_notes(given)
    for audience in ("account", "customer"):
        document = render_notes(notes_for(prepared, audience), fmt)
        allowed = set()
        for number, case in cases:
            told = expected(case)[audience]
            words = canaries(number)
            if told == "subject":
                allowed.add(words["subject"])
            elif told == "wording":
                allowed.add(words["edited"] if case.reworded else words["wording"])
        every = {word for number, _ in cases for word in canaries(number).values()}
        assert {word for word in every if word in document} == allowed
        assert len(allowed) > 40
        assert "Ada Author" not in document
        assert "Deploying Dora" not in document


def test_the_account_document_tells_until_when_something_is_embargoed_and_never_what() -> None:
    running = change(1, "Mend the hole in the parser", ("Embargo", "until 2026-04-01"))
    given = notes_input([running, change(2, "Something else")])
    notes = build_notes(given, "account")
    document = render_notes(notes, "md")
    assert [str(day) for day in notes.embargoes] == ["2026-04-01"]
    assert "embargo until 1 April 2026" in document
    assert "hole" not in document
    assert "embargo" not in render_notes(build_notes(given, "customer"), "md")
    assert "Mend the hole" in render_notes(build_notes(given, "engineering"), "md")


def test_an_embargo_that_hides_nothing_from_account_staff_is_not_announced_to_them() -> None:
    never_theirs = change(1, "Inner", ("Embargo", "until 2026-04-01"), ("Release-note", "none"))
    undone = change(2, "Gone", ("Embargo", "until 2026-04-02"), reverted_by=sha(3))
    notes = build_notes(notes_input([change(3, "Take it back"), undone, never_theirs]), "account")
    assert notes.embargoes == ()
    assert notes.is_empty


def test_an_embargo_ends_at_midnight_utc_of_its_day() -> None:
    given = notes_input([change(1, "A thing", ("Embargo", "until 2026-03-11"))])
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    assert texts(replace(given, now=midnight - timedelta(microseconds=1)), "account") == []
    assert texts(replace(given, now=midnight), "account") == ["A thing"]


@pytest.mark.parametrize(
    "trailer", [("Audience", "custmer"), ("Embargo", "2026-01-01"), ("Embargo", "until 2026-13-01"), ("audience", "")]
)
def test_a_trailer_that_cannot_be_read_keeps_the_change_inside_and_is_reported(trailer: tuple[str, str]) -> None:
    given = notes_input([change(7, "A thing", trailer, ("Release-note", "Told"))])
    assert texts(given, "account") == texts(given, "customer") == []
    ((who, problem),) = build_notes(given, "engineering").problems
    assert who == sha(7)[:8]
    assert trailer[1] in problem
    assert build_notes(given, "account").problems == ()


def test_trailers_are_read_without_case_and_repeated_ones_all_count() -> None:
    given = notes_input(
        [
            change(1, "a", ("AUDIENCE", "Customer"), ("audience", "ACCOUNT")),
            change(2, "b", ("release-note", "First."), ("Release-Note", "Second.")),
            change(3, "c", ("Embargo", "until 2026-01-01"), ("embargo", "Until 2026-12-01")),
        ]
    )
    assert texts(given, "account") == ["a", "First. Second."]
    assert texts(given, "customer") == ["First. Second."]


# Merges stand for what they brought, and carry what may be said of it.


def pull_request(
    *commits: NoteChange, number: int = 50, title: str = "Invoices in PDF", **more: object
) -> list[NoteChange]:
    """A merge of a pull request and the commits it brought, newest first."""
    merge = NoteChange(
        sha(number), f"Merge pull request #{number} from them/branch", title=title, is_merge=True,
        pull_request=number, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return [merge, *(replace(commit, merged_by=merge.sha) for commit in commits)]


def test_a_pull_request_stands_for_its_commits_where_its_title_says_more() -> None:
    given = notes_input(pull_request(change(1, "wip"), change(2, "more", components=("shop/checkout",))))
    (item,) = lines(build_notes(given, "engineering"))
    assert (item.text, item.pull_request, [c.text for c in item.commits]) == ("Invoices in PDF", 50, ["wip", "more"])
    assert texts(given, "account") == ["Invoices in PDF"]
    assert build_notes(given, "customer").counts == (("Checkout", 1), ("Invoices", 1))


def test_a_single_commit_that_bears_the_title_of_its_pull_request_is_not_said_twice() -> None:
    (item,) = lines(build_notes(notes_input(pull_request(change(1, "Invoices in PDF"))), "engineering"))
    assert (item.text, item.commits) == ("Invoices in PDF", ())


def test_in_a_conventional_history_commits_speak_for_themselves_and_keep_their_pull_request() -> None:
    commit = change(1, "feat: pdf", type="feat", description="pdf")
    notes = build_notes(notes_input(pull_request(commit)), "engineering")
    assert [(i.text, i.pull_request) for i in lines(notes)] == [("pdf", 50)]
    assert notes.sections[0].title == "Features"


def test_the_sentence_of_a_pull_request_is_told_in_a_conventional_history_too() -> None:
    commit = change(1, "feat: pdf", type="feat", description="pdf")
    given = notes_input(pull_request(commit, trailers=(("Release-note", "Invoices come as PDF."),)))
    assert texts(given, "customer") == ["Invoices come as PDF."]
    assert texts(given, "account") == ["Invoices come as PDF."]
    assert sorted(texts(given, "engineering")) == ["Invoices in PDF", "pdf"]


@pytest.mark.parametrize(
    "trailer",
    [("Embargo", "until 2027-01-01"), ("Audience", "engineering"), ("Audience", "?"), ("Release-note", "none")],
)
def test_one_inner_commit_keeps_the_title_of_its_pull_request_in(trailer: tuple[str, str]) -> None:
    given = notes_input(pull_request(change(1, "fine"), change(2, "secret", trailer)))
    assert texts(given, "account") == ["fine"]
    assert build_notes(given, "customer").counts == (("Invoices", 1),)


@pytest.mark.parametrize(
    "trailer", [("Embargo", "until 2027-01-01"), ("Audience", "engineering"), ("Release-note", "none")]
)
def test_what_a_pull_request_says_of_itself_holds_for_its_commits(trailer: tuple[str, str]) -> None:
    commit = change(1, "one", ("Release-note", "Told outside."))
    given = notes_input(pull_request(commit, trailers=(trailer,)))
    assert texts(given, "account") == texts(given, "customer") == []


def test_a_commit_without_a_note_does_not_silence_the_sentence_of_its_pull_request() -> None:
    commits = change(1, "feature"), change(2, "tidy", ("Release-note", "none"))
    given = notes_input(pull_request(*commits, trailers=(("Release-note", "Invoices come as PDF."),)))
    assert texts(given, "customer") == ["Invoices come as PDF."]


def test_commits_with_sentences_of_their_own_are_told_instead_of_a_merge_without() -> None:
    given = notes_input(pull_request(change(1, "a", ("Release-note", "First.")), change(2, "b")))
    assert texts(given, "customer") == ["First."]
    assert texts(given, "account") == ["First.", "b"]


def test_a_reverted_merge_takes_its_commits_along_and_what_reverts_it_stays_in() -> None:
    undo = change(9, 'Revert "Invoices in PDF"')
    made = pull_request(change(1, "one", ("Release-note", "Told.")), reverted_by=undo.sha)
    given = notes_input([undo, *made])
    for audience in ("account", "customer"):
        notes = build_notes(given, audience)
        assert notes.is_empty
    sections = build_notes(given, "engineering").sections
    assert [section.kind for section in sections] == ["undone"]


def test_work_undone_inside_its_own_pull_request_does_not_keep_the_title_in() -> None:
    tried = change(1, "try", reverted_by=sha(2))
    given = notes_input(pull_request(change(3, "done"), change(2, "no, not so"), tried))
    assert texts(given, "account") == ["Invoices in PDF"]


def test_work_undone_later_keeps_the_title_of_its_pull_request_in() -> None:
    undo = change(9, 'Revert "half of it"')
    given = notes_input([undo, *pull_request(change(1, "half of it", reverted_by=undo.sha), change(2, "the rest"))])
    assert texts(given, "account") == ["the rest"]


def test_a_merge_whose_commits_are_not_known_is_told_to_nobody_outside() -> None:
    merge = NoteChange(sha(5), "Merge pull request #5 from a/b", title="Secret plan", is_merge=True)
    given = notes_input([merge, change(1, "plain")])
    assert texts(given, "account") == ["plain"]


def test_brought_by_is_what_git_says_of_each_merge(tmp_path: Path) -> None:
    repo = RepoBuilder(tmp_path / "repo")
    repo.commit("start", {"a": "1"})
    base = repo.head
    repo.git("checkout", "-q", "-b", "one")
    repo.commit("one 1", {"one": "1"})
    repo.git("checkout", "-q", "main")
    repo.commit("on main", {"b": "1"})
    repo.git("merge", "-q", "--no-ff", "-m", "Merge one", "one")
    repo.git("checkout", "-q", "-b", "two", base)
    repo.commit("two 1", {"two": "1"})
    repo.git("merge", "-q", "-m", "Merge main into two", "main")
    repo.git("checkout", "-q", "-b", "inner")
    repo.commit("inner 1", {"inner": "1"})
    repo.git("checkout", "-q", "two")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge inner", "inner")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge two", "two")
    found = repo.git("log", "--format=%H %s|%P", f"{base}..main").splitlines()
    subject = {line[:40]: line[41:].partition("|")[0] for line in found}
    owners = brought_by(((line[:40], tuple(line.rpartition("|")[2].split())) for line in found), repo.head)
    named = {subject[commit]: subject[merge] for commit, merge in owners.items()}
    assert named == {
        "one 1": "Merge one",
        "two 1": "Merge two",
        "Merge main into two": "Merge two",
        "Merge inner": "Merge two",
        "inner 1": "Merge inner",
    }


# What customers get, and how it is filed.


def test_a_customer_reads_only_what_reaches_them_under_their_own_components() -> None:
    given = notes_input(
        [
            change(1, "a", ("Release-note", "Invoices changed.")),
            change(2, "b", ("Release-note", "Checkout changed."), components=("shop/checkout",)),
            change(3, "c"),
            change(4, "d", ("Release-note", "Just for you."), ("Customer", "acme-1"), components=("shop/other",)),
        ],
        components=LABELS | {"shop/other": ComponentLabel("Other")},
        sources={"shop/checkout": frozenset({"shop/invoicing"})},
    )
    invoicing = CustomerScope("Zeta", frozenset({"shop/invoicing"}))
    assert texts(given, "customer", invoicing) == ["Invoices changed."]
    checkout = build_notes(
        given, "customer", CustomerScope("Acme", frozenset({"shop/checkout"}), frozenset({"acme-1"}))
    )
    filed = {i.text: s.title for s in checkout.sections for g in s.groups for i in g.items}
    assert filed == {
        "Invoices changed.": "Checkout",
        "Checkout changed.": "Checkout",
        "Just for you.": "Other changes",
    }
    assert checkout.counts == (("Checkout", 1),)
    assert checkout.customer == "Acme"


def test_what_was_not_deployed_is_told_to_engineering_alone() -> None:
    given = notes_input(
        [change(1, "a", ("Release-note", "Told.")), change(2, "b", components=("shop/checkout", "shop/invoicing"))],
        not_deployed=frozenset({"shop/invoicing"}),
    )
    assert build_notes(given, "customer").counts == (("Checkout", 1),)
    assert texts(given, "account") == ["b"]
    kinds = {i.text: s.kind for s in build_notes(given, "engineering").sections for g in s.groups for i in g.items}
    assert kinds == {"a": "not_deployed", "b": "component"}


def titles(sections: Sequence[object]) -> Iterator[tuple[str, list[str]]]:
    for section in sections:
        yield section.title, [group.title for group in section.groups]  # type: ignore[attr-defined]


def test_conventional_histories_are_filed_by_type_then_component_breaking_first() -> None:
    def made(number: int, kind: str, *components: str, breaking: bool = False) -> NoteChange:
        return change(
            number, f"{kind}: x{number}", type=kind, description=f"x{number}", breaking=breaking, components=components
        )

    given = notes_input(
        [
            made(1, "chore", "shop/checkout"),
            made(2, "fix", "shop/invoicing"),
            made(3, "feature", "shop/invoicing"),
            made(4, "feat", "shop/checkout"),
            made(5, "fix", "shop/checkout", breaking=True),
            made(6, "perf", "shop/checkout", "shop/invoicing"),
            made(7, "strange"),
            change(8, "No convention here"),
        ]
    )
    assert list(titles(build_notes(given, "engineering").sections)) == [
        ("Breaking changes", ["Checkout"]),
        ("Features", ["Checkout", "Invoices"]),
        ("Fixes", ["Invoices"]),
        ("Performance", ["Checkout, Invoices"]),
        ("Chores", ["Checkout"]),
        ("Other changes", ["", "Invoices"]),
    ]
    outer = list(titles(build_notes(given, "account").sections))
    assert [title for title, _ in outer].count("Other changes") == 1
    assert outer[1] == ("New", ["Checkout", "Invoices"])


def test_other_histories_are_filed_by_component() -> None:
    many = {f"shop/c{n}": ComponentLabel(f"C{n}") for n in range(4)}
    given = notes_input(
        [
            change(1, "a"),
            change(2, "b", components=("shop/checkout", "shop/invoicing")),
            change(3, "c", components=tuple(many)),
            change(4, "d", components=()),
            change(5, "e", breaking=True),
        ],
        components=LABELS | many,
    )
    notes = build_notes(given, "engineering")
    assert [title for title, _ in titles(notes.sections)] == [
        "Breaking changes", "Checkout", "Invoices", "Several components", "In no component",
    ]  # fmt: skip
    also = {item.text: item.also for item in lines(notes)}
    assert also["b"] == ("Invoices",)
    assert also["c"] == ("C0", "C1", "C2", "C3")


def test_a_rollback_tells_what_is_no_longer_there() -> None:
    gone = change(1, "PDF", ("Release-note", "Invoices came as PDF."), side="removed")
    given = notes_input([gone, change(2, "x", side="removed")], kind="rollback", range="rollback", release="2.3.9")
    notes = build_notes(given, "customer")
    assert notes.sections == ()
    assert notes.removed_counts == (("Invoices", 1),)
    assert talking_points(notes) == ("No longer there: Invoices came as PDF.",)
    document = render_notes(notes, "md")
    assert "# What was taken back in 2.3.9" in document
    assert "Returned to the earlier version" in document
    assert "Removed (rolled back)" in render_notes(build_notes(given, "engineering"), "md")


def test_the_same_commit_may_be_added_here_and_removed_there() -> None:
    given = notes_input([change(1, "PDF"), change(1, "PDF", side="removed")], range="diverged")
    notes = build_notes(given, "engineering")
    assert len(notes.sections) == len(notes.removed) == 1


def test_heads_of_outer_notes_leave_out_what_is_ours() -> None:
    given = notes_input(
        [change(1, "a")],
        environment="production",
        deployment="D-1",
        actor="Dora",
        reach=ReachCounts(5, direct=5),
        unmapped=2,
        unmapped_sample=("tools/secret.py",),
        merge_paths={"lib/merge.py": sha(4)},
        history_complete=False,
        why_incomplete="the clone is shallow at abc",
    )
    account, customer = build_notes(given, "account"), build_notes(given, "customer")
    assert (account.unmapped, customer.unmapped) == (2, 0)
    for notes in (account, customer):
        assert (notes.actor, notes.base, notes.head, notes.unmapped_sample, notes.merge_paths) == (None,) * 3 + ((), ())
        assert "tools/secret.py" not in render_notes(notes, "md")
    assert (account.reach, account.repo, account.history_complete) == (given.reach, "shop", False)
    assert (customer.reach, customer.repo, customer.environment) == (None, None, None)
    engineering = render_notes(build_notes(given, "engineering"), "md")
    for said in ("Dora", "2 paths belong to no component", "tools/secret.py", "lib/merge.py", "shallow at abc"):
        assert said in engineering


def test_without_a_catalog_sentences_and_subjects_still_go_where_they_may() -> None:
    given = notes_input([change(1, "a", ("Release-note", "Told."), components=()), change(2, "b", components=())])
    bare = replace(given, components={})
    assert texts(bare, "customer") == ["Told."]
    assert texts(replace(bare, subjects="customer"), "customer") == ["Told.", "b"]
    assert texts(replace(given, subjects="customer"), "customer") == ["Told."]


def test_a_component_that_no_catalog_knows_is_not_shown_to_customers() -> None:
    given = notes_input([change(1, "a", ("Release-note", "Told."), components=("other/unknown",))])
    assert texts(given, "customer") == []
    assert texts(given, "account") == ["Told."]


# An outer document is looked through for the texts of inner items.


def test_a_sentence_that_quotes_an_inner_change_fails_the_render_without_repeating_it() -> None:
    secret = change(1, "Close the hole in the session cookie", ("Audience", "engineering"))
    told = change(2, "x", ("Release-note", "We had to close the HOLE in the session-cookie."))
    notes = build_notes(notes_input([secret, told]), "customer")
    with pytest.raises(LeakError) as refusal:
        render_notes(notes, "html")
    assert "a change that this audience may not read" in refusal.value.message
    assert "hole" not in refusal.value.message + refusal.value.hint
    passed = render_notes(notes, "html", allow=["Close the hole in the session cookie"])
    assert "session-cookie" in passed


def test_a_change_that_landed_twice_is_no_leak() -> None:
    first = change(1, "Show the tax number on invoices", reverted_by=sha(2))
    undo = change(2, 'Revert "Show the tax number on invoices"')
    again = change(3, "Show the tax number on invoices", ("Release-note", "Show the tax number on invoices"))
    quiet = change(4, "Show the tax number on invoices", ("Audience", "account"))
    given = notes_input([again, undo, first, quiet])
    assert "tax number" in render_notes(build_notes(given, "customer"), "md")
    assert "tax number" in render_notes(build_notes(given, "account"), "md")
