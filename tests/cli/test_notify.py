"""Telling others, on the command line: to a real server on this machine, and never in the way."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Finished, run_here
from tests.support.http_server import Reply, Request, WebServer, running_server
from tests.support.mail_server import running_mail_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

CANARY = "canary-2b77"
RULES = """
[notify.oncall]
when = ["deployment_recorded", "incident_opened", "incident_resolved"]
to = "slack"
url = "env:RELEASEWATCH_SLACK"
"""


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        running.handler = lambda _: Reply(b"ok")
        yield running


@pytest.fixture(autouse=True)
def all_the_time_in_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is by now, what can be told at once is."""
    for name in ("_FOR", "_EACH", "_WHOLE"):
        monkeypatch.setattr(f"releasewatch.cli.telling.{name}", 60.0)


class Desk:
    """The shop with rules, run with or without the address of the receiver."""

    def __init__(self, shop: RepoBuilder, server: WebServer, rules: str = RULES) -> None:
        self.path: Path = shop.path
        self.server = server
        config = self.path / "releasewatch.toml"
        config.write_text(config.read_text(encoding="utf-8") + rules, encoding="utf-8")
        self.secrets = {"RELEASEWATCH_SLACK": f"{server.url}/services/{CANARY}", "RELEASEWATCH_ACTOR": "olga"}

    def run(self, *arguments: str, blind: bool = False, **more: str) -> Finished:
        env = {"RELEASEWATCH_ACTOR": "olga"} if blind else self.secrets
        done = run_here(*arguments, cwd=self.path, env={**env, **more})
        assert CANARY not in done.out + done.err
        return done

    def record(self, key: str = "k1", *more: str, blind: bool = False) -> Finished:
        return self.run(
            "deployment", "record", "--environment", "production", "--key", key, "--head", "HEAD", *more, blind=blind
        )

    def outbox(self, *more: str) -> list[dict[str, Any]]:
        done = self.run("outbox", "list", "--format", "json", *more)
        assert done.status == 0, done.err
        found: list[dict[str, Any]] = done.document["notifications"]
        return found

    def titles(self) -> list[str]:
        return [json.loads(one.body)["blocks"][0]["text"]["text"] for one in self.server.asked]


