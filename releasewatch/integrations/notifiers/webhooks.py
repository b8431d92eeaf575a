"""Sends a message to a chat, a webhook or PagerDuty: one function for each, over HTTP.

Each raises NotTakenError when the receiver does not take it, OutsideFailedError when it cannot be reached safely, and
InvalidCallError when an address or a key cannot be used. None of them shows an address: whoever knows it can write
there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from releasewatch.domain.notifications import Message
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.http import HttpClient, Patience
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "PAGERDUTY",
    "Message",
    "Receiver",
    "read_signing_key",
    "send_console",
    "send_pagerduty",
    "send_slack",
    "send_teams",
    "send_webhook",
    "sign",
]

PAGERDUTY = "https://events.pagerduty.com/v2/change/enqueue"
"""Where change events go; a service region of its own has another host (events.eu.pagerduty.com)."""

_SLACK_TITLE, _SLACK_TEXT = 150, 3000
"""The most characters of a header and of a section (Slack, Block Kit reference)."""
_TEAMS_TEXT = 12_000
"""A message to Teams has at most 28 KB, and a character up to 4 bytes before JSON writes it in up to 12."""
_PAGERDUTY_SUMMARY = 1024
_KEY_BYTES = range(24, 65)
"""How long a signing key is (Standard Webhooks 1.0.0, signature scheme)."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets it: `what` names them in messages ("the notification oncall"), `url` is a secret."""

    what: str
    url: Secret
    patience: Patience = field(default_factory=lambda: Patience(attempts=1, timeout=10, whole=15))
    plain_http: bool = False


def send_slack(to: Receiver, message: Message) -> None:
    """To an incoming webhook of Slack. All of it is plain text there: nothing in it addresses or formats anything."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(_cut(message.title, _SLACK_TITLE))}]
    if message.text.strip():
        blocks.append({"type": "section", "text": _plain(_cut(message.text, _SLACK_TEXT))})
    _post(to, {"text": _without_marks(message.title), "blocks": blocks})


def send_teams(to: Receiver, message: Message) -> None:
    """To a Workflows webhook of Teams, as an adaptive card. In runs of rich text no Markdown is read."""
    runs = [{"text": message.title, "weight": "Bolder"}]
    runs += [{"text": line} for line in _cut(message.text, _TEAMS_TEXT).splitlines() if line.strip()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": message.title,
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run}]} for run in runs],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    _post(to, {"type": "message", "attachments": [attachment]})


def send_webhook(to: Receiver, message: Message, key: Secret, now: datetime) -> None:
    """To anybody's webhook, signed as Standard Webhooks 1.0.0 says; `Idempotency-Key` is the webhook-id.

    `key`: base64 of 24 to 64 bytes, with or without `whsec_` before it.
    """
    body = _json(
        {
            "schema": 1,
            "type": message.kind,
            "timestamp": format_utc(message.at),
            "data": {"title": message.title, "text": message.text, **message.facts},
        }
    )
    moment = str(int(now.timestamp()))
    headers = {
        "webhook-id": message.key,
        "webhook-timestamp": moment,
        "webhook-signature": sign(read_signing_key(key, to.what), message.key, moment, body),
        "Idempotency-Key": f'"{message.key}"',
    }
    _send(to, body, headers)


def send_pagerduty(to: Receiver, message: Message, routing_key: Secret) -> None:
    """As a change event of PagerDuty (Events API v2), which alerts nobody.

    PagerDuty knows no key of a change event that would keep a second one away; ours stands in its details.
    """
    payload = {
        "summary": _cut(message.title, _PAGERDUTY_SUMMARY),
        "timestamp": format_utc(message.at),
        "source": "releasewatch",
        "custom_details": {**message.facts, "text": message.text, "key": message.key},
    }
    links = [{"href": message.link}] if message.link else []
    _post(to, {"routing_key": routing_key.reveal(), "payload": payload, "links": links})


def send_console(say: Callable[[str], None], message: Message) -> None:
    """To who reads the output of the command."""
    for line in (message.title, *(f"  {line}" for line in message.text.splitlines())):
        say(line)


def sign(key: bytes, identity: str, moment: str, body: bytes) -> str:
    """The `webhook-signature` of a body: HMAC-SHA256 of id, timestamp and body, joined with full stops."""
    digest = hmac.new(key, f"{identity}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def read_signing_key(key: Secret, what: str) -> bytes:
    """The bytes of a signing key; raises InvalidCallError, which does not repeat it."""
    try:
        found = base64.b64decode(key.reveal().strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) not in _KEY_BYTES:
        raise InvalidCallError(
            f"{what}: its signing key is not the base64 of 24 to 64 bytes.",
            "Make one with: openssl rand -base64 32, and give it to the receiver too.",
        )
    return found


def _post(to: Receiver, document: Mapping[str, Any]) -> None:
    _send(to, _json(document), {})


_UNKNOWN_THERE = {
    status: (
        f"knows no receiver at the address that was given ({status})",
        "It was deleted, or mistyped. Make one anew there, and set the variable that holds its address.",
    )
    for status in (404, 410)
}
"""The address is a secret, and never shown: the rule that names it is."""


def _send(to: Receiver, body: bytes, headers: Mapping[str, str]) -> None:
    url = to.url.reveal().strip()
    how: dict[str, Any] = {"patience": to.patience, "plain_http": to.plain_http, "secret_path": True}
    with HttpClient(to.what, url, refusals=_UNKNOWN_THERE, **how) as client:
        client.post(body, {"Content-Type": "application/json", **headers})


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _without_marks(text: str) -> str:
    """For the one text that Slack reads marks in: `<!channel>` would call everybody (Slack, formatting text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
