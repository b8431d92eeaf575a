"""Posting a line to a chat over real HTTP: what Slack and Teams take, and what goes wrong, without the address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.integrations.notifiers.chat import post_chat
from releasewatch.secret import Secret

LINE = "INC-1: 37 to call, 12 now; 5 claimed. <!channel> *now*"


@contextmanager
def a_chat(status: int = 200) -> Iterator[tuple[Secret, list[str]]]:
    """A webhook on this machine that answers with a status, and what it was sent."""
    taken: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Secret(f"http://127.0.0.1:{server.server_port}/hooks/s3same"), taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_slack_reads_no_marks_in_it():
    with a_chat() as (url, taken):
        post_chat("slack", url, LINE)
    (body,) = map(json.loads, taken)
    assert body["blocks"][0]["text"] == {"type": "plain_text", "text": LINE, "emoji": False}
    assert "<" not in body["text"]


def test_teams_reads_no_marks_in_it():
    with a_chat(202) as (url, taken):
        post_chat("teams", url, LINE)
    (body,) = map(json.loads, taken)
    (block,) = body["attachments"][0]["content"]["body"]
    assert (block["type"], block["inlines"]) == ("RichTextBlock", [{"type": "TextRun", "text": LINE}])


@pytest.mark.parametrize(("status", "lasting"), [(404, True), (403, True), (302, True), (429, False), (503, False)])
def test_what_it_does_not_take_is_lasting_or_not(status, lasting):
    with a_chat(status) as (url, taken), pytest.raises(NotTakenError, match=f"status {status}") as caught:
        post_chat("slack", url, LINE)
    assert (caught.value.lasting, len(taken)) == (lasting, 1)
    assert "s3same" not in f"{caught.value.message}{caught.value.hint}"


def test_a_chat_that_is_away_or_whose_address_is_none():
    with a_chat() as (url, _):
        pass
    for address, kind in ((url, OutsideFailedError), (Secret("http://chat.invalid/s3same"), InvalidCallError)):
        with pytest.raises(kind) as caught:
            post_chat("slack", address, LINE)
        assert "s3same" not in f"{caught.value.message}{caught.value.hint}"
