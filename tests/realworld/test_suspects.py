"""The figures of the suspects' benchmark on a real history: those that others counted, and those that we promise."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.suspects import Candidate, Impact, SuspectWeights
from tests.benchmarks.suspects import folder_of, measure, questions, read_past, two_parts_of
from tests.support.data import real_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Asked = list[tuple[Impact, list[Candidate], int]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[str], str]], Asked]:
    repo: Path = tmp_path_factory.mktemp("mybinder") / "repo"
    bundle = str(real_data("histories", "mybinder-deploy.bundle"))
    subprocess.run(["git", "clone", "-q", "--bare", bundle, str(repo)], check=True)
    past = read_past(repo)
    return lambda component_of: list(questions(past, component_of))


def test_the_clock_alone_finds_41_of_75(asked):
    found = measure(asked(folder_of), "clock only", SuspectWeights())
    assert (found.cases, found.first) == (75, 41)


@pytest.mark.parametrize(("component_of", "first", "among_three"), [(folder_of, 0.75, 0.89), (two_parts_of, 0.8, 0.9)])
def test_the_score_finds_more(asked, component_of, first, among_three):
    cases = asked(component_of)
    score, overlap = (measure(cases, rule, SuspectWeights()) for rule in ("score", "overlap only"))
    assert score.first / score.cases >= first
    assert score.among_three / score.cases >= among_three
    assert (score.first, score.among_three) >= (overlap.first, overlap.among_three)
    assert score.reciprocal > overlap.reciprocal


def test_no_candidate_knows_the_future(asked):
    for impact, candidates, _ in asked(folder_of):
        assert all(one.live_at <= impact.began_at and one.taken_back_at is None for one in candidates)
