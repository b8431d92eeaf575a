"""Importing a past from tags or a list: order, baselines, what is refused or left out, and that twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.past import PastDeployment
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.storage import tables as t
from releasewatch.usecases.deployment_import import (
    PastReport,
    import_past,
    past_document,
    past_of_file,
    past_of_tags,
)
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.tag_packages import Packages, TagPackages, read_tag_packages
from tests.support.worlds import START, World, hour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.record_facts import RecordRequest

NOW = hour(1000)
USUAL = PastDeployment("", None, "production")


@pytest.fixture
def world(tmp_path: Path, ledger: Ledger) -> World:
    return World(tmp_path, ledger)


def request_of(past: PastDeployment) -> RecordRequest:
    from releasewatch.usecases.record_facts import RecordRequest

    return RecordRequest(
        environment=past.environment,
        tier="production",
        now=NOW,
        head=past.head,
        base=past.base or None,
        components=past.components,
        targets=past.targets,
        release=past.release,
        status=past.status,
        started_at=past.started_at,
        finished_at=past.finished_at,
    )


def import_file(world: World, tmp_path: Path, text: str, usual: PastDeployment = USUAL, **more: Any) -> PastReport:
    path = tmp_path / "past.csv"
    path.write_bytes(text.encode(more.pop("encoding", "utf-8")))
    past = past_of_file(path, more.pop("since", None), usual, NOW)
    return import_past(world.ledger, world.surroundings(), past, request_of)


def import_tags(world: World, *patterns: str, usual: PastDeployment = USUAL, **more: Any) -> PastReport:
    tags = world.history.tags()  # type: ignore[attr-defined]
    past = past_of_tags(tags, patterns, more.pop("since", None), usual, NOW, **more)
    return import_past(world.ledger, world.surroundings(), past, request_of)


def kinds(report: PastReport) -> list[tuple[str, str]]:
    return [(one.release, one.kind) for one in report.deployments]


class TestTagsOfPackages:
    """Tags of a monorepo, each of one package: `@acme/alpha` is the manifest's name of what lies in a."""

    TAGS = ("@acme/alpha@1.0.0", "b-v1.0", "@acme/alpha@1.1.0", "gone/v2.0.0", "b-v1.1", "v7.0.0")

    @pytest.fixture
    def monorepo(self, world: World) -> World:
        for number, tag in enumerate(self.TAGS, 1):
            world.commit("a", "b", "c", at=hour(number))
            world.repo.tag(tag)
        return world

    def import_(self, world: World, **more: Any) -> PastReport:
        def packages_of(tags: Sequence[str]) -> TagPackages:
            catalog = around.catalog_at(None)
            files = ("a/package.json", "a/x", "b/x", "c/x")
            return read_tag_packages(tags, catalog, Packages({"@acme/alpha": "a"}, files, around.mapper_of(catalog)))

        around = world.surroundings()
        return import_tags(world, packages_of=packages_of, **more)

    def test_each_is_a_deployment_of_its_component_and_what_is_none_is_left_out(self, monorepo):
        report = self.import_(monorepo)
        assert kinds(report) == [
            ("@acme/alpha@1.0.0", "initial"), ("b-v1.0", "initial"), ("@acme/alpha@1.1.0", "deploy"),
            ("b-v1.1", "deploy"), ("v7.0.0", "mixed"),
        ]  # fmt: skip
        assert report.left_out == {"of a package that is no component: gone": 1}
        (note,) = report.past.notes
        assert note == (
            "Tags that name a package are taken as releases of its component alone: @acme/alpha = shop/a (2), "
            "b = shop/b (2)."
        )
        second = describe(monorepo.ledger, 3, Describing(NOW, {}))
        assert [one["key"] for one in second["components"]] == ["shop/a"]
        assert second["baselines"][0]["base"] == monorepo.repo.sha("@acme/alpha@1.0.0")

    def test_the_first_in_a_window_is_compared_with_the_tag_of_the_same_package_before_it(self, monorepo):
        report = self.import_(monorepo, since=hour(2.5))
        assert kinds(report)[:2] == [("@acme/alpha@1.1.0", "initial"), ("b-v1.1", "initial")]
        bases = [describe(monorepo.ledger, n, Describing(NOW, {}))["baselines"][0]["base"] for n in (1, 2)]
        assert bases == [monorepo.repo.sha("@acme/alpha@1.0.0"), monorepo.repo.sha("b-v1.0")]

    def test_without_a_tag_of_its_own_before_it_no_other_package_stands_in(self, monorepo):
        assert monorepo.history.nearest_tag(monorepo.repo.sha("b-v1.1")) is None
        monorepo.commit("a", at=hour(8))
        assert monorepo.history.nearest_tag(monorepo.repo.sha("HEAD"))[0] == "v7.0.0"


