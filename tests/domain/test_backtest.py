"""Recall, precision and what would mend the misses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasewatch.domain.backtest import (
    Mend,
    Missed,
    PastIncident,
    Replay,
    distances,
    folder_of,
    score_within,
    suggest_mends,
)

INCIDENT = PastIncident(datetime(2026, 3, 1, tzinfo=UTC), ("a", "b"))


def test_recall_and_precision_by_distance():
    replays = [
        Replay(2, INCIDENT, "D-1", listed={0: 4, 2: 6}, found={"a": 0, "b": 2}),
        Replay(3, INCIDENT, "D-2", listed={0: 1}, missed=(Missed("c", "x"), Missed("d", "y"))),
        Replay(4, INCIDENT, missed=(Missed("e", "no deployment before it is known"),)),
    ]
    assert distances(replays) == [0, 2]
    near, whole = score_within(replays, 0), score_within(replays)
    assert (near.complained, near.found, near.listed, near.recall, near.precision) == (5, 1, 5, 0.2, 0.2)
    assert (whole.found, whole.listed, whole.recall) == (2, 11, 0.4)
    assert score_within([]).recall is None
    assert score_within([replays[2]]).precision is None


def test_each_complaint_counts_once_and_more_incidents_come_first():
    replays = [
        Replay(2, INCIDENT, "D-1", changed=frozenset({"s/pay"}), missed=(
            Missed("a", "", frozenset({"s/web"})), Missed("b", "", frozenset({"s/web", "s/app"})),
        )),
        Replay(3, INCIDENT, "D-2", changed=frozenset({"s/pay", "s/app"}), unmapped=("l/m/x.py", "l/m/y.py"),
               missed=(Missed("a", "", frozenset({"s/app"})),)),
    ]  # fmt: skip
    assert suggest_mends(replays) == [
        Mend("s/app", depends_on="s/pay", misses=2),
        Mend("s/web", depends_on="s/pay", misses=2),
        Mend("s/app", path="l/m/**", misses=1),
    ]
    assert suggest_mends(replays, 1) == [Mend("s/app", depends_on="s/pay", misses=2)]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [("a.py", "/a.py"), ("x/a.py", "x/**"), ("x/y/a.py", "x/y/**"), ("x/y/z/a.py", "x/y/**")],
)
def test_a_folder_of_at_most_two(path, pattern):
    assert folder_of(path) == pattern
