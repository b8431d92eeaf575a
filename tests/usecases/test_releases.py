"""Releases recorded at build time: what a deploy job records without git is what it would have recorded with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.deployments import Place
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.storage import tables as t
from releasewatch.storage.releases import edges_of
from releasewatch.usecases.deployment_lists import Seeing
from releasewatch.usecases.deployments import Describing
from releasewatch.usecases.recording import record
from releasewatch.usecases.releases import (
    RecordedRelease,
    choose_release,
    list_document,
    record_release,
    show_document,
    stored_surroundings,
)
from releasewatch.usecases.surroundings import Surroundings
from tests.support.ledgers import new_ledger
from tests.support.repos import RepoBuilder
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

SEEING = Seeing(hour(1000), Reveal.KEYS)

CHAIN = """
[components.a]
paths = ["a/**"]
depends_on = ["b"]
[components.b]
paths = ["b/**"]
[components.c]
paths = ["c/**"]
type = "library"
"""


class Twins:
    """Two ledgers of one repo: one is told by a deploy job in a clone, the other by one that has only releases."""

    def __init__(self, folder: Path, ledger: Ledger, other: Ledger) -> None:
        self.cloned = World(folder, other, config=CHAIN)
        self.bare = World(folder, ledger, config=CHAIN)
        self.commit = self.cloned.commit
        self.repo = self.cloned.repo

    def build(self, name: str, rev: str = "HEAD", at: float = 0) -> RecordedRelease:
        """Tag a release, and record it in the ledger of who has no clone."""
        self.repo.tag(name, rev)
        return record_release(self.bare.ledger, self.bare.surroundings(), name, rev, hour(at))

    def deploy(self, at: float, name: str, **more: Any) -> Done:
        """Deploy it, for both; what was recorded must be the same. Returns it as it was recorded without git."""
        told = self.cloned.record(at, name, release=name, **more)
        here = self.without_git(at, name, **more)
        assert self.facts(self.bare, here) == self.facts(self.cloned, told)
        return here

    def without_git(self, at: float, name: str, **more: Any) -> Done:
        """Record it from the stored release alone."""
        found = choose_release(self.bare.ledger, name, more.get("components", ()), "shop")
        around = stored_surroundings(self.bare.ledger, found, GitignoreMapper)
        request = self.bare.request(at, name, release=name, **more)
        done = record(self.bare.ledger, around, request)
        return Done(self.bare.ledger, done, Describing(request.now, {}, done.already_recorded))

    def facts(self, world: World, done: Done) -> dict[str, Any]:
        """Everything that is kept of a deployment and of the windows of all, but for keys and clocks of recording."""
        left_out = {"key", "ci_run", "recorded_at", "live_ended_recorded_at", "carrying_ended_recorded_at"}
        document = done.document
        document["deployment"]["key"] = None
        found: dict[str, Any] = {"document": document}
        for table in (t.change, t.change_author, t.change_component, t.change_trailer, t.changed_path, t.reach):
            found[table.name] = self._rows(world, table, left_out)
        found["windows"] = self._rows(world, t.window, left_out)
        return found

    def _rows(self, world: World, table: Any, left_out: set[str]) -> list[Any]:
        rows = (
            [(name, str(value)) for name, value in row.items() if name not in left_out] for row in world.rows(table)
        )
        return sorted(rows)


@pytest.fixture
def twins(tmp_path: Path, ledger: Ledger) -> Any:
    other = new_ledger(f"sqlite:///{tmp_path}/other.db")
    yield Twins(tmp_path, ledger, other)
    other.close()


class TestAsWithAClone:
    def test_releases_one_after_the_other(self, twins):
        twins.commit("a", "b", "c")
        twins.build("v1")
        assert twins.deploy(1, "v1").kind == "initial"
        twins.commit("b", subject="fix(b): one", trailers={"Customer": "acme"}, body="Because.")
        twins.build("v2")
        done = twins.deploy(2, "v2")
        assert (done.kind, done.reached()) == (
            "deploy",
            {"shop/b": ("direct", 0, None), "shop/a": ("dependent", 1, "shop/b")},
        )
        assert twins.deploy(3, "v2").kind == "redeploy"

    def test_a_baseline_that_is_several_releases_old(self, twins):
        for number, folder in enumerate("abcab", 1):
            twins.commit(folder)
            twins.build(f"v{number}")
        twins.deploy(1, "v1")
        done = twins.deploy(2, "v5")
        assert done.document["changes"] == {"added": 4, "removed": 0, "reverted_in_range": 0}
        with twins.bare.ledger.read() as connection:
            assert len(edges_of(connection, 1)) == 4, "each release is joined to the one before, and to nothing else"

    def test_a_rollback_to_an_older_release_takes_back_what_it_brought(self, twins):
        for number, folder in enumerate("abca", 1):
            twins.commit(folder)
            twins.build(f"v{number}")
            twins.deploy(number, f"v{number}")
        done = twins.deploy(10, "v2")
        assert (done.kind, done.document["changes"]["removed"]) == ("rollback", 2)
        assert done.undoes == ["D-3", "D-4"]
        assert twins.deploy(11, "v4").kind == "deploy", "rolled forward again"

    def test_places_that_lag_behind_each_other(self, twins):
        for number, folder in enumerate("abcb", 1):
            twins.commit(folder)
            twins.build(f"v{number}")
        twins.deploy(1, "v1", regions=("eu", "us"))
        twins.deploy(2, "v2", regions=("eu",))
        twins.deploy(3, "v4", regions=("eu",), components=("b",))
        done = twins.deploy(4, "v4", regions=("eu", "us"))
        assert len({b["base"] for b in done.baselines}) == 3

    def test_reverts_of_what_an_earlier_deployment_brought_and_inside_the_range(self, twins):
        twins.commit("a", "b")
        twins.build("v1")
        bad = twins.commit("b", subject="feat(b): broken")
        twins.build("v2")
        twins.deploy(1, "v1")
        shipped = twins.deploy(2, "v2")
        twins.commit("a", subject="feat(a): never mind")
        twins.repo.revert("HEAD")
        twins.repo.revert(bad)
        twins.build("v3")
        done = twins.deploy(3, "v3")
        assert (done.undoes, done.document["changes"]["reverted_in_range"]) == ([shipped.id], 1)
        assert twins.bare.carried(shipped, "b") == {("", ""): 3}

    def test_a_hotfix_on_a_branch_and_merges(self, twins):
        twins.commit("a", "b", "c")
        twins.build("v1")
        twins.repo.branch("hotfix")
        twins.commit("b", subject="fix(b): urgent")
        twins.build("v1.1")
        twins.repo.switch("main")
        twins.commit("c")
        twins.build("v2")
        twins.repo.merge("hotfix", subject="Merge hotfix", files={"a/file": "by the merge alone"})
        twins.build("v3")
        twins.deploy(1, "v1")
        twins.deploy(2, "v1.1")
        assert twins.deploy(3, "v2").document["deployment"]["range"] == "diverged"
        done = twins.deploy(4, "v3")
        assert set(done.reached()) == {"shop/a", "shop/b"}, "a was changed by the merge itself"

    def test_a_build_of_a_branch_in_between_that_the_next_clone_lacks(self, twins, tmp_path):
        """Joined to the newest release that the clone has; the branch's commit is nowhere else."""
        twins.commit("a", "b")
        twins.build("v1")
        around = twins.bare.surroundings()
        twins.repo.git("clone", "-q", twins.repo.url, str(tmp_path / "elsewhere"))
        branch = RepoBuilder(tmp_path / "elsewhere")
        branch.commit("On a branch", {"a/branch": "1"})
        theirs = replace(
            around, history=open_history(branch.path, fetch_missing=False), catalog_at=lambda _: around.catalog_at(None)
        )
        record_release(twins.bare.ledger, theirs, "pr-7", "HEAD", hour(1))
        twins.commit("b")
        assert twins.build("v2", at=2).remarks == ()
        twins.deploy(1, "v1")
        assert twins.deploy(2, "v2").reached().keys() == {"shop/b", "shop/a"}

    def test_what_was_live_before_releases_were_recorded_is_joined_at_build_time(self, twins):
        first = twins.commit("a", "b", "c")
        for world in (twins.cloned, twins.bare):
            world.record(1, first)
        twins.commit("a")
        twins.build("v1")
        done = twins.deploy(2, "v1")
        assert (done.kind, done.base) == ("deploy", first)

    def test_what_was_deployed_from_a_clone_and_taken_back_by_a_release(self, twins):
        """Contents that no stored range changes are unknown, and are not taken for gone."""
        heads = [twins.commit(folder) for folder in "abc"]
        for world in (twins.cloned, twins.bare):
            for number, head in enumerate(heads, 1):
                world.record(number, head)
        twins.repo.revert("HEAD")
        twins.build("v1")
        done = twins.deploy(10, "v1")
        assert done.undoes == ["D-3"]

    def test_a_component_that_a_release_takes_away(self, twins):
        twins.commit("a", "b", "c")
        twins.build("v1")
        twins.deploy(1, "v1")
        config = CHAIN.partition("[components.c]")[0]
        twins.commit(config=config, delete=("c/file",))
        twins.build("v2")
        assert "shop/c" in twins.deploy(2, "v2").reached()

    def test_paths_that_are_no_utf_8(self, twins):
        twins.commit("a")
        twins.build("v1")
        twins.commit("b", files={b"a/caf\xe9": "1", "a/é": "1"})
        twins.build("v2")
        twins.deploy(1, "v1")
        twins.deploy(2, "v2")
        assert twins.deploy(3, "v1").undoes == ["D-2"]

    def test_a_late_record_between_others(self, twins):
        for number, folder in enumerate("abc", 1):
            twins.commit(folder)
            twins.build(f"v{number}")
        twins.deploy(1, "v1")
        last = twins.deploy(5, "v3")
        twins.deploy(3, "v2")
        assert twins.bare.show(last).baselines[0]["wider"]