@pytest.mark.parametrize(
    ("tags", "components", "unknown"),
    [
        (("c@1.0", "@x/c@1.0"), {}, {"c", "@x/c"}),  # two packages, one bare name
        (("@x/c@1.0", "v2"), {"@x/c": "shop/c"}, set()),
        (("The-C-v1.0", "b-v1.0"), {"The-C": "shop/c", "b": "shop/b"}, set()),  # by title
        (("packages/b/v1.0.0",), {"packages/b": "shop/b"}, set()),  # by folder
        (("product-1.0", "product-1.1"), {}, set()),  # the program's own name
        (("product-1.0", "v1.1"), {}, {"product"}),
    ],
)
def test_which_component_a_package_is(tags, components, unknown):
    parts = (("b", "b"), ("c", "The-C"))
    catalog = Catalog("shop", tuple(Component(key, title, (f"packages/{key}/**",)) for key, title in parts))
    known = Packages({}, ("packages/b/x", "packages/c/x"), GitignoreMapper(catalog))
    found = read_tag_packages(tags, catalog, known)
    assert (found.components, found.unknown) == (components, unknown)


class TestTags:
    @pytest.fixture
    def tagged(self, world: World) -> World:
        for number, folders in enumerate((("a", "b", "c"), ("a",), ("b",), ("c",)), 1):
            world.commit(*folders, at=hour(number))
            world.repo.tag(f"v{number}", annotated=number == 2)
        world.commit("a", at=hour(5))
        world.repo.tag("nightly-5")
        return world

    def test_the_first_is_compared_with_nothing_and_each_other_with_the_one_before(self, tagged):
        report = import_tags(tagged, "v*")
        assert kinds(report) == [("v1", "initial"), ("v2", "deploy"), ("v3", "deploy"), ("v4", "deploy")]
        assert [one.opened_at for one in report.deployments][2] == hour(3)
        documents = [self.document(tagged, one.id) for one in report.deployments]
        assert [d["changes"]["added"] for d in documents] == [0, 1, 1, 1]
        assert [[c["key"] for c in d["components"]] for d in documents] == [[], ["shop/a"], ["shop/b"], ["shop/c"]]
        assert [d["deployment"]["source"] for d in documents] == ["tags"] * 4
        assert documents[1]["deployment"]["targets"][0]["live_until"] == "2026-03-01T03:00:00Z"

    def document(self, world: World, found: str) -> dict[str, Any]:
        return describe(world.ledger, int(found.removeprefix("D-")), Describing(NOW, {}))

    def test_the_first_real_record_has_the_newest_tag_as_its_baseline(self, tagged):
        import_tags(tagged, "v*")
        done = tagged.record(10)
        assert (done.kind, done.base) == ("deploy", tagged.repo.sha("v4"))
        assert done.document["deployment"]["source"] is None
        assert done.reached() == {"shop/a": ("direct", 0, None)}

    def test_the_first_of_a_window_is_compared_with_the_nearest_earlier_tag(self, tagged):
        report = import_tags(tagged, "v*", since=hour(2.5))
        assert kinds(report) == [("v3", "initial"), ("v4", "deploy")]
        assert report.left_out == {"older than --since": 2}
        assert self.document(tagged, report.deployments[0].id)["baselines"][0]["base"] == tagged.repo.sha("v2")

    def test_twice_is_once(self, tagged):
        first = import_tags(tagged, "v*")
        rows = tagged.rows(t.deployment_event)
        second = import_tags(tagged, "v*")
        assert [one.already_recorded for one in second.deployments] == [True] * 4
        assert [one.id for one in first.deployments] == [one.id for one in second.deployments]
        assert tagged.rows(t.deployment_event) == rows

    def test_a_later_import_adds_what_is_between(self, tagged):
        import_tags(tagged, "v1", "v4")
        report = import_tags(tagged, "v*")
        assert [one.already_recorded for one in report.deployments] == [True, False, False, True]
        assert kinds(report)[1:3] == [("v2", "deploy"), ("v3", "deploy")]
        newest = self.document(tagged, report.deployments[3].id)
        assert newest["baselines"][0]["wider"], "it was compared with v1 and others lie between"

    def test_what_was_told_as_it_happened_knows_better(self, tagged):
        told = tagged.record(3.5, "v3")
        report = import_tags(tagged, "v*")
        assert [one.release for one in report.deployments] == ["v1", "v2", "v3"]
        assert report.left_out == {f"not before {told.id}, the first deployment that was told as it happened": 1}

    def test_a_tag_that_was_moved_is_another_deployment(self, tagged):
        import_tags(tagged, "v4")
        tagged.repo.git("tag", "-f", "v4", "HEAD")
        assert [one.already_recorded for one in import_tags(tagged, "v4").deployments] == [False]

    def test_tags_without_a_commit_or_from_the_future_are_refused(self, tagged):
        tagged.repo.git("tag", "v-tree", "HEAD^{tree}")
        tagged.commit("a", at=hour(2000))
        tagged.repo.tag("v-ahead")
        report = import_tags(tagged, "v-*", "v1")
        assert [(one.tag, one.reason) for one in report.rejected] == [
            ("v-ahead", "is dated ahead of the clock"),
            ("v-tree", "names no commit"),
        ]
        assert len(report.deployments) == 1

    def test_no_tag_at_all_is_an_error(self, tagged):
        with pytest.raises(InvalidCallError, match="No tag here is called 'w\\*'"):
            import_tags(tagged, "w*")

    def test_a_catalog_of_the_past_that_cannot_be_read_is_replaced_by_todays(self, world):
        world.commit("a", at=hour(1), files={"releasewatch.toml": "[components.a]\npahts = 1\n"})
        world.repo.tag("v1")
        world.commit("b", at=hour(2))
        world.repo.tag("v2")
        report = import_tags(world)
        assert kinds(report) == [("v1", "initial"), ("v2", "deploy")]
        assert any("catalog that cannot be read" in words for words in report.remarks)


