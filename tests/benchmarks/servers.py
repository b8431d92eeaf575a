"""A PostgreSQL for benchmarks: the one that is named, or one of our own. Small to load: who starts processes from it
makes none of them look larger than it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support import postgres


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """An empty database on the named server, else on one of our own; None where there is no PostgreSQL."""
    named = os.environ.get(postgres.VARIABLE)
    if named:
        with postgres.PostgresServer(named).empty_database() as url:
            yield url
        return
    try:
        postgres.find_programs()
    except postgres.PostgresMissingError as missing:
        print(f"PostgreSQL is left out: {missing}")
        yield None
        return
    with postgres.running_server() as server, server.empty_database() as url:
        yield url
