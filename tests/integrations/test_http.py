"""Asking a server: patience, bounds, and who may see the token. The server is a real one on this machine."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.integrations.http import HttpClient, Patience, shown_url, url_problem
from releasewatch.secret import Secret
from tests.support.http_server import Reply, Request, WebServer, running_server

TOKEN = "canary-5b1f0c"
QUICK = Patience(attempts=3, timeout=5, first_wait=0.001, longest_wait=0.001, longest_retry_after=60)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        yield running


def ask(server: WebServer, path: str = "/list?q=hidden", **options: object) -> bytes:
    options = {"patience": QUICK, "secrets": {"Authorization": Secret(f"Bearer {TOKEN}")}} | options
    with HttpClient("directory crm", server.url + path, **options) as client:  # type: ignore[arg-type]
        return client.get(server.url + path).body


def failure(server: WebServer, **options: object) -> OutsideFailedError:
    with pytest.raises(OutsideFailedError) as caught:
        ask(server, **options)
    error = caught.value
    assert TOKEN not in error.message + error.hint
    assert "hidden" not in error.message
    assert error.message.startswith("directory crm: ")
    return error


def test_an_answer_with_token_and_accept(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"[]")
    assert ask(server) == b"[]"
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert server.asked[0].headers["accept"] == "application/json"


def test_a_netrc_does_not_take_the_tokens_place(server: WebServer, home: Path) -> None:
    netrc = home / ".netrc"
    netrc.write_text("default login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    server.handler = lambda _: Reply(b"[]")
    ask(server)
    ask(server, secrets={})
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in server.asked[1].headers


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(server: WebServer, status: int) -> None:
    replies = [Reply(b"", status), Reply(b"", status), Reply(b"[1]")]
    server.handler = lambda _: replies[len(server.asked) - 1]
    assert ask(server) == b"[1]"
    assert len(server.asked) == 3


def test_it_gives_up(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"", 503)
    assert failure(server).message == f"directory crm: {server.url}/list fails with status 503."
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "does not understand"),
        (401, "does not accept the token"),
        (403, "does not let this token"),
        (404, "does not exist"),
        (418, "answers with status 418"),
        (304, "answers with status 304"),
        (204, "answers with status 204"),
    ],
)
def test_what_will_not_pass_is_asked_once(server: WebServer, status: int, words: str) -> None:
    server.handler = lambda _: Reply(b"", status)
    assert words in failure(server).message
    assert len(server.asked) == 1


def test_retry_after_is_heard(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    date = {"Date": "Sun, 01 Nov 2026 10:00:00 GMT"}
    replies = [
        Reply(b"", 429, {"Retry-After": "7"}),
        Reply(b"", 503, {"Retry-After": "Sun, 01 Nov 2026 09:00:00 GMT"} | date),
        Reply(b"[]"),
    ]
    server.handler = lambda _: replies[len(server.asked) - 1]
    ask(server)
    assert waited == [7.0, 0.0]


def test_a_wait_beyond_bounds_is_not_waited_for(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"", 429, {"Retry-After": "3600"})
    assert "asks for fewer requests (429), and to wait 3600 s" in failure(server).message
    assert len(server.asked) == 1


def test_an_answer_that_breaks_off_is_asked_for_again(server: WebServer) -> None:
    replies = [Reply(b"[1,", promised=900), Reply(b"[1]")]
    server.handler = lambda _: replies[min(len(server.asked), 2) - 1]
    assert ask(server) == b"[1]"
    server.handler = lambda _: Reply(b"[1,", promised=900)
    assert "broke off" in failure(server).message


def test_a_redirect_on_the_same_server_is_followed(server: WebServer) -> None:
    def handler(request: Request) -> Reply:
        return Reply(b"[]") if request.path == "/new" else Reply(b"", 302, {"Location": "/new"})

    server.handler = handler
    assert ask(server) == b"[]"
    assert server.paths() == ["/list", "/new"]


def test_a_redirect_to_another_server_is_refused_and_sees_nothing(server: WebServer) -> None:
    with running_server() as other:
        server.handler = lambda _: Reply(b"", 307, {"Location": f"{other.url}/steal"})
        error = failure(server)
        assert other.asked == []
    assert "redirects to" in error.message
    assert "must not see the token" in error.message


def test_a_circle_of_redirects_ends(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"", 302, {"Location": "/list"})
    assert "redirected more than 5 times" in failure(server).message


def test_an_answer_may_not_be_endless(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"x" * (2 << 20))
    assert "longer than 1 MiB" in failure(server, most_bytes=1 << 20).message


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = WebServer(f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert "cannot be reached" in failure(nobody).message


def test_somebody_who_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = WebServer(f"http://127.0.0.1:{silent.getsockname()[1]}")
        error = failure(server, patience=Patience(attempts=2, timeout=0.05, first_wait=0.001, longest_wait=0.001))
    assert "did not answer within 0.05 s" in error.message


def test_the_proxy_of_the_environment_is_used(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.handler = lambda _: Reply(b"[]")
    with HttpClient("directory crm", "http://crm.example/list", patience=QUICK, plain_http=True) as client:
        assert client.get("http://crm.example/list").body == b"[]"
    assert server.asked[0].headers["host"] == "crm.example"


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody trusts, for this machine, and a context that shows it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    new = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"]
    name = ["-subj", "/CN=crm", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *new, *name, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def test_an_authority_of_ones_own_is_named_in_the_environment(
    authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = authority
    with running_server(context) as server:
        server.handler = lambda _: Reply(b"[]")
        error = failure(server)
        assert "is not trusted" in error.message
        assert "REQUESTS_CA_BUNDLE" in error.hint
        assert server.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert ask(server) == b"[]"


def test_cookies_are_not_kept(server: WebServer) -> None:
    server.handler = lambda _: Reply(b"[]", headers={"Set-Cookie": "session=1; Path=/"})
    with HttpClient("directory crm", server.url, patience=QUICK) as client:
        client.get(server.url + "/")
        client.get(server.url + "/")
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("value", ["", "two\nlines", "ünï", " edge"])
def test_a_token_that_no_header_holds_is_not_repeated(value: str) -> None:
    with pytest.raises(InvalidCallError) as caught:
        HttpClient("directory crm", "https://crm.example/", {"X-Key": Secret(value)})
    assert "X-Key" in caught.value.message
    assert not value or value not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://crm.example/a", None),
        ("http://127.0.0.1:80/a", None),
        ("http://[::1]/a", None),
        ("http://localhost/a", None),
        ("http://crm.example/a", "wanted https://"),
        ("http://10.0.0.1/a", "wanted https://"),
        ("ftp://crm.example/a", "begins with https://"),
        ("crm.example", "begins with https://"),
        ("https://u:p@crm.example/", "user or password"),
        ("https://crm.example:port/", "no readable host"),
    ],
)
def test_which_urls_are_asked(url: str, words: str | None) -> None:
    problem = url_problem(url)
    assert problem is None if words is None else words in (problem or "")


def test_plain_http_may_be_allowed() -> None:
    assert url_problem("http://crm.example/a", plain_http=True) is None


def test_a_url_in_messages_holds_no_secret() -> None:
    assert shown_url("https://u:p@crm.example:444/a/b?key=1#x") == "https://crm.example:444/a/b"
