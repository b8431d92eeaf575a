"""The customers of an account manager, by key."""

from __future__ import annotations

from datetime import datetime

from releasewatch.storage import customer_review, staff
from releasewatch.storage.ledger import Ledger


def kept_keys(ledger: Ledger, account_manager: str, now: datetime) -> list[str]:
    """Whom somebody keeps today, in the order of their keys."""
    with ledger.read() as connection:
        managers = staff.keepers_of(connection, account_manager, now.date())
        return [row.key for row in customer_review.kept_customers(connection, managers, now)]
