"""What is said of a replica, for each answer that a server can give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from releasewatch.storage.replicas import Standing
from releasewatch.usecases.replicas import word_lag

NOW = datetime(2026, 11, 23, 8, 3, 20, tzinfo=UTC)


def test_a_server_that_is_no_standby_cannot_tell() -> None:
    assert word_lag("there/ledger", Standing(is_standby=False, newest_at=None, now=NOW)) is None


def test_a_standby_that_has_replayed_nothing_yet_says_so() -> None:
    """Whether a real one has is its primary's own housekeeping to decide, and differs from run to run."""
    assert word_lag("there/ledger", Standing(is_standby=True, newest_at=None, now=NOW)) == (
        "Read from the replica there/ledger, which has replayed no transaction since it started."
    )


def test_a_standby_says_of_when_its_newest_transaction_is() -> None:
    behind = Standing(is_standby=True, newest_at=NOW - timedelta(seconds=90), now=NOW)
    assert word_lag("there/ledger", behind) == (
        "Read from the replica there/ledger: its newest transaction is of 2026-11-23T08:01:50Z, 90 s ago."
    )


def test_a_primary_whose_clock_is_ahead_is_no_time_behind() -> None:
    ahead = Standing(is_standby=True, newest_at=NOW + timedelta(seconds=2), now=NOW)
    assert str(word_lag("there/ledger", ahead)).endswith("2026-11-23T08:03:22Z, 0 s ago.")
