"""How we name the events that we tell: the same fact has the same source and id, however often it is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID, uuid5

from releasewatch.domain.times import format_utc

if TYPE_CHECKING:
    from datetime import datetime

SPEC = "0.5.1"
"""The version of CDEvents that is told. Its types of services and incidents are those of the draft of 0.6 as well."""

VERSION = "0.3.0"
"""The version of those types."""

EXPOSURE_COUNTED = "dev.cdeventsx.releasewatch-exposure.counted.0.1.0"
LIST_READY = "dev.cdeventsx.releasewatch-calllist.ready.0.1.0"

_SPACE = UUID("6f0c2f1e-6f0a-5c63-9d3e-2b7b6f7f0c51")
"""Ours alone, and never changed: ids are made in it."""


def type_of(subject: str, predicate: str) -> str:
    """`dev.cdevents.service.deployed.0.3.0`"""
    return f"dev.cdevents.{subject}.{predicate}.{VERSION}"


def source_of(repo: str = "") -> str:
    """A URI reference: who tells of a repo's deployments, or of incidents."""
    return f"/releasewatch/{quote(repo, safe='/')}" if repo else "/releasewatch"


def event_id(type_: str, *parts: str) -> str:
    """The id of a fact of this type, made of what tells it from the others."""
    return str(uuid5(_SPACE, "\n".join((type_, *parts))))


def incident_event_id(type_: str, key: str, recorded_at: datetime, at: datetime | None) -> str:
    """Of an incident: it is opened once, and may be resolved (`at`) several times, when it was re-opened."""
    return event_id(type_, key, format_utc(recorded_at), "" if at is None else format_utc(at))
