"""Notes for engineering and account staff name nobody in a pipe, in CI and in a public repository."""

from __future__ import annotations

import pytest

from tests.support.command import run_here, run_on_terminal

CI = {"CI": "true", "GITLAB_CI": "true"}
PUBLIC = CI | {"CI_PROJECT_VISIBILITY": "public"}
SUBJECTS = (
    "totals that Acme GmbH saw",
    "Ben Example could not pay",
    "call 020 7946 0102 when it is done",
)
WITHHELD = "withheld here: it names a customer, or one of our people"
OF_DEPLOYMENT = ("--deployment", "three")
OF_RANGE = ("--from", "HEAD~4")


@pytest.fixture
def named(shop):
    """The shop with a third deployment, whose subjects name a customer, somebody there, and a number."""
    for number, subject in enumerate(SUBJECTS):
        shop.commit(f"fix: {subject}", {f"services/invoicing/{number}.py": str(number)})
    shop.commit("fix: round down", {"services/invoicing/plain.py": "1", "tools/acme gmbh.sh": "1"})
    done = run_here("deployment", "record", "--environment", "production", "--key", "three", cwd=shop.path)
    assert done.status == 0, done.err
    return shop


def notes(shop, audience, *more, env=None, of=OF_DEPLOYMENT):
    done = run_here("notes", "render", *of, "--audience", audience, *more, cwd=shop.path, env=env)
    assert done.status == 0, done.err
    return done


def named_in(text, shop):
    return [words for words in (*SUBJECTS, "Acme", "acme gmbh", "7946 0102", author_of(shop)) if words in text]


def author_of(shop):
    return shop.git("log", "-1", "--format=%an").strip()


def test_where_no_names_may_be_shown_notes_name_nobody(named):
    for env, of, audience in (
        (None, OF_DEPLOYMENT, "engineering"),
        (None, OF_RANGE, "account"),
        (CI, OF_DEPLOYMENT, "engineering"),
        (CI, ("--since", "1h", "--environment", "production"), "account"),
        (PUBLIC, OF_DEPLOYMENT, "engineering"),
        (PUBLIC, OF_DEPLOYMENT, "account"),
    ):
        done = notes(named, audience, env=env, of=of)
        assert named_in(done.out, named) == [], (env, of, audience)
        assert "round down" in done.out
        assert done.out.count(WITHHELD) >= len(SUBJECTS) + (audience == "engineering")
        assert "texts are withheld: each names a customer" in done.err


def test_a_file_holds_names_but_in_ci(named, tmp_path):
    (file := tmp_path / "notes.md").touch()
    notes(named, "engineering", "-o", str(file))
    assert [text for text in (*SUBJECTS, author_of(named)) if text not in file.read_text("utf-8")] == []
    lowered = notes(named, "engineering", "--reveal", "names", "-o", str(file), env=CI)
    assert named_in(file.read_text("utf-8"), named) == []
    assert "--reveal names was lowered to keys: the settings allow no more in CI" in lowered.err


def test_names_are_shown_where_they_are_asked_for_and_allowed(named):
    for audience in ("engineering", "account"):
        shown = notes(named, audience, "--reveal", "names").out
        assert [text for text in SUBJECTS if text not in shown] == []
    config = named.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '[privacy]\nci = "names"\n', "utf-8")
    assert SUBJECTS[0] in notes(named, "engineering", "--reveal", "names", env=CI).out
    public = notes(named, "engineering", "--reveal", "names", env=PUBLIC)
    assert named_in(public.out, named) == []
    assert "--reveal names was lowered to counts: this is a public repository" in public.err
    assert SUBJECTS[0] in run_on_terminal("notes", "render", *OF_DEPLOYMENT, cwd=named.path)


def test_straight_from_git_subjects_stand_where_no_ledger_is_asked_and_authors_do_not(named):
    for audience, more in (("engineering", ()), ("account", ("--no-ledger",))):
        told = notes(named, audience, *more, of=OF_RANGE).out
        assert SUBJECTS[0] in told
        assert author_of(named) not in told
