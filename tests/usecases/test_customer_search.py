"""A customer is found by part of a name, however the blanks in it are written."""

from __future__ import annotations

import contextlib

import pytest

from releasewatch.errors import AmbiguousNameError
from releasewatch.storage.customer_search import search_customer
from tests.support.directories import Desk
from tests.support.ledgers import new_ledger

CUSTOMERS = (
    'key,name\nmill,"Old  Mill\nBakery"\noak,Old\u00a0Oak\ntea,old   tea & Co\nsign,Öl \t Werke\nrest,100%  Old\'\n'
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(request, tmp_path_factory):
    """A ledger that these customers were imported into once."""
    folder = tmp_path_factory.mktemp("found")
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{folder}/ledger.db"
        if request.param == "postgresql":
            server, pattern = map(request.getfixturevalue, ("postgres_server", "postgres_pattern"))
            url = stack.enter_context(server.empty_database(like=pattern))
        made = stack.enter_context(contextlib.closing(new_ledger(url)))
        Desk(made, folder).take(customers=CUSTOMERS)
        yield made


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("old mill", "mill"),
        ("Mill bakery", "mill"),
        ("mill\n Bakery", "mill"),
        ("OLD OAK", "oak"),
        ("d  tea &", "tea"),
        ("öl werke", "sign"),
        ("100% old'", "rest"),
    ],
)
def test_blanks_are_one_on_both_sides(both, words, key):
    with both.read() as connection:
        assert search_customer(connection, words).key == key
        with pytest.raises(AmbiguousNameError, match="several"):
            search_customer(connection, "old")
