"""Keeps the tests away from the environment they are started in, and from the network beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

KEPT_NAMES = {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"}
KEPT_PREFIXES = ("PYTEST_", "PYTHON", "HYPOTHESIS_", "COVERAGE_", "RELEASEWATCH_TEST_")
"""What a test may see of the environment. All else is removed: no list of CI variables to forget one on."""

FIXED = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Example",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Example",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


class OutsideNetworkError(RuntimeError):
    """A test reached for another machine. No OSError: the code under test would take it for bad luck."""


def guard_environment(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Remove every variable that is not kept, and set the fixed ones and a home of the tests' own."""
    for name in list(os.environ):
        if name not in KEPT_NAMES and not name.startswith(KEPT_PREFIXES):
            patch.delenv(name)
    for name, value in FIXED.items():
        patch.setenv(name, value)
    patch.setenv("HOME", str(home))
    time.tzset()
    # Whoever is started in the background ignores Ctrl-C, and so would every process that a test starts and interrupts.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def guard_network(patch: pytest.MonkeyPatch) -> None:
    """Let sockets of this process connect to this machine only, and look no other name up.

    Programs that a test starts, and libpq, open their sockets themselves: what those are given must be local.
    """
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(method: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        def guard(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX and not _is_local(address[0]):
                raise OutsideNetworkError(f"a test tried to connect to {address[0]}")
            return method(self, address)

        return guard

    def guarded_getaddrinfo(host: str | bytes | None, *args: Any, **options: Any) -> Any:
        if not _is_local(host) and not _is_address(host):
            raise OutsideNetworkError(f"a test tried to look {host!r} up")
        return getaddrinfo(host, *args, **options)

    patch.setattr(socket.socket, "connect", guarded(connect))
    patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost":
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _is_address(host: str | bytes | None) -> bool:
    try:
        ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host or "")
    except ValueError:
        return False
    return True
