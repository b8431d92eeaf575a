"""Asks servers of others over HTTP: with patience, within bounds, and never handing a token to another host."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import tenacity
from requests.structures import CaseInsensitiveDict

from releasewatch.domain.hosts import is_loopback
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from types import TracebackType

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
"""Redirects after which what was sent is sent again; after the others it would be lost (RFC 9110, 15.4)."""
_MOMENTARY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same question may well be answered."""
_MOST_REDIRECTS = 5
_CHUNK = 1 << 16
_SENDABLE = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a server; times in seconds.

    `timeout`: until it connects, and until more of an answer arrives. `whole`: until an answer is complete.
    `first_wait` doubles with each attempt up to `longest_wait`, with jitter. A server that asks for a longer wait than
    `longest_retry_after` is not waited for.
    """

    attempts: int = 5
    timeout: float = 30
    whole: float = 300
    first_wait: float = 1
    longest_wait: float = 30
    longest_retry_after: float = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: status 200, or 304 where that was asked for, or any 2xx to what was sent.

    `url` is where it was found in the end.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class StatusError(OutsideFailedError):
    """A server refused the question, with a status that will not pass by itself."""

    def __init__(self, message: str, hint: str = "", *, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


class _MomentaryError(Exception):
    """An attempt that failed in a way that may pass; `wait`: what the server asks for, in seconds."""

    def __init__(self, sentence: str, wait: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.wait = wait


class _OwnHeaders(requests.auth.AuthBase):
    """Sets what authorises us, and nothing else: `requests` would put in what a .netrc holds for the host."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._secrets = secrets

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        for name, value in self._secrets.items():
            request.headers[name] = value.reveal()
        return request


