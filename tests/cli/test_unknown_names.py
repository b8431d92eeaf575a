"""Names in `Customer:` trailers that nobody goes by: they are counted and said, and told where keys may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = '[releasewatch]\nrepo = "shop"\n[components.cart]\npaths = ["**"]\n'


def test_names_that_nobody_goes_by_are_counted_and_said(tmp_path: Path) -> None:
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, ".gitignore": ".releasewatch\n*.csv\n"})

    def run(*words: str) -> Finished:
        done = run_here(*words, cwd=repo.path)
        assert done.status == 0, done.err
        return done

    recording = ("deployment", "record", "--environment", "production")
    run(*recording)
    (repo.path / "c.csv").write_text("key,name\n0014,Acme\n")
    run("customer", "import", "--customers", "c.csv", "-q")
    sha = repo.commit("Mend it", {"a": "1"}, trailers={"Customer": "0014, NOBODY"})
    repo.commit("And that", {"a": "2"}, trailers={"customer": "GHOST"})
    named = "2 names in Customer: trailers are of no customer that is known. See: "
    plan = run("deployment", "plan", "--environment", "production")
    assert named + "git show " in plan.out
    document = run(*recording, "--format", "json").document
    assert document["unknown_customers"] == {"names": 2, "changes": [repo.head, sha]}
    assert document["exposure"]["named"] == 1, "whoever is known is reached"
    shown = run("deployment", "show", "last")
    assert f"{named}releasewatch change show {repo.head[:10]}, …" in shown.out
    notes = run("notes", "render", "--deployment", "D-2")
    assert named in notes.err
    assert "NOBODY" not in shown.out + notes.err
    said = run("change", "show", sha).out.splitlines()
    assert ["Customer: 0014" in line for line in said if "Customer:" in line] == [True, False]
    checked = run("catalog", "check", "--format", "json").document
    assert checked["unknown_names"] == {"names": 2, "keys": ["GHOST", "NOBODY"], "withheld": []}
    failing = run_here("catalog", "check", "--fail-on", "unknown-names", cwd=repo.path)
    assert "2 names in Customer: trailers that no customer goes by: GHOST, NOBODY\n" in failing.out
    assert failing.status == 1
