"""Saying by hand who may read of a change, in what words, from when on, and whom it matters to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.audiences import Audience, read_words
from releasewatch.domain.change_edits import ChangeEdit, join_edits
from releasewatch.domain.messages import named_customers
from releasewatch.errors import InvalidCallError
from releasewatch.storage import change_edits as storage
from releasewatch.storage.change_edits import FoundChange, Said
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.named_people import hiding


@dataclass(frozen=True, slots=True)
class ChangeSaid:
    """A change, what its commit says, what people said by hand (oldest first), and what that comes to.

    `audience` is the outermost that these words allow; the components' visibility may narrow it further. `keys`: of the
    customers whom it is said to matter to, by how they are named; None where nobody is known by that. `naming`: the
    texts of its commit that name a customer, somebody there or one of our people.
    """

    change: FoundChange
    trailers: tuple[tuple[str, str], ...]
    said: tuple[Said, ...]
    audience: Audience
    wording: str | None
    embargo_until: str | None
    customers: tuple[str, ...]
    keys: Mapping[str, str | None]
    naming: frozenset[str] = frozenset()


def edit_change(
    ledger: Ledger,
    ref: str,
    repo: str | None,
    edits: Sequence[ChangeEdit],
    now: datetime,
    *,
    why: str,
    recorded_by: str,
) -> ChangeSaid:
    """Add statements about a change; what was said before stays, and the newest word on each point counts.

    Raises UnknownNameError for a change that was never recorded, or a customer whom nobody knows.
    """
    with ledger.write() as connection:
        change = storage.resolve_change(connection, ref, repo)
        for edit in edits:
            if edit.customer:
                resolve_customer(connection, edit.customer)
            storage.add_edit(connection, change, edit, now, why=why, recorded_by=recorded_by)
    return show_change(ledger, ref, repo, now)


def show_change(ledger: Ledger, ref: str, repo: str | None, now: datetime) -> ChangeSaid:
    """A change with all that was said of it."""
    with ledger.read() as connection:
        change = storage.resolve_change(connection, ref, repo)
        trailers = tuple(storage.trailers_of(connection, change.deployments, change.ref))
        said = tuple(storage.edits_of(connection, change.repo_id, change.ref))
        edit, by_hand = join_edits(one.edit for one in said)
        named = named_customers((*trailers, *by_hand))
        refs = dict.fromkeys([*named, *(one.edit.customer for one in said if one.edit.customer)])
        keys = {ref: _key_of(connection, ref) for ref in refs}
        texts = (change.subject, *(value for _, value in trailers))
        hides = hiding(connection, (), texts, (), now)
        naming = frozenset(text for text in texts if hides(text))
    words = read_words((*trailers, *by_hand), edit, now)
    return ChangeSaid(
        change,
        trailers,
        said,
        words.limit,
        words.wording,
        words.until.isoformat() if words.until else None,
        tuple(dict.fromkeys(named)),
        keys,
        naming,
    )


def _key_of(connection: Any, ref: str) -> str | None:
    try:
        return resolve_customer(connection, ref).key
    except InvalidCallError:  # unknown, or it may mean several
        return None
