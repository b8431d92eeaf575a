"""Takes a person or a customer out of the ledger: values go, what was counted stays countable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sqlalchemy import and_, case, delete, func, insert, or_, select, update

from releasewatch.domain.erasure import forgotten_key
from releasewatch.domain.messages import NAMING_TRAILER, named_customers
from releasewatch.storage import tables as t
from releasewatch.storage.aliases import FROM_PERSON
from releasewatch.storage.call_joining import withdraw_open_calls
from releasewatch.storage.erasing_reports import erase_reports_of, erase_reports_of_person, names_person
from releasewatch.storage.forges import rename_in_labels
from releasewatch.storage.imports.clocks import instant
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from releasewatch.storage.personal_rows import Person

WHY_WITHDRAWN = "the customer was forgotten"
WHY_FORGOTTEN = "forgotten"
"""Why a customer who was forgotten is not to be called."""

CUSTOMER_TABLES = {
    # customer table: what becomes of its rows when the customer is forgotten
    "alias_statement": "deleted",
    "attempt": "who was tried is emptied",
    "attempt_text": "deleted",
    "attempt_told": "kept: which wording, in no words",
    "call": "open ones are withdrawn, words of our people are emptied",
    "call_item": "words of our people are emptied",
    "call_move": "words of our people are emptied",
    "contact": "emptied and ended",
    "contact_detail": "deleted",
    "customer": "the key is replaced",
    "customer_alias": "deleted, but for the key that stands for them",
    "customer_contract": "deleted",
    "customer_fact": "emptied and ended",
    "customer_freeze": "deleted",
    "customer_merge": "words of our people are emptied",
    "customer_report": "references, and who of them it was, are emptied",
    "customer_report_text": "deleted",
    "entitlement": "ended",
    "good_news": "kept: which change, in no words",
    "impact": "words of our people are emptied",
    "impact_note": "deleted",
    "mark": "words of our people are emptied",
    "promise_word": "words of our people are emptied",
}
"""A test holds this to the tables that there are: who adds one decides here."""

_CONTACT_BLANK = ("key", "role", "language", "timezone", "best_from", "best_to", "consent")
_FACT_BLANK = ("name", "parent", "customer_tier", "segment", "country", "timezone", "language")


def erase_person(connection: Connection, person: Person, at: datetime) -> dict[str, int]:
    """Take a person out: of every customer they were a contact of, and of what they wrote or deployed.

    Returns how many rows went or were emptied, by table.
    """
    done = _empty_contacts(connection, "contact_id", person.contact_id, at)
    done["mark"] = _empty(connection, t.mark, t.mark.c.contact_id == person.contact_id, "why", "why_cleared")
    done |= _erase_attempts_of(connection, person)
    done |= erase_reports_of_person(connection, person)
    return done | _erase_addresses(connection, person.emails)


def _empty_contacts(connection: Connection, column: str, whose: UUID, at: datetime) -> dict[str, int]:
    """The rows of contacts stay, without the person, and have ended; nobody is to be called by them."""
    c, d = t.contact, t.contact_detail
    gone = connection.execute(delete(d).where(d.c[column] == whose)).rowcount
    blank: dict[str, Any] = dict.fromkeys(_CONTACT_BLANK, "")
    blank |= {"do_not_call": True, "is_primary": False, "valid_to": _ended(c, at)}
    emptied = connection.execute(update(c).where(c.c[column] == whose).values(**blank)).rowcount
    return {"contact_detail": gone, "contact": emptied}


def _erase_attempts_of(connection: Connection, person: Person) -> dict[str, int]:
    """Attempts stay countable; words about a talk with a person go, and those that name them."""
    a, x = t.attempt, t.attempt_text
    tried = a.c.contact_id == person.contact_id
    rows = connection.execute(
        select(x, a.c.contact_id)
        .join_from(x, a, and_(a.c.customer_id == x.c.customer_id, a.c.attempt_id == x.c.attempt_id))
        .where(x.c.customer_id.in_(person.customers))
    ).all()
    gone = 0
    for row in rows:
        text = "\n".join((row.note, row.quote, row.promise, row.ask_engineering))
        if row.contact_id == person.contact_id or names_person(text, person):
            one = and_(x.c.customer_id == row.customer_id, x.c.attempt_id == row.attempt_id)
            gone += connection.execute(delete(x).where(one)).rowcount
    emptied = connection.execute(update(a).where(tried).values(contact_id=None)).rowcount
    return {"attempt": emptied, "attempt_text": gone}


def _ended(table: Any, at: datetime) -> ColumnElement[datetime]:
    """The end of a fact that is over now at the latest."""
    end = instant(at)
    starts_later = case((table.c.valid_from > end, table.c.valid_from), else_=end)
    return case((table.c.valid_to > end, starts_later), else_=table.c.valid_to)


def _erase_addresses(connection: Connection, emails: Collection[str]) -> dict[str, int]:
    a, p = t.change_author, t.deployment_person
    authored = connection.execute(delete(a).where(func.lower(a.c.email).in_(emails))).rowcount
    deployed = connection.execute(delete(p).where(func.lower(p.c.actor).in_(emails))).rowcount
    return {"change_author": authored, "deployment_person": deployed}


def _empty(connection: Connection, table: Any, whose: ColumnElement[bool], *columns: str) -> int:
    return connection.execute(update(table).where(whose).values(dict.fromkeys(columns, ""))).rowcount


def erase_customer(
    connection: Connection, customer_id: UUID, emails: Collection[str], by: str, at: datetime
) -> dict[str, int]:
    """Take one customer out; their row stays, under another key, and with it what past deployments reached.

    `emails`: addresses that nobody but their contacts has. Returns how many rows went or were emptied, by table.
    """
    c = t.customer
    key: str = connection.execute(select(c.c.key).where(c.c.customer_id == customer_id)).scalar_one()
    done = _empty_contacts(connection, "customer_id", customer_id, at)
    done |= _erase_addresses(connection, emails)
    done |= _rename(connection, customer_id, key)
    done["customer_contract"] = connection.execute(
        delete(t.customer_contract).where(t.customer_contract.c.customer_id == customer_id)
    ).rowcount
    done["customer_fact"] = _empty_facts(connection, customer_id, at)
    frozen = delete(t.customer_freeze).where(t.customer_freeze.c.customer_id == customer_id)
    done["customer_freeze"] = connection.execute(frozen).rowcount
    done["entitlement"] = _end_entitlements(connection, customer_id, at)
    done["mark"] = _empty(connection, t.mark, t.mark.c.customer_id == customer_id, "why", "why_cleared")
    connection.execute(insert(t.mark).values(**_do_not_call(customer_id, by, at)))
    done["impact"] = _empty(connection, t.impact, t.impact.c.customer_id == customer_id, "why")
    notes = delete(t.impact_note).where(t.impact_note.c.customer_id == customer_id)
    done["impact_note"] = connection.execute(notes).rowcount
    texts = delete(t.attempt_text).where(t.attempt_text.c.customer_id == customer_id)
    done["attempt_text"] = connection.execute(texts).rowcount
    tried = and_(t.attempt.c.customer_id == customer_id, t.attempt.c.contact_id.is_not(None))
    done["attempt"] = connection.execute(update(t.attempt).where(tried).values(contact_id=None)).rowcount
    done |= erase_reports_of(connection, customer_id)
    done["promise_word"] = _empty(connection, t.promise_word, t.promise_word.c.customer_id == customer_id, "why")
    _empty(connection, t.call, t.call.c.customer_id == customer_id, "why_closed")
    _empty(connection, t.call_move, t.call_move.c.customer_id == customer_id, "why")
    merges = or_(t.customer_merge.c.customer_id == customer_id, t.customer_merge.c.survivor_id == customer_id)
    done["customer_merge"] = _empty(connection, t.customer_merge, merges, "why", "why_undone")
    done["call"] = withdraw_open_calls(connection, customer_id, WHY_WITHDRAWN, at)
    done["call_item"] = _empty(
        connection,
        t.call_item,
        and_(t.call_item.c.customer_id == customer_id, t.call_item.c.why_withdrawn.not_in(("", WHY_WITHDRAWN))),
        "why_withdrawn",
    )
    return done


def _do_not_call(customer_id: UUID, by: str, at: datetime) -> dict[str, Any]:
    """A mark that keeps them from being called about what reached them before; it ends when they are let in again."""
    return {
        "customer_id": customer_id,
        "mark_id": uuid5(customer_id, at.isoformat()),
        "contact_id": None,
        "kind": "do_not_call",
        "why": WHY_FORGOTTEN,
        "recorded_by": by,
        "recorded_from": at,
        "recorded_to": OPEN_END,
    }


def _empty_facts(connection: Connection, customer_id: UUID, at: datetime) -> int:
    f = t.customer_fact
    blank: dict[str, Any] = dict.fromkeys(_FACT_BLANK, "")
    blank |= {"sla_minutes": 0, "credit_after_minutes": 0, "escalated": False, "do_not_call": True}
    blank["valid_to"] = _ended(f, at)
    return connection.execute(update(f).where(f.c.customer_id == customer_id).values(**blank)).rowcount


def _end_entitlements(connection: Connection, customer_id: UUID, at: datetime) -> int:
    e = t.entitlement
    held = and_(e.c.customer_id == customer_id, e.c.valid_to > at)
    return connection.execute(update(e).where(held).values(valid_to=_ended(e, at))).rowcount


def _rename(connection: Connection, customer_id: UUID, key: str) -> dict[str, int]:
    """Put a key that says nothing in the place of every name of a customer, wherever one was written down."""
    a, token = t.customer_alias, forgotten_key(customer_id)
    rows = connection.execute(select(a.c.alias, a.c.recorded_from).where(a.c.customer_id == customer_id)).all()
    names = {key, *(row.alias for row in rows)} - {token}
    done = {"customer_alias": connection.execute(delete(a).where(a.c.customer_id == customer_id)).rowcount}
    if rows:
        since = min(row.recorded_from for row in rows)
        values = {"alias": token, "customer_id": customer_id, "source": FROM_PERSON}
        connection.execute(insert(a).values(**values, recorded_from=since, recorded_to=OPEN_END))
    w, f, c, r = t.alias_statement, t.customer_fact, t.customer, t.import_rejection
    done["alias_statement"] = connection.execute(delete(w).where(w.c.customer_id == customer_id)).rowcount
    connection.execute(update(f).where(f.c.parent.in_(names)).values(parent=""))
    connection.execute(update(c).where(c.c.customer_id == customer_id).values(key=token))
    # The one reason that holds a key (see `imports.customers`).
    told = r.c.reason == f"holds a name that the customer {key} goes by"
    connection.execute(update(r).where(told).values(reason=f"holds a name that the customer {token} goes by"))
    done["change_customer"] = _rename_in_changes(connection, names, token)
    done["forge_label"] = rename_in_labels(connection, names, token)
    edit = t.change_edit
    named = update(edit).where(edit.c.customer.in_(names)).values(customer=token)
    done["change_edit"] = connection.execute(named).rowcount
    rules = [f"customer={name}" for name in sorted(names)]
    done |= {table.name: _rename_in_rules(connection, table, rules, token) for table in (t.gate_approval, t.acceptance)}
    return done


def _rename_in_rules(connection: Connection, table: Any, rules: Collection[str], token: str) -> int:
    """Rules that were approved or accepted may name the customer; of several names of theirs one rule is left."""
    rows = connection.execute(select(table).where(table.c.rule.in_(rules))).all()
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        values = {**row._mapping, "rule": f"customer={token}", "why": ""}
        place = tuple(values[name] for name in ("deployment_id", "repo", "environment", "head") if name in values)
        kept.setdefault(place, values)
    connection.execute(delete(table).where(table.c.rule.in_(rules)))
    if kept:
        connection.execute(insert(table), list(kept.values()))
    return len(rows)


def _rename_in_changes(connection: Connection, names: Collection[str], token: str) -> int:
    """Changes that named the customer name the key that stands for them: in the reference, the trailer, the text."""
    n, x, c = t.change_customer, t.change_trailer, t.change
    naming = select(n.c.deployment_id, n.c.change_no).where(n.c.ref.in_(names)).distinct()
    found = [tuple(row) for row in connection.execute(naming)]
    already = set(connection.execute(select(n.c.deployment_id, n.c.change_no).where(n.c.ref == token)))
    trailers = and_(func.lower(x.c.key) == NAMING_TRAILER, x.c.value.in_(names))
    connection.execute(update(x).where(trailers).values(value=token))
    connection.execute(delete(n).where(n.c.ref.in_(names)))
    _rename_in_lists(connection, names, token)
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    before = rf"^{NAMING_TRAILER}[ \t]*:[ \t]*(?:[^,\n]*,[ \t]*)*"
    line = re.compile(rf"({before})(?:{words})(?=[ \t]*(?:,|$))", re.IGNORECASE | re.MULTILINE)
    for deployment_id, change_no in found:
        if (deployment_id, change_no) not in already:
            connection.execute(insert(n).values(deployment_id=deployment_id, change_no=change_no, ref=token))
        this = and_(c.c.deployment_id == deployment_id, c.c.change_no == change_no)
        body = connection.execute(select(c.c.body).where(this)).scalar_one()
        while (renamed := line.sub(rf"\g<1>{token}", body)) != body:  # a line may name them twice
            body = renamed
        connection.execute(update(c).where(this).values(body=body))
    return len(found)


def _rename_in_lists(connection: Connection, names: Collection[str], token: str) -> None:
    """The same in trailers that name several customers between commas."""
    x = t.change_trailer
    several = select(x).where(func.lower(x.c.key) == NAMING_TRAILER, x.c.value.contains(","))
    for row in connection.execute(several).all():
        said = named_customers([(row.key, row.value)])
        if not set(names).isdisjoint(said):
            value = ", ".join(dict.fromkeys(token if name in names else name for name in said))
            this = and_(*(column == getattr(row, column.name) for column in x.primary_key.columns))
            connection.execute(update(x).where(this).values(value=value))


def only_theirs(connection: Connection, members: Collection[UUID], emails: Collection[str]) -> set[str]:
    """Those of some addresses (in small letters) that no contact of another customer has."""
    d = t.contact_detail.c
    address = func.lower(d.email)
    query = select(address).where(address.in_(emails), d.customer_id.not_in(members)).distinct()
    return set(emails) - set(connection.scalars(query))
