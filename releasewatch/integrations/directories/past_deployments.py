"""What a list of past deployments holds: its columns, and how a row is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from releasewatch.domain.past import PastDeployment
from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.records import Shape

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.deployments import Status
    from releasewatch.integrations.directories.records import Cells

_STATUSES = ("succeeded", "failed", "cancelled")


def _read_past(cells: Cells) -> PastDeployment:
    finished_at: datetime | None = cells.read("finished_at", fields.read_start, None)
    if not cells.values.get("finished_at"):
        cells.require("finished_at", fields.read_key)
    started_at: datetime | None = cells.read("started_at", fields.read_start, None)
    if started_at and finished_at and started_at > finished_at:
        cells.read("started_at", _late, "")
    return PastDeployment(
        head=cells.require("head", fields.read_key),
        finished_at=finished_at,
        environment=cells.read("environment", _read_name, ""),
        regions=cells.read("region", _read_names, ()),
        rings=cells.read("ring", _read_names, ()),
        components=cells.read("component", fields.read_keys, ()),
        release=cells.read("release", fields.read_key, ""),
        started_at=started_at,
        status=cells.read("status", _read_status, "succeeded"),
        key=cells.read("key", _read_name, ""),
    )


def _late(text: str) -> str:
    raise BadValueError("is after finished_at")


def _read_name(text: str) -> str:
    if text == "?":
        raise BadValueError("must be known; leave it empty where it means everywhere")
    return fields.read_key(text)


def _read_names(text: str) -> tuple[str, ...]:
    names = fields.read_keys(text)
    return tuple(_read_name(name) for name in names)


def _read_status(text: str) -> Status:
    word = text.casefold()
    if word not in _STATUSES:
        raise BadValueError(f"is none of {', '.join(_STATUSES)}")
    return cast("Status", word)


DEPLOYMENTS: Shape[PastDeployment] = Shape(
    kind="deployments",
    columns=(
        "environment",
        "head",
        "finished_at",
        "started_at",
        "region",
        "ring",
        "component",
        "release",
        "status",
        "key",
    ),
    required=("head", "finished_at"),
    identity=("head",),
    read=_read_past,
)