def test_a_deployment_is_told_at_once_and_once(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    assert desk.record().status == 0
    assert desk.record().status == 0  # the same again
    assert len(desk.titles()) == 1
    assert "shop to production" in desk.titles()[0]
    assert [one["state"] for one in desk.outbox("--all")] == ["sent"]
    assert desk.run("notify", "send").err == "Nothing waits.\n"


def test_a_receiver_that_is_down_is_in_nobodys_way(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    server.handler = lambda _: Reply(b"", 503)
    done = desk.record()
    assert done.status == 0
    assert "Not everybody was told" in done.err
    (waiting,) = desk.outbox()
    assert (waiting["state"], waiting["attempts"]) == ("waiting", 1)
    assert "503" in waiting["problem"]
    assert desk.run("outbox", "flush").err == "Nothing waits.\n"  # its next try is later
    failed = desk.run("outbox", "flush", "--all")
    assert failed.status == 3
    server.handler = lambda _: Reply(b"ok")
    assert desk.run("outbox", "flush", "--all").out == "N-1 (oncall, deployment_recorded) was sent\n"


def test_a_job_without_the_address_leaves_it_to_one_that_has_it(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    done = desk.record(blind=True)
    assert done.status == 0
    assert "told" not in done.err
    sent = desk.run("notify", "send", "--format", "json", blind=True)
    assert sent.document["left"] == [{"rule": "oncall", "waiting": 1, "reason": "RELEASEWATCH_SLACK is not set here"}]
    assert desk.outbox()[0]["attempts"] == 0
    (line,) = (one for one in desk.run("doctor", blind=True).out.splitlines() if "notify oncall" in one)
    assert line == "warn  notify oncall: RELEASEWATCH_SLACK is not set here; 1 waiting, 0 given up"
    assert desk.run("notify", "send").status == 0
    assert len(server.asked) == 1


def test_incidents_are_told(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    opened = desk.run(
        "incident", "open", "--title", "Invoices are late", "--component", "shop/invoicing", "--key", "M-1"
    )
    assert opened.status == 0, opened.err
    desk.run("incident", "open", "--title", "Invoices are late", "--key", "M-1")
    desk.run("incident", "update", "INC-1", "--severity", "SEV1")  # no rule is for that
    desk.run("incident", "resolve", "INC-1")
    desk.run("incident", "resolve", "INC-1")
    assert desk.titles() == ["INC-1 opened: Invoices are late", "INC-1 resolved: Invoices are late"]


def test_what_is_dropped_is_not_sent(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    desk.record(blind=True)
    assert desk.run("outbox", "drop", "N-1", "--why", "a drill").out == "N-1 is dropped.\n"
    assert desk.run("outbox", "drop", "n-1", "--why", "a drill").status == 0
    assert desk.run("notify", "send").err == "Nothing waits.\n"
    (dropped,) = desk.outbox("--state", "dropped")
    assert (dropped["why"], dropped["withheld"]) == (None, ["by", "why"])
    assert server.asked == []
    assert desk.run("outbox", "drop", "N-9", "--why", "x").status == 2
    assert desk.run("outbox", "drop", "x", "--why", "x").status == 2
    assert desk.run("outbox", "drop", "N-1", "--why", " ").status == 2


EVERYWHERE = """
[notify.chat]
when = ["deployment_recorded", "incident_opened"]
to = "slack"
url = "env:RELEASEWATCH_SLACK"
[notify.teams]
when = ["deployment_recorded"]
to = "teams"
url = "env:RELEASEWATCH_TEAMS"
[notify.hook]
when = ["deployment_recorded"]
to = "webhook"
url = "env:RELEASEWATCH_HOOK"
key = "env:RELEASEWATCH_HOOK_KEY"
[notify.pager]
when = ["deployment_recorded"]
to = "pagerduty"
url = "env:RELEASEWATCH_PAGER"
key = "env:RELEASEWATCH_PAGER_KEY"
[notify.log]
when = ["deployment_recorded"]
to = "console"
[notify.some]
when = ["exposure_over"]
exposure_over = 2
to = "console"
[notify.many]
when = ["exposure_over"]
exposure_over = 500
to = "console"
[notify.staging]
when = ["deployment_recorded"]
environments = ["staging"]
to = "console"
"""


def everywhere(server: WebServer, key: str) -> dict[str, str]:
    names = ("SLACK", "TEAMS", "HOOK", "PAGER")
    urls = {f"RELEASEWATCH_{name}": f"{server.url}/{name.lower()}/{CANARY}?token={CANARY}" for name in names}
    return {**urls, "RELEASEWATCH_HOOK_KEY": key, "RELEASEWATCH_PAGER_KEY": f"{CANARY}-routing"}


def test_every_kind_of_receiver_gets_it_and_holds_no_name(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server, EVERYWHERE)
    desk.secrets |= everywhere(server, base64.b64encode(b"k" * 32).decode())
    shop.commit("feat: totals for Acme GmbH", {"services/invoicing/total.py": "7"})
    done = desk.record()
    assert done.status == 0, done.err
    assert sorted(path.split("/")[1] for path in server.paths()) == ["hook", "pager", "slack", "teams"]
    states = {one["rule"]: one["state"] for one in desk.outbox("--all")}
    told = dict.fromkeys(("chat", "teams", "hook", "pager", "log", "some"), "sent")
    assert states == {**told, "many": "not_needed"}
    assert done.err.count("shop to production") == 2, "the console rules"
    for one in server.asked:
        text = one.body.decode()
        assert not [word for word in ("Acme", "Bolt and Sons", "Ada Example", "@", "olga") if word in text]
    counts = json.loads(next(one for one in server.asked if one.path.startswith("/hook")).body)["data"]
    assert (counts["environment"], counts["customers"]) == ("production", 4)


def faults(request: Request) -> Reply:
    """Another one for each receiver; the answers hold what a careless message would repeat."""
    return {
        "slack": Reply(CANARY.encode(), 404, {"X-Said": CANARY}),
        "teams": Reply(b"", 307, {"Location": f"http://127.0.0.1:1/{CANARY}"}),
        "hook": Reply(CANARY.encode(), 400),
        "pager": Reply(CANARY.encode(), 429, {"Retry-After": "600"}),
    }[request.path.split("/")[1]]


@pytest.mark.parametrize("here", [True, False], ids=["refused by the receivers", "never leaving"])
def test_no_secret_is_anywhere(shop: RepoBuilder, server: WebServer, tmp_path: Path, here: bool) -> None:
    desk = Desk(shop, server, EVERYWHERE)
    desk.secrets |= everywhere(server, base64.b64encode(b"k" * 32).decode())
    server.handler = faults
    if not here:
        desk.secrets |= {
            "RELEASEWATCH_SLACK": f"http://127.0.0.1:1/{CANARY}",  # nobody listens there
            "RELEASEWATCH_TEAMS": f"http://hooks.example/{CANARY}",  # without TLS
            "RELEASEWATCH_PAGER": CANARY,
            "RELEASEWATCH_HOOK_KEY": f"{CANARY} is no base64",
        }
    # `run` looks through the output of each.
    assert desk.record("k1", "-v").status == 0
    assert desk.run("outbox", "flush", "--all").status == 3
    assert desk.run("notify", "send", "--format", "json", "-v").status in (0, 3)
    for words in (("outbox", "list", "--all"), ("config", "show"), ("config", "check"), ("doctor",)):
        desk.run(*words, "-v")
    problems = {one["rule"]: one["problem"] for one in desk.outbox("--all") if one["problem"]}
    assert set(problems) == {"chat", "teams", "hook", "pager"}
    for file in (one for one in tmp_path.rglob("*") if one.is_file() and ".git" not in one.parts):
        assert CANARY.encode() not in file.read_bytes(), file


MAILED = """
[mail]
host = "localhost"
port = {port}
ca_file = "{ca_file}"
from = "Releases <calls@example.org>"
user = "us"
password = "env:RELEASEWATCH_MAIL_PASSWORD"
[notify.mailed]
when = ["incident_opened"]
to = "smtp"
addresses = ["oncall@example.org", "lead@example.org"]
"""


def test_a_mail_is_sent_again_under_the_same_id(shop: RepoBuilder, server: WebServer, tmp_path: Path) -> None:
    with running_mail_server(tmp_path, "starttls", login=True) as box:
        desk = Desk(shop, server, MAILED.format(port=box.port, ca_file=box.ca_file))
        desk.run("incident", "open", "--title", "Invoices are läte")
        assert desk.run("notify", "send").err == "1 for mailed wait: RELEASEWATCH_MAIL_PASSWORD is not set here.\n"
        desk.secrets["RELEASEWATCH_MAIL_PASSWORD"] = f"{CANARY} is wrong"
        assert desk.run("notify", "send").status == 3
        desk.secrets["RELEASEWATCH_MAIL_PASSWORD"] = "right"
        box.hang_up = True  # it has it, and does not say so
        assert desk.run("outbox", "flush", "--all").status == 3
        box.hang_up = False
        assert desk.run("outbox", "flush", "--all").status == 0
        first, second = box.taken
        assert first["Message-ID"] == second["Message-ID"] == f"<{desk.outbox('--all')[0]['key']}@example.org>"
        assert second["Subject"] == "INC-1 opened: Invoices are läte"
        assert box.receivers[1] == ["oncall@example.org", "lead@example.org"]
        assert "investigating" in second.get_content()
        box.text_answer = "550 no"
        desk.run("incident", "open", "--title", "Once more")
        assert [one["state"] for one in desk.outbox("--all")] == ["given_up", "sent"]


def test_where_there_is_no_ledger_none_is_made(tmp_path: Path) -> None:
    for words in (("notify", "send"), ("outbox", "flush", "--all"), ("outbox", "list")):
        assert run_here(*words, cwd=tmp_path).status == 0
    assert list(tmp_path.iterdir()) == []


def test_a_rehearsal_tells_nobody(shop: RepoBuilder, server: WebServer) -> None:
    desk = Desk(shop, server)
    assert desk.record("k1", "--dry-run").status == 0
    assert desk.run("deployment", "plan", "--environment", "production").status == 0
    assert desk.outbox("--all") == []
    assert server.asked == []
