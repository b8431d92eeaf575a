"""Rules that a plan must not break: how they are written, and what it means to break one.

A rule is one word, so that a pipeline can give it as it stands: `customers>200`, `tier=gold`, `freeze`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError

Kind = Literal[
    "customers",
    "exposed",
    "tier",
    "customer",
    "hurt-within",
    "freeze",
    "open-incident",
    "unmapped",
    "account-manager-away",
]

SYNTAX: dict[Kind, tuple[str, str]] = {
    # kind: (how it is written, when it is broken)
    "customers": ("customers>N", "more than N customers are reached by name or directly"),
    "exposed": ("exposed>N", "more than N are reached, dependents counted too"),
    "tier": ("tier=NAME", "a customer of that customer_tier is reached"),
    "customer": ("customer=KEY", "that customer is reached; an alias does as well"),
    "hurt-within": ("hurt-within=Nd", "a customer is reached whom an incident affected in the last N days"),
    "freeze": ("freeze", "a freeze of the organisation, or of a customer who is reached, is on"),
    "open-incident": ("open-incident", "an incident is open on a component that changed"),
    "unmapped": ("unmapped", "a changed path belongs to no component"),
    "account-manager-away": ("account-manager-away", "who keeps a customer that is reached is away, or gone"),
}
"""Every rule there is; help texts and messages are made of it."""

SAMPLE = 20
"""So many customers are named with a broken rule; the count is of all of them."""

_WRITTEN = re.compile(r"\s*([a-z-]+)\s*(?:([>=])\s*(.*\S)?)?\s*", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")
_DAYS = re.compile(r"([0-9]{1,4})\s*d")
_MOST_DAYS = 3660
_LONGEST = 200

Because = Literal["approved", "accepted", "fixes"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `value`: its number, days, tier or customer as text; empty where it has none."""

    kind: Kind
    value: str = ""

    @property
    def text(self) -> str:
        """How it is written, with no blanks in it that do not matter: what it is approved by."""
        return self.kind + _sign(self.kind) + self.value + ("d" if self.kind == "hurt-within" else "")

    @property
    def shown(self) -> str:
        """The same where no customer may be named."""
        return "customer=…" if self.kind == "customer" else self.text


@dataclass(frozen=True, slots=True)
class Reached:
    """A customer because of whom a rule is broken."""

    key: str
    name: str
    account_manager: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a rule: how many customers, the first of them, and what else its sentence needs.

    `named`: incidents or freezes of the organisation; `paths`: of no component.
    """

    customers: int = 0
    sample: tuple[Reached, ...] = ()
    named: tuple[str, ...] = ()
    paths: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `text` is a sentence that names no customer."""

    rule: Rule
    text: str
    found: Found


@dataclass(frozen=True, slots=True)
class Word:
    """What lets a broken rule pass: somebody's approval, or acceptance with a deployment (`ref`: its id), or that the
    deployment fixes an incident (`ref`)."""

    because: Because
    by: str = ""
    why: str = ""
    at: str = ""
    ref: str = ""


def parse_rule(text: str) -> Rule:
    """A rule as it is written. Raises InvalidCallError for what is none."""
    found = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST and text.isprintable() else None
    kind = next((one for one in SYNTAX if found is not None and one == found[1]), None)
    if found is None or kind is None:
        near = difflib.get_close_matches(text.strip(), SYNTAX, n=1, cutoff=0.5)
        hint = "".join(f"Did you mean {form}? " for one, (form, _) in SYNTAX.items() if one in near)
        raise InvalidCallError(f"There is no rule {text[:_LONGEST]!r}.", f"{hint}There are: {', '.join(written())}.")
    sign, value = found[2] or "", found[3] or ""
    wanted = _sign(kind)
    rule = _with_value(kind, value) if sign == wanted and bool(value) is bool(wanted) else None
    if rule is None:
        raise InvalidCallError(
            f"The rule {text[:_LONGEST]!r} cannot be read: wanted {SYNTAX[kind][0]}.", _hint(kind) + _quoted(text)
        )
    return rule


def _sign(kind: Kind) -> str:
    """What stands between a rule's name and its value; nothing for one without."""
    return SYNTAX[kind][0].removeprefix(kind)[:1]


def _with_value(kind: Kind, value: str) -> Rule | None:
    if kind in ("customers", "exposed"):
        return Rule(kind, str(int(value))) if _NUMBER.fullmatch(value) else None
    if kind == "hurt-within":
        days = _DAYS.fullmatch(value)
        return Rule(kind, str(int(days[1]))) if days and 1 <= int(days[1]) <= _MOST_DAYS else None
    return Rule(kind, value)


def _hint(kind: Kind) -> str:
    values = {
        "customers": "N is a whole number.",
        "exposed": "N is a whole number.",
        "tier": "NAME is a customer_tier of the directory.",
        "customer": "KEY is a customer's key or alias.",
        "hurt-within": f"N is a number of days from 1 to {_MOST_DAYS}, as in hurt-within=14d.",
    }
    return values.get(kind, "It takes no value.")


def _quoted(text: str) -> str:
    """A shell takes an unquoted `customers>200` for a file."""
    return " In a shell it needs quotes: 'customers>200'." if text.strip() in ("customers", "exposed") else ""


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Several rules, each once, in the order in which they were given first."""
    return tuple(dict.fromkeys(parse_rule(text) for text in texts))


def written() -> tuple[str, ...]:
    """How each rule is written."""
    return tuple(form for form, _ in SYNTAX.values())


def judge(rule: Rule, found: Found) -> Violation | None:
    """The violation when what was found breaks a rule, else None."""
    text = _sentence(rule, found)
    return Violation(rule, text, found) if text else None


def _sentence(rule: Rule, found: Found) -> str:
    many = counted(found.customers, "customer")
    match rule.kind:
        case "customers":
            broken = found.customers > int(rule.value)
            return f"It reaches {many} by name or directly; more than {rule.value} is too many." if broken else ""
        case "exposed":
            broken = found.customers > int(rule.value)
            return f"It reaches {many}; more than {rule.value} is too many." if broken else ""
        case "tier":
            return f"It reaches {many} of the tier {rule.value}." if found.customers else ""
        case "customer":
            return "It reaches the customer whom the rule names." if found.customers else ""
        case "hurt-within":
            were = "who was" if found.customers == 1 else "who were"
            days = counted(int(rule.value), "day")
            return f"It reaches {many} {were} hurt by an incident in the last {days}." if found.customers else ""
        case "freeze":
            have = "has" if found.customers == 1 else "have"
            theirs = f"It reaches {many} who {have} a freeze today." if found.customers else ""
            return " ".join([*(f"{one}." for one in found.named), *([theirs] if theirs else [])])
        case "open-incident":
            is_open = "is open" if len(found.named) == 1 else "are open"
            return f"{', '.join(found.named)} {is_open} on what it changes." if found.named else ""
        case "unmapped":
            paths = "1 changed path belongs" if found.paths == 1 else f"{found.paths:,} changed paths belong"
            blank = f"; {many} cannot be ruled out" if found.customers else ""
            return f"{paths} to no component{blank}." if found.paths else ""
        case "account-manager-away":
            whose = "whose account manager is away or gone"
            return f"It reaches {many} {whose}." if found.customers else ""


def sample_of(rows: Sequence[tuple[str, str, str]], many: int) -> Found:
    """What was found, from the first rows of key, name and account manager, and how many there are in all."""
    return Found(many, tuple(Reached(key, name, manager) for key, name, manager in rows[:SAMPLE]))
