"""Ranking some suspects gives the same first ones as ranking all, however small the pages in which they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.usecases import suspects
from releasewatch.usecases.suspects import Blaming, line_up
from tests.support.worlds import World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

pytestmark = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


@pytest.fixture
def world(ledger: Ledger, tmp_path: Path) -> World:
    """Of three components `a` is rarely changed; one deployment migrates, one was rolled back after the start."""
    made = World(tmp_path, ledger)
    first = made.commit("a", "b", "c")
    made.record(0)
    for number, folders in enumerate((("a",), ("b",), ("c",), ("b", "c"), ("c",), ("a", "b"), ("b",), ("c",))):
        more: dict[str, Any] = {"files": {"b/migrations/1.sql": "x"}} if number == 3 else {}
        made.commit(*folders, **more)
        made.record(10 + 9 * number)
    made.record(81, head=first)
    return made


def test_the_first_ones_are_those_of_all_and_what_is_far_down_is_not_read(world, monkeypatch):
    for components in (("a",), ("b",), ()):
        asked = {"now": hour(1000), "began_at": hour(80), "components": components}
        whole = line_up(world.ledger, Blaming(**asked))
        assert len(whole.suspects) == whole.candidates == 9
        with monkeypatch.context() as patch:
            patch.setattr(suspects, "_PAGE", 1)
            for shown in range(1, 10):
                some = line_up(world.ledger, Blaming(**asked, shown=shown))
                assert some.suspects[:shown] == whole.suspects[:shown]
                assert (some.candidates, some.none_plausible) == (9, whole.none_plausible)
            if components == ("a",):
                assert len(line_up(world.ledger, Blaming(**asked, shown=1)).suspects) < 9
