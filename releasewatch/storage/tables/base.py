"""The metadata that all tables share: names for every constraint, a placement for every table."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import MetaData

Placement = Literal["reference", "deployment", "release", "customer", "local"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def placed(placement: Placement) -> dict[str, Any]:
    """The label that says where a table's rows live once the ledger is spread over machines."""
    return {"placement": placement}
