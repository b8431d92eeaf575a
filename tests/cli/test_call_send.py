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

    def send(self, *words: str) -> Any:
        return self.run("call", "send", "--deployment", "last", *words, "--format", "json").document

    def outcomes(self, *words: str) -> dict[str, str]:
        return {one["receiver"]: one["outcome"] for one in self.send("--reveal", "names", *words)["mails"]}


@pytest.fixture
def office(shop, tmp_path):
    with running_mail_server(tmp_path) as box:
        made = Office(shop.path, box)
        assert made.run("call", "plan", "--deployment", "last", "-q").status == 0
        yield made


def test_each_account_manager_gets_their_own_customers_once(office):
    sent = office.run("call", "send", "--deployment", "last", "--format", "json")
    assert sent.status == 0, sent.err
    (one,) = sent.document["mails"]  # piet's customer is to be left alone
    assert (one["outcome"], one["receiver"], one["withheld"]) == ("sent", None, ["receiver"])
    assert sent.document["customers_to_nobody"] == 1
    assert "1 customer on it is kept by nobody" in sent.err
    (mail,) = office.box.taken
    assert mail["To"] == "olga@example.org"
    assert mail["Subject"].startswith("D-2: 1 to call, 1 to write to, version 1 as of 20")
    html, plain = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    for text in (html, plain):
        assert "Acme GmbH" in text
        assert "ada@acme.example" in text
        assert "Exports are CSV now." in text
        assert not {"Bolt and Sons", "Cask Brewing"} & set(text.split("\n"))
        assert "Bolt" not in text
        assert "Cask" not in text
    assert 'href="tel:+493023125101"' in html
    (book,) = mail.iter_attachments()
    assert book.get_filename() == "D-2-v1.xlsx"
    sheet = load_workbook(io.BytesIO(book.get_content()))["Calls"]
    assert "Acme GmbH" in {cell.value for row in sheet.iter_rows() for cell in row}
    again = office.send("--reveal", "names")
    assert [one["outcome"] for one in again["mails"]] == ["already_sent"]
    assert len(office.box.taken) == 1