@dataclass
class HttpClient:
    """Asks one server, that of `url`. `what` names it in messages: "the directory crm".

    `secrets` are header values that only this server ever sees. `most_bytes`: how long an answer may be.
    `secret_path`: whoever knows the path may write there, so that no message shows it. `refusals`: what a status means
    here, with a hint. Proxies and certificates are those of the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE), as
    `requests` reads it.
    """

    what: str
    url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    most_bytes: int = 64 << 20
    plain_http: bool = False
    secret_path: bool = False
    refusals: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problem = url_problem(self.url, plain_http=self.plain_http)
        if problem:
            raise InvalidCallError(f"{self.what}: {self._shown(self.url)}: {problem}", "Correct its url.")
        self._origin = _origin(urlsplit(self.url))
        for name, value in self.secrets.items():
            if not _SENDABLE.fullmatch(value.reveal()):
                raise InvalidCallError(
                    f"{self.what}: the value for the header {name} holds what no header may hold.",
                    "Is there a line end or a quote too many in its variable?",
                )
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._session.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch a URL of this server; status 304 can only come back when `headers` ask for it.

        Raises OutsideFailedError: unreachable, refused, too long, redirected to another host.
        """
        try:
            return self._retrying()(self._fetch, url, headers or {}, read=True)
        except _MomentaryError as error:
            raise OutsideFailedError(f"{self.what}: {error.sentence}", "Try again later.") from None

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send to the `url`, again when it may not have arrived, as often as our patience says. The answer has no body.

        Raises NotTakenError: refused for good, or not taken for the time being; OutsideFailedError as `get` does.
        """
        try:
            return self._retrying()(self._fetch, self.url, headers or {}, read=False, body=body)
        except _MomentaryError as error:
            raise NotTakenError(f"{self.what}: {error.sentence}", "Try again later.", wait=error.wait) from None

    def send_once(self, url: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> Answer:
        """Send to a URL of this server, and never again by itself; raises as `post` does."""
        try:
            return self._fetch(url, headers, read=True, body=body, method=method)
        except _MomentaryError as error:
            raise NotTakenError(f"{self.what}: {error.sentence}", "Try again later.", wait=error.wait) from None

    def probe(self) -> None:
        """Ask once, without reading the answer; raises OutsideFailedError as `get` does."""
        try:
            self._fetch(self.url, {}, read=False)
        except _MomentaryError as error:
            raise OutsideFailedError(f"{self.what}: {error.sentence}", "Try again later.") from None

    def _retrying(self) -> tenacity.Retrying:
        backoff = tenacity.wait_random_exponential(multiplier=self.patience.first_wait, max=self.patience.longest_wait)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, _MomentaryError) else None
            return backoff(state) if asked is None else asked

        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=wait,
            retry=tenacity.retry_if_exception(self._may_pass),
            reraise=True,
        )

    def _may_pass(self, error: BaseException) -> bool:
        return isinstance(error, _MomentaryError) and (error.wait or 0) <= self.patience.longest_retry_after

    def _fetch(
        self, url: str, headers: Mapping[str, str], *, read: bool, body: bytes | None = None, method: str = "POST"
    ) -> Answer:
        """One attempt, with the redirects on the way; with a `body` it is sent, by that method."""
        for _ in range(_MOST_REDIRECTS + 1):
            self._stay_here(url, "leads")
            deadline = time.monotonic() + self.patience.whole
            with self._asked(url, headers, body, method) as response:
                follows = _REDIRECTS if body is None else _KEEPS_METHOD
                if response.status_code in follows and "Location" in response.headers:
                    url = urljoin(url, response.headers["Location"])
                    self._stay_here(url, "redirects")
                    continue
                if body is None:
                    self._check(response, url, may_be_unchanged=bool(headers))
                else:
                    self._check_taken(response, url)
                found: Mapping[str, str] = CaseInsensitiveDict(response.headers)
                said = self._body(response, url, deadline) if read and response.status_code != 304 else b""
                return Answer(url, response.status_code, found, said)
        raise OutsideFailedError(
            f"{self.what}: {self._shown(url)} is redirected more than {_MOST_REDIRECTS} times.", "Correct its url."
        )

    def _stay_here(self, url: str, verb: str) -> None:
        parts = urlsplit(url)
        try:
            there = _origin(parts)
        except ValueError:
            there = ("", "", 0)
        if there != self._origin:
            scheme, host, port = self._origin
            raise OutsideFailedError(
                f"{self.what}: {scheme}://{host}:{port} {verb} to {there[0]}://{there[1]}:{there[2]}, "
                "another server, which was not asked: it must not see the token.",
                "If it is meant, name that server in the url.",
            )

    @contextmanager
    def _asked(
        self, url: str, headers: Mapping[str, str], body: bytes | None, method: str
    ) -> Iterator[requests.Response]:
        where = self._shown(url)
        # What requests says in its exceptions may hold the query: only their kind is told.
        try:
            with self._session.request(
                "GET" if body is None else method,
                url,
                data=body,
                headers={"Accept": "application/json", **self.headers, **headers},
                auth=_OwnHeaders(self.secrets),
                timeout=self.patience.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                self._session.cookies.clear()
                yield response
        except requests.exceptions.SSLError:
            raise OutsideFailedError(
                f"{self.what}: the certificate of {where} is not trusted, or no TLS is spoken there.",
                "Name your own authority's certificates with REQUESTS_CA_BUNDLE=FILE.",
            ) from None
        except requests.exceptions.ProxyError:
            raise _MomentaryError(f"the proxy on the way to {where} cannot be used.") from None
        except requests.exceptions.Timeout:
            raise _MomentaryError(f"{where} did not answer within {self.patience.timeout:g} s.") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _MomentaryError(f"the answer of {where} broke off.") from None
        except requests.exceptions.ConnectionError:
            raise _MomentaryError(f"{where} cannot be reached.") from None
        except (requests.exceptions.RequestException, ValueError):
            raise OutsideFailedError(f"{self.what}: {where} cannot be asked.", "Correct its url.") from None

    def _check(self, response: requests.Response, url: str, *, may_be_unchanged: bool) -> None:
        """Raise what a status means that is no answer."""
        status, where = response.status_code, self._shown(url)
        if status == 200 or (status == 304 and may_be_unchanged):
            return
        self._check_moment(response, where)
        usual = (f"answers with status {status}", "Check its url in a browser.")
        sentence, hint = {**_REFUSALS, **self.refusals}.get(status, usual)
        raise StatusError(f"{self.what}: {where} {sentence}.", hint, status=status)

    def _check_taken(self, response: requests.Response, url: str) -> None:
        """The same of an answer to what was sent: any 2xx takes it."""
        status, where = response.status_code, self._shown(url)
        if 200 <= status < 300:
            return
        self._check_moment(response, where)
        if status >= 500:
            raise _MomentaryError(f"{where} fails with status {status}.")
        usual = (f"does not take it (status {status})", "Check its address.")
        sentence, hint = {**_NOT_TAKEN, **self.refusals}.get(status, usual)
        raise NotTakenError(f"{self.what}: {where} {sentence}.", hint, lasting=True)

    def _check_moment(self, response: requests.Response, where: str) -> None:
        """Raise what a status means that may pass."""
        status = response.status_code
        wait = self._wait_asked(response)
        if wait is None and status not in _MOMENTARY:
            return
        sentence = f"asks for fewer requests ({status})" if status < 500 else f"fails with status {status}"
        if wait is not None and wait > self.patience.longest_retry_after:
            sentence += f", and to wait {wait:.0f} s"
        raise _MomentaryError(f"{where} {sentence}.", wait)

    def _wait_asked(self, response: requests.Response) -> float | None:
        """The seconds that a server asks to be left alone; None when it says nothing of the kind."""
        return retry_after(response.headers) if response.status_code in _MOMENTARY else None

    def _shown(self, url: str) -> str:
        """A URL of this server for messages."""
        return shown_url(url, path=not self.secret_path)

    def _body(self, response: requests.Response, url: str, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self.most_bytes:
                raise OutsideFailedError(
                    f"{self.what}: the answer of {self._shown(url)} is longer than {self.most_bytes >> 20} MiB.",
                    "Ask for smaller pages.",
                )
            if time.monotonic() > deadline:
                raise _MomentaryError(
                    f"the answer of {self._shown(url)} was not complete within {self.patience.whole:g} s."
                )
        return bytes(body)


_REFUSALS = {
    400: ("does not understand the question (400)", "Check the url: its query, and the fields it asks for."),
    401: ("does not accept the token (401)", "Is it still valid, and the right one? Set its variable anew."),
    403: ("does not let this token read that (403)", "Give the token the right to read what is imported."),
    404: ("does not exist (404)", "Correct its url."),
    410: ("does not exist any more (410)", "Correct its url."),
}

_NOT_TAKEN = {
    400: ("does not understand what was sent (400)", "Is it the address of this kind of receiver?"),
    401: ("does not accept who sends (401)", "Is its address, token or key still valid? Set its variable anew."),
    403: ("does not let us send (403)", "Is its address, token or key still valid? Set its variable anew."),
    404: ("does not exist (404)", "Correct its address."),
    410: ("does not exist any more (410)", "Correct its address."),
    413: ("takes nothing as long as this (413)", "Use a shorter template."),
}


def url_problem(url: str, *, plain_http: bool = False) -> str | None:
    """What is wrong with a URL to be asked, or None. Without TLS only this machine is asked, unless that is allowed."""
    try:
        parts = urlsplit(url)
        origin = _origin(parts)
    except ValueError:
        return "it has no readable host and port"
    scheme, host, _ = origin
    if scheme not in ("http", "https") or not host:
        return "wanted an address that begins with https://"
    if parts.username is not None or parts.password is not None:
        return "a user or password must not stand here"
    if scheme == "http" and not plain_http and not is_loopback(host):
        return "wanted https://: over http:// everybody on the way reads the answers, and the token"
    return None


def shown_url(url: str, *, path: bool = True) -> str:
    """A URL for messages: without user, query and fragment, which may hold secrets or names, or without its path."""
    try:
        parts = urlsplit(url)
        scheme, host, port = _origin(parts)
    except ValueError:
        return "(unreadable URL)"
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}{parts.path if path else ''}"


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    host = (parts.hostname or "").rstrip(".")
    return (
        parts.scheme,
        f"[{host}]" if ":" in host else host,
        parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0),
    )


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """The seconds that `Retry-After` asks for: a number, or a date by the server's own clock (RFC 9110, 10.2.3)."""
    text = str(headers.get("Retry-After", "")).strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        said = headers.get("Date")
        now = parsedate_to_datetime(str(said)) if said else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return None
