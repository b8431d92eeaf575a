"""`--timeout` and signals end what runs, and leave what goes on afterwards whole."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from releasewatch.cli.time_limit import EndedError, ended_in_order, time_limit
from releasewatch.errors import TimedOutError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW = """
import time
time.sleep(0.2)
loaded = True
"""


def load_and_wait() -> None:
    importlib.import_module("slow_to_load")
    while True:
        time.sleep(0.01)


def test_a_module_that_is_being_loaded_is_loaded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_load.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TimedOutError), time_limit(0.01):
        load_and_wait()
    assert sys.modules.pop("slow_to_load").loaded


TOLD_TO_END = """
import os
import signal
os.kill(os.getpid(), signal.{name})
from collections import Counter
loaded = bool(Counter)
"""


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("seconds", [None, 60.0], ids=["no limit", "a limit"])
def test_so_is_one_when_the_process_is_told_to_end(tmp_path, monkeypatch, name, seconds):
    (tmp_path / "slow_to_load.py").write_text(TOLD_TO_END.format(name=name))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EndedError) as told, ended_in_order(), time_limit(seconds):
        load_and_wait()
    assert sys.modules.pop("slow_to_load").loaded
    assert told.value.status == 128 + signal.Signals[name]


def test_a_signal_between_loads_is_heard_at_once():
    with pytest.raises(EndedError), ended_in_order():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN  # once is enough


def test_a_hang_up_that_is_ignored_stays_ignored():
    """As nohup does; the program ends when it is done."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ended_in_order():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
