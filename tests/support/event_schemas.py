"""Validators of events: of our own types by the schemas in the package, of CDEvents by a folder of theirs."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from releasewatch.domain.event_documents import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def own_schema(type_: str) -> dict[str, Any]:
    """The schema of one of our own types, as the package has it."""
    text = files("releasewatch").joinpath("schemas", f"{SCHEMAS[type_]}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def own_validator(type_: str) -> Validator:
    """What says whether an event is one of ours."""
    schema = own_schema(type_)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def validators(folder: Path) -> Mapping[str, Validator]:
    """A validator for each type of CDEvents that a folder has a schema of; references go by the files' `$id`."""
    loaded = [json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))]
    named = [(one["$id"], Resource.from_contents(one)) for one in loaded if "$schema" in one]
    registry: Registry[Any] = Registry().with_resources(named)
    found = {}
    for one in loaded:
        context = one.get("properties", {}).get("context", {}).get("properties", {})
        for type_ in context.get("type", {}).get("enum", ()):
            found[type_] = Draft202012Validator(
                one, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
            )
    return found
