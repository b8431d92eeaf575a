"""A web server on this machine, of threads, that answers as a test tells it and notes what it was asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What the server was asked. `query` has the last value of each parameter; `body` is what was sent to it."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What it answers: bytes as they are, anything else as JSON. `promised`: a longer body than it will send."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int = 0


Handler = Callable[[Request], Reply]


@dataclass
class WebServer:
    """A running server. `handler` may be exchanged at any time."""

    url: str
    handler: Handler = lambda _: Reply({}, 404)
    asked: list[Request] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [one.path for one in self.asked]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing of a client that went away: it would be printed between what a command in this process prints."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running_server(tls: SSLContext | None = None) -> Iterator[WebServer]:
    """A server on a free port of the loopback, stopped when the block ends; with `tls` it speaks HTTPS."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = self.rfile.read(int(headers.get("content-length", 0)))
            request = Request(parts.path, query, headers, self.command, sent)
            running.asked.append(request)
            reply = running.handler(request)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            if reply.status == 304:
                body = b""
            self.send_response_only(reply.status)
            if "Date" not in reply.headers:
                self.send_header("Date", self.date_time_string())
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(reply.promised or len(body)))
            self.end_headers()
            self.wfile.write(body)
            if reply.promised:
                self.close_connection = True

        do_PUT = do_GET  # noqa: N815 - likewise
        do_POST = do_GET  # noqa: N815 - the name that the base class asks for

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Answering)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    running = WebServer(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
