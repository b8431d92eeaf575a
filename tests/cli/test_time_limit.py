"""`--timeout` ends what runs, and leaves what goes on afterwards whole."""

from __future__ import annotations

import importlib
import sys
import time
from typing import TYPE_CHECKING

import pytest

from releasewatch.cli.time_limit import time_limit
from releasewatch.errors import TimedOutError

if TYPE_CHECKING:
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
