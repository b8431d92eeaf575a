"""`db prune`: every document asked of the time after it is the same, and what it cannot tell any more it refuses."""

from __future__ import annotations

import shutil
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.test_scenarios import STORIES, perform, run_at
from tests.support.command import Finished
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

STORY = next(path for path in STORIES if path.name == "retraction")

NOW = datetime(2026, 3, 12, tzinfo=UTC)

MOVED = (
    ("2026-03-04T08:00:00Z", {"Acme GmbH": "Acme AG", "gold": "silver", "101,ada": "107,ada"}),
    ("2026-03-06T08:00:00Z", {"nore,shop/exports": "nore,shop/invoicing", "Dirk": "Doris", "Dublin": "London"}),
    ("2026-03-10T09:15:00Z", {"Acme GmbH": "Acme SE", "Liam": "Lena", "kerr,shop/invoicing": "kerr,shop/exports"}),
)
"""When the directory is imported again, and what is otherwise in it then."""

DATE = "2026-03-11"
"""After all that was imported and said; other days are asked in tests/usecases/test_pruning.py."""

QUESTIONS = (
    "deployment list",
    "deployment show D-1",
    "exposure list --deployment D-1",
    "incident show INC-1 --customers",
    "call list --incident INC-1",
    "notes render --environment production --since 2026-03-01 --audience account",
    "report customer --account-manager olga --since 2026-03-01 --until 2026-03-31 --reveal names",
    "report dora --since 2026-03-01 --by component",
    "report calls --since 2026-03-01 --by incident",
    "digest --account-manager olga --since 2026-03-01 --reveal names",
    "customer show acme --at 2026-03-05",
    "customer brief nore --reveal names",
)

CLOCKS = ("exposure list --deployment D-1", "incident show INC-1 --customers", "customer show acme")
"""Those that can be asked as known at an instant."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, guarded_session: Path) -> RepoBuilder:
    """The story of a retraction, in which the directory is imported again and again meanwhile."""
    repo = RepoBuilder(tmp_path_factory.mktemp("told") / "repo")
    for given in (*STORY.glob("*.csv"), STORY / "releasewatch.toml"):
        shutil.copy(given, repo.path)
    steps = tomllib.loads((STORY / "story.toml").read_text("utf-8"))["step"]
    moved = [(datetime.fromisoformat(at), words) for at, words in MOVED]
    for step in steps:
        while moved and moved[0][0] <= step["at"]:
            import_again(repo, *moved.pop(0))
        if is_told(step):
            perform(step | {"file": "releasewatch.toml"}, repo, STORY, here=True)
    return repo


def is_told(step: dict[str, Any]) -> bool:
    """Whether a step leaves something in the ledger: what only reads is asked later."""
    return "run" not in step or step["run"].split()[1] not in ("list", "render", "show", "calls")


@pytest.fixture
def told(story: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepoBuilder:
    """The same with a ledger of one's own."""
    shutil.copy(story.path / ".releasewatch" / "ledger.db", tmp_path / "ledger.db")
    monkeypatch.setenv("RELEASEWATCH_DATABASE_URL", f"sqlite:///{tmp_path}/ledger.db")
    return story


def import_again(repo: RepoBuilder, at: datetime, words: dict[str, str]) -> None:
    kinds = ("customers", "contacts", "entitlements")
    for kind in kinds:
        text = (STORY / f"{kind}.csv").read_text("utf-8")
        for old, new in words.items():
            text = text.replace(old, new)
        (repo.path / f"{kind}.csv").write_text(text, "utf-8")
    files = [word for kind in kinds for word in (f"--{kind}", f"{kind}.csv")]
    assert run_at(at, "customer", "import", *files, "-q", cwd=repo.path, here=True).status == 0


def ask(repo: RepoBuilder, question: str, at: datetime = NOW) -> Finished:
    words = question.split()
    form = () if words[0] in ("notes", "event") else ("--format", "json")
    return run_at(at, *words, *form, cwd=repo.path, here=True)


def answers(repo: RepoBuilder, since: datetime) -> dict[str, Finished]:
    """Everything that can be asked from an instant on: now, and as known at the instant itself."""
    known = [f"{question} --known-at {since:%Y-%m-%dT%H:%M:%SZ}" for question in CLOCKS]
    return {question: ask(repo, question) for question in (*QUESTIONS, *known)}


def test_no_answer_changes_of_what_can_be_asked_from_that_day_on(told):
    since = datetime.fromisoformat(DATE).replace(tzinfo=UTC)
    before = answers(told, since)
    assert {question: done.err for question, done in before.items() if done.status} == {}
    rehearsed = ask(told, f"db prune --before {DATE} --dry-run").document
    done = ask(told, f"db prune --before {DATE} --yes").document
    assert (done["rows"], done["before"]) == (rehearsed["rows"], f"{since:%Y-%m-%dT%H:%M:%SZ}")
    assert answers(told, since) == before
    assert ask(told, f"db prune --before {DATE} --dry-run").document["total"] == 0
    assert ask(told, "db check").document["findings"] == []


def test_who_asks_what_was_known_before_is_told_that_it_is_gone(told):
    assert ask(told, "customer show acme --known-at 2026-03-05").document["customer"]["name"] is None
    assert ask(told, "db prune --before 2026-03-09").error["code"] == "refused"
    assert ask(told, "db prune --before 2030-01-01 --yes").error["message"].endswith("cannot be pruned.")
    assert ask(told, "db prune --before 2026-03-09 --yes").status == 0
    earlier = ask(told, "db prune --before 2026-03-03 --yes").document
    assert (earlier["total"], earlier["pruned_before"]) == (0, "2026-03-09T00:00:00Z")
    for question in (*CLOCKS, "catalog show --from ledger", "incident suspects INC-1", "incident list"):
        done = ask(told, f"{question} --known-at 2026-03-08T23:59:59Z")
        assert (done.status, done.out) == (2, ""), question
        assert done.error["message"] == (
            "The ledger was pruned: what was known before 2026-03-09T00:00:00Z is not in it any more."
        )
    assert ask(told, "customer list --at 2026-03-03").status == 0
    assert ask(told, "db check").document["pruned_before"] == "2026-03-09T00:00:00Z"
    assert "ledger_pruned" in ask(told, "doctor").out
