"""The machine's zone is right in summer and in winter, and at the hours when clocks change."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from releasewatch.domain.times import format_both, parse_instant
from releasewatch.integrations.machine_zone import MachineZone
from releasewatch.wiring import local_zone
from tests.support.command import run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def set_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets `TZ` for this test, as the C library reads it."""

    def call(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield call
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_the_zone_of_tz_is_that_of_the_calendar(set_zone: Callable[[str], None], name: str) -> None:
    set_zone(name)
    machine, calendar = MachineZone(), ZoneInfo(name)
    for step in range(2 * 24 * 366):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * step)
        ours, theirs = instant.astimezone(machine), instant.astimezone(calendar)
        assert (ours.replace(tzinfo=None), ours.fold) == (theirs.replace(tzinfo=None), theirs.fold)
        assert (ours.utcoffset(), ours.tzname()) == (theirs.utcoffset(), theirs.tzname())
        assert ours.astimezone(UTC) == instant


def test_a_zone_that_only_the_c_library_knows(set_zone: Callable[[str], None]) -> None:
    set_zone("OUR-3")
    assert format_both(datetime(2026, 7, 1, 12, tzinfo=UTC), local_zone()) == "2026-07-01 15:00 OUR (12:00 UTC)"


def test_a_day_in_winter_is_read_in_winter_time_also_in_summer(set_zone: Callable[[str], None]) -> None:
    set_zone("Europe/Berlin")
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert parse_instant("2026-01-15 12:00", summer, local_zone()) == datetime(2026, 1, 15, 11, tzinfo=UTC)
    assert parse_instant("2026-07-15 12:00", summer, local_zone()) == datetime(2026, 7, 15, 10, tzinfo=UTC)


def test_a_command_reads_times_in_the_zone_of_tz(tmp_path: Path) -> None:
    words = [
        "deployment",
        "record",
        "--environment",
        "production",
        "--kind",
        "change",
        "--finished-at",
        "2026-03-29 02:30",
    ]
    done = run_command(*words, cwd=tmp_path, env={"TZ": "Europe/Berlin"})
    assert (done.status, done.out) == (2, "")
    assert "clocks skipped 02:30 on 2026-03-29, when they went forward." in done.err