class TestWhatIsNotKnown:
    def test_a_baseline_that_no_release_leads_to(self, twins):
        """Deployed from a clone after the build: the range is unknown, and nobody can be ruled out."""
        for number, folder in enumerate("ab", 1):
            twins.commit(folder)
            twins.build(f"v{number}")
        newest = twins.commit("c")
        shipped = twins.bare.record(1, newest)
        done = twins.without_git(2, "v2")
        deployment = done.document["deployment"]
        assert (deployment["range"], deployment["history_complete"]) == ("unknown", False)
        assert deployment["why_incomplete"].startswith(f"no recorded release leads from {newest}")
        assert (done.document["changes"]["removed"], done.undoes) == (None, [])
        (row,) = twins.bare.rows(t.deployment, done)
        assert row["has_blank"], "all customers there are counted as not ruled out"
        assert twins.bare.show(shipped).document["deployment"]["targets"][0]["live_until"] is not None

    def test_what_may_have_been_taken_back_stays_open_and_in_doubt(self, twins):
        twins.commit("a")
        twins.build("v1")
        twins.bare.record(1, "v1")
        newest = twins.commit("a")
        shipped = twins.bare.record(2, newest)
        twins.without_git(3, "v1")
        window = twins.bare.window(shipped, "a")
        assert (window.carried_until, window.doubt_from) == (None, 3)

    def test_a_build_in_a_shallow_clone_says_what_it_lacks(self, twins, tmp_path):
        for folder in "abc":
            twins.commit(folder)
        twins.bare.record(1, "HEAD~2")
        RepoBuilder(tmp_path / "unrelated")
        twins.repo.git("clone", "-q", "--depth=1", twins.repo.url, str(tmp_path / "shallow"))
        history = open_history(tmp_path / "shallow", fetch_missing=False)
        around = replace(twins.bare.surroundings(), history=history)
        done = record_release(twins.bare.ledger, around, "v1", "HEAD", hour(2))
        assert len(done.remarks) == 1
        assert "is not in this shallow clone" in done.remarks[0]
        deployed = twins.without_git(3, "v1")
        assert deployed.document["deployment"]["why_incomplete"] == done.remarks[0]
        assert deployed.document["deployment"]["history_complete"] is False

    def test_the_first_release_of_a_shallow_build_may_hide_its_past(self, twins, tmp_path):
        twins.commit("a")
        twins.commit("b")
        twins.repo.git("clone", "-q", "--depth=1", twins.repo.url, str(tmp_path / "shallow"))
        history = open_history(tmp_path / "shallow", fetch_missing=False)
        record_release(twins.bare.ledger, replace(twins.bare.surroundings(), history=history), "v1", "HEAD", hour(1))
        done = twins.without_git(3, "v1")
        assert done.document["deployment"]["history_complete"] is False
        assert done.baselines[0]["from"] == "nothing: this shallow clone may lack an earlier tag"


