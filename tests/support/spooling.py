"""Recording against ledgers that cannot be had: what the tests of spooling and of being broken off share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.command import Finished, run_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.repos import RepoBuilder

RUN = {"CI": "true", "RELEASEWATCH_CI_RUN": "4711"}
RECORD = ("deployment", "record", "--environment", "production", "--format", "json")
SPOOL = ("--when-unreachable", "spool")


def ledger_file(shop: RepoBuilder) -> Path:
    return shop.path / ".releasewatch" / "ledger.db"


def run(shop: RepoBuilder, *words: str, url: str = "", through: Sequence[str] = (), **env: str) -> Finished:
    named = {"RELEASEWATCH_DATABASE_URL": url} if url else {}
    return run_command(*words, cwd=shop.path, env={**RUN, **named, **env}, through=through)


def files(shop: RepoBuilder) -> list[Path]:
    return sorted((shop.path / ".releasewatch" / "spool").glob("*.spool"))
