"""Knowing somebody again who was forgotten, without knowing who they are: keyed digests of what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Identity = Literal["customer", "name", "contact", "email", "phone"]
"""What a digest is of: the id of a customer or contact, a customer's key or alias, an address, a number (E.164)."""

SECRET_BYTES = 32
"""How long the key of all digests is; without it nobody can try values out."""

FORGOTTEN = "forgotten-"
"""What the key begins with that stands for a customer who was forgotten."""


def digest_of_identity(secret: bytes, kind: Identity, value: str) -> str:
    """The keyed digest (BLAKE2b) by which a value is known again; addresses are the same in capitals."""
    said = value.strip().casefold() if kind == "email" else value.strip()
    return hashlib.blake2b(said.encode(), key=secret, person=kind.encode(), digest_size=16).hexdigest()


def forgotten_key(customer_id: UUID) -> str:
    """What a customer who was forgotten is called, so that what counted them still does."""
    return FORGOTTEN + customer_id.hex[-10:]


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Who was forgotten and not let in again: digests, and the key that they were made with."""

    secret: bytes = b""
    digests: frozenset[str] = frozenset()

    def holds(self, kind: Identity, value: str) -> bool:
        """Whether somebody was forgotten whom this value identifies."""
        return bool(self.digests and value) and digest_of_identity(self.secret, kind, value) in self.digests
