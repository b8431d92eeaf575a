"""CDEvents as they are read: the few types that say something to a ledger, each field of them checked by its name.

The fields are those of CDEvents 0.3 to 0.6; of the rest of an event nothing is read.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from releasewatch.domain.deployments import Place

ServiceWord = Literal["deployed", "upgraded", "rolledback"]
IncidentWord = Literal["detected", "reported", "resolved"]

_SERVICE: Mapping[str, ServiceWord] = {"deployed": "deployed", "upgraded": "upgraded", "rolledback": "rolledback"}
_INCIDENT: Mapping[str, IncidentWord] = {"detected": "detected", "reported": "reported", "resolved": "resolved"}

_TYPE = re.compile(r"dev\.cdevents\.(?P<subject>[a-z]+)\.(?P<predicate>[a-z]+)\.0\.(?P<minor>\d{1,4})\.\d{1,4}(-.+)?")
_MINORS = (1, 2, 3)
"""Of `0.MINOR.PATCH` in a type: 0.1 in CDEvents 0.3, 0.2 in 0.4, 0.3 in 0.5 and 0.6."""

_OWN: Mapping[str, str] = {
    "dev.cdeventsx.releasewatch-exposure.counted.": "this ledger counts the customers itself",
    "dev.cdeventsx.releasewatch-calllist.ready.": "this ledger makes its lists itself",
}
"""Of our own types: why none is taken."""

_INSTANT = re.compile(
    r"(?P<begin>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(\.(?P<part>\d{1,12}))?(?P<zone>[Zz]|[+-]\d{2}:\d{2})"
)
_LONGEST_NAME = 200
_LONGEST_SOURCE = 400
"""With the id it is a key, of which PostgreSQL takes 2,700 bytes."""
_LONGEST_URI = 4_000
_MOST_TOGETHER = 5_000
_LONGEST_TEXT = 200_000
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_WHAT = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}


class BadEventError(ValueError):
    """An event cannot be read: the message names the field and what was wanted there."""


class OtherTypeError(ValueError):
    """An event is of a type that is not taken. `type`: as it is written; the message says why."""

    def __init__(self, type_: str, why: str) -> None:
        super().__init__(why)
        self.type = type_


@dataclass(frozen=True, slots=True)
class Heading:
    """What every event has. `source` and `id` together name it, wherever it is told; `at`: when it happened, in UTC."""

    source: str
    id: str
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """A service went somewhere. `service`: as the sender calls it; `artifact`: what runs there now, most often a purl.

    `deployment_key`: the key of the deployment in the ledger that told it, where that was one of ours; `together`: the
    services that it put somewhere, this one among them, and `kind` what it was. `targets`: regions and rings that it
    went to; none where the event says of none, which is everywhere.
    """

    heading: Heading
    word: ServiceWord
    service: str
    environment: str
    artifact: str
    deployment_key: str = ""
    together: tuple[str, ...] = ()
    kind: str = ""
    targets: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something about an incident, which the sender calls `key`. Empty: it does not say."""

    heading: Heading
    word: IncidentWord
    key: str
    environment: str
    service: str = ""
    artifact: str = ""
    description: str = ""
    ticket: str = ""


Event = ServiceEvent | IncidentEvent


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """One event as it was given, not looked at yet. `place`: the line, or the number in a list.

    `problem`: why it is no JSON; then there is no value.
    """

    place: str
    value: Any = None
    problem: str = ""


RANKS: Mapping[str, int] = {"detected": 0, "reported": 1, "resolved": 2}


def order_of(event: Event) -> tuple[datetime, int]:
    """In which order events are taken: as they happened, and an incident's end after its begin."""
    return event.heading.at, RANKS.get(event.word, 0)


def read_event(given: GivenEvent) -> Event:
    """An event from its JSON: a CDEvent by itself, or in the data of a CloudEvent in structured mode.

    Raises BadEventError, or OtherTypeError for a type that is not taken.
    """
    value = given.value
    if given.problem:
        raise BadEventError(given.problem)
    if not isinstance(value, Mapping):
        raise BadEventError(f"the event is {_kind(value)}; wanted an object")
    if "context" in value:
        return _cdevent(value)
    if "specversion" in value or "data" in value or "data_base64" in value:
        return _in_cloud_event(value)
    raise BadEventError("context is missing, and so is what makes a CloudEvent (specversion, id, source, type)")


