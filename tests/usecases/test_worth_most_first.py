"""Of very many who are reached those who are worth most are looked up first: it finds whom going through all finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.call_scores import RankingWeights
from releasewatch.storage import call_top, call_worth
from releasewatch.storage.call_scored import NAMED_KIND, scored_care
from releasewatch.storage.call_top import find_top
from releasewatch.usecases.exposure import Asking, ask
from tests.support.statements import listening
from tests.support.worlds import hour
from tests.usecases.test_call_choosing import MANY, NOW, WEIGHTS, Crowd

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

WIDTHS = (2, 7)

WAYS = {
    "as they are": WEIGHTS,
    "value alone": replace(WEIGHTS, customer_tier={}, escalated=0, renewal_near=0),
    "tier alone": replace(WEIGHTS, contract_max=0, renewal_near=0),
    "nothing": replace(WEIGHTS, customer_tier={}, escalated=0, renewal_near=0, contract_max=0),
    "days before all": replace(WEIGHTS, renewal_near=100),
    "in no currency": RankingWeights(),
    "dear yen": replace(WEIGHTS, rates={"JPY": Decimal(3), "USD": Decimal(2)}),
    "far is near": replace(WEIGHTS, reach_dependent=25, distance_step=0),
}


@pytest.fixture
def crowd(request: Any, tmp_path: Path, ledger: Ledger) -> Crowd:
    return Crowd(tmp_path, ledger, request.node.callspec.params["seed"])


@pytest.fixture
def looking(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> Looking:
    return Looking(crowd, monkeypatch)


@dataclass
class Looking:
    """Looks for the first of a list, by going through all or not, and hears what is asked."""

    crowd: Crowd
    monkeypatch: pytest.MonkeyPatch
    breaking: tuple[int, ...] = ()

    def first(
        self, deployment: int, weights: RankingWeights, width: int, *, worthy: bool, by_key: bool = True
    ) -> tuple[Any, int, bool]:
        """Who may be among the first, as a list is made of it; how often they were looked for; and whether the last
        time among those alone who are worth most."""
        self.monkeypatch.setattr(call_top, "VERY_MANY", 1 if worthy else MANY + 1)
        self.monkeypatch.setattr(call_worth, "_WORTH_IT", 0)
        with self.crowd.ledger.read() as connection, listening() as listener:
            question = ask(connection, Asking(deployment, hour(NOW)))
            scored = scored_care(question, weights, hour(NOW).date(), self.breaking)
            top = find_top(connection, scored, width, NAMED_KIND, by_key=by_key)
        asked = [one.text for one in listener.questions if "scored AS" in one.text]
        placed = sorted((-row.points, row.key, row.customer_id) for row in top.rows)
        kept = {row.customer_id for row in top.rows if row.kind == NAMED_KIND}
        least = placed[:width][-1][0]
        first = placed[:width] if by_key else [one for one in placed if one[0] <= least]
        return (top.counts, first, kept), len(asked), "worthy" in asked[-1]


@pytest.mark.parametrize(
    ("seed", "ledger_url"), [(1, "sqlite"), (2, "sqlite"), (4, "postgresql")], indirect=["ledger_url"]
)
def test_those_worth_most_hold_whoever_is_first(looking, crowd, seed):
    ways: Counter[tuple[int, bool]] = Counter()
    looking.breaking = (1, 2, 3) if seed == 2 else ()
    for name, weights in WAYS.items():
        for width in WIDTHS:
            by_key = (width + seed) % 2 == 0
            wanted, _, _ = looking.first(crowd.care, weights, width, worthy=False, by_key=by_key)
            found, *way = looking.first(crowd.care, weights, width, worthy=True, by_key=by_key)
            assert found == wanted, (name, width)
            ways[tuple(way)] += 1
    assert ways[1, True] > 3, "found at once"
    assert ways[1, False] > 3, "not looked for: an index does not find them, or they are no more than the list holds"


@pytest.mark.parametrize(("seed", "ledger_url"), [(5, "sqlite"), (5, "postgresql")], indirect=["ledger_url"])
def test_too_few_of_those_worth_most_are_followed_by_more(looking, crowd, seed, monkeypatch):
    """Where the guess is far too high more are looked up, and everybody where that is too few as well."""
    wanted, _, _ = looking.first(crowd.care, WEIGHTS, 7, worthy=False)
    for guesses, way in (((200, 16), (2, True)), ((200, 199), (3, False))):
        given = iter(guesses)
        monkeypatch.setattr(call_worth.Guess, "least", lambda *_, given=given: next(given))
        found, *looked = looking.first(crowd.care, WEIGHTS, 7, worthy=True)
        assert found == wanted
        assert tuple(looked) == way


@pytest.mark.parametrize(("seed", "ledger_url"), [(6, "sqlite")], indirect=["ledger_url"])
def test_of_very_many_tiers_none_is_looked_up(looking, crowd, seed, monkeypatch):
    monkeypatch.setattr(call_worth, "_TIERS", 2)
    wanted, _, _ = looking.first(crowd.care, WEIGHTS, 3, worthy=False)
    assert looking.first(crowd.care, WEIGHTS, 3, worthy=True) == (wanted, 1, False)
