"""The published table of the score: README shows the weights as the program has them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from releasewatch.domain.call_scores import RankingWeights
from releasewatch.rendering.call_weights import weights_in_words

README = Path(__file__).parents[2] / "README.md"


def test_the_table_in_the_readme_is_made_of_the_weights() -> None:
    text = README.read_text("utf-8")
    for of_incident in (False, True):
        for fact in weights_in_words(RankingWeights(), of_incident=of_incident):
            assert f" | {fact.label} | {fact.value} |" in text


def test_every_weight_changes_the_table() -> None:
    usual = RankingWeights()
    for whose in (usual, usual.incident):
        for one in dataclasses.fields(whose):
            if not isinstance(getattr(whose, one.name), int):
                continue
            other = dataclasses.replace(whose, **{one.name: 77})
            weights = other if isinstance(other, RankingWeights) else dataclasses.replace(usual, incident=other)
            shown = [weights_in_words(weights, of_incident=by) for by in (False, True)]
            assert shown != [weights_in_words(usual, of_incident=by) for by in (False, True)], one.name
    assert "in EUR" in str(weights_in_words(RankingWeights(currency="EUR")))
