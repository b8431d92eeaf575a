"""What deploying a commit would reach, against what is live: recorded in a ledger that forgets, and described."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.times import format_utc
from releasewatch.storage import deployments, footprints
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployments import Describing, describe, question_of, tier_of
from releasewatch.usecases.gate import Gate, Verdict, hold_to
from releasewatch.usecases.named_people import hiding_below_names, shown
from releasewatch.usecases.recording import record
from releasewatch.usecases.usual_reach import compare_reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.storage.ledger import Rehearsal
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.usecases.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Plan:
    """The document of a plan, without its violations of rules, which stand in `verdict`; and what is worth saying.

    `forbidden`: what would keep the deployment from being recorded. `usual`: what `compare_reach` says, where asked.
    """

    document: dict[str, Any]
    forbidden: list[dict[str, Any]]
    verdict: Verdict
    remarks: Sequence[str]
    usual: dict[str, Any] | None = None


def plan(
    ledger: Rehearsal,
    around: Surroundings,
    request: RecordRequest,
    how: Describing,
    asked: Gate,
    *,
    compares: bool = False,
) -> Plan:
    """What `deployment plan` says of a deployment that is only thought of.

    Its document is that of a record, without an id and key. Each baseline says in `live` what runs there now (None
    where nothing is known to). `compares`: with earlier deployments of the same components. A rehearsal on a ledger
    that is in use holds its lock for as long as git is read.
    """
    waived = replace(request, accept=("unmapped",), why="a plan")
    done = record(ledger, around, waived)
    document = describe(ledger, done.deployment_id, how)
    document["deployment"] |= {"id": None, "key": None}
    with ledger.read() as connection:
        blocks = footprints.read_blocks(connection, done.deployment_id)
        for entry, block in zip(document["baselines"], blocks, strict=True):
            entry["live"] = _live(connection, block, how)
        found = deployments.get_deployment(connection, done.deployment_id)
        tier = tier_of(connection, found.environment)
        at = max(how.now, found.row.opened_at)
        question = question_of(found, tier, at, LATEST, how.without_entitlement)
        usual = compare_reach(connection, done.deployment_id, document, how.without_entitlement) if compares else None
        verdict = hold_to(connection, done.deployment_id, document, question, asked, tier, how.now)
    stops = around.catalog_at(document["deployment"]["head"]).unmapped == "fail"
    return Plan(document, _forbidden(document, stops=stops), verdict, (*done.remarks, *verdict.remarks), usual)


def _live(connection: Any, block: Any, how: Describing) -> dict[str, Any] | None:
    if block.source != "deployment":
        return None
    found = deployments.get_deployment(connection, block.base_deployment_id)
    live = {
        "deployment": found.id,
        "release": found.row.release or None,
        "head": found.row.head,
        "since": format_utc(found.row.opened_at),
    }
    return shown(live, ("release",), hiding_below_names(connection, [found.row.release], how.reveal, how.now))


def _forbidden(document: dict[str, Any], *, stops: bool) -> list[dict[str, Any]]:
    """What the catalog itself forbids: with `unmapped = "fail"` the record would be refused."""
    many = document["unmapped"]["paths"]
    if not many or not stops:
        return []
    paths = "1 changed path belongs" if many == 1 else f"{many} changed paths belong"
    text = f"{paths} to no component, and the catalog says to fail then"
    return [{"rule": "unmapped", "text": text, "customers": document["exposure"]["not_ruled_out"]}]
