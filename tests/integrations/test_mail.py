"""Sending a mail through a real SMTP server: with TLS or not at all, and each refusal in one sentence."""

from __future__ import annotations

import socket
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

import pytest

from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError
from releasewatch.integrations.notifiers import mail
from releasewatch.integrations.notifiers.mail import (
    MailServer,
    NotKnownIfTakenError,
    PartlyTakenError,
    check_server,
    send_mail,
)
from releasewatch.secret import Secret
from tests.support.mail_server import MailBox, running_mail_server


def a_mail(*to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "calls@example.org"
    message["To"] = ", ".join(to or ("olga@example.org",))
    message["Subject"] = "37 to call – today"
    message.set_content("Zoë\n.\nwaits\n")
    return message


def server_of(box: MailBox, **how: object) -> MailServer:
    return MailServer(**{"host": "localhost", "port": box.port, "ca_file": box.ca_file, "timeout": 5} | how)  # type: ignore[arg-type]


def test_a_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        send_mail(server_of(box, security="none"), a_mail("olga@example.org", "piet@example.org"))
    (taken,) = box.taken
    assert taken["Subject"] == "37 to call – today"
    assert taken.get_content().splitlines() == ["Zoë", ".", "waits"]
    assert box.receivers == [["olga@example.org", "piet@example.org"]]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_with_a_certificate_that_is_trusted(tmp_path: Path, security: str) -> None:
    with running_mail_server(tmp_path, security) as box:
        send_mail(server_of(box, security=security), a_mail())
        assert len(box.taken) == 1
        with pytest.raises(OutsideFailedError, match=r"certificate of localhost:[0-9]+ is not trusted") as caught:
            send_mail(server_of(box, security=security, ca_file=None), a_mail())
        assert "ca_file" in caught.value.hint
        with pytest.raises(OutsideFailedError, match="is not trusted"):  # the certificate is for another name
            send_mail(server_of(box, security=security, host="127.0.0.1"), a_mail())
        assert len(box.taken) == 1


def test_nothing_is_sent_in_the_clear_when_tls_was_wanted(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        with pytest.raises(OutsideFailedError, match="offers no STARTTLS"):
            send_mail(server_of(box, security="starttls"), a_mail())
        with pytest.raises(OutsideFailedError, match="speaks no TLS"):
            send_mail(server_of(box, security="tls"), a_mail())
        assert box.taken == []


def test_without_tls_only_to_this_machine_unless_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidCallError, match=r"mail\.invalid:25 is to be used without TLS"):
        send_mail(MailServer("mail.invalid", security="none"), a_mail())
    monkeypatch.setattr(mail, "is_loopback", lambda host: False)
    with running_mail_server(tmp_path) as box:
        with pytest.raises(InvalidCallError, match="without TLS"):
            send_mail(server_of(box, security="none"), a_mail())
        send_mail(server_of(box, security="none", plain_smtp=True), a_mail())
        assert len(box.taken) == 1


def test_a_login(tmp_path: Path) -> None:
    with running_mail_server(tmp_path, "starttls", login=True) as box:
        known = {"security": "starttls", "user": "calls"}
        check_server(server_of(box, **known, password=Secret("right")))
        send_mail(server_of(box, **known, password=Secret("right")), a_mail())
        assert box.logins == [("calls", "right")] * 2
        with pytest.raises(OutsideFailedError, match="refused the login: 535") as caught:
            send_mail(server_of(box, **known, password=Secret("wr0ng")), a_mail())
        assert "wr0ng" not in f"{caught.value.message}{caught.value.hint}"
        assert not isinstance(caught.value, NotTakenError)  # not the mail's fault: it can be sent when that is mended
        with pytest.raises(InvalidCallError, match="SMTP cannot carry"):
            send_mail(server_of(box, **known, password=Secret("größer")), a_mail())
    with running_mail_server(tmp_path) as box, pytest.raises(OutsideFailedError, match="offers no login"):
        send_mail(server_of(box, security="none", user="calls", password=Secret("right")), a_mail())


def test_a_receiver_refused_for_good_or_for_now(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        box.answers["olga@example.org"] = "550 5.1.1 <olga@example.org>: no such mailbox"
        with pytest.raises(NotTakenError, match=r"refused the receiver for good: 550 5\.1\.1 <address>") as caught:
            send_mail(server_of(box, security="none"), a_mail())
        assert caught.value.lasting
        assert "olga" not in caught.value.message
        box.answers["olga@example.org"] = "451 4.7.1 come back later"
        with pytest.raises(NotTakenError, match="did not take the receiver now: 451") as caught:
            send_mail(server_of(box, security="none"), a_mail())
        assert not caught.value.lasting
        box.answers.clear()
        box.text_answer = "554 5.6.0 too long"
        with pytest.raises(NotTakenError, match="refused the mail for good: 554") as caught:
            send_mail(server_of(box, security="none"), a_mail())
        assert caught.value.lasting
        assert box.taken == []


def test_refused_for_some_is_not_taken_for_sent_nor_for_failed(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        box.answers["piet@example.org"] = "550 no such mailbox"
        with pytest.raises(PartlyTakenError, match="refused 1 of 2 receivers: 550 no such mailbox") as caught:
            send_mail(server_of(box, security="none"), a_mail("olga@example.org", "piet@example.org"))
        assert caught.value.refused == ("piet@example.org",)
        assert box.receivers == [["olga@example.org"]]


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        send_mail(server_of(box, security="none"), a_mail("zoë@example.org"))
        assert box.receivers == [["zoë@example.org"]]
    with running_mail_server(tmp_path, utf8=False) as box:
        with pytest.raises(NotTakenError, match="letters beyond ASCII") as caught:
            send_mail(server_of(box, security="none"), a_mail("zoë@example.org"))
        assert caught.value.lasting
        assert box.taken == []


def test_a_connection_lost_after_the_text_leaves_it_open(tmp_path: Path) -> None:
    with running_mail_server(tmp_path) as box:
        box.hang_up = True
        with pytest.raises(NotKnownIfTakenError, match="not known whether it went out"):
            send_mail(server_of(box, security="none"), a_mail())


def test_a_server_that_is_not_there_or_says_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(OutsideFailedError, match=r"did not answer within 0\.2 s"):
            send_mail(MailServer("127.0.0.1", port, "none", timeout=0.2), a_mail())
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets the port meanwhile
        with pytest.raises(OutsideFailedError, match="cannot be reached: Connection refused"):
            send_mail(MailServer("127.0.0.1", held.getsockname()[1], "none", timeout=30), a_mail())


@pytest.mark.parametrize("greeting", [b"554 not you\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_server_that_takes_nothing_or_speaks_something_else(greeting: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def answer() -> None:
            there, _ = listening.accept()
            with there:
                there.sendall(greeting)

        thread = Thread(target=answer)
        thread.start()
        with pytest.raises(OutsideFailedError, match=r"does not take mail from here|broke off"):
            send_mail(MailServer("127.0.0.1", listening.getsockname()[1], "none", timeout=5), a_mail())
        thread.join()


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing\n")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(InvalidCallError, match="cannot be read"):
            send_mail(MailServer("localhost", ca_file=tmp_path / name), a_mail())
