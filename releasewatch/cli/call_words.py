"""What the words and variables of a call say, read without refusing any: of a call that is wrong, all that is not."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import INSTANT
from releasewatch.cli.output import without_credentials
from releasewatch.domain.links import without_secrets
from releasewatch.domain.times import format_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FACTS = {
    "environment": "environment",
    "component": "components",
    "region": "regions",
    "ring": "rings",
    "release": "release",
    "head": "head",
    "from": "base",
    "key": "key",
    "url": "url",
    "actor": "actor",
    "kind": "kind",
    "title": "title",
    "accept": "accept",
    "why": "why",
    "status": "status",
    "started-at": "started_at",
    "finished-at": "finished_at",
    "fixes": "fixes",
}
"""The options that say what was deployed, and what their values are called; the others say how it is recorded."""

ARGUMENTS = "arguments"
"""What words are called that belong to no option: what they say is not kept, for they may be anything."""

_LIKE = 0.75
"""How like an option's a name must be, for its value to be kept: any other may be a secret's."""


@dataclass(frozen=True, slots=True)
class Words:
    """A call as it was given: `said` by the name of the value, as text, several as a list, a flag as True;
    `unknown` options by their names, with their value where that is kept.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What is said of the deployment, without secrets, by the names of the options."""
        return {name: _clean(name, self.said[key]) for name, key in FACTS.items() if self.said.get(key)}


def read_words(command: click.Command, words: Sequence[str], environ: Mapping[str, str] | None = None) -> Words:
    """What a command's words say, and for the rest its variables: those of `environ`, else of this process."""
    context = click.Context(
        command,
        ignore_unknown_options=True,
        allow_extra_args=True,
        allow_interspersed_args=True,
    )
    rest, lost = list(words), list[str]()
    said: dict[str, Any] = {}
    extra: list[str] = []
    while True:
        try:
            said, extra, _ = command.make_parser(context).parse_args(list(rest))
        except click.BadOptionUsage as error:
            # An option without its value, or a flag with one: all the others are read without it.
            name = error.option_name
            at = [i for i, word in enumerate(rest) if word == name or word.startswith(f"{name}=")]
            if not at:
                break
            lost.append(rest.pop(at[-1]))
            continue
        break
    for one in command.params:
        if one.name and said.get(one.name) is None and (told := _from_variable(one, context, environ)) is not None:
            said[one.name] = told
    return Words(said, _unknown([*lost, *extra]))


def _from_variable(one: click.Parameter, context: click.Context, environ: Mapping[str, str] | None) -> Any:
    if environ is None:
        return one.value_from_envvar(context)
    names = [one.envvar] if isinstance(one.envvar, str) else one.envvar or ()
    told = next((environ[name] for name in names if environ.get(name)), None)
    return one.type.split_envvar_value(told) if told is not None and one.multiple else told


def _unknown(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("-") and len(word) > 1:
            name, _, value = word.lstrip("-").partition("=")
            found[name] = _clean(name, value) if near_fact(name) else ""
        elif name and not found[name] and near_fact(name):
            found[name], name = _clean(name, word), ""
        elif not name:
            found[ARGUMENTS] = ""
        else:
            name = ""
    return found


def near_fact(name: str) -> str:
    """The option that a name was meant to be; empty where it is like none."""
    return next(iter(difflib.get_close_matches(name, FACTS, n=1, cutoff=_LIKE)), "")


def _clean(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return [_clean(name, one) for one in value] if isinstance(value, list | tuple) else value
    if name == "url":
        value = without_secrets(value)
    return without_credentials(value)


def with_instants(command: click.Command, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same with `20m` and the like as the instants that they are now; what cannot be read stays as it is."""
    fixed = dict(facts)
    for one in command.params:
        name = next((name for name, key in FACTS.items() if key == one.name), "")
        if one.type is INSTANT and name in fixed:
            try:
                fixed[name] = format_utc(INSTANT.convert(fixed[name], one, None))
            except click.UsageError:
                continue
    return fixed


def read_facts(command: click.Command, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the options that a command takes for facts; no variable is asked. Raises click's UsageError."""
    context = click.Context(command)
    found: dict[str, Any] = {}
    with context:
        for one in command.params:
            name = next((name for name, key in FACTS.items() if key == one.name), "")
            if not name or one.name is None:
                continue
            value = facts.get(name)
            if value is None:
                value = one.get_default(context)
                found[one.name] = () if one.multiple else value if isinstance(value, str) else None
                if one.required:
                    raise click.MissingParameter(ctx=context, param=one)
                continue
            if one.multiple and isinstance(value, str):
                value = [value]
            elif not one.multiple and isinstance(value, list):
                value = value[-1]
            found[one.name] = one.process_value(context, value)
    return found
