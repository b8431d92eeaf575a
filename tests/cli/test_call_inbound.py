"""`releasewatch call inbound`: somebody on the line, a help desk's file, and what each channel may show of both."""

from __future__ import annotations

import pytest

from tests.support.command import run_command, run_here, run_on_terminal

BY = ("--by", "olga")
TICKETS = """Ticket ID;Organization;Created at;Subject;Body
SUP-1;acme;2026-03-01 14:02;exports hang;since noon
SUP-2;ada@acme.example;01.03.2026 14:05;Prüfung schlägt fehl;
SUP-3;nobody;2026-03-01 14:02;x;
SUP-4;acme;yesterday;x;
;acme;2026-03-01 14:02;x;
SUP-1;acme;2026-03-01 14:02;exports hang;since noon, again
"""


@pytest.fixture
def does(shop):
    def run(*words, status=0, env=None):
        done = run_here("call", *words, cwd=shop.path, env=env)
        assert done.status == status, done.err
        return done

    return run


def test_who_rings_is_kept_and_answered(does, shop):
    words = ("inbound", "--customer", "acme", "--note", "exports hang", "--quote", "It hangs!", *BY)
    done = does(*words, "--component", "invoicing", "--reference", "SUP-1", "--format", "json")
    report = done.document["report"]
    assert (report["id"], report["customer"], report["component"]) == ("R-1", "acme", "shop/invoicing")
    assert report["withheld"] == ["note", "quote", "reference", "by"]
    for name in ("exports", "SUP-1", "olga", "Acme", "Ada"):
        assert name not in done.out
    (deployment,) = done.document["deployments"]
    assert (deployment["deployment"], deployment["reach"], deployment["possible"]) == ("D-2", "direct", False)
    assert deployment["score"] == sum(one["points"] for one in deployment["why"])
    assert done.document["next"][0].startswith('releasewatch incident open --title "…" --detected-by customer')
    again = does(*words, "--reference", "sup-1")
    assert again.out.splitlines()[0].startswith("R-1 of acme, ")
    assert "recorded before" in again.out.splitlines()[0]
    loud = does("inbound", "--customer", "bolt", "--note", "checkout is odd", *BY)
    assert loud.err.startswith("TELL ON-CALL: 2 customers (acme, bolt) reached us since ")
    assert "share D-2." in loud.out
    loud = does("inbound", "--customer", "bolt", "--note", "checkout is odd", "--format", "json", *BY)
    assert loud.document["tell_on_call"]["customers"] == ["acme", "bolt"]
    shown = run_on_terminal("call", "inbound", "--customer", "dent", "--note", "slow", *BY, cwd=shop.path)
    assert "it is uncertain that it reached them" in shown


def test_on_call_is_told_at_once_by_a_rule(does, shop, monkeypatch):
    for name in ("_FOR", "_EACH", "_WHOLE"):
        monkeypatch.setattr(f"releasewatch.cli.telling.{name}", 60.0)
    rule = '[notify.oncall]\nwhen = ["reports_together"]\nto = "console"\n'
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + rule, "utf-8")
    for words in (("--customer", "acme", "--note", "hangs"), ("--customer", "bolt", "--note", "hangs")):
        done = does("inbound", *words, *BY)
    assert "2 customers reached us within hours, and share D-2" in done.err
    again = does("inbound", "--customer", "dent", "--note", "hangs", *BY)
    assert "TELL ON-CALL: 3 customers" in again.err
    assert "within hours" not in again.err, "it is the same alarm, on the same day"
    waiting = run_here("outbox", "list", "--all", "--format", "json", cwd=shop.path).document["notifications"]
    assert [(one["kind"], one["subject"], one["state"]) for one in waiting] == [("reports_together", "D-2", "sent")]


def test_an_incident_that_holds_them_is_named_first(does, shop):
    opened = run_here("incident", "open", "--title", "down", "--deployment", "two", "--severity", "SEV1", cwd=shop.path)
    assert opened.status == 0
    does("plan", "--incident", "INC-1")
    done = does("inbound", "--customer", "acme", "--note", "hangs", "--format", "json", *BY).document
    assert [(one["incident"], one["state"], one["first"]) for one in done["incidents"]] == [
        ("INC-1", "presumed", "they")
    ]
    assert done["open_call"] == done["incidents"][0]["call"] is not None
    assert done["next"][:2] == [
        f"releasewatch call log {done['open_call']} --disposition connected --outcome affected",
        'releasewatch incident impact INC-1 --confirm acme --why "they told us: R-1"',
    ]


def test_in_the_log_of_a_public_repository_stands_nobody(does):
    env = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_VISIBILITY": "public"}
    for form in ("json", "table"):
        does("inbound", "--customer", "bolt", "--note", "checkout is odd", *BY, env=env)
        done = does("inbound", "--customer", "acme", "--note", "hangs", "--format", form, *BY, env=env)
        for name in ("hangs", "acme", "bolt", "olga"):
            assert name not in done.out + done.err
        assert "TELL ON-CALL: 2 customers reached us" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "not said who reached us"),
        (("--customer", "acme", "--file", "customers.csv"), "a file is given too"),
        (("--customer", "acme"), "not said what they told us"),
        (("--customer", "acme", "--note", "x", "--zone", "UTC"), "--zone is about a file"),
        (("--file", "customers.csv", "--note", "x"), "--note is about one report"),
        (("--file", "customers.csv"), "lacks the column"),
        (("--file", "customers.csv", "--column", "when=key"), "does not say which column"),
        (("--file", "customers.csv", "--zone", "Mars/Base"), "no time zone"),
        (("--customer", "nobody", "--note", "x"), "no customer 'nobody'"),
        (("--customer", "acme", "--note", "x", "--component", "nothing"), "no component 'nothing'"),
        (("--customer", "acme", "--note", "x", "--at", "2099-01-01"), "in the future"),
        (("--customer", "acme", "--note", "x", "--at", "1999-01-01"), "years ago"),
    ],
)
def test_what_is_wrong_is_said(does, words, message):
    done = does("inbound", *words, *BY, status=2)
    assert message in done.err
    assert done.out == ""


