"""What a forge said, kept in the ledger: asked once, replaced when asked anew, renamed with an erased customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from releasewatch.domain.forges import AskedCommit, PullRequest
from releasewatch.errors import OutsideFailedError
from releasewatch.storage import forges
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.forges import enrich
from tests.support.worlds import World, hour


class TellingForge:
    """A forge that knows some requests, and stops answering after so many commits."""

    kind = "github"
    project = "acme/shop"

    def __init__(self, known: dict[str, PullRequest], most: int = 100) -> None:
        self.known, self.most, self.asked = known, most, 0

    def pull_requests(self, commits: Sequence[AskedCommit]) -> Iterator[tuple[str, PullRequest | None]]:
        for one in commits:
            if self.asked >= self.most:
                raise OutsideFailedError("GitHub: away.", "Try again later.")
            self.asked += 1
            yield one.sha, self.known.get(one.sha)


@pytest.fixture
def world(tmp_path: Path, ledger: Ledger) -> World:
    made = World(tmp_path, ledger)
    made.commit("a")
    made.record(1)
    return made


def test_what_was_told_is_kept_when_a_forge_stops(world: World, ledger: Ledger) -> None:
    first, second = world.commit("a"), world.commit("b")
    number = world.record(2).number
    one = PullRequest(7, "One", "https://x/7", "ada", ("bug", "Customer: acme, dent"), ("#3",), second)
    forge = TellingForge({second: one, first: PullRequest(8, "Two", "https://x/8")}, most=1)
    report = enrich(ledger, forge, world.key, [number], hour(3))
    assert (report.with_request, report.missing, report.why) == (1, 1, "GitHub: away.")
    forge.most = 9
    assert enrich(ledger, forge, world.key, [number], hour(3)).known == 1
    with ledger.read() as connection:
        found = forges.requests_of_deployment(connection, number)
    assert {sha: request.number for sha, request in found.items()} == {second: 7, first: 8}
    assert (found[second].labels, found[second].closes) == (("Customer: acme, dent", "bug"), ("#3",))
    forge.known[second] = PullRequest(7, "One, better", "https://x/7")
    assert enrich(ledger, forge, world.key, [number], hour(4), again=True).with_request == 2
    with ledger.read() as connection:
        assert forges.requests_of_deployment(connection, number)[second].title == "One, better"


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_labels_name_a_customer_until_they_are_erased(world: World, ledger: Ledger) -> None:
    sha = world.commit("a")
    number = world.record(2).number
    forge = TellingForge({sha: PullRequest(7, "One", "https://x/7", labels=("customer: Acme, dent",))})
    enrich(ledger, forge, world.key, [number], hour(3))
    with ledger.write() as connection:
        repo_id = 1
        assert forges.named_by_labels(connection, repo_id) == {sha: ["Acme", "dent"]}
        assert [row["label"] for row in forges.rows_naming(connection, {"dent"})] == ["customer: Acme, dent"]
        assert forges.rename_in_labels(connection, {"dent"}, "forgotten-1") == 1
        assert forges.named_by_labels(connection, repo_id) == {sha: ["Acme", "forgotten-1"]}
