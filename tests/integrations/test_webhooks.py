"""What receivers get, and what becomes of it when they do not take it. The server is a real one on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.integrations.http import Patience
from releasewatch.integrations.notifiers.webhooks import (
    Message,
    Receiver,
    send_console,
    send_pagerduty,
    send_slack,
    send_teams,
    send_webhook,
)
from releasewatch.secret import Secret
from tests.support.http_server import Reply, WebServer, running_server

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
CANARY = "canary-77f1"
QUICK = Patience(attempts=1, timeout=5, whole=5)
KEY = base64.b64encode(bytes(range(32))).decode()
MESSAGE = Message(
    title="D-7 reaches 12 customers <!channel>",
    text="8 direct, 4 dependent\n*bold* [no](https://link.example)",
    key="rw_1",
    kind="deployment_recorded",
    at=AT,
    facts={"deployment": "D-7", "customers": 12},
)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        running.handler = lambda _: Reply(b"ok")
        yield running


def receiver(server: WebServer, patience: Patience = QUICK) -> Receiver:
    return Receiver("the notification oncall", Secret(f"{server.url}/services/{CANARY}"), patience)


def sent(server: WebServer) -> Any:
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"/services/{CANARY}")
    assert asked.headers["content-type"] == "application/json"
    return json.loads(asked.body)


def test_slack_reads_no_marks_in_it(server: WebServer) -> None:
    send_slack(receiver(server), MESSAGE)
    body = sent(server)
    assert body["text"] == "D-7 reaches 12 customers &lt;!channel&gt;"
    assert [one["text"]["type"] for one in body["blocks"]] == ["plain_text", "plain_text"]
    assert body["blocks"][1]["text"]["text"] == MESSAGE.text


def test_a_long_message_is_cut_to_what_slack_takes(server: WebServer) -> None:
    send_slack(receiver(server), Message("t" * 200, "x" * 9000, "rw_1", "deployment_recorded", AT))
    title, text = (one["text"]["text"] for one in sent(server)["blocks"])
    assert (len(title), len(text)) == (150, 3000)
    assert text.endswith("…")


def test_a_message_without_text_has_no_empty_block(server: WebServer) -> None:
    send_slack(receiver(server), Message("title", "", "rw_1", "list_ready", AT))
    assert len(sent(server)["blocks"]) == 1


def test_teams_gets_a_card_of_plain_runs(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"", 202)
    send_teams(receiver(server), MESSAGE)
    (attachment,) = sent(server)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    runs = [run for block in attachment["content"]["body"] for run in block["inlines"]]
    assert [run["text"] for run in runs] == [MESSAGE.title, *MESSAGE.text.splitlines()]


def test_a_webhook_is_signed_so_that_its_receiver_can_check(server: WebServer) -> None:
    now = datetime(2026, 11, 1, 10, 5, tzinfo=UTC)
    send_webhook(receiver(server), MESSAGE, Secret(f"whsec_{KEY}"), now)
    body = sent(server)
    assert body["type"] == "deployment_recorded"
    assert body["data"]["customers"] == 12
    (asked,) = server.asked
    assert asked.headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert asked.headers["idempotency-key"] == '"rw_1"'
    # What the README tells a receiver to do.
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    digest = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
    assert asked.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the libraries of Standard Webhooks are tested with."""
    from releasewatch.integrations.notifiers.webhooks import read_signing_key, sign

    key = read_signing_key(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "x")
    found = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("key", ["", "canary-no-base64", base64.b64encode(b"too short").decode()])
def test_a_signing_key_that_cannot_be_used_is_not_repeated(server: WebServer, key: str) -> None:
    with pytest.raises(InvalidCallError) as caught:
        send_webhook(receiver(server), MESSAGE, Secret(key), AT)
    assert "openssl rand -base64 32" in caught.value.hint
    assert not key or key not in caught.value.message + caught.value.hint
    assert server.asked == []


def test_pagerduty_gets_a_change_event(server: WebServer) -> None:
    server.handler = lambda _: Reply({"status": "success"}, 202)
    send_pagerduty(receiver(server), MESSAGE, Secret("r" * 32))
    body = sent(server)
    assert body["routing_key"] == "r" * 32
    assert body["payload"]["timestamp"] == "2026-11-01T10:00:00Z"
    assert body["payload"]["custom_details"]["key"] == "rw_1"
    assert body["links"] == []


