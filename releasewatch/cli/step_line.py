"""The record of a step that could not have the program: from the line that its script left in the log."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any

from releasewatch.cli.call_words import read_words
from releasewatch.cli.wrong_calls import Call
from releasewatch.domain.times import format_utc, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.domain.spool import SpooledRecord
    from releasewatch.domain.step_facts import StepFacts

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def record_of(step: StepFacts) -> SpooledRecord:
    """A call that waits: its words are read when it is recorded, and may be said anew like those of a wrong one.

    The commit is what the program would have taken: the one that is named, else CI's, else the one git stands at; in a
    job without a clone it is the release's.
    """
    from releasewatch.cli.deployment import command as deployment
    from releasewatch.integrations.ci import recognise

    facts = _with_instants(read_words(deployment.commands["record"], step.words, step.variables).facts, step)
    ci = recognise(step.variables)
    run = step.run or f"{format_utc(step.at)} {step.checksum}"
    fault = "releasewatch could not be had there, or did not come so far, and its words were not looked at."
    call = Call("record", facts, {}, ci, run, step.at, "not_installed", fault)
    return call.record("", "", _head(facts, ci.sha if ci else None, step), {})


def _head(facts: Mapping[str, Any], told: str | None, step: StepFacts) -> str | None:
    named = str(facts.get("head") or "")
    if facts.get("kind") == "change":
        return None
    elsewhere = any("/" in one for one in facts.get("component", ())) or step.head is None
    if facts.get("release") and not named and elsewhere:
        return None  # the release says which commit it was, and the job may be of another repo
    candidates = (named, step.head) if named else (None if step.cloned else told, step.head)
    return next((one for one in candidates if one and _SHA.fullmatch(one)), None)


def _with_instants(facts: dict[str, Any], step: StepFacts) -> dict[str, Any]:
    """The same with `20m` and the like as the instants that they were at the step, by a clock that shows UTC."""
    for name in ("started-at", "finished-at"):
        if name in facts:
            with suppress(ValueError):  # what cannot be read is said when it is recorded
                facts[name] = format_utc(parse_instant(str(facts[name]), step.at, UTC))
    return facts
