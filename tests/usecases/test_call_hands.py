"""In whose hands calls are: handed over, taken from who is away, gone up to a manager, spread, and taken in turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.attempt_times import FAR
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.call_hands import check_team, claim_next, hand_over, spread_calls
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import claim_call, get_call, release_call
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.staff import import_staff, leave
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import CUSTOMERS, hour

STAFF = """key,name,email,team,languages,timezone,manager,away_from,away_to,left_on
olga,Olga Example,olga@example.org,north,de;en,,max,,,
piet,Piet Example,piet@example.org,north,en,,max,,,
sam,Sam Example,,south,,,max,2026-02-01,2026-03-20,
max,Max Example,,leads,,,,,,
"""

KEPT = {"ada": "olga", "bob": "sam", "cy": "sam", "di": "gone", "fay": "", "gil": "piet"}


class Hands(Desks):
    """Olga and Piet are here, Sam is away until the 20th, and two customers are nobody's."""

    def __init__(self, folder, ledger):
        super().__init__(folder, ledger)
        customers = CUSTOMERS
        for key, keeper in KEPT.items():
            customers = customers.replace(f"{key},{key.title()} Ltd,olga", f"{key},{key.title()} Ltd,{keeper}")
        self.clock.take(customers=customers)
        self.folder = folder
        self.staff(STAFF)
        self.key = self.open(3, deployment=self.record(2), severity="SEV1")
        self.plan(self.key, 3001)

    def staff(self, text):
        (self.folder / "staff.csv").write_text(text)
        import_staff(self.ledger, self.folder / "staff.csv", hour(1), mode="changes")

    def made(self, at, who=None):
        return list_incident_calls(self.ledger, self.key, Planning(hour(at)), who)

    def next(self, who, at):
        found = claim_next(self.ledger, self.made(at), who, Planning(hour(at)), 60)
        return found and found[0].customer

    def id(self, customer, at=3001.1):
        return self.calls(self.key, at)[customer]["id"]


@pytest.fixture
def desks(tmp_path, ledger) -> Hands:
    # The clock stands where absences end; directories are a day older than what is asked.
    return Hands(tmp_path, ledger)


def test_who_stands_in_is_said(desks):
    desks.staff(STAFF.replace("2026-03-20", ""))
    calls = desks.calls(desks.key, 3001.1)
    callers = {key: (one["caller"], one["caller_because"]) for key, one in calls.items()}
    assert callers == {
        "ada": ("olga", None),
        "bob": ("max", "sam is away"),
        "cy": ("max", "sam is away"),
        "di": (None, "gone is not among our staff"),
        "fay": (None, "no account manager is known"),
        "gil": ("piet", None),
    }
    assert calls["bob"]["account_manager"] == "sam"
    leave(desks.ledger, "piet", hour(3001).date(), "", hour(3001.2), why="a new job", recorded_by="max")
    assert desks.calls(desks.key, 3001.3)["gil"]["caller"] == "max"
    assert {row.candidate.key for row in desks.made(3001.3, "max").calls.rows} == {"bob", "cy", "gil"}


def test_a_call_is_handed_over_with_its_claim_and_both_are_kept(desks):
    call, ledger = desks.id("ada"), desks.ledger
    claim_call(ledger, call, "olga", hour(3001.2), 60)
    with pytest.raises(RefusedError, match="Somebody else holds"):
        hand_over(ledger, call, "piet", "max", hour(3001.3), 60)
    assert hand_over(ledger, call, "Piet Example", "olga@example.org", hour(3001.3), 60).until == hour(3002.3)
    with pytest.raises(RefusedError, match="Somebody else holds"):
        claim_call(ledger, call, "olga", hour(3001.4), 60)
    assert claim_call(ledger, call, "piet@example.org", hour(3001.4), 60).status == "claimed", "by another name"
    with ledger.read() as connection:
        row = get_call(connection, call)
    shown = call_as_document(ledger, row, Planning(hour(3001.5)))
    assert [(one["kind"], one["from"], one["to"]) for one in shown["moves"]] == [("hand_over", "olga", "piet")]
    assert (shown["holder"], shown["assigned_to"], shown["caller"]) == ("piet", "piet", "piet")
    assert [row.candidate.key for row in desks.made(3001.5, "piet").calls.rows if row.candidate.call == call] == ["ada"]
    release_call(ledger, call, "piet", hour(3001.6))
    assert desks.calls(desks.key, 3001.7)["ada"]["caller"] == "piet", "it stays theirs"
    hand_over(ledger, call, "piet", "olga", hour(3001.7), 60)
    desks.log(call, 3001.8)
    with pytest.raises(RefusedError, match="is done"):
        hand_over(ledger, call, "olga", "piet", hour(3001.9), 60)
    with ledger.read() as connection:
        assert len(connection.execute(t.call_move.select()).all()) == 1, "the same again is nothing new"


def test_a_call_goes_to_somebody_who_is_here(desks):
    desks.staff(STAFF.replace("2026-03-20", ""))
    call, at = desks.id("ada"), hour(3001.2)
    with pytest.raises(UnknownNameError, match="'pete' is not one of our staff") as refused:
        hand_over(desks.ledger, call, "pete", "olga", at, 60)
    assert "Did you mean piet?" in refused.value.hint
    with pytest.raises(RefusedError, match="sam is not here"):
        hand_over(desks.ledger, call, "sam", "olga", at, 60)
    with pytest.raises(InvalidCallError, match="not known who"):
        hand_over(desks.ledger, call, "piet", "", at, 60)


