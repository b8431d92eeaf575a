"""What a plan breaks, as its channel may show it: rules and counts everywhere, customers where they may be named."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from releasewatch.cli.output import emit_line, say
from releasewatch.cli.pipeline import warn
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from releasewatch.domain.gate import Reached, Rule, Violation, Word
    from releasewatch.usecases.planning import Plan
    from releasewatch.wiring import App


def gate_document(made: Plan, level: Reveal, *, opaque: bool) -> dict[str, Any]:
    """`rules`, `violations` and `passed` of the JSON; on a public repository no customer stands in a rule either."""
    verdict = made.verdict
    broken = [_violation(one, level, opaque=opaque) for one in verdict.violations]
    named = {one["rule"] for one in broken} | {one.violation.rule.text for one in verdict.passed}
    forbidden = [{**one, "sample": [], "withheld": []} for one in made.forbidden if one["rule"] not in named]
    return {
        "rules": [rule_as_shown(one, level, opaque=opaque) for one in verdict.rules],
        "violations": [*broken, *forbidden],
        "passed": [
            {**_violation(one.violation, level, opaque=opaque), **word_document(one.word, level)}
            for one in verdict.passed
        ],
    }


def rule_as_shown(rule: Rule, level: Reveal, *, opaque: bool) -> str:
    """How a rule is written, without the customer in it where keys may not be shown."""
    hidden = level < Reveal.KEYS or (opaque and level < Reveal.NAMES)
    return rule.shown if hidden else rule.text


def _violation(one: Violation, level: Reveal, *, opaque: bool) -> dict[str, Any]:
    named = one.found.sample if level >= Reveal.KEYS else ()
    return {
        "rule": rule_as_shown(one.rule, level, opaque=opaque),
        "text": one.text,
        "customers": one.found.customers,
        "sample": [_customer(customer, level, opaque=opaque) for customer in named],
        "withheld": _withheld(one.found.sample, level),
    }


def _withheld(sample: tuple[Reached, ...], level: Reveal) -> list[str]:
    if level < Reveal.KEYS:
        return ["sample"] if sample else []
    if level >= Reveal.NAMES:
        return []
    return [word for word in ("name", "account_manager") if any(getattr(one, word) for one in sample)]


def _customer(one: Reached, level: Reveal, *, opaque: bool) -> dict[str, Any]:
    if level >= Reveal.NAMES:
        return {"key": one.key, "name": one.name or None, "account_manager": one.account_manager or None}
    return {"key": opaque_key(one.key) if opaque else one.key, "name": None, "account_manager": None}


def word_document(word: Word, level: Reveal) -> dict[str, Any]:
    """By which word a rule passes; who said it, and their reason, only where names may be shown."""
    names = level >= Reveal.NAMES
    return {
        "because": word.because,
        "ref": word.ref or None,
        "by": (word.by or None) if names else None,
        "why": (word.why or None) if names else None,
        "at": word.at or None,
        "withheld_word": [] if names else [name for name in ("by", "why") if getattr(word, name)],
    }


def accepted_document(app: App, words: Sequence[tuple[Rule, Word]], level: Reveal) -> list[dict[str, Any]]:
    """The rules that a deployment went out against, as this channel may show them."""
    opaque = app.config.tables.privacy.keys == "opaque"
    return [{"rule": rule_as_shown(rule, level, opaque=opaque), **word_document(word, level)} for rule, word in words]


def show_accepted(items: Sequence[Mapping[str, Any]], zone: tzinfo) -> None:
    """The same in words."""
    for one in items:
        emit_line(f"Went out against {one['rule']}: {word_sentence(one, zone)}.")


def word_sentence(said: Mapping[str, Any], zone: tzinfo) -> str:
    """The same in words: `approved 2026-11-23 03:00 UTC by olga: Acme agreed`; where `zone` differs, in it too."""
    words = {"approved": "approved", "accepted": f"accepted with {said['ref']}", "fixes": f"it fixes {said['ref']}"}
    at = f" {format_both(datetime.fromisoformat(said['at']), zone)}" if said["at"] else ""
    by = f" by {said['by']}" if said["by"] else ""
    return f"{words[said['because']]}{at}{by}" + (f": {said['why']}" if said["why"] else "")


def show_verdict(document: Mapping[str, Any], stream: TextIO | None, zone: tzinfo) -> None:
    """The customers of each broken rule, and what passes by whose word, below the plan."""
    for one in document["violations"]:
        if one["sample"]:
            more = ", …" if one["customers"] > len(one["sample"]) else ""
            who = ", ".join(f"{c['key']} ({c['name']})" if c["name"] else c["key"] for c in one["sample"])
            emit_line(f"{one['rule']}: {who}{more}", stream)
    for one in document["passed"]:
        emit_line(f"{one['rule']} passes ({word_sentence(one, zone)}). {one['text']}", stream)


def say_verdict(app: App, document: Mapping[str, Any]) -> None:
    """What to do about broken rules, and a warning where one passes because an incident is fixed."""
    fixing = [one for one in document["passed"] if one["because"] == "fixes"]
    if fixing:
        rules = ", ".join(one["rule"] for one in fixing)
        warn(f"Broken rules pass because the deployment fixes {fixing[0]['ref']}: {rules}.")
    asked = [one for one in document["violations"] if one["rule"] in document["rules"]]
    if not asked or app.quiet:
        return
    d, rule = document["deployment"], asked[0]["rule"]
    if "…" in rule or not d["head"]:
        return
    place = f"--environment {shlex.quote(d['environment'])} --head {d['head']}"
    say(f"To let it pass: releasewatch deployment approve {place} --rule {shlex.quote(rule)} --why TEXT")
