"""What deploying a commit would reach, against what is live: recorded in a ledger that forgets, and described."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from releasewatch.domain.times import format_utc
from releasewatch.storage import deployments, footprints
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.recording import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.storage.ledger import Rehearsal
    from releasewatch.usecases.record_facts import RecordRequest, Surroundings


def plan(
    ledger: Rehearsal, around: Surroundings, request: RecordRequest, how: Describing
) -> tuple[dict[str, Any], Sequence[str]]:
    """The document of `deployment plan --format json`, and what is worth saying about how it came to be.

    It is the document of a record, without an id and key. Each baseline says in `live` what runs there now (None where
    nothing is known to), and `violations` what would keep the deployment from being recorded. A rehearsal on a ledger
    that is in use holds its lock for as long as git is read.
    """
    waived = replace(request, accept=("unmapped",), why="a plan")
    done = record(ledger, around, waived)
    document = describe(ledger, done.deployment_id, how)
    document["deployment"] |= {"id": None, "key": None}
    with ledger.read() as connection:
        blocks = footprints.read_blocks(connection, done.deployment_id)
        for entry, block in zip(document["baselines"], blocks, strict=True):
            entry["live"] = _live(connection, block)
    head = document["deployment"]["head"]
    document["violations"] = _violations(document, stops=around.catalog_at(head).unmapped == "fail")
    return document, done.remarks


def _live(connection: Any, block: Any) -> dict[str, Any] | None:
    if block.source != "deployment":
        return None
    found = deployments.get_deployment(connection, block.base_deployment_id)
    return {
        "deployment": found.id,
        "release": found.row.release or None,
        "head": found.row.head,
        "since": format_utc(found.row.opened_at),
    }


def _violations(document: dict[str, Any], *, stops: bool) -> list[dict[str, Any]]:
    """What the catalog itself forbids: with `unmapped = "fail"` the record would be refused."""
    many = document["unmapped"]["paths"]
    if not many or not stops:
        return []
    paths = "1 changed path belongs" if many == 1 else f"{many} changed paths belong"
    text = f"{paths} to no component, and the catalog says to fail then"
    return [{"rule": "unmapped", "text": text, "customers": document["exposure"]["not_ruled_out"]}]