def test_who_is_away_keeps_no_call_from_others(desks):
    call = desks.id("ada")
    claim_call(desks.ledger, call, "olga", hour(3001.2), 600)
    desks.staff(STAFF.replace("de;en,,max,,,", f"de;en,,max,{hour(3001).date()},,"))
    ada = desks.calls(desks.key, 3001.3)["ada"]
    assert (ada["status"], ada["caller"], ada["caller_because"]) == ("open", "max", "olga is away")
    assert claim_call(desks.ledger, call, "piet", hour(3001.3), 60).status == "claimed"


def test_who_is_away_or_has_left_cannot_take_a_call(desks):
    desks.staff(STAFF.replace("2026-03-20", "2026-07-31"))
    call, ledger = desks.id("ada"), desks.ledger
    for who in ("sam", "Sam Example"):
        with pytest.raises(RefusedError, match="sam is away until 2026-07-31; max stands in") as refused:
            claim_call(ledger, call, who, hour(3001.2), 60)
        assert "staff import" in refused.value.hint
    with pytest.raises(RefusedError, match="sam is away"):
        desks.next("sam", 3001.2)
    leave(ledger, "piet", hour(3001).date(), "", hour(3001.2), why="a new job", recorded_by="max")
    with pytest.raises(RefusedError, match=f"piet left on {hour(3001).date()}"):
        claim_call(ledger, call, "piet", hour(3001.3), 60)
    assert desks.calls(desks.key, 3001.3)["ada"]["status"] == "open"
    assert claim_call(ledger, call, "olga", hour(3001.3), 60).status == "claimed"
    other = desks.id("gil")
    assert claim_call(ledger, other, "somebody new", hour(3001.3), 60).status == "claimed", "of whom nothing is known"


def test_a_next_attempt_years_ahead_is_a_slip_of_the_pen(desks):
    for far in (datetime(9999, 12, 31, 23, tzinfo=UTC), hour(3002) + FAR + timedelta(hours=1)):
        with pytest.raises(InvalidCallError, match="years ahead"):
            desks.log(desks.id("cy"), 3002, "no_answer", next_at=far)
    desks.log(desks.id("cy"), 3002, "no_answer", next_at=hour(3002) + timedelta(days=300))


def test_what_nobody_began_goes_up_to_the_manager(desks):
    assert {one["late_because"] for one in desks.calls(desks.key, 3002.9).values()} == {None}
    claim_call(desks.ledger, desks.id("gil"), "piet", hour(3002), 600)
    desks.log(desks.id("cy"), 3002, "no_answer", next_at=hour(3002.1))
    calls = desks.calls(desks.key, 3003.1)
    assert {key: (one["late_because"], one["goes_up_to"]) for key, one in calls.items()} == {
        "ada": ("not begun for 2 hours", "max"),
        "bob": ("not begun for 2 hours", "max"),
        "cy": (None, None),
        "di": ("not begun for 2 hours", None),
        "fay": ("not begun for 2 hours", None),
        "gil": (None, None),
    }
    assert {row.candidate.key for row in desks.made(3003.1, "max").calls.rows} == {"ada", "bob"}


def test_the_next_one_is_nobodys_then_mine_then_of_others_and_never_the_same(desks):
    order = [desks.next("piet@example.org", 3001.2) for _ in range(6)]
    assert order[:3] == ["fay", "di", "gil"]
    assert sorted(order[3:]) == ["ada", "bob", "cy"]
    assert desks.next("piet@example.org", 3001.2) is None, "not even their own again"
    assert desks.next("olga", 3001.3) is None


def test_an_unplanned_list_has_no_next_one(desks):
    other = desks.open(4, title="mail", components=[("mail", "partial")], severity="SEV1")
    made = list_incident_calls(desks.ledger, other, Planning(hour(3001)))
    with pytest.raises(InvalidCallError, match="was not planned yet"):
        claim_next(desks.ledger, made, "olga", Planning(hour(3001)), 60)


def test_a_team_takes_what_is_nobodys_and_nothing_else(desks):
    desks.staff(STAFF.replace("2026-03-20", ""))
    how = Planning(hour(3001.2))
    hand_over(desks.ledger, desks.id("bob"), "max", "kim", hour(3001.1), 60)
    claim_call(desks.ledger, desks.id("cy"), "max", hour(3001.1), 60)
    done = spread_calls(desks.ledger, desks.made(3001.2), "north", "max", how)
    assert (dict(done.given), dict(done.left)) == ({"olga": 1, "piet": 1}, {})
    callers = {key: one["assigned_to"] for key, one in desks.calls(desks.key, 3001.3).items()}
    assert {key for key, to in callers.items() if to is None} == {"ada", "cy", "gil"}
    assert callers["bob"] == "max"
    assert {callers["di"], callers["fay"]} == {"olga", "piet"}
    again = spread_calls(desks.ledger, desks.made(3001.3), "north", "max", Planning(hour(3001.3)))
    assert dict(again.given) == {"olga": 0, "piet": 0}
    # Of two who spread the same list at once the second one finds it done.
    stale = desks.made(3001.2)
    assert sum(spread_calls(desks.ledger, stale, "north", "max", how).given.values()) == 0
    with pytest.raises(UnknownNameError, match="nobody in a team 'nort'"):
        check_team(desks.ledger, "nort", hour(3001))
    with pytest.raises(RefusedError, match="Nobody of the team 'south' is here"):
        check_team(desks.ledger, "south", hour(3001))


def test_the_document_of_a_row_says_in_whose_hands_it_is(desks):
    row = next(row for row in desks.made(3003.1).calls.rows if row.candidate.key == "ada")
    shown = call_document(row)
    assert (shown["caller"], shown["goes_up_to"]) == ("olga", "max")