def test_the_console_gets_lines() -> None:
    said: list[str] = []
    send_console(said.append, MESSAGE)
    assert said[:2] == [MESSAGE.title, "  8 direct, 4 dependent"]


SENDERS: dict[str, Callable[[Receiver], None]] = {
    "slack": lambda to: send_slack(to, MESSAGE),
    "teams": lambda to: send_teams(to, MESSAGE),
    "webhook": lambda to: send_webhook(to, MESSAGE, Secret(KEY), AT),
    "pagerduty": lambda to: send_pagerduty(to, MESSAGE, Secret("r" * 32)),
}


@pytest.mark.parametrize("kind", SENDERS)
@pytest.mark.parametrize(
    ("reply", "lasting", "wait"),
    [
        (Reply(b"", 400), True, None),
        (Reply(b"", 403), True, None),
        (Reply(b"", 404), True, None),
        (Reply(b"", 410), True, None),
        (Reply(b"", 302, {"Location": "/elsewhere"}), True, None),
        (Reply(b"", 429, {"Retry-After": "7200"}), False, 7200.0),
        (Reply(b"", 503), False, None),
        (Reply(b"", 501), False, None),
    ],
    ids=lambda one: str(one.status) if isinstance(one, Reply) else None,
)
def test_what_is_not_taken(server: WebServer, kind: str, reply: Reply, lasting: bool, wait: float | None) -> None:
    server.handler = lambda _: reply
    with pytest.raises(NotTakenError) as caught:
        SENDERS[kind](receiver(server))
    assert (caught.value.lasting, caught.value.wait) == (lasting, wait)
    assert str(reply.status) in caught.value.message
    assert caught.value.message.startswith(receiver(server).what)
    assert ("knows no receiver at the address" in caught.value.message) == (reply.status in (404, 410))
    assert CANARY not in caught.value.message + caught.value.hint
    assert len(server.asked) == 1


def test_what_is_taken_is_not_sent_again_for_an_answer_that_breaks_off(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"o", promised=900)
    send_slack(receiver(server, Patience(attempts=3, timeout=5, first_wait=0.001)), MESSAGE)
    assert len(server.asked) == 1


def test_it_is_sent_again_as_often_as_patience_says(server: WebServer) -> None:
    replies = [Reply(b"", 502), Reply(b"ok")]
    server.handler = lambda _: replies[len(server.asked) - 1]
    send_slack(receiver(server, Patience(attempts=2, timeout=5, first_wait=0.001, longest_wait=0.001)), MESSAGE)
    assert [one.body for one in server.asked] == [server.asked[0].body] * 2


def test_a_moved_receiver_on_the_same_server_gets_it(server: WebServer) -> None:
    server.handler = lambda one: Reply(b"ok") if one.path == "/new" else Reply(b"", 308, {"Location": "/new"})
    send_slack(receiver(server), MESSAGE)
    assert [one.method for one in server.asked] == ["POST", "POST"]
    assert server.asked[1].body == server.asked[0].body


def test_another_server_gets_nothing(server: WebServer) -> None:
    with running_server() as other:
        server.handler = lambda _: Reply(b"", 307, {"Location": f"{other.url}/steal"})
        with pytest.raises(OutsideFailedError, match="redirects to"):
            send_slack(receiver(server), MESSAGE)
        assert other.asked == []


@pytest.mark.parametrize(
    "url", ["http://hooks.example/services/canary", "canary", "https://u:canary@hooks.example/x", ""]
)
def test_an_address_that_cannot_be_used_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidCallError) as caught:
        send_slack(Receiver("the notification oncall", Secret(url)), MESSAGE)
    assert "canary" not in caught.value.message + caught.value.hint
    assert "the notification oncall" in caught.value.message


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotTakenError, match="cannot be reached") as caught:
        send_slack(Receiver("the notification oncall", Secret(f"https://hooks.invalid/{CANARY}"), QUICK), MESSAGE)
    assert not caught.value.lasting
    assert CANARY not in caught.value.message
