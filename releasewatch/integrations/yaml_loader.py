"""A safe YAML loader that reads plain words as YAML 1.2 does, and that a merge of aliases cannot blow up."""

from __future__ import annotations

import re
from typing import Any

import yaml

MOST_MERGED = 10_000
"""Entries that `<<` may bring into one mapping. Aliases themselves share what they name; merges copy it."""

DEEPEST = 200
"""Brackets and braces within each other."""


class CoreLoader(yaml.SafeLoader):
    """Only true and false are booleans, only digits numbers, and a date is a text: as Backstage and Compose read it."""

    def fetch_flow_collection_start(self, token_class: type[yaml.Token]) -> None:
        """Refuse what is nested deeply before it is read to its end: each bracket costs time for every open one."""
        if self.flow_level >= DEEPEST:
            raise yaml.scanner.ScannerError(
                None, None, f"its values are nested more than {DEEPEST} deep", self.get_mark()
            )
        super().fetch_flow_collection_start(token_class)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Copy what `<<` names into a mapping, before its own entries, which win; raises ConstructorError."""
        merged: list[tuple[Any, Any]] = []
        own: list[tuple[Any, Any]] = []
        for key, value in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                own.append((key, value))
                continue
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in reversed(sources):
                if not isinstance(source, yaml.MappingNode):
                    raise yaml.constructor.ConstructorError(
                        None, None, "<< wants a mapping, or a list of mappings", value.start_mark
                    )
                self.flatten_mapping(source)
                merged += source.value
                if len(merged) > MOST_MERGED:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"<< would copy more than {MOST_MERGED} entries", value.start_mark
                    )
        if merged:
            node.value = merged + own


def _decimal(loader: CoreLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))  # `010` is ten: octal numbers begin with 0o since YAML 1.2


CoreLoader.add_constructor("tag:yaml.org,2002:int", _decimal)
CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]{1,300}", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    ("merge", r"<<", "<"),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
