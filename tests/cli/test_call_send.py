"""`call send` and `call sendings`: lists go out by mail through a real server, once, and what did not is seen."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.support.command import Finished, run_here
from tests.support.mail_server import MailBox, running_mail_server

STAFF = """key,name,email,manager
olga,Olga Example,olga@example.org,kim
piet,Piet Example,piet@example.org,kim
kim,Kim Example,kim@example.org,
"""


class Office:
    """The shop, with its people, and a mail server."""

    def __init__(self, folder: Path, box: MailBox) -> None:
        self.folder, self.box = folder, box
        self.staff(STAFF)
        self.settings()

    def settings(self, more: str = "") -> None:
        path = self.folder / "releasewatch.toml"
        text = path.read_text("utf-8").partition("\n[mail]")[0]
        mail = f'\n[mail]\nhost = "localhost"\nport = {self.box.port}\nsecurity = "none"\nfrom = "calls@example.org"\n'
        path.write_text(f"{text}{mail}{more}", "utf-8")

    def staff(self, text: str) -> None:
        (self.folder / "staff.csv").write_text(text, "utf-8")
        assert self.run("staff", "import", "staff.csv", "-q").status == 0

    def run(self, *words: str) -> Finished:
        return run_here(*words, cwd=self.folder)

    def send(self, *words: str) -> Finished:
        return self.run("call", "send", "--deployment", "last", *words, "--format", "json")


BOUNCE = """From: MAILER-DAEMON@mail.example.org
To: calls@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; olga@example.org
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 <olga@example.org> has no room left

--B
Content-Type: text/rfc822-headers

Message-ID: {}
--B--
"""


@pytest.fixture
def office(shop, tmp_path):
    with running_mail_server(tmp_path) as box:
        made = Office(shop.path, box)
        assert made.run("call", "plan", "--deployment", "last", "-q").status == 0
        yield made


def test_the_story_of_a_list_that_goes_out_comes_back_and_goes_out_again(office):
    tried = office.send("--dry-run").document
    assert ([one["outcome"] for one in tried["mails"]], tried["dry_run"], office.box.taken) == (["sent"], True, [])
    assert office.run("call", "sendings").out == "No list was mailed.\n"

    sent = office.send()
    assert sent.status == 0, sent.err
    (one,) = sent.document["mails"]  # piet's customer is to be left alone
    assert (one["outcome"], one["receiver"], one["withheld"]) == ("sent", None, ["receiver"])
    assert sent.document["customers_to_nobody"] == 1
    assert "1 customer on it is kept by nobody" in sent.err
    (mail,) = office.box.taken
    look_at_the_mail(mail)
    again = office.send("--reveal", "names", "--again", "to be sure").document
    assert [(one["receiver"], one["outcome"]) for one in again["mails"]] == [("olga", "already_sent")]
    assert len(office.box.taken) == 1

    (office.folder / "back.eml").write_text(BOUNCE.format(mail["Message-ID"]), "utf-8")
    read = office.run("call", "send", "--bounced", "back.eml", "--format", "json").document
    assert (read["mails"], len(read["bounced"]), read["not_ours"]) == (1, 1, 0)
    assert read["bounced"][0]["reason"] == "5.2.2 smtp; 552 <address> has no room left"
    twice = office.run("call", "send", "--bounced", "back.eml")
    assert twice.out.startswith("1 mail read: 0 of our lists came back, 1 known")
    bounced = office.run("call", "send", "--deployment", "last")
    assert ("1 bounced" in bounced.out, bounced.status) == (True, 3)
    assert "--again WHY" in bounced.err
    assert office.send("--again", "there is room now").document["mails"][0]["outcome"] == "sent"
    first, second = office.box.taken
    assert first["Message-ID"] == second["Message-ID"]
    (listed,) = office.run("call", "sendings", "--list", "D-2", "--format", "json").document["sendings"]
    assert (listed["list"], listed["list_version"], listed["state"], listed["attempts"]) == ("D-2", 1, "sent", 2)
    for said in (sent, bounced, twice, office.run("call", "sendings")):
        assert not [word for word in ("olga", "Acme", "ada@", "4930") if word in said.out + said.err]


def look_at_the_mail(mail: Any) -> None:
    assert mail["To"] == "olga@example.org"
    assert mail["Subject"].startswith("D-2: 1 to call, 1 to write to, version 1 as of 20")
    html, plain = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    for text in (html, plain):
        assert all(word in text for word in ("Acme GmbH", "ada@acme.example", "Exports are CSV now."))
        assert not [word for word in ("Bolt", "Cask") if word in text]
    assert 'href="tel:+493023125101"' in html
    (book,) = mail.iter_attachments()
    assert book.get_filename() == "D-2-v1.xlsx"
    sheet = load_workbook(io.BytesIO(book.get_content()))["Calls"]
    assert "Acme GmbH" in {cell.value for row in sheet.iter_rows() for cell in row}


def test_what_goes_wrong_is_said_with_the_status_for_it(office):
    for words, status, says in (
        (("--deployment", "last", "--incident", "INC-1"), 2, "A deployment and an incident are named"),
        (("--deployment", "last", "--again", " "), 2, "not said why"),
        (("--deployment", "last", "--bounced", "x.eml"), 2, "--bounced reads a file and sends nothing"),
        (("--bounced", "x.eml"), 2, "x.eml cannot be read"),
        (("--bounced", "customers.csv"), 2, "customers.csv holds no mail"),
        (("--deployment", "last", "--account-manager", "nobody"), 2, "account manager"),
        ((), 2, "not said what the calls are about"),
    ):
        done = office.run("call", "send", *words, "--format", "json")
        assert (done.status, done.out) == (status, ""), done.err
        assert says in done.error["message"]
    assert office.run("call", "sendings", "--list", "D-2", "--incident", "INC-1").status == 2
    office.box.answers["olga@example.org"] = "450 4.2.0 greylisted"
    waits = office.send()
    assert (waits.status, waits.document["mails"][0]["outcome"]) == (3, "failed")
    assert waits.document["mails"][0]["reason"].endswith("450 4.2.0 greylisted.")
    office.box.answers["olga@example.org"] = "550 5.1.1 no such mailbox"
    for words in (("--again", "now"), ()):  # a pipeline sees it as long as it is so
        refused = office.send(*words)
        assert (refused.status, refused.document["mails"][0]["outcome"]) == (3, "refused")
    office.settings('timeout = 1\nreply_to = "Calls <calls@example.org>"\nport = 9\n')
    assert office.send().status == 2, "a setting that stands there twice is an error"
    text = (office.folder / "releasewatch.toml").read_text("utf-8").partition("\n[mail]")[0]
    (office.folder / "releasewatch.toml").write_text(text, "utf-8")
    assert "No mail server is set" in office.send().error["message"]


def test_a_server_that_is_away_ends_with_3_and_doctor_says_it(office):
    assert "ok    mail: localhost:" in office.run("doctor").out
    office.box.port = 1
    office.settings()
    away = office.send()
    assert (away.status, away.document["mails"][0]["outcome"]) == (3, "failed")
    assert "cannot be reached" in away.document["failure"]
    assert "fail  mail: The mail server localhost:1 cannot be reached" in office.run("doctor").out