class TestNames:
    def test_twice_is_once_and_another_commit_is_refused(self, twins):
        head = twins.commit("a")
        first = twins.build("v1")
        again = record_release(twins.bare.ledger, twins.bare.surroundings(), "v1", "HEAD", hour(1))
        assert (first.already_recorded, again.already_recorded, again.head) == (False, True, head)
        assert len(twins.bare.rows(t.release)) == 1
        twins.commit("a")
        with pytest.raises(InvalidCallError, match=f"is recorded as commit {head}"):
            record_release(twins.bare.ledger, twins.bare.surroundings(), "v1", "HEAD", hour(1))

    def test_a_deployment_of_a_release_cannot_be_of_another_commit(self, twins):
        head = twins.commit("a")
        twins.build("v1")
        twins.commit("a")
        with pytest.raises(InvalidCallError, match=f"was recorded as commit {head}"):
            twins.bare.record(1, "HEAD", release="v1")
        assert twins.bare.record(1, "v1", release="v1").number == 1

    def test_one_that_is_unknown_is_refused_with_the_near_ones(self, twins):
        twins.commit("a")
        twins.build("v1.2.0")
        with pytest.raises(UnknownNameError) as caught:
            choose_release(twins.bare.ledger, "v1.2", (), None)
        assert caught.value.hint.startswith("Did you mean v1.2.0?")
        with pytest.raises(UnknownNameError, match=r"no release 'v1\.2\.0' of other"):
            choose_release(twins.bare.ledger, "v1.2.0", ("other/a",), None)

    def test_of_several_repos_the_one_is_meant_that_a_key_or_the_job_names(self, twins, tmp_path):
        twins.commit("a")
        twins.build("v1")
        other = World(tmp_path / "more", twins.bare.ledger, config="[components.x]\npaths = ['x/**']\n", key="other")
        other.commit("x")
        record_release(other.ledger, other.surroundings(), "v1", "HEAD", hour(1))
        ledger = twins.bare.ledger
        assert choose_release(ledger, "v1", ("other/x",), "shop").repo == "other"
        assert choose_release(ledger, "v1", ("x",), None).repo == "other"
        assert choose_release(ledger, "v1", (), "shop").repo == "shop"
        with pytest.raises(AmbiguousNameError) as caught:
            choose_release(ledger, "v1", (), None)
        assert "other, shop" in caught.value.hint

    def test_a_component_that_the_release_lacks_is_named(self, twins):
        twins.commit("a")
        twins.build("v1")
        with pytest.raises(UnknownNameError, match="has no component"):
            twins.without_git(1, "v1", components=("d",))

    def test_a_catalog_without_components_is_refused(self, twins):
        around = Surroundings("shop", twins.bare.history, twins.bare.catalog_at, GitignoreMapper)
        twins.commit("a", config="[releasewatch]\nrepo = 'shop'\n")
        with pytest.raises(InvalidCallError, match="has no component"):
            record_release(twins.bare.ledger, around, "v1", "HEAD", hour(1))


def test_documents(twins):
    heads = [twins.commit(folder) for folder in "ab"]
    twins.build("v1", heads[0])
    twins.build("v2", heads[1], at=1)
    twins.deploy(2, "v2", regions=("eu",))
    ledger = twins.bare.ledger
    page = list_document(ledger, SEEING, repo="shop", limit=1, cursor=None)
    assert [(one["release"], one["head"]) for one in page["releases"]] == [("v2", heads[1])]
    rest = list_document(ledger, SEEING, repo=None, limit=5, cursor=page["next_cursor"])
    assert ([one["release"] for one in rest["releases"]], rest["next_cursor"]) == (["v1"], None)
    told = show_document(ledger, SEEING, "v2", "shop")["release"]
    assert told["compared_with"] == [
        {
            "base": heads[0],
            "range": "forward",
            "added": 1,
            "removed": 0,
            "paths": 1,
            "history_complete": True,
            "why_incomplete": None,
        }
    ]
    assert told["components"] == ["shop/a", "shop/b", "shop/c"]
    assert [(one["id"], one["environment"]) for one in told["deployments"]] == [("D-1", "production")]
    assert Place("eu", "") in {Place(row["region"], row["ring"]) for row in twins.bare.rows(t.target)}
