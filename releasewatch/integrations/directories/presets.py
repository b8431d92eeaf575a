"""The field maps that come along, for what well-known systems answer and export."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from releasewatch.domain.columns import Heading
from releasewatch.integrations.directories.http_json import Endpoint
from releasewatch.integrations.directories.json_items import Field, read_path
from releasewatch.integrations.directories.pages import Paging

if TYPE_CHECKING:
    from releasewatch.domain.customers import Kind

FOLDER = files("releasewatch.integrations.directories") / "maps"


@dataclass(frozen=True, slots=True)
class Preset:
    """A shipped map. The URLs of endpoints are relative to `base`, which is empty when everybody has their own."""

    base: str
    endpoints: Mapping[Kind, Endpoint]
    headings: Mapping[Kind, Mapping[str, Heading]]


@cache
def load_preset(name: str) -> Preset:
    """The map of that name; which there are is written in the configuration's schema."""
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    api = document["api"]
    return Preset(
        base=api.pop("base", ""),
        endpoints={kind: _endpoint(table) for kind, table in api.items()},
        headings={
            kind: {column: _heading(names) for column, names in columns.items()}
            for kind, columns in document["export"].items()
        },
    )


def read_paging(table: Mapping[str, Any]) -> Paging:
    """How to page, from a table of `style`, `at` and so on; what is not there stays as it is by default."""
    given = {name: value for name, value in table.items() if value is not None}
    return Paging(**given | ({"at": read_path(given["at"])} if "at" in given else {}))


def read_field(paths: str | list[str], values: Mapping[str, str] | None = None) -> Field:
    """Where a column stands, from one dotted path or several."""
    return Field(tuple(read_path(one) for one in ([paths] if isinstance(paths, str) else paths)), values or {})


def _endpoint(table: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        url=table["url"],
        items=read_path(table["items"]),
        paging=read_paging(table["pages"]),
        fields={column: read_field(paths) for column, paths in table["columns"].items()},
        only={read_path(path): tuple(texts) for path, texts in table.get("only", {}).items()},
        total=read_path(table["total"]) if "total" in table else None,
    )


def _heading(names: list[str | list[str]]) -> Heading:
    first, *rest = ([one] if isinstance(one, str) else one for one in names)
    instead = tuple(Heading(one[0], more=tuple(one[1:])) for one in rest)
    return Heading(first[0], more=tuple(first[1:]), instead=instead, optional=True)
