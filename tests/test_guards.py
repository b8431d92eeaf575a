"""The guards guard: no variable of the outside, no other machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.guards import OutsideNetworkError, guard_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    [
        "CI",
        "GITHUB_TOKEN",
        "GITLAB_CI",
        "BUILD_URL",
        "RELEASEWATCH_DATABASE_URL",
        "PGPASSWORD",
        "XDG_CONFIG_HOME",
        "COLUMNS",
    ],
)
def test_variables_of_the_outside_are_hidden(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(name, "1")
    guard_environment(monkeypatch, tmp_path)
    assert name not in os.environ


def test_what_the_tests_are_told_on_purpose_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RELEASEWATCH_TEST_DATA", "/data")
    guard_environment(monkeypatch, tmp_path)
    assert os.environ["RELEASEWATCH_TEST_DATA"] == "/data"


def test_every_test_is_guarded(home: Path) -> None:
    assert {"CI", "GITHUB_ACTIONS", "RELEASEWATCH_DATABASE_URL"}.isdisjoint(os.environ)
    assert os.environ["HOME"] == str(home)
    assert not list(home.iterdir())
    assert time.tzname[0] == "UTC"
    assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN, "who is started from here hears Ctrl-C"


def test_git_reads_no_configuration_of_the_outside(tmp_path: Path) -> None:
    shown = subprocess.run(
        ["git", "config", "--list", "--show-origin"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert shown.stdout == ""


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80, 0, 0))]
)
def test_no_connection_leaves_the_machine(method: str, family: int, address: tuple[str, int]) -> None:
    with (
        socket.socket(family, socket.SOCK_DGRAM) as outward,
        pytest.raises(OutsideNetworkError, match=address[0]),
    ):
        getattr(outward, method)(address)


def test_no_name_is_looked_up() -> None:
    with pytest.raises(OutsideNetworkError, match=r"example\.org"):
        socket.create_connection(("example.org", 443), timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_can_be_reached(host: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1]), timeout=10) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_unix_socket_can_be_reached() -> None:
    # A short path: the kernel allows 107 bytes.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{folder}/s")
            assert client.getpeername() == f"{folder}/s"