def test_a_help_desks_file_is_taken_once(does, shop):
    (shop.path / "tickets.csv").write_bytes(TICKETS.encode("cp1252"))
    run_here("customer", "alias", "acme", "--add", "acme.example", "--why", "domain", *BY, cwd=shop.path)
    words = ("inbound", "--file", "tickets.csv", "--column", "note=Body", "--zone", "Europe/Berlin", *BY)
    dry = does(*words, "--dry-run", "--format", "json").document["import"]
    assert (dry["added"], dry["rejected"], dry["repeated"], dry["dry_run"]) == (2, 3, 1, True)
    strict = does(*words, "--strict", status=1)
    assert "Nothing was taken" in strict.err
    first = does(*words, "--format", "json").document
    counts = first["import"]
    assert (counts["read"], counts["added"], counts["changed"], counts["rejected"]) == (6, 2, 0, 3)
    assert first["rejected"] == [
        {"line": 4, "column": "organization", "reason": "names no customer, by key or alias"},
        {
            "line": 5,
            "column": "created at",
            "reason": "is no ISO 8601 date or RFC 3339 time; write it as 2026-12-31",
        },
        {"line": 6, "column": "ticket id", "reason": "is empty"},
    ]
    again = does(*words)
    assert again.out.splitlines()[0] == "6 tickets read: 2 unchanged, 1 there twice, 3 rejected."
    exported = run_here("customer", "export", "acme", "-o", "all.json", cwd=shop.path)
    assert exported.status == 0, exported.err
    held = (shop.path / "all.json").read_text("utf-8")
    assert "Prüfung schlägt fehl" in held
    assert "2026-03-01T13:05:00Z" in held, "a time without a zone is of --zone"
    assert "since noon, again" in held
    (shop.path / "tickets.csv").write_text(
        "reference,customer,opened_at,subject\nSUP-1,bolt,2026-03-01T13:02:00Z,exports hang\n", "utf-8"
    )
    moved = does("inbound", "--file", "tickets.csv", *BY, "--format", "json").document["import"]
    assert (moved["moved"], moved["added"]) == (1, 0)
    again = does("inbound", "--file", "tickets.csv", *BY, "--format", "json").document["import"]
    assert (again["moved"], again["unchanged"]) == (0, 1)


def test_what_one_of_us_noted_stands_above_the_file(does, shop):
    does("inbound", "--customer", "acme", "--note", "by hand", "--reference", "SUP-1", *BY)
    (shop.path / "tickets.csv").write_text(
        "reference,customer,opened_at,subject\nsup-1,acme,2026-03-01T13:02:00Z,another\n", "utf-8"
    )
    taken = does("inbound", "--file", "tickets.csv", *BY, "--format", "json").document["import"]
    assert (taken["noted"], taken["added"], taken["changed"]) == (1, 0, 0)


def test_a_file_by_stdin(shop):
    text = "reference,customer,opened_at\nT-1,acme,2026-03-01T13:02:00Z\n"
    (shop.path / "t.csv").write_text(text, "utf-8")
    words = ("call", "inbound", "--file", "-", *BY)
    done = run_command(*words, cwd=shop.path, through=("sh", "-c", 'exec "$@" < t.csv', "sh"))
    assert done.status == 0, done.err
    assert done.out == "1 ticket read: 1 added.\n"


def test_a_requester_is_known_by_their_address_where_it_is_one_customers_alone(does, shop):
    shop.path.joinpath("shared.csv").write_text(
        "customer,name,email\nacme,Ada Example,ada@acme.example; Both@agency.example\nbolt,Ben,both@agency.example\n",
        "utf-8",
    )
    taken = run_here("customer", "import", "--changes", "--contacts", "shared.csv", cwd=shop.path)
    assert taken.status == 0, taken.err
    words = ("Di Example <DI@dent.example>", "both@agency.example", "someone@acme.example")
    rows = "".join(f"{place},{who},2026-03-01T0{place}:00:00Z,hangs\n" for place, who in enumerate(words, 1))
    shop.path.joinpath("tickets.csv").write_text(f"reference,customer,opened_at,note\n{rows}", "utf-8")
    found = does("inbound", "--file", "tickets.csv", "--format", "json", *BY).document
    assert (found["import"]["added"], [(one["line"], one["reason"]) for one in found["rejected"]]) == (
        1,
        [
            (3, "is the mail address of contacts of several customers"),
            (4, "names no customer, by key or alias, and is no contact's mail address"),
        ],
    )
    known = run_here("customer", "alias", "acme", "--add", "acme.example", "--why", "theirs", cwd=shop.path)
    assert known.status == 0, known.err
    again = does("inbound", "--file", "tickets.csv", "--format", "json", *BY).document["import"]
    assert (again["added"], again["unchanged"], again["rejected"]) == (1, 1, 1)
