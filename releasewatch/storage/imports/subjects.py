"""What an entitlement may be to: the components and products that the ledger knows by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from releasewatch.domain.catalog_check import find_idle_products
from releasewatch.domain.customers import PRODUCT, Entitlement
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """How an entitlement's component or product is kept. `waits`: the ledger does not know it yet.

    `candidates` are several components that a bare key may mean; the row is then refused.
    """

    key: str
    written: str
    waits: bool = False
    candidates: tuple[str, ...] = ()

    @property
    def why_refused(self) -> str:
        """The reason for a row whose component could be several; component keys are nobody's secret."""
        shown = ", ".join(self.candidates[:_SHOWN])
        return f"may be any of {shown}; write the full key" if self.candidates else ""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The components of the ledger, by full and by bare key, and the products of which all that they hold is known."""

    full: frozenset[str]
    bare: Mapping[str, tuple[str, ...]]
    products: frozenset[str]

    def find(self, stated: Entitlement) -> Subject:
        """How the component or product of a row is kept: a bare key becomes the full one, once that is certain."""
        if stated.product:
            key = PRODUCT + stated.product
            return Subject(key, key, waits=stated.product not in self.products)
        written = stated.component
        if written in self.full:
            return Subject(written, written)
        meant = self.bare.get(written, ())
        if len(meant) > 1:
            return Subject(written, written, candidates=meant)
        return Subject(meant[0], written) if meant else Subject(written, written, waits=True)


def read_subjects(connection: Connection, products: Mapping[str, Sequence[str]]) -> Subjects:
    """Read what can be meant; `products` are those of the configuration, each with what it holds."""
    bare: dict[str, tuple[str, ...]] = {}
    full = set()
    query = select(t.component.c.key, t.component.c.full_key).order_by(t.component.c.full_key)
    for key, full_key in connection.execute(query):
        full.add(full_key)
        bare[key] = (*bare.get(key, ()), full_key)
    p = t.product_component.c
    declared: dict[str, list[str]] = {}
    for row in connection.execute(
        select(p.product, p.pattern).where(p.recorded_to == OPEN_END, p.valid_to == OPEN_END)
    ):
        declared.setdefault(row.product, []).append(row.pattern)
    holds = {**declared, **products}
    idle = {product for product, _ in find_idle_products(holds, full)}
    return Subjects(frozenset(full), bare, frozenset(holds) - idle)
