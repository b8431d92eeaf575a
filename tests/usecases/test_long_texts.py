"""Texts longer than a database's index entry: recorded all the same, on both databases."""

from __future__ import annotations

from tests.support.worlds import World


def test_long_subjects_paths_and_names_are_recorded(ledger, tmp_path):
    world = World(tmp_path, ledger)
    world.commit("a")
    world.record(1)
    deep = "/".join(["a", *(f"{n:03}" + "x" * 200 for n in range(15)), "file"])
    assert len(deep) > 2704
    world.commit(subject="s" * 6000, files={deep: "1"}, trailers={"Customer": "k" * 4000})
    done = world.record(2)
    assert done.reached() == {"shop/a": ("direct", 0, None)}
    world.commit(files={"b/file": "1"}, delete=[deep], subject="Take it out again")
    undone = world.record(3)
    assert undone.undoes == [done.id]


def test_a_key_or_a_name_that_no_index_takes_is_refused_with_a_sentence(tmp_path):
    from tests.support.command import run_here
    from tests.support.repos import RepoBuilder

    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": '[components.a]\npaths = ["a/**"]\n'})
    for option in ("--key", "--region", "--ring", "--release", "--environment"):
        arguments = ["deployment", "record", option, "x" * 3000]
        if option != "--environment":
            arguments += ["--environment", "production"]
        done = run_here(*arguments, cwd=repo.path)
        assert (done.status, done.out) == (2, ""), option
        assert "at most 200" in done.err
