"""What asking GitHub and GitLab has in common: limits, pages, refusals in words, and a time by which all is said."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urljoin

from releasewatch.domain.forges import FORGE_TITLES, LONGEST_TITLE
from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.http import HttpClient, StatusError, retry_after

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import requests

    from releasewatch.integrations.http import Answer
    from releasewatch.secret import Secret

PAGE = 100
"""How many items one page holds: the most that both forges give."""

SECONDARY_WAIT = 60.0
"""What GitHub asks for when it refuses without saying how long
(https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api)."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LIMITING = frozenset({403, 429})
_NEXT = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_IS_NEXT = re.compile(r';\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)', re.IGNORECASE)


@dataclass
class ForgeClient(HttpClient):
    """An HTTP client that knows how forges limit and refuse. `within`: seconds for all that it is asked, None: any."""

    within: float | None = None
    _until: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._until = None if self.within is None else time.monotonic() + self.within

    def ask(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """The first page of the list at a path below `url`."""
        return self._list(self.get(self.address(path, **query)))

    def pages(self, path: str, **query: str | int) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, as the header `Link` leads through them (RFC 8288)."""
        url: str | None = self.address(path, per_page=PAGE, **query)
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise OutsideFailedError(f"{self.what}: a list leads in a circle.", "Tell who runs it.")
            seen.add(url)
            answer = self.get(url)
            yield self._list(answer)
            found = _next_of(answer.headers.get("Link", ""))
            url = None if found is None else urljoin(answer.url, found)

    def send(self, path: str, document: Mapping[str, Any], method: str = "POST") -> dict[str, Any]:
        """Send once, never again by itself: what was lost on the way back would be there twice.

        Raises NotTakenError when it is refused, and OutsideFailedError as asking does.
        """
        body = json.dumps(document).encode()
        made = self._document(self.send_once(self.address(path), body, {"Content-Type": "application/json"}, method))
        if not isinstance(made, dict):
            raise self._unreadable("wanted what was made")
        return made

    def address(self, path: str, **query: str | int) -> str:
        """The URL of a path below `url`."""
        return f"{self.url}/{path}{f'?{urlencode(query)}' if query else ''}"

    def _list(self, answer: Answer) -> list[dict[str, Any]]:
        page = self._document(answer)
        if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
            raise self._unreadable("wanted a list")
        return cast("list[dict[str, Any]]", page)

    def _document(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.body)
        except ValueError:
            raise self._unreadable("it is no JSON") from None

    def _unreadable(self, why: str) -> OutsideFailedError:
        return OutsideFailedError(
            f"{self.what}: an answer cannot be read: {why}.", "Is url in [forge] the forge's own, and no login page?"
        )

    def _fetch(
        self, url: str, headers: Mapping[str, str], *, read: bool, body: bytes | None = None, method: str = "POST"
    ) -> Answer:
        if self._until is not None and time.monotonic() >= self._until:
            raise OutsideFailedError(
                f"{self.what} did not answer everything within {self.within:g} s.",
                "Run: releasewatch deployment enrich",
            )
        return super()._fetch(url, headers, read=read, body=body, method=method)

    def _may_pass(self, error: BaseException) -> bool:
        left = None if self._until is None else self._until - time.monotonic()
        return super()._may_pass(error) and (left is None or left > (getattr(error, "wait", None) or 0))

    def _wait_asked(self, response: requests.Response) -> float | None:
        """By GitHub: `retry-after`, else the reset of a limit that is used up, else a minute for a secondary limit."""
        asked = super()._wait_asked(response)
        if asked is not None or response.status_code not in _LIMITING:
            return asked
        headers = response.headers
        asked = retry_after(headers)
        if asked is not None:
            return asked
        left = headers.get("x-ratelimit-remaining", headers.get("RateLimit-Remaining", ""))
        reset = str(headers.get("x-ratelimit-reset", headers.get("RateLimit-Reset", ""))).strip()
        if left.strip() == "0" and reset.isascii() and reset.isdigit():
            return max(1.0, float(reset[:12]) - _clock_of(headers))
        if response.status_code == 403:
            said = self._body(response, str(response.url), time.monotonic() + self.patience.timeout)
            return SECONDARY_WAIT if b"rate limit" in said.lower() else None
        return None


def refusals_of(kind: str, project: str, rights: str) -> dict[int, tuple[str, str]]:
    """What the statuses of a forge mean, with what to do; `rights`: what its token must be allowed."""
    variable, title = f"RELEASEWATCH_{kind.upper()}_TOKEN", FORGE_TITLES[kind]
    return {
        401: ("does not accept the token (401)", f"Is it still valid, and of this {title}? Set {variable} anew."),
        403: ("does not let this token read or write that (403)", f"Give it these rights: {rights}."),
        404: (
            "does not exist, or this token may not see it (404)",
            f"Is {project} the repo's path there ([forge] project), and may the token read it? {rights}.",
        ),
    }


def client_for(
    kind: str, api: str, project: str, secrets: Mapping[str, Secret], rights: str, **options: Any
) -> ForgeClient:
    """A client of a forge's REST API, the URL of which is `api`."""
    return ForgeClient(
        FORGE_TITLES[kind],
        api.rstrip("/"),
        secrets=secrets,
        refusals=refusals_of(kind, project, rights),
        **options,
    )


def deployments_made(
    pages: Iterable[list[dict[str, Any]]], since: datetime | None, but: Collection[str]
) -> Iterator[tuple[dict[str, Any], int, datetime]]:
    """Of a list of deployments, newest first, those of other commits than `but`: each with its number and when it was
    made. Nothing that was made before `since`, and nothing without number, commit or instant.
    """
    for item in chain.from_iterable(pages):
        created_at, number = instant(item.get("created_at")), item.get("id")
        if created_at is None or not isinstance(number, int) or not text_of(item, "sha"):
            continue
        if since is not None and created_at < since:
            return
        if text_of(item, "sha") not in but:
            yield item, number, created_at


def instant(text: object) -> datetime | None:
    """An instant as forges write it (RFC 3339), in UTC; None where there is none that can be read."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None


def text_of(item: Mapping[str, Any], *path: str) -> str:
    """A text at a path in a document, on one line; empty where there is none."""
    found: Any = item
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None or isinstance(found, dict | list) else plain(found)


def plain(text: object) -> str:
    """A text on one line and without what no database or terminal takes: control characters, half characters."""
    words = _UNPRINTABLE.sub(" ", str(text)).split()
    return " ".join(words)[:LONGEST_TITLE]


def link_of(item: Mapping[str, Any], *path: str) -> str:
    """An address of the web at a path in a document; empty where there is none."""
    found = text_of(item, *path)
    return found if found.startswith(("https://", "http://")) and " " not in found else ""


def number_of(item: Mapping[str, Any], name: str) -> int:
    """A number that an item must have; 0 where it has none that can be stored."""
    found = item.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**31 else 0


def is_absent(error: OutsideFailedError) -> bool:
    """Whether a forge said that there is no such thing (404, 410; GitHub says 422 of a commit it does not have)."""
    return isinstance(error, StatusError) and error.status in (404, 410, 422)


def _next_of(link: str) -> str | None:
    """Where the header `Link` says the next page is."""
    return next((found[1] for found in _NEXT.finditer(link) if _IS_NEXT.search(found[2])), None)


def _clock_of(headers: Mapping[str, str]) -> float:
    """What time it is by the server's clock, in seconds since 1970: that is the clock its limits go by."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return time.time()