class TestFile:
    @pytest.fixture
    def heads(self, world: World) -> list[str]:
        return [world.commit(folder, at=hour(number)) for number, folder in enumerate("abca", 1)]

    def test_rows_are_recorded_in_order_of_time_whatever_their_order(self, world, heads, tmp_path):
        report = import_file(
            world,
            tmp_path,
            "environment,head,finished_at,region,release,started_at\n"
            f"production,{heads[2]},2026-03-03,eu,v3,\n"
            f"production,{heads[0][:12]},2026-03-01T10:00:00Z,,v1,\n"
            f"production,{heads[1]},2026-03-02T12:00:00+02:00,eu;us,v2,2026-03-02T09:30:00Z\n",
        )
        assert report.rejected == []
        assert kinds(report) == [("v1", "initial"), ("v2", "deploy"), ("v3", "deploy")]
        assert [one.opened_at - START for one in report.deployments] == [
            timedelta(hours=10),
            timedelta(days=1, hours=9.5),
            timedelta(days=2),
        ]
        done = world.record(200, regions=("eu", "us"))
        assert {b["targets"][0]["region"]: b["base"] for b in done.baselines} == {"eu": heads[2], "us": heads[1]}
        document = past_document(report, dry_run=False)
        assert document["import"]["recorded"] == 3
        assert {row["ci_provider"] for row in world.rows(t.deployment)} == {"import", "test"}

    def test_a_spreadsheets_file_is_read(self, world, heads, tmp_path):
        text = f"Environment;Head;Finished_at;Region\nproduction;{heads[0]};2026-03-01;Zürich\n"
        report = import_file(world, tmp_path, text, encoding="cp1252")
        assert report.rejected == []
        assert report.past.notes[0].startswith("not UTF-8: read as cp1252")
        assert {row["region"] for row in world.rows(t.target)} == {"Zürich"}

    def test_bad_rows_are_named_and_the_others_go_on(self, world, heads, tmp_path):
        report = import_file(
            world,
            tmp_path,
            "environment,head,Finished_At,region,status,component,started_at,key\n"
            f"production,{heads[0]},2026-03-01T00:00:00Z,,,,,one\n"
            f"production,nothing,2026-03-02,,,,,\n"
            f"production,{heads[1]},,,,,,\n"
            f"production,{heads[1]},yesterday,,,,,\n"
            f"production,{heads[1]},2027-01-01,,,,,\n"
            f"production,{heads[1]},2026-03-02,?,,,,\n"
            f"production,{heads[1]},2026-03-02,,great,,,\n"
            f"production,{heads[1]},2026-03-02,,,d,,\n"
            f"production,{heads[1]},2026-03-02,,,,2026-03-03,\n"
            f"production,{heads[1]},2026-03-02,,,,,one\n"
            f"production,{heads[2]},2026-03-04,,failed,,,\n",
            replace(USUAL, environment=""),
        )
        assert [(one.line, one.column) for one in sorted(report.rejected, key=lambda one: one.line or 0)] == [
            (3, "head"),
            (4, "Finished_At"),
            (5, "Finished_At"),
            (6, "Finished_At"),
            (7, "region"),
            (8, "status"),
            (9, "component"),
            (10, "started_at"),
            (11, "key"),
        ]
        assert [one.head for one in report.deployments] == [heads[0], heads[2]]
        assert all(one.reason for one in report.rejected)

    def test_a_row_without_environment_takes_the_one_given_or_is_refused(self, world, heads, tmp_path):
        text = f"head,finished_at\n{heads[0]},2026-03-01\n"
        assert [one.environment for one in import_file(world, tmp_path, text).deployments] == ["production"]
        (refused,) = import_file(world, tmp_path, text, replace(USUAL, environment="")).rejected
        assert (refused.line, refused.column) == (2, "environment")

    def test_the_same_list_in_another_order_is_a_no_op(self, world, heads, tmp_path):
        rows = [f"{head},2026-03-0{day}\n" for day, head in enumerate(heads, 1)]
        import_file(world, tmp_path, "head,finished_at\n" + "".join(rows))
        before = world.rows(t.deployment_event)
        again = import_file(world, tmp_path, "head,finished_at\n" + "".join(rows[::-1]))
        assert [one.already_recorded for one in again.deployments] == [True] * 4
        assert world.rows(t.deployment_event) == before

    def test_a_list_may_fill_what_lies_between_real_records(self, world, heads, tmp_path):
        first, last = world.record(1, heads[0]), world.record(100, heads[3])
        report = import_file(world, tmp_path, f"head,finished_at\n{heads[1]},2026-03-02\n")
        assert kinds(report) == [("", "deploy")]
        assert world.show(last).baselines[0]["wider"]
        assert world.show(first).document["deployment"]["targets"][0]["live_until"] == "2026-03-02T00:00:00Z"

    def test_an_older_head_in_the_list_is_a_rollback_and_ends_what_it_took_back(self, world, heads, tmp_path):
        rows = zip((heads[0], heads[1], heads[0]), (1, 2, 3), strict=True)
        text = "".join(f"{head},2026-03-0{day}\n" for head, day in rows)
        report = import_file(world, tmp_path, "head,finished_at\n" + text)
        assert [kind for _, kind in kinds(report)] == ["initial", "deploy", "rollback"]
        document = describe(world.ledger, int(report.deployments[2].id[2:]), Describing(NOW, {}))
        assert document["deployment"]["undoes"] == [report.deployments[1].id]
