"""Documents of an incident through the ledger: one record, each reader's part of it, by both clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.change_edits import ChangeEdit
from releasewatch.domain.incident_document_building import build_document
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError, LeakError
from releasewatch.rendering.incident_documents import render_incident
from releasewatch.usecases.change_edits import edit_change
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_documents import Gathered, gather_incident
from releasewatch.usecases.incident_showing import Showing
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from tests.support.worlds import hour
from tests.usecases.test_incidents import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CUSTOMERS = ("ada", "bob", "cy", "di", "fay", "gil")


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    return Watch(tmp_path, ledger)


def gathered(watch: Watch, key: str, at: float, known: float | None = None, **more: Any) -> Gathered:
    viewing = Viewing(hour(100), hour(at), None if known is None else hour(known))
    return gather_incident(watch.ledger, key, Showing(viewing, **more.pop("how", {})), **more)


def rendered(found: Gathered, kind: Any, audience: Any) -> str:
    names = LeakScanner(dict.fromkeys(found.names, "another customer's name"))
    return render_incident(build_document(found.facts, kind, audience), "md", names=names, allow=found.own)


def the_night(watch: Watch) -> str:
    """A secret change goes out at two; blamed at three, its start corrected at four, over at five, resolved at six."""
    watch.world.commit("invoicing", subject="Close the signing hole", trailers={"Embargo": "until 2026-04-01"})
    bad = watch.record(2)
    key = watch.open(3, deployment=bad, components=[("invoicing", "partial")], commander="Robin Lead")
    fields = IncidentFields(impact_started_at=hour(2.8), entry="Fay Ltd and Hal Ltd wrote to us")
    update_incident(watch.ledger, key, fields, watch.telling(3.5))
    update_incident(
        watch.ledger, key, IncidentFields(impact_started_at=hour(2.5)), watch.telling(4, "the graphs say so")
    )
    say_by_hand(watch.ledger, key, {"affected": ["ada"], "cleared": ["cy"]}, watch.telling(4.2, "asked Ada herself"))
    watch.record(5, watch.good, run="back")
    change_status(watch.ledger, key, "resolved", watch.telling(6, "calm since"), hour(5))
    return key


def test_each_customer_reads_of_themselves_alone(watch):
    key = the_night(watch)
    told = {}
    for one in CUSTOMERS:
        found = gathered(watch, key, 7, customer=one)
        for kind, audience in (
            ("update", "customer"),
            ("brief", "account"),
            ("final", "customer"),
            ("final", "account"),
        ):
            text = rendered(found, kind, audience)
            assert f"For {one.title()} Ltd" in text
            for other in {*CUSTOMERS, "hal"} - {one}:
                assert f"{other} ltd" not in text.lower()
            for inner in ("Robin", "kim@", "signing", "herself", "500", "wrote to us"):
                assert inner not in text
            assert ("under embargo until 1 April 2026" in text) == (audience == "account")
        text = rendered(found, "update", "customer")
        told[one] = text.partition("## What this means for you\n\n")[2].partition("\n")[0]
    assert told == {
        "ada": "You were affected, through invoicing.",
        "bob": "It cannot be ruled out that you were affected, because you use checkout.",
        "cy": "We have looked into it: you were not affected.",
        "di": "It cannot be ruled out that you were affected, because you use invoicing.",
        "fay": "You may have been affected, because you use invoicing.",
        "gil": "It cannot be ruled out that you were affected, because you use checkout.",
    }
    with pytest.raises(InvalidCallError, match="ed is not in INC-1"):
        gathered(watch, key, 7, customer="ed")


@pytest.mark.parametrize(
    "words",
    [
        "Forged signatures are refused now.",
        "Forged signatures were accepted until now!",
        "close the signing hole",
        "It was this: old keys stop working (sorry)",
    ],
)
def test_no_text_of_an_embargoed_change_leaves_however_it_is_written_again(watch, words):
    trailers = {
        "Embargo": "until 2026-04-01",
        "Release-note": "Forged signatures are refused now.",
        "BREAKING-CHANGE": "Old keys stop working",
    }
    sha = watch.world.commit("invoicing", subject="Close the signing hole", trailers=trailers)
    key = watch.open(3, deployment=watch.record(2))
    edit = ChangeEdit(wording="Forged signatures were accepted until now")
    edit_change(watch.ledger, sha, None, [edit], hour(3), why="clearer", recorded_by="kim")
    for audience, kind in (("customer", "update"), ("account", "brief")):
        update_incident(watch.ledger, key, IncidentFields(summaries={audience: words}), watch.telling(4))
        with pytest.raises(LeakError, match="a text about the incident that this audience may not read"):
            rendered(gathered(watch, key, 5), kind, audience)
    change_status(watch.ledger, key, "resolved", watch.telling(6), hour(5))
    with pytest.raises(LeakError):
        rendered(gathered(watch, key, 7), "final", "customer")


def test_the_time_in_question_lies_in_the_impact(watch):
    key = the_night(watch)
    found = gathered(watch, key, 7, customer="fay").facts.customer
    assert found is not None
    assert [(one.component, one.since, one.until) for one in found.windows] == [("shop/invoicing", hour(2.5), hour(5))]
    early = gathered(watch, key, 4.5, customer="fay").facts.customer
    assert early is not None
    assert [(one.since, one.until) for one in early.windows] == [(hour(2.5), None)]


def test_a_report_is_of_what_was_known_and_shows_what_was_corrected(watch):
    key = the_night(watch)
    now = rendered(gathered(watch, key, 7), "report", "engineering")
    assert "said before: 1 March 2026, 02:48 UTC (said 1 March 2026, 03:30 UTC, by kim@" in now
    assert "Close the signing hole" in now
    assert "**Began:** 1 March 2026, 02:30 UTC" in now
    assert "Fay Ltd and Hal Ltd wrote to us" in now
    then = rendered(gathered(watch, key, 7, known=3.6), "report", "engineering")
    assert "**Began:** 1 March 2026, 02:48 UTC" in then
    assert "said before" not in then
    assert "**Status:** Investigating" in then
    assert "1 affected" not in then
    with pytest.raises(InvalidCallError, match="INC-1 had not been opened then"):
        gathered(watch, key, 7, known=2.9)


def test_a_cleared_deployment_is_told_without_its_changes(watch):
    key = the_night(watch)
    link_deployment(watch.ledger, key, 2, "cleared", watch.telling(8, "it was the network"))
    brief = rendered(gathered(watch, key, 9), "brief", "account")
    assert "cleared, it was not this one" in brief
    assert "embargo" not in brief
    assert "network" not in brief


def test_a_public_log_gets_counts_and_a_pipe_keys(watch):
    key = the_night(watch)
    for reveal, keys, names in ((Reveal.COUNTS, False, False), (Reveal.KEYS, True, False), (Reveal.NAMES, True, True)):
        text = rendered(gathered(watch, key, 7, how={"reveal": reveal}), "report", "engineering")
        assert ("| ada" in text) is keys
        assert ("| ada Ada Ltd |" in text) is names
        assert "1 affected" in text
    opaque = gathered(watch, key, 7, how={"reveal": Reveal.KEYS, "opaque": True}, customer="ada")
    assert opaque.own == frozenset()
    assert opaque.facts.customer is not None
    assert opaque.facts.customer.key.startswith("customer-")
