"""What SQLAlchemy imports and does not use is not read, and is whole for everybody who uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.command import run_python

if TYPE_CHECKING:
    from pathlib import Path

LATE = """
import json
import sys

import releasewatch.storage.ledger

early = [name for name in ("asyncio.base_events", "email.message") if name in sys.modules]

import asyncio
import importlib.metadata
from asyncio import Queue
from importlib.metadata import version


async def one():
    queue = Queue()
    await queue.put("put")
    return await asyncio.wait_for(queue.get(), 60)


import psycopg

given = asyncio.run(one()), version("SQLAlchemy").partition(".")[0], importlib.metadata.metadata("click")["Name"]
print(json.dumps([early, given, type(asyncio).__name__, psycopg.waiting.Future is asyncio.Future]))
"""


def test_what_sqlalchemy_does_not_use_begins_for_who_does(tmp_path: Path) -> None:
    done = run_python("-c", LATE, cwd=tmp_path)
    assert done.status == 0, done.err
    assert json.loads(done.out) == [[], ["put", "2", "click"], "module", True]


LOADED_BEFORE = """
import asyncio
import importlib.metadata

before = asyncio, importlib.metadata
import releasewatch.storage.ledger

import sys

print(before == (sys.modules["asyncio"], sys.modules["importlib.metadata"]), type(asyncio).__name__)
"""


def test_what_was_loaded_before_stays_as_it_is(tmp_path: Path) -> None:
    done = run_python("-c", LOADED_BEFORE, cwd=tmp_path)
    assert (done.status, done.out) == (0, "True module\n"), done.err
