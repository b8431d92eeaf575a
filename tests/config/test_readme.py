"""What README.md says of settings: names and defaults are those of the schema."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from releasewatch.config.schema import Calling

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
IN_WORDS = {"no limit": "None", "nobody": "()", "SEV1": "('SEV1',)"}


def test_the_table_of_calling_names_every_setting_and_its_default() -> None:
    lines = README.partition("**What a day allows**")[2].partition("\n\nEach row")[0].splitlines()
    told: dict[str, str] = {}
    for line in lines[4:]:
        names, defaults, _ = line.strip("| ").split(" | ", 2)
        keys, values = re.findall(r"`(\w+)`", names), defaults.split(", ")
        told |= dict(zip(keys, (IN_WORDS.get(one, one) for one in values), strict=True))
    assert told == {one.encode_name: str(one.default) for one in msgspec.structs.fields(Calling)}


def test_nothing_else_in_the_readme_names_a_setting_of_calling_that_is_none() -> None:
    named = set(re.findall(r"`\[calling\] (\w+)", README))
    assert named
    assert named <= {one.encode_name for one in msgspec.structs.fields(Calling)}
