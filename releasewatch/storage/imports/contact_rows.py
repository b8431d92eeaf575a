"""Stages the rows of a contacts file: whom each is with, their number, and who they are."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from releasewatch.domain.customers import (
    Contact,
    Phone,
    PhoneReader,
    Problem,
    Rejected,
    Stated,
    Together,
    contact_id,
    contact_id_bytes,
)
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.blocks import in_batches, in_columns, names_of_customers, without
from releasewatch.storage.imports.contacts import IDS, PERSON, ROLE
from releasewatch.storage.imports.names import Named, find_named
from releasewatch.storage.loading import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.domain.customers import Block

_LOADED = ("line", *IDS, *ROLE, *PERSON)
_FIELDS = tuple(one.name for one in fields(Contact))
_NOBODY = UUID(int=0)
"""Stands for the customer where a contact's key says who is meant."""
_NO_PHONE = Phone()


def stage_contacts(imp: s.Import, blocks: Iterable[Block[Contact]], look_at_phone: PhoneReader) -> int:
    """Put the rows of a file into the temporary table, once their customers are staged; returns how many there were."""
    read = 0
    staging = _Staging(imp, look_at_phone)
    for batch in in_batches(blocks):
        read += sum(map(len, batch))
        staging.add(batch)
    s.all_staged(imp, s.contact)
    return read


class _Staging:
    """Stages one batch after the other."""

    def __init__(self, imp: s.Import, look_at_phone: PhoneReader) -> None:
        self._imp, self._look_at_phone = imp, look_at_phone
        self._loader = Loader(imp.connection, s.contact, _LOADED)
        self._named: dict[str, Named] = {}
        self._ids: dict[str, bytes] = {}
        self._ready: list[Any] = []
        self._refused: list[Rejected] = []

    def add(self, blocks: Sequence[Block[Contact]]) -> None:
        """Stage one batch."""
        self._named = find_named(self._imp, names_of_customers(blocks))
        self._ids = {name: who.customer_id.bytes for name, who in self._named.items() if who.customer_id is not None}
        self._ready, self._refused = [], []
        for block in blocks:
            # Whether somebody was forgotten is asked of each row by itself.
            if isinstance(block, Together) and not self._imp.forgotten.digests:
                nobody = [at for at, name in enumerate(block.columns[0]) if name not in self._ids]
                for part, is_plain in without(block, nobody):
                    self._add_together(part) if is_plain else self._add_each(part)
            else:
                self._add_each(block)
        s.reject(self._imp, "contacts", self._refused)
        self._keep()
        self._loader.load(self._ready)

    def _add_together(self, block: Together[Contact]) -> None:
        """Stage rows of customers who are known."""
        said = dict(zip(_FIELDS, block.columns, strict=True))
        customers = list(map(self._ids.__getitem__, said["customer"]))
        who = zip(customers, said["key"], said["email"], said["name"], strict=True)
        loader, directory, named, look = self._loader, self._imp.directory, self._named, self._look_at_phone
        phones = [
            look(given, named[name].country) if given else _NO_PHONE
            for given, name in zip(said["phone"], said["customer"], strict=True)
        ]
        columns = {
            **said,
            "line": block.lines,
            "customer_id": loader.ids(customers),
            "contact_id": loader.ids([contact_id_bytes(directory, *one) for one in who]),
            "is_primary": said["primary"],
            "phone_e164": [phone.e164 for phone in phones],
            "phone_state": [phone.state for phone in phones],
        }
        self._ready += loader.converted([columns[name] for name in _LOADED], IDS)

    def _add_each(self, rows: Iterable[Stated[Contact] | Rejected]) -> None:
        """Look at rows one by one, stage those that may be, and note those that are refused."""
        imp = self._imp
        accepted: list[Stated[Contact]] = []
        for row in rows:
            if isinstance(row, Rejected):
                self._refused.append(row)
                continue
            contact, whose = row.row, self._named[row.row.customer]
            if whose.customer_id is None:
                if imp.forgotten.holds("name", contact.customer):
                    imp.suppressed["contacts"] += 1
                else:
                    problem = Problem("customer", whose.why_nobody)
                    self._refused.append(Rejected(row.line, (problem,), {"key": contact.key}))
                continue
            if imp.forgotten.digests:
                phone = self._look_at_phone(contact.phone, whose.country)
                if _is_forgotten(imp, contact_id(imp.directory, whose.customer_id, contact), contact, phone):
                    imp.suppressed["contacts"] += 1
                    continue
            accepted.append(row)
        if accepted:
            self._add_together(in_columns(accepted, Contact))

    def _keep(self) -> None:
        """A contact keeps its state when its row is refused; all of the customer's do, when it cannot be said which."""
        one: set[UUID] = set()
        all_of: set[UUID] = set()
        for row in self._refused:
            said = row.identity
            customer = self._named[said["customer"]].customer_id if said.get("customer") else None
            if said.get("key") or (customer and (said.get("email") or said.get("name"))):
                who = Contact(
                    said.get("customer", ""), said.get("name", ""), said.get("key", ""), email=said.get("email", "")
                )
                one.add(contact_id(self._imp.directory, customer or _NOBODY, who))
            elif customer:
                all_of.add(customer)
        s.keep(self._imp, s.KEPT_CONTACT, [(one_id, "") for one_id in one])
        s.keep(self._imp, s.KEPT_CONTACTS_OF, [(one_id, "") for one_id in all_of])


def _is_forgotten(imp: s.Import, identity: UUID, contact: Contact, phone: Phone) -> bool:
    """Whether a row is of a person who was forgotten: by their id, their address, or their own number."""
    return (
        imp.forgotten.holds("contact", identity.hex)
        or imp.forgotten.holds("email", contact.email)
        or imp.forgotten.holds("phone", phone.e164)
    )
