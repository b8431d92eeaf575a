"""Posts one line to a chat, through an incoming webhook of Slack or Teams.

No message shows the webhook's address: whoever knows it can write there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import requests

from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.integrations.http import url_problem
from releasewatch.secret import Secret

ChatKind = Literal["slack", "teams"]

_SECONDS = 15
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})


def post_chat(kind: ChatKind, url: Secret, text: str) -> None:
    """Post a line. Raises InvalidCallError for an address that cannot be used, OutsideFailedError when the chat cannot
    be reached, NotTakenError when it does not take the line, `lasting` when never.
    """
    address = url.reveal().strip()
    problem = url_problem(address)
    if problem:
        raise InvalidCallError(f"The address of the chat cannot be used: {problem}.", "Correct its variable.")
    try:
        with requests.Session() as session:
            answer = session.post(
                address,
                json=_BODIES[kind](text),
                auth=lambda request: request,  # else what a .netrc holds for the host
                timeout=_SECONDS,
                allow_redirects=False,
            )
            status = answer.status_code
    except requests.exceptions.SSLError:
        raise OutsideFailedError("The certificate of the chat is not trusted.", "Check its address.") from None
    except requests.exceptions.RequestException:  # its words hold the address
        raise OutsideFailedError("The chat cannot be reached.", "Try again later.") from None
    if not 200 <= status < 300:
        lasting = status not in _MAY_PASS
        hint = "Make its webhook anew, and set its variable." if lasting else "Try again later."
        raise NotTakenError(f"The chat did not take it: status {status}.", hint, lasting=lasting)


def _slack(text: str) -> Mapping[str, Any]:
    """As plain text: in other text `<!channel>` would call everybody."""
    block = {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), "blocks": [block]}


def _teams(text: str) -> Mapping[str, Any]:
    """As an adaptive card; in a run of rich text no Markdown is read."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": text,
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


_BODIES: Mapping[ChatKind, Callable[[str], Mapping[str, Any]]] = {"slack": _slack, "teams": _teams}
