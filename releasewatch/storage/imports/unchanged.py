"""The same file again, while nothing else changed that its import depends on: then there is nothing to compare."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from releasewatch.domain.customers import FileOutcome
from releasewatch.storage import tables as t
from releasewatch.storage.imports.clocks import is_current
from releasewatch.storage.imports.staging import runs_of
from releasewatch.storage.sql import digest_of
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from sqlalchemy import Select, Table

    from releasewatch.domain.customers import Kind
    from releasewatch.storage.imports.staging import Import


def digest_of_run(imp: Import, kind: Kind, reading: Any) -> str:
    """A digest of all that the import of one file depends on. `reading`: its bytes and how they are read.

    It is the same before and after an import of the same file, as long as nobody else wrote what it stands on: whom a
    name means, who was forgotten, which components and products there are.
    """
    connection, run = imp.connection, t.import_run.c
    newest = select(func.max(run.import_id)).where(run.kind == "customers").group_by(run.directory)
    customers = select(run.directory, run.digest).where(run.import_id.in_(newest)).order_by(run.directory)
    if kind == "customers":
        customers = customers.where(run.directory != imp.directory)
    stands_on: list[Any] = [
        sorted(imp.forgotten.digests),
        [list(row) for row in connection.execute(customers)],
        _written(imp, t.alias_statement),
        _written(imp, t.customer_merge),
    ]
    if kind == "entitlements":
        p = t.product_component.c
        held = select(p.product, p.pattern).where(p.recorded_to == OPEN_END, p.valid_to == OPEN_END)
        stands_on.append(sorted(connection.scalars(select(t.component.c.full_key))))
        stands_on.append(sorted(list(row) for row in connection.execute(held)))
    return digest_of([reading, imp.mode, stands_on])


def _written(imp: Import, table: Table[Any]) -> list[str]:
    """How many statements there are, and when one was last made or taken back."""
    c = table.c
    last = func.max(c.recorded_from), func.max(case((c.recorded_to < OPEN_END, c.recorded_to)))
    return [str(value) for value in imp.connection.execute(select(func.count(), *last)).one()]


def kept_outcome(outcome: FileOutcome) -> dict[str, Any]:
    """An outcome as it is kept with its run."""
    return asdict(outcome)


def find_unchanged(imp: Import, kind: Kind, digest: str) -> FileOutcome | None:
    """What the import of a file comes to that was the last of its kind, too; None when it has to be compared.

    Whatever it refused is to be told again, and is compared; so is what has begun since then, and a ledger that does
    not have as many customers or contacts as it left.
    """
    run = t.import_run.c
    newest = select(func.max(run.import_id)).where(run.directory == imp.directory, run.kind == kind).scalar_subquery()
    last = imp.connection.execute(
        select(run.digest, run.rejected, run.outcome, run.recorded_at).where(run.import_id == newest)
    ).first()
    if last is None or last.digest != digest or last.rejected or last.outcome is None:
        return None
    if kind == "entitlements":
        e = t.entitlement.c
        begun = select(e.subject).where(e.valid_from > last.recorded_at, e.valid_from <= imp.at)
        if imp.connection.execute(begun.where(e.import_id.in_(runs_of(imp, kind))).limit(1)).first():
            return None
    kept: dict[str, Any] = last.outcome
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    before = FileOutcome(**said)
    present = before.present + before.added - before.ended
    if kind != "entitlements" and imp.connection.scalar(_current(imp, kind)) != present:
        return None
    same = before.unchanged + before.added + before.changed
    return replace(before, added=0, changed=0, ended=0, unchanged=same, present=present, made_callable=0, arrived=0)


def _current(imp: Import, kind: Kind) -> Select[int]:
    """How many customers or contacts of this directory the ledger has now."""
    if kind == "customers":
        f, known = t.customer_fact, t.customer.c
        rows = select(func.count()).select_from(f.join(t.customer, known.customer_id == f.c.customer_id))
        return rows.where(known.directory == imp.directory, is_current(f))
    stated = t.contact.c.import_id.in_(runs_of(imp, kind))
    return select(func.count()).select_from(t.contact).where(is_current(t.contact), stated)
