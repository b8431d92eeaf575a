"""Finds the real-world test data, which lives outside the repo, and skips the test that needs it when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "RELEASEWATCH_TEST_DATA"


def data_folder() -> Path:
    """Where the data should be: the folder that the variable names, else `shared/data` beside the repo."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(__file__).parents[3] / "shared" / "data"


def real_data(*parts: str) -> Path:
    """One file or folder of the real-world data; skips the running test, saying so, when it is not there."""
    path = data_folder().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real-world data not found: {path} (set {VARIABLE} to the folder that holds it)")
    return path
