"""Mails that came back, as mail servers write them: which one of ours it was, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from releasewatch.errors import InvalidCallError
from releasewatch.integrations.bounces import Bounce, read_bounces

POSTFIX = """From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: calls@example.org
Subject: Undelivered Mail Returned to Sender
Date: Sun, 1 Mar 2026 09:10:11 +0100
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

<olga@example.org>: host mx.example.org said: 550 5.1.1 no such mailbox

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
Arrival-Date: Sun, 1 Mar 2026 09:10:09 +0100

Final-Recipient: rfc822; olga@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <olga@example.org>: no such
    mailbox

--B
Content-Type: message/rfc822

From: calls@example.org
To: olga@example.org
Message-ID: <one@example.org>
Subject: INC-1

Text
--B--
"""
BACK = Bounce(
    "one@example.org", "5.1.1 smtp; 550 5.1.1 <address>: no such mailbox", datetime(2026, 3, 1, 8, 10, 11, tzinfo=UTC)
)


def bounces_in(folder: Path, text: str) -> list[tuple[Bounce, ...]]:
    (folder / "mail").write_bytes(text.encode("latin-1").replace(b"\n", b"\r\n"))
    return [one.bounces for one in read_bounces(folder / "mail")]


def test_a_mail_that_came_back_whole(tmp_path):
    assert bounces_in(tmp_path, POSTFIX) == [(BACK,)]


def test_with_the_head_of_the_mail_alone_or_only_what_it_answers_to(tmp_path):
    head, _, rest = POSTFIX.partition("Content-Type: message/rfc822\n\n")
    headers = rest.replace("Message-ID: <one@", "Message-ID:\n <one@")
    assert bounces_in(tmp_path, f"{head}Content-Type: text/rfc822-headers\n\n{headers}") == [(BACK,)]
    answered = (
        head.replace("Subject: Und", "References: <one@example.org>\nSubject: Und").removesuffix("--B\n") + "--B--\n"
    )
    assert bounces_in(tmp_path, answered) == [(BACK,)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Action: failed", "Action: delayed"),
        ("Action: failed", "Action: delivered"),
        ("message/delivery-status", "text/plain"),
        ("Message-ID: <one@example.org>", "X-Other: 1"),
        ("Action: failed\n", ""),
    ],
)
def test_what_is_no_word_of_a_failed_delivery(tmp_path, old, new):
    assert bounces_in(tmp_path, POSTFIX.replace(old, new)) == [()]


def test_without_a_day_or_a_reason(tmp_path):
    text = POSTFIX.replace("Date: Sun, 1 Mar 2026 09:10:11 +0100\n", "Date: yesterday\n", 1)
    text = text.replace("Status: 5.1.1\n", "").replace("Diagnostic-Code: smtp; 550 5.1.1", "X-Code:")
    assert bounces_in(tmp_path, text) == [(Bounce("one@example.org", "it was not delivered", None),)]


def test_a_mailbox_of_several(tmp_path):
    other = "From: ada@example.org\nSubject: Re: INC-1\n\nThanks\n\n"
    begin = "From MAILER-DAEMON Sun Mar  1 09:10:11 2026\n"
    (tmp_path / "box").write_text(f"{begin}{POSTFIX}\n{begin}{other}", "utf-8")
    assert [one.bounces for one in read_bounces(tmp_path / "box")] == [(BACK,), ()]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe" * 50, b"From ", b"From x\n\n", b"PK\x03\x04", b"Note: bring cake\n", b"key,name\n"]
)
def test_a_file_without_a_mail_is_refused(tmp_path, content):
    (tmp_path / "mail").write_bytes(content)
    with pytest.raises(InvalidCallError, match="mail holds no mail"):
        read_bounces(tmp_path / "mail")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InvalidCallError, match="No such file"):
        read_bounces(tmp_path / "none")
