"""Who was hurt though what is blamed does not explain it, and counts by place that others' endings do not move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.impacts import ImpactSaid, doubt_lines
from releasewatch.errors import InvalidCallError
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_lists import list_document
from releasewatch.usecases.incident_showing import Showing, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import change_status
from tests.support.worlds import hour
from tests.usecases.test_incidents import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    return Watch(tmp_path, ledger)


def measure(watch: Watch, key: str, at: float, *rows: tuple[str, float | None, float | None]) -> None:
    said = [
        ImpactSaid(
            who, "affected", None if first is None else hour(first), None if last is None else hour(last), line=n
        )
        for n, (who, first, last) in enumerate(rows, 2)
    ]
    assert take_evidence(watch.ledger, key, said, watch.telling(at)).added.refused == ()


def doubted(watch: Watch, key: str, at: float) -> dict[str, tuple[bool, Any]]:
    how = Showing(Viewing(hour(100), hour(at)))
    return {
        one["key"]: (one["still_exposed"], one["unexplained"])
        for one in stream_affected(watch.ledger, key, how)
        if one["state"] == "affected"
    }


def test_who_is_hurt_and_not_reached_has_not_been_returned(watch):
    key = watch.open(3, deployment=watch.record(2))
    measure(watch, key, 4, ("ada", 2.1, 3.9), ("ed", 2.1, 3.9), ("hal", 2.1, None))
    say_by_hand(watch.ledger, key, {"affected": ["ed"]}, watch.telling(4.5, "they called"))
    shown = watch.show(key, 5)
    assert doubted(watch, key, 5) == {"ada": (True, None), "ed": (True, "not_reached"), "hal": (True, "not_reached")}
    assert (shown["customers"]["still_exposed"], shown["customers"]["returned"]) == (8, 0)
    assert shown["unexplained"] == {"not_reached": 2, "after_return": 0}
    assert f"releasewatch incident suspects {key}" in shown["next"]
    # A rollback of what is blamed does not bring them back; the end of the impact does, and the doubt stays.
    watch.record(6, watch.good)
    assert doubted(watch, key, 7) == {"ada": (False, None), "ed": (True, "not_reached"), "hal": (True, "not_reached")}
    change_status(watch.ledger, key, "resolved", watch.telling(8, "no errors since"), hour(7.5))
    assert doubted(watch, key, 9) == {"ada": (False, None), "ed": (False, "not_reached"), "hal": (False, "not_reached")}
    assert f"releasewatch incident suspects {key}" not in watch.show(key, 9)["next"]


def test_who_is_hurt_after_their_return_is_not_explained(watch):
    key = watch.open(3, deployment=watch.record(2))
    watch.record(4, watch.good, regions=["eu"])
    measure(watch, key, 6, ("ada", 2.1, 5), ("bob", 2.1, 4.1), ("cy", 2.1, 5))
    assert doubted(watch, key, 6) == {"ada": (True, "after_return"), "bob": (False, None), "cy": (True, None)}
    shown = watch.show(key, 6)
    assert shown["unexplained"] == {"not_reached": 0, "after_return": 1}
    place = {(one["region"], one["ring"]): (one["still_exposed"], one["returned"]) for one in shown["places"]}
    # gil and di may use eu/early too, and were returned there.
    assert place["eu", "early"] == (1, 1)


def test_nothing_is_doubted_where_nothing_is_blamed(watch):
    watch.record(2)
    key = watch.open(3, components=[("invoicing", "")])
    measure(watch, key, 4, ("ed", 2.1, 3.9))
    assert doubted(watch, key, 5) == {"ed": (True, None)}
    assert watch.show(key, 5)["unexplained"] == {"not_reached": 0, "after_return": 0}


def test_a_doubt_is_a_sentence():
    assert doubt_lines(0, 0) == ()
    assert doubt_lines(3, 1) == (
        "3 affected customers are not reached by what is blamed.",
        "1 customer was hurt after what is blamed had been taken back there.",
    )


def places(watch: Watch, key: str, at: float) -> dict[tuple[Any, Any], tuple[int, int]]:
    return {
        (one["region"], one["ring"]): (one["still_exposed"], one["returned"]) for one in watch.show(key, at)["places"]
    }


@pytest.mark.parametrize("where", [{"regions": ["eu"]}, {"regions": ["eu"], "rings": ["early"]}, {"rings": ["late"]}])
def test_what_is_taken_back_in_one_place_moves_no_count_of_another(watch, where):
    key = watch.open(3, deployment=watch.record(2))
    before = places(watch, key, 3)
    watch.record(4, watch.good, **where)
    assert places(watch, key, 3) == before, "what came later does not change what was"
    after = places(watch, key, 5)
    inside = {
        place
        for place in before
        if all(part in where.get(axis, [part]) for axis, part in zip(("regions", "rings"), place, strict=True))
    }
    assert inside
    assert {place: after[place] for place in before if place not in inside} == {
        place: count for place, count in before.items() if place not in inside
    }
    assert {place: sum(count) for place, count in after.items()} == {
        place: sum(count) for place, count in before.items()
    }
    assert all(after[place][0] == 0 for place in inside)


def test_a_place_that_gets_a_name_moves_no_count_of_another(watch):
    """`nova` is first named by the rollback there: until then what stood for every other region was told of it."""
    key = watch.open(3, deployment=watch.record(2))
    before = places(watch, key, 3)
    watch.record(4, watch.good, regions=["nova"])
    after = places(watch, key, 5)
    assert {place: count for place, count in after.items() if place[0] != "nova"} == before
    assert after["nova", "late"] == (0, 2), "who uses every region uses this one, and who uses nobody knows which may"


def test_nothing_was_known_of_an_incident_before_it_was_written_down(watch):
    key = watch.open(3, deployment=watch.record(2), impact_started_at=hour(2.5))
    with pytest.raises(InvalidCallError, match="Nothing was known of INC-1 by 2026-03-01 02:54:00 UTC") as refused:
        watch.show(key, 3, known=2.9)
    assert "03:00" not in str(refused.value), "nothing later is named"

    def listed(known: float) -> list[str]:
        how = Viewing(hour(100), None, hour(known))
        document = list_document(watch.ledger, how, limit=5, cursor=None, status=None)
        return [one["key"] for one in document["incidents"]]

    assert (listed(2.9), listed(3)) == ([], [key])
    assert watch.show(key, 2.6, known=3)["incident"]["impact_started_at"] == "2026-03-01T02:30:00Z"
