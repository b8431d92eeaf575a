"""What may have fixed an incident, and a fix that is taken back: who carries it again, now and as known then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.incident_fixes import Fixable, Placed, why_no_fix
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage.undoing_by_hand import Undone
from releasewatch.usecases.dora import DoraRequest, report_dora
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_fixes import fix_incident, unfix, unfix_incident
from releasewatch.usecases.incident_timeline import read_timeline
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, update_incident
from releasewatch.usecases.undoing_by_hand import take_back_undo, undo_by_hand
from tests.support.worlds import hour
from tests.usecases.test_incidents import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    return Watch(tmp_path, ledger)


def still(watch: Watch, key: str, at: float, known: float | None = None) -> int:
    return int(watch.show(key, at, known=known)["customers"]["still_exposed"])


def deployment(number: int, opened: float, *, environment: str = "production", status: str = "succeeded") -> Placed:
    return Placed(number, environment, status, status == "succeeded", hour(opened), hour(opened + 0.1))


@pytest.mark.parametrize(
    ("fixing", "because"),
    [
        (deployment(2, 2), "D-2 is blamed for INC-1 itself"),
        (deployment(3, 5, environment="staging"), "D-3 went to staging, and INC-1 is in production, us"),
        (deployment(1, 1), "D-1 went live at 2026-03-01 01:00 UTC, before D-2"),
        (deployment(3, 5, status="failed"), "D-3 failed, so it fixed nothing"),
        (deployment(3, 5, status="cancelled"), "D-3 was cancelled, so it fixed nothing"),
        (deployment(3, 5, status="running"), "D-3 is still running, so it fixed nothing"),
        (deployment(3, 3, environment="us"), "before D-4, which is blamed"),
    ],
)
def test_what_cannot_have_fixed_it_is_told_in_a_sentence(fixing, because):
    blamed = (deployment(2, 2), deployment(4, 4, environment="us"))
    found = why_no_fix(Fixable("INC-1", blamed), fixing)
    assert found is not None
    assert because in found.because


def test_the_same_commit_put_again_fixed_nothing(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    again = watch.record(4, regions=("eu",))
    assert again.number != bad.number
    with pytest.raises(RefusedError, match=f"{again.id} put the same commit as {bad.id}, which is blamed"):
        fix_incident(watch.ledger, key, again.number, watch.telling(5, "looked like it"))
    assert still(watch, key, 6) == 6


def test_what_may_have_fixed_it():
    blamed = (deployment(2, 2), deployment(4, 4, environment="us"))
    assert why_no_fix(Fixable("INC-1", blamed), deployment(3, 3)) is None
    assert why_no_fix(Fixable("INC-1", blamed), deployment(5, 5, environment="us")) is None
    assert why_no_fix(Fixable("INC-1"), deployment(5, 5, environment="staging")) is None, "nothing is known yet"
    assert why_no_fix(Fixable("INC-1", began_at=hour(6)), deployment(5, 5)) is not None


def mended(watch: Watch) -> tuple[str, Any, Any]:
    """D-2 brings the fault at 2 and is blamed at 3; D-3 goes live at 4 and mends nothing, at 5 it is said to."""
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    watch.world.commit("invoicing", subject="chore: wrap")
    other = watch.record(4)
    fix_incident(watch.ledger, key, other.number, watch.telling(5, "looked like it"))
    return key, bad, other


def test_a_fix_that_is_taken_back_lets_everybody_carry_it_again(watch):
    key, bad, other = mended(watch)
    assert still(watch, key, 6) == 0
    _, many, already = unfix_incident(watch.ledger, key, other.number, watch.telling(7, "it only wraps lines"))
    assert (many, already) == (1, False)
    assert still(watch, key, 8) == still(watch, key, 4.5) == 6
    assert still(watch, key, 8, known=6) == 0, "as it was known then"
    assert still(watch, key, 8, known=4.5) == 6
    assert watch.show(key, 8)["fixed_by"] == []
    assert watch.show(key, 8, known=6)["fixed_by"] == [other.id]
    assert watch.world.window(bad, "invoicing", "", "").carried_until is None
    assert unfix_incident(watch.ledger, key, other.number, watch.telling(8, "again"))[1:] == (0, True)
    told = read_timeline(watch.ledger, key, Viewing(hour(9)), Reveal.NAMES)
    assert [(one["value"], one["why"], one["replaced"]) for one in told if one["kind"] == "fix"] == [
        ("fixed by", "looked like it", True),
        ("not fixed by", "it only wraps lines", False),
    ]


def test_it_may_be_said_again(watch):
    key, _, other = mended(watch)
    unfix_incident(watch.ledger, key, other.number, watch.telling(7, "no"))
    fix_incident(watch.ledger, key, other.number, watch.telling(8, "it did after all"))
    assert [still(watch, key, 10, known=known) for known in (4.5, 6, 7.5, 9)] == [6, 0, 6, 0]
    assert still(watch, key, 10) == 0


def test_another_fix_counts_again(watch):
    key, _, other = mended(watch)
    watch.world.commit("invoicing", subject="fix: round half up")
    real = watch.record(6, regions=("eu",), fixes=(key,))
    unfix_incident(watch.ledger, key, other.number, watch.telling(8, "no"))
    assert watch.customers(key, 9)["ada"] == ("presumed", False), "in eu it was mended at 6"
    assert watch.customers(key, 5.5)["ada"] == ("presumed", True)
    assert watch.customers(key, 9)["cy"] == ("presumed", True)
    assert watch.show(key, 9)["fixed_by"] == [real.id]


def test_a_rollback_that_came_after_the_wrong_word_counts_again(watch):
    key, bad, other = mended(watch)
    back = watch.record(6, watch.good)
    assert back.kind == "rollback"
    assert watch.world.carried(bad, "invoicing")["", ""] == 4
    unfix_incident(watch.ledger, key, other.number, watch.telling(8, "no"))
    assert watch.world.carried(bad, "invoicing")["", ""] == 6
    assert (still(watch, key, 5.5), still(watch, key, 9)) == (6, 0)
    assert watch.show(key, 9)["proposed_fixes"] == [back.id]


def test_a_rollback_that_was_there_before_the_wrong_word_counts_again(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    watch.world.commit("invoicing", subject="chore: wrap")
    other = watch.record(4)
    watch.record(6, watch.good)
    fix_incident(watch.ledger, key, other.number, watch.telling(7, "earlier than the rollback"))
    assert still(watch, key, 5) == 0
    unfix_incident(watch.ledger, key, other.number, watch.telling(8, "no"))
    assert (still(watch, key, 5), still(watch, key, 9)) == (6, 0)
    assert [still(watch, key, 5, known=known) for known in (7.5, 9)] == [0, 6]


def test_what_a_person_undid_meanwhile_stays_undone(watch):
    key, bad, other = mended(watch)
    unfix_incident(watch.ledger, key, other.number, watch.telling(7, "no"))
    undo_by_hand(watch.ledger, bad.number, ["us"], [], Undone(hour(7.5), "switched off", "kim", hour(8)))
    assert watch.customers(key, 9)["cy"] == ("presumed", False)
    assert watch.customers(key, 9, known=7.8)["cy"] == ("presumed", True)
    fix_incident(watch.ledger, key, other.number, watch.telling(10, "yes"))
    unfix_incident(watch.ledger, key, other.number, watch.telling(11, "no"))
    assert watch.customers(key, 12)["cy"] == ("presumed", False)
    assert watch.customers(key, 7.2)["cy"] == ("presumed", True)
    assert watch.customers(key, 12)["ada"] == ("presumed", True)


def test_dora_forgets_it_too(watch):
    key, bad, other = mended(watch)
    link_deployment(watch.ledger, key, bad.number, "confirmed", watch.telling(5.5, "the log says so"))

    def row() -> dict[str, Any]:
        found = report_dora(watch.ledger, DoraRequest(hour(0), hour(20)))["rows"][0]
        return {name: found[name] for name in ("failed_deployment_recovery_time", "deployment_rework_rate")}

    before = row()
    assert before["deployment_rework_rate"]["deployments"] == 3
    unfix_incident(watch.ledger, key, other.number, watch.telling(7, "no"))
    after = row()
    assert before["deployment_rework_rate"]["rate"] > after["deployment_rework_rate"]["rate"] == 0
    assert before["failed_deployment_recovery_time"] != after["failed_deployment_recovery_time"]


def test_a_word_of_a_pipeline_is_taken_back_and_no_rerun_says_it_again(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    watch.world.commit("invoicing", subject="fix: round half up")
    wrong = watch.record(4, fixes=(key, bad.id), run="run of the fix", attempt=1)
    assert still(watch, key, 5) == 0
    assert unfix(watch.ledger, wrong.number, key, watch.telling(6, "no"))[:2] == (key, 1)
    assert still(watch, key, 7) == 0, "it is said of the deployment too"
    assert unfix(watch.ledger, wrong.number, bad.id, watch.telling(7, "nor that"))[:2] == (bad.id, 1)
    assert still(watch, key, 8) == 6
    with pytest.raises(InvalidCallError, match="Nobody said that D-3 fixed D-1"):
        unfix(watch.ledger, wrong.number, "D-1", watch.telling(8, "no"))
    with pytest.raises(InvalidCallError, match="needs a reason"):
        unfix(watch.ledger, wrong.number, bad.id, watch.telling(8))


def test_a_pipeline_is_not_held_up_by_a_fix_that_cannot_be(watch):
    bad = watch.record(2)
    watch.record(2.5, environment="staging", tier="staging")
    key = watch.open(3, deployment=bad)
    watch.world.commit("invoicing", subject="fix: round half up", trailers={"Fixes": key})
    staged = watch.record(4, environment="staging", tier="staging")
    words = f"It is not kept as a fix of {key}: D-4 went to staging, and {key} is in production."
    assert words in staged.remarks
    assert watch.show(key, 5)["fixed_by"] == []
    watch.record(5)
    assert watch.show(key, 6)["fixed_by"] == ["D-5"]


def test_what_is_cleared_was_not_fixed(watch):
    key, bad, _ = mended(watch)
    link_deployment(watch.ledger, key, bad.number, "cleared", watch.telling(6, "it was the network"))
    assert watch.world.carried(bad, "invoicing")["", ""] is None
    link_deployment(watch.ledger, key, bad.number, "suspect", watch.telling(7, "or was it"))
    assert watch.world.carried(bad, "invoicing")["", ""] == 4


def test_blame_and_fix_exclude_each_other(watch):
    key, bad, other = mended(watch)
    with pytest.raises(RefusedError, match=f"{other.id} is said to have fixed {key}"):
        link_deployment(watch.ledger, key, other.number, "suspect", watch.telling(6, "hm"))
    with pytest.raises(RefusedError, match=f"{bad.id} is blamed for {key} itself"):
        fix_incident(watch.ledger, key, bad.number, watch.telling(6))


def test_blame_elsewhere_than_the_incident_is_refused(watch):
    bad = watch.record(2)
    watch.world.commit("invoicing")
    staged = watch.record(2.5, environment="staging", tier="staging")
    key = watch.open(3, environment="production")
    with pytest.raises(RefusedError, match=f"{staged.id} went to staging, and {key} is in production"):
        link_deployment(watch.ledger, key, staged.number, "suspect", watch.telling(4, "hm"))
    with pytest.raises(RefusedError, match="went to staging"):
        watch.open(3, environment="production", deployment=staged)
    link_deployment(watch.ledger, key, staged.number, "cleared", watch.telling(4, "that is elsewhere"))
    link_deployment(watch.ledger, key, bad.number, "suspect", watch.telling(4, "the log says so"))
    with pytest.raises(RefusedError, match=f"{key} is blamed on {bad.id}, which went to production"):
        update_incident(watch.ledger, key, IncidentFields(environment="staging"), watch.telling(5))


def test_blame_elsewhere_than_the_rest_that_is_blamed_is_refused(watch):
    bad = watch.record(2)
    watch.world.commit("invoicing")
    staged = watch.record(2.5, environment="staging", tier="staging")
    key = watch.open(3, deployment=bad)
    with pytest.raises(RefusedError, match=f"{staged.id} went to staging, and {key} is blamed on {bad.id}"):
        link_deployment(watch.ledger, key, staged.number, "confirmed", watch.telling(4, "hm"))
    twin = watch.record(2.6, environment="production-us", tier="production")
    link_deployment(watch.ledger, key, twin.number, "suspect", watch.telling(4, "the same commit, the same tier"))
    for one in (bad, twin):
        link_deployment(watch.ledger, key, one.number, "cleared", watch.telling(4, "not that one"))
    link_deployment(watch.ledger, key, staged.number, "confirmed", watch.telling(4, "hm"))


def test_an_undo_by_hand_is_taken_back(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)

    def failed(now: float) -> int:
        (row,) = report_dora(watch.ledger, DoraRequest(hour(0), hour(now)))["rows"]
        return int(row["change_fail_rate"]["failed"])

    def live_until() -> set[Any]:
        return {one.live[1] for one in watch.world.windows(bad)}

    undo_by_hand(watch.ledger, bad.number, ["eu"], [], Undone(hour(4), "went back", "kim", hour(5)))
    assert (still(watch, key, 6), failed(6)) == (4, 1)
    not_so = Undone(hour(7), "that was staging", "kim", hour(7))
    done = take_back_undo(watch.ledger, bad.number, not_so)
    assert {place.region for place in done.places} == {"eu"}
    assert done.windows
    assert (still(watch, key, 8), still(watch, key, 6), failed(8)) == (6, 6, 0)
    assert still(watch, key, 6, known=6) == 4, "what was known then is still there"
    assert live_until() == {None}
    assert take_back_undo(watch.ledger, bad.number, not_so).places == (), "again is nothing new"
    # Undone anew, for the same reason and elsewhere; a rollback ends it everywhere, and stays when the word goes.
    undo_by_hand(watch.ledger, bad.number, ["us"], [], Undone(hour(8), "went back", "kim", hour(8)))
    assert still(watch, key, 8.5) == 5
    watch.record(9, watch.good)
    assert take_back_undo(watch.ledger, bad.number, Undone(hour(10), "no", "kim", hour(10))).windows == 0
    assert (still(watch, key, 8.5), still(watch, key, 9.5), still(watch, key, 8.7, known=8.7)) == (6, 0, 5)
    assert live_until() == {9}
