"""A git server on this machine that speaks the smart protocol over HTTP, and may ask who one is."""

from __future__ import annotations

import base64
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.support.http_server import Reply, Request, running_server
from tests.support.repos import git_environment, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.http_server import WebServer


@contextmanager
def git_server(root: Path, password: str = "") -> Iterator[WebServer]:
    """Serve the repos in a folder; to the user `ada` alone where a password is set."""
    wanted = "Basic " + base64.b64encode(f"ada:{password}".encode()).decode()
    program = f"{run_git(root, '--exec-path').decode().strip()}/git-http-backend"

    def answer(request: Request) -> Reply:
        if password and request.headers.get("authorization") != wanted:
            return Reply(b"", 401, {"WWW-Authenticate": 'Basic realm="git"'})
        env = git_environment() | {
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": urlencode(request.query),
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        }
        done = subprocess.run([program], input=request.body, env=os.environ | env, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return Reply(body, status, headers)

    with running_server() as server:
        server.handler = answer
        yield server
