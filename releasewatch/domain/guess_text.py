"""Writes a proposed column map as TOML, ready to be pasted: each guess with its reason, each doubt in a comment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasewatch.domain.columns import Heading
    from releasewatch.domain.guessing import Guess, KindGuess, Proposal

OPENING = "# Proposed by `releasewatch customer import --guess "
"""How every proposal begins: by this one is known that may be replaced by the next."""
_UNMATCHED_SHOWN = 100


def proposal_toml(
    proposal: Proposal, directory: str, file: str, about: Sequence[str], *, is_new: bool, skip_rows: int = 0
) -> str:
    """The proposal as text. `about`: what was recognised; `is_new`: the directory has no table in the settings yet;
    `skip_rows`: so many rows stand above the headings."""
    opening = f"{OPENING.removeprefix('# ')}{file}`, from {', '.join(about)}."
    lines = [_comment(opening)]
    lines += [_comment("Read each line before you paste it: a guess is a guess.")]
    usable = [one for one in proposal.kinds if not one.missing]
    name = f"directory.{_key(directory)}"
    if is_new:
        lines += ["", f"[{name}]", 'kind = "csv"'] + [f"{one.kind} = {_quoted(file)}" for one in usable]
        lines += [f"skip_rows = {skip_rows}  {_comment('what stands above the headings')}"] if skip_rows else []
    elif usable:
        named = ", ".join(f"{one.kind} = {_quoted(file)}" for one in usable)
        named += f", skip_rows = {skip_rows}" if skip_rows else ""
        lines += ["", _comment(f"[{name}] must name the file as well: {named}")]
    for one in proposal.kinds:
        lines += ["", *_kind_lines(one, name)]
        if one.kind == "customers" and one.missing:
            lines += _for_another_file(one, proposal, name, file)
    if proposal.unmatched:
        kept = " (customers keep them as attributes)" if any(one.kind == "customers" for one in usable) else ""
        lines += ["", _comment(f"Columns without a place here{kept}:")]
        lines += [_comment(f"  {heading!r}: {looks}") for heading, looks in proposal.unmatched[:_UNMATCHED_SHOWN]]
        if len(proposal.unmatched) > _UNMATCHED_SHOWN:
            lines.append(_comment(f"  and {len(proposal.unmatched) - _UNMATCHED_SHOWN} more"))
    return "\n".join(lines) + "\n"


def _for_another_file(one: KindGuess, proposal: Proposal, directory: str, file: str) -> Iterator[str]:
    """How customers of another file take their account manager from here, as orders have it; where that can be seen."""
    found = {guess.column: guess.heading for guess in one.guesses}
    if not {"key", "account_manager"} <= found.keys() or "name" in found:
        return
    days = [(heading, looks) for heading, looks in proposal.unmatched if looks.startswith("dates, ")]
    said: dict[str, str | list[str] | dict[str, str]] = {"from": found["account_manager"].name}
    said |= {"file": file, "match": found["key"].name}
    written = days[0][1].removeprefix("dates, ") if len(days) == 1 else ""
    if written and " or " not in written:
        said["newest"] = days[0][0]
        said |= {} if written == "YYYY-MM-DD" else {"format": written}
    yield _comment("Customers of another file can take theirs from here, of the newest row or else of most rows:")
    yield _comment(f"[{directory}.columns.customers]")
    yield _comment(f"account_manager = {_table(said)}")


def _table(said: dict[str, str | list[str] | dict[str, str]]) -> str:
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in said.items()) + " }"


def _kind_lines(one: KindGuess, directory: str) -> Iterator[str]:
    table = f"[{directory}.columns.{one.kind}]"
    if one.missing:
        yield _comment(f"{one.kind}: not proposed, because it lacks what it needs:")
        yield from (_comment(f"  {text}") for text in one.missing)
        yield _comment(table)
    else:
        yield table
    for guess in one.guesses:
        line, *more = _guess_lines(guess)
        yield _comment(line) if one.missing else line
        yield from more
    yield from (_comment(doubt) for doubt in one.doubts)


def _guess_lines(guess: Guess) -> Iterator[str]:
    yield f"{guess.column} = {_setting(guess.heading)}  {_comment(guess.why)}"
    yield from (_comment(f"  {guess.column}: {doubt}") for doubt in guess.doubts)


def _setting(heading: Heading) -> str:
    said = settings_of(heading)
    if list(said) == ["from"]:
        return _quoted(heading.name)
    return _table(said)


def settings_of(heading: Heading) -> dict[str, str | list[str] | dict[str, str]]:
    """A heading as the settings of `[directory.NAME.columns.*]` write it."""
    said: dict[str, str | list[str] | dict[str, str]] = {}
    if heading.name:
        said["from"] = heading.name
    if heading.more:
        said["more"] = list(heading.more)
    for name in ("constant", "separator", "prefix", "list", "format", "decimal"):
        if text := getattr(heading, name):
            said[name] = text
    if heading.values:
        said["values"] = dict(heading.values)
    return said


def _value(value: str | list[str] | dict[str, str]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    return "{ " + ", ".join(f"{_quoted(name)} = {_quoted(text)}" for name, text in value.items()) + " }"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, but it wants one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """A comment is one line, and holds nothing that could end it or steer a terminal."""
    return "# " + "".join(one if one.isprintable() else " " for one in text)