def _in_cloud_event(value: Mapping[str, Any]) -> Event:
    version = _text(value, "specversion", "")
    if version != "1.0":
        raise BadEventError(f"specversion is {_short(version)}; wanted 1.0 of CloudEvents")
    type_ = _text(value, "type", "")
    source, id_ = _text(value, "source", "", longest=_LONGEST_SOURCE), _text(value, "id", "")
    if not type_.startswith("dev.cdevents."):
        raise OtherTypeError(type_, _why_not(type_))
    _check_type(type_)
    data = _data(value)
    if not isinstance(data, Mapping):
        raise BadEventError(f"data is {_kind(data)}; wanted the CDEvent as an object")
    event = _cdevent(data, "data.")
    heading = event.heading
    for name, told, held in (
        ("type", type_, heading.type),
        ("source", source, heading.source),
        ("id", id_, heading.id),
    ):
        if told != held:
            raise BadEventError(f"data.context.{name} is {_short(held)}, and {name} of the CloudEvent {_short(told)}")
    return event


def _data(value: Mapping[str, Any]) -> Any:
    if "data_base64" not in value:
        if "data" not in value:
            raise BadEventError("data is missing; wanted the CDEvent")
        return value["data"]
    try:
        return json.loads(base64.b64decode(_text(value, "data_base64", "", longest=1 << 24), validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadEventError("data_base64 holds no JSON in base64") from error


def _why_not(type_: str) -> str:
    """Why a type is not taken that is none of CDEvents' own: what we tell of a ledger each ledger finds out itself."""
    return next((why for own, why in _OWN.items() if type_.startswith(own)), "not taken")


def _check_type(type_: str) -> tuple[str, str]:
    """Subject and predicate of a type that is taken; raises OtherTypeError."""
    found = _TYPE.fullmatch(type_)
    if found is None:
        raise OtherTypeError(type_, _why_not(type_))
    subject, predicate = found["subject"], found["predicate"]
    if (subject, predicate) == ("service", "removed"):
        raise OtherTypeError(type_, "the ledger has no word for a service that is gone")
    if predicate not in {"service": _SERVICE, "incident": _INCIDENT}.get(subject, {}):
        raise OtherTypeError(type_, "not taken")
    if int(found["minor"]) not in _MINORS:
        raise OtherTypeError(type_, "this version is not known")
    return subject, predicate


def _cdevent(value: Mapping[str, Any], at: str = "") -> Event:
    context = _object(value, "context", at)
    in_context = f"{at}context."
    type_ = _text(context, "type", in_context)
    subject, predicate = _check_type(type_)
    if "specversion" not in context and "version" not in context:
        raise BadEventError(f"{in_context}specversion is missing; wanted the version of CDEvents")
    _text(context, "specversion" if "specversion" in context else "version", in_context)
    heading = Heading(
        _text(context, "source", in_context, longest=_LONGEST_SOURCE),
        _text(context, "id", in_context),
        type_,
        _instant(context, "timestamp", in_context),
    )
    about = _object(value, "subject", at)
    key = _text(about, "id", f"{at}subject.")
    content, inside = _object(about, "content", f"{at}subject."), f"{at}subject.content."
    environment = _text(_object(content, "environment", inside), "id", f"{inside}environment.")
    if environment == "?":
        raise BadEventError(f"{inside}environment.id is '?', which is no name")
    if subject == "service":
        artifact = _text(content, "artifactId", inside, longest=_LONGEST_URI)
        return ServiceEvent(heading, _SERVICE[predicate], key, environment, artifact, *_own_words(value, key))
    word = _INCIDENT[predicate]
    service = _object(content, "service", inside) if "service" in content else None
    return IncidentEvent(
        heading,
        word,
        key,
        environment,
        "" if service is None else _text(service, "id", f"{inside}service."),
        _text(content, "artifactId", inside, longest=_LONGEST_URI) if "artifactId" in content else "",
        _description(content, inside),
        _text(content, "ticketURI", inside, longest=_LONGEST_URI) if word == "reported" else "",
    )


def _own_words(value: Mapping[str, Any], service: str) -> tuple[str, tuple[str, ...], str, tuple[Place, ...]]:
    """Key, services, kind and targets of our deployment, as we write them beside an event; custom data of others may
    be anything, and says nothing."""
    custom = value.get("customData")
    mine = custom.get("releasewatch") if isinstance(custom, Mapping) else None
    if not isinstance(mine, Mapping):
        return "", (), "", ()
    key, kind, services = mine.get("deployment_key"), mine.get("kind"), mine.get("services")
    named = [one for one in services if _is_name(one)] if isinstance(services, list) else []
    together = tuple(sorted(set(named))) if key and service in named and len(named) <= _MOST_TOGETHER else ()
    known = kind if isinstance(kind, str) else ""
    return str(key) if _is_name(key) else "", together, known, _places(mine.get("targets"))


def _places(targets: Any) -> tuple[Place, ...]:
    """The regions and rings of a deployment of ours, each once; none where any of them is not as we write it, or is a
    pattern, which no place is called by."""
    if not isinstance(targets, list) or not 0 < len(targets) <= _MOST_TOGETHER:
        return ()
    if not all(isinstance(one, Mapping) and {"region", "ring"} <= one.keys() for one in targets):
        return ()
    words = [one[axis] for one in targets for axis in ("region", "ring")]
    if not all(word is None or (_is_name(word) and not set(word) & set("*?[]")) for word in words):
        return ()
    return tuple(sorted({Place(one["region"] or "", one["ring"] or "") for one in targets}))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _object(values: Mapping[str, Any], name: str, at: str) -> Mapping[str, Any]:
    if name not in values:
        raise BadEventError(f"{at}{name} is missing; wanted an object")
    found = values[name]
    if not isinstance(found, Mapping):
        raise BadEventError(f"{at}{name} is {_kind(found)}; wanted an object")
    return found


def _description(values: Mapping[str, Any], at: str) -> str:
    """A text in somebody's words: it may be empty, and of several lines."""
    found = values.get("description", "")
    if not isinstance(found, str):
        raise BadEventError(f"{at}description is {_kind(found)}; wanted a text")
    if len(found) > _LONGEST_TEXT:
        raise BadEventError(f"{at}description is longer than {_LONGEST_TEXT} characters")
    if _NO_TEXT.search(found):
        raise BadEventError(f"{at}description holds what is no text")
    return found.strip()


def _text(values: Mapping[str, Any], name: str, at: str, *, longest: int = _LONGEST_NAME) -> str:
    if name not in values:
        raise BadEventError(f"{at}{name} is missing; wanted a text")
    found = values[name]
    if not isinstance(found, str):
        raise BadEventError(f"{at}{name} is {_kind(found)}; wanted a text")
    if not found.strip():
        raise BadEventError(f"{at}{name} is empty; wanted a text")
    if len(found) > longest:
        raise BadEventError(f"{at}{name} is longer than {longest} characters")
    if not found.isprintable():
        raise BadEventError(f"{at}{name} holds characters that cannot be printed")
    return found.strip()


def _instant(values: Mapping[str, Any], name: str, at: str) -> datetime:
    text = _text(values, name, at)
    found = _INSTANT.fullmatch(text)
    wanted = f"{at}{name} is {_short(text)}; wanted an instant with its zone, such as 2026-03-01T14:05:00Z"
    if found is None:
        raise BadEventError(wanted)
    zone = "+00:00" if found["zone"] in "Zz" else found["zone"]
    part = (found["part"] or "0")[:6].ljust(6, "0")
    try:
        instant = datetime.fromisoformat(f"{found['begin'].upper()}.{part}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadEventError(wanted) from error
    if instant.year < 1971:
        raise BadEventError(f"{at}{name} is {_short(text)}; that is before anything was deployed")
    return instant


def _kind(value: Any) -> str:
    return "null" if value is None else _WHAT.get(type(value), "no such thing")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
