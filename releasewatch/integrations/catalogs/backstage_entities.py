"""Holds an entity of a Backstage catalog against the shape that Backstage's own validators ask of its kind.

Source of the rules: the JSON schemas of @backstage/catalog-model (`Entity.schema.json` and one for each kind), and
its format of names. A kind that it has no schema for passes with the envelope alone, as it does there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

API_VERSIONS = frozenset({"backstage.io/v1alpha1", "backstage.io/v1beta1"})
PATHS = "releasewatch.dev/paths"

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TEMPLATE_MARKS = ("${{", "{{", "{%")
_PLACEHOLDER = re.compile(r"\$[a-z][A-Za-z0-9-]*")
"""`$text: ./api.yaml`, `$json`, `$yaml` and those of plugins: Backstage puts what it finds there in its place."""


_DEFINITIONS = frozenset({"definition"})
"""What Backstage shows and nobody here reads: it may be a text of any kind, or a placeholder for one."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """The fields of `spec` that a kind needs, may have as a text, and may have as a list of texts."""

    needed: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    needed_lists: tuple[str, ...] = ()


_SHAPES = {
    "Component": _Shape(
        ("type", "lifecycle", "owner"),
        ("system", "subcomponentOf"),
        ("providesApis", "consumesApis", "dependsOn", "dependencyOf"),
    ),
    "API": _Shape(("type", "lifecycle", "owner", "definition"), ("system",)),
    "Resource": _Shape(("type", "owner"), ("system",), ("dependsOn", "dependencyOf")),
    "System": _Shape(("owner",), ("domain", "type")),
    "Domain": _Shape(("owner",), ("subdomainOf", "type")),
    "Group": _Shape(("type",), ("parent",), ("members",), ("children",)),
    "User": _Shape((), (), ("memberOf",)),
    "Location": _Shape((), ("type", "target", "presence"), ("targets",)),
}


def find_problems(entity: Mapping[Any, Any]) -> Iterator[str]:
    """Everything that Backstage would refuse: the field, and what is wrong with it."""
    for field in ("apiVersion", "kind"):
        yield from _text(entity, field, field, needed=True)
    metadata = entity.get("metadata")
    if not isinstance(metadata, dict):
        yield f"metadata {_is(metadata)}: wanted a table"
        return
    yield from _metadata(metadata)
    kind = entity.get("kind")
    if entity.get("apiVersion") in API_VERSIONS and isinstance(kind, str) and kind in _SHAPES:
        spec = entity.get("spec")
        if isinstance(spec, dict):
            yield from _spec(spec, _SHAPES[kind])
        else:
            yield f"spec {_is(spec)}: wanted a table"


def is_templated(entity: Mapping[Any, Any]) -> bool:
    """Whether what counts for a catalog is still to be filled in by a template engine."""
    return any(mark in text for text in _telling(entity) for mark in _TEMPLATE_MARKS)


def is_filled_in_by_backstage(entity: Mapping[Any, Any]) -> bool:
    """Whether what counts for a catalog stands elsewhere, and Backstage fetches it when it reads the entity."""
    return any(map(_is_placeholder, _counting(entity)))


def holds_template(text: bytes) -> bool:
    """Whether a file that is no YAML may become some when a template engine has filled it in."""
    return any(mark.encode() in text for mark in _TEMPLATE_MARKS)


def _is_placeholder(value: object) -> bool:
    """Whether a value is a table of one key with a dollar sign, as Backstage's own processor asks."""
    return isinstance(value, dict) and len(value) == 1 and bool(_PLACEHOLDER.fullmatch(str(next(iter(value)))))


def _counting(entity: Mapping[Any, Any]) -> Iterator[object]:
    """The values that are read here of an entity; not the definition of an API."""
    metadata, spec = entity.get("metadata"), entity.get("spec")
    yield from (metadata, spec)
    if isinstance(metadata, dict):
        yield from (metadata.get(one) for one in ("name", "namespace", "title", "annotations"))
        annotations = metadata.get("annotations")
        yield annotations.get(PATHS) if isinstance(annotations, dict) else None
    if isinstance(spec, dict):
        yield from (value for key, value in spec.items() if key not in _DEFINITIONS)


def _telling(entity: Mapping[Any, Any]) -> Iterator[str]:
    metadata, spec = entity.get("metadata"), entity.get("spec")
    if isinstance(metadata, dict):
        annotations = metadata.get("annotations")
        paths = annotations.get(PATHS) if isinstance(annotations, dict) else None
        yield from _texts(paths, *(metadata.get(one) for one in ("name", "namespace", "title")))
    if isinstance(spec, dict):
        yield from _texts(*(value for key, value in spec.items() if key not in _DEFINITIONS))


def _texts(*values: object) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
        elif isinstance(value, dict):
            yield from (one for one in value if isinstance(one, str))  # {{ x }} read as YAML is a table of a table


def _metadata(metadata: Mapping[Any, Any]) -> Iterator[str]:
    yield from _text(metadata, "name", "metadata.name", needed=True)
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if isinstance(name, str) and name and not _NAME.fullmatch(name):
        yield "metadata.name: wanted at most 63 letters, digits and . _ -, a letter or digit first and last"
    yield from _text(metadata, "namespace", "metadata.namespace")
    if isinstance(namespace, str) and namespace and not _NAMESPACE.fullmatch(namespace.lower()):
        yield "metadata.namespace: wanted at most 63 letters, digits and -, a letter or digit first and last"
    yield from _text(metadata, "title", "metadata.title")
    annotations = metadata.get("annotations")
    if annotations is not None and not isinstance(annotations, dict):
        yield f"metadata.annotations {_is(annotations)}: wanted a table"
    elif annotations is not None:
        for key, value in annotations.items():
            if not isinstance(value, str) and not _is_placeholder(value):
                yield f"metadata.annotations.{str(key)[:80]} {_is(value)}: wanted a text"


def _spec(spec: Mapping[Any, Any], shape: _Shape) -> Iterator[str]:
    for field in shape.needed:
        yield from _text(spec, field, f"spec.{field}", needed=True)
    for field in shape.texts:
        yield from _text(spec, field, f"spec.{field}")
    for field in (*shape.needed_lists, *shape.lists):
        value = spec.get(field)
        if field not in spec and field not in shape.needed_lists:
            continue
        if not isinstance(value, list):
            yield f"spec.{field} {_is(value)}: wanted a list of texts"
            continue
        for number, one in enumerate(value):
            if not isinstance(one, str) or not one:
                yield f"spec.{field}[{number}] {_is(one)}: wanted a text"


def _text(table: Mapping[Any, Any], key: str, field: str, *, needed: bool = False) -> Iterator[str]:
    if key not in table:
        if needed:
            yield f"{field} is missing"
        return
    value = table[key]
    if (not isinstance(value, str) or not value) and not _is_placeholder(value):
        yield f"{field} {_is(value)}: wanted a text"


def _is(value: object) -> str:
    if value is None:
        return "is missing"
    if value == "":
        return "is empty"
    kinds = {dict: "is a table", list: "is a list", bool: "is true or false", int: "is a number", float: "is a number"}
    return kinds.get(type(value), "is a text")
