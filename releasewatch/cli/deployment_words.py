"""Deployments in words and tables, for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from releasewatch.cli.output import emit_line, emit_table, one_line
from releasewatch.domain.past import SOURCE_WORDS
from releasewatch.domain.privacy import WITHHELD
from releasewatch.domain.times import format_both
from releasewatch.domain.unsure import Unsure
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releasewatch.wiring import App


def show_summaries(app: App, items: Sequence[dict[str, Any]]) -> None:
    """Deployments as a table; where imported ones are among them, with what each was taken from."""
    source = ("source",) if any(item["source"] for item in items) else ()
    emit_table(
        ("id", "opened", "repo", "environment", "where", "kind", "status", "release", "head", "changes", *source),
        (
            (
                item["id"],
                format_both(datetime.fromisoformat(item["opened_at"]), app.zone),
                item["repo"],
                item["environment"],
                _places(item["targets"]),
                item["kind"],
                item["status"],
                name_of_release(item),
                (item["head"] or "")[:10],
                _plus_minus(item["changes"]),
                *([item["source"] or ""] if source else []),
            )
            for item in items
        ),
        right=("changes",),
    )


def name_of_release(item: Mapping[str, Any]) -> str:
    """What a release is called; nothing where it has no name, and a word where that may not be shown."""
    return "withheld" if "release" in item["withheld"] else item["release"] or ""


def _places(targets: Sequence[dict[str, Any]]) -> str:
    words = ["/".join(filter(None, (t["region"], t["ring"]))) for t in targets]
    return ", ".join(word for word in words if word) or "everywhere"


def _plus_minus(changes: dict[str, Any]) -> str:
    removed = "?" if changes["removed"] is None else str(changes["removed"])
    return f"+{changes['added']}" + (f" -{removed}" if removed != "0" else "")


def show_document(app: App, document: dict[str, Any], stream: TextIO | None = None, *, is_look: bool = False) -> None:
    """One deployment, or the plan of one, for people: what it is, what it changed, what that reaches.

    `is_look`: somebody only looks at it, and does not wonder whether it was there already.
    """
    d, exposed = document["deployment"], document["exposure"]
    title = _title_words(d)
    is_plan = "violations" in document
    what = f"{d['kind']} of {d['repo']} to {d['environment']} ({_places(d['targets'])})"
    if is_plan:
        lines = [f"Plan: {what}: {title}"]
    else:
        lines = [f"{d['id'] or 'Not recorded'}: {what}, {d['status']}: {title}"]
        if d["source"]:
            lines[0] += f"  [imported from {SOURCE_WORDS[d['source']]}]"
        if d["already_recorded"] and not is_look:
            lines[0] += "  [recorded before]"
        lines.append(f"  opened {format_both(datetime.fromisoformat(d['opened_at']), app.zone)}")
    lines += [
        f"  compared with {b['from']}"
        + (f" ({b['base'][:10]})" if b["base"] else "")
        + _block_words(b, document)
        + (_live_words(b, app) if is_plan else "")
        for b in document["baselines"]
    ]
    changes = document["changes"]
    lines.append(
        f"  {_plus_minus(changes)} {'change' if _plus_minus(changes) in ('+1', '+0 -1') else 'changes'}"
        + (f", {changes['reverted_in_range']} reverted inside the range" if changes["reverted_in_range"] else "")
    )
    if d["undoes"]:
        lines.append(f"  undoes {', '.join(d['undoes'])}")
    lines += [f"  {one['state']} in {one['incident']}" for one in d["blame"]]
    if d["fixes"]:
        lines.append(f"  said to fix {', '.join(d['fixes'])}")
    if d["fixed_by"]:
        lines.append(f"  said to be fixed by {', '.join(d['fixed_by'])}")
    if not d["history_complete"]:
        lines.append(f"  history is not complete: {d['why_incomplete']}")
    lines += [f"  {violation['rule']}: {violation['text']}" for violation in document.get("violations", ())]
    emit_line("\n".join(lines), stream)
    if document["components"]:
        emit_table(
            ("component", "reach", "via", "changes", "paths"),
            (
                (
                    c["key"],
                    c["reach"] + (f" ({c['distance']})" if c["distance"] else ""),
                    c["via"] or "",
                    str(c["changes"] or ""),
                    str(c["paths"] or ""),
                )
                for c in document["components"]
            ),
            right=("changes", "paths"),
            stream=stream,
        )
    if document["not_deployed"]:
        emit_line(f"Changed and not deployed: {', '.join(document['not_deployed'])}", stream)
    emit_line(exposure_words(exposed, document["unmapped"]["paths"]), stream)
    unknown = document["unknown_customers"]
    if unknown["names"]:
        emit_line(unknown_words(unknown["names"], unknown["changes"], recorded=not is_plan), stream)


def _title_words(deployment: Mapping[str, Any]) -> str:
    """What it is called, in one line: by its title, else its release, else its commit."""
    if "title" in deployment["withheld"]:
        return WITHHELD
    name = deployment["title"] or name_of_release(deployment) or (deployment["head"] or "")[:10]
    return one_line(name)


def _block_words(block: dict[str, Any], document: dict[str, Any]) -> str:
    words = f", {_RANGES.get(block['range'], block['range'])}" if block["base"] else ""
    if len(document["baselines"]) > 1:
        many = len(block["components"])
        words += f", {many} {'component' if many == 1 else 'components'} in {_places(block['targets'])}"
    return words + (", wider than what went live: another was recorded in between" if block["wider"] else "")


_RANGES = {"none": "the same commit", "unknown": "how they lie to each other is not known"}


def _live_words(block: dict[str, Any], app: App) -> str:
    live = block["live"]
    if live is None:
        return ": no baseline is known"
    named = name_of_release(live)
    release = f", release {named}" if named else ""
    return f"{release}, live since {format_both(datetime.fromisoformat(live['since']), app.zone)}"


def unknown_words(many: int, shas: Sequence[str], *, recorded: bool) -> str:
    """That commits name customers whom nobody knows, and where to look: the names themselves stay where they are."""
    names = "1 name in a Customer: trailer is" if many == 1 else f"{many:,} names in Customer: trailers are"
    look = "releasewatch change show" if recorded else "git show"
    see = f" See: {look} {shas[0][:10]}" if shas else ""
    return f"{names} of no customer that is known.{see}{', …' if len(shas) > 1 else ''}"


def _by_reach(exposed: dict[str, Any]) -> str:
    return ", ".join(f"{exposed[reach]} {reach}" for reach in ("named", "direct", "dependent"))


def exposure_words(exposed: dict[str, Any], unmapped: int) -> str:
    """The counts as sentences; the honest blanks come last."""
    customers = counted(exposed["customers"], "customer")
    hidden = counted(exposed["not_ruled_out"], "customer")
    lines = [f"Reaches {customers}: {_by_reach(exposed)}; {exposed['possible']} of them possibly."]
    if exposed["unplaced"]:
        have = "1 customer has" if exposed["unplaced"] == 1 else f"{exposed['unplaced']:,} customers have"
        lines.append(f"{have} no entitlement at all.")
    if unmapped:
        paths = "1 path belongs" if unmapped == 1 else f"{unmapped} paths belong"
        lines.append(
            f"{paths} to no component" + (f"; {hidden} cannot be ruled out." if exposed["not_ruled_out"] else ".")
        )
    elif exposed["not_ruled_out"]:
        lines.append(f"What changed is not known in full; {hidden} cannot be ruled out.")
    lines += Unsure.of(exposed).lines
    return "\n".join(lines)
