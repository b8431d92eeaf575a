"""`config push|check|log`: the organisation's settings once for every repo, and what no repo's file may hold then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"
[components.invoicing]
paths = ["inv/**"]
[components.checkout]
paths = ["out/**"]
"""

ORGANISATION = """
[environments.production]
regions = ["eu", "us"]
[environments.qa]
tier = "production"
[products.business]
components = ["shop/invoicing"]
[directory.default]
kind = "csv"
customers = "customers.csv"
entitlements = "entitlements.csv"
without_entitlement = "all"
[ranking]
reach_direct = 31
"""

AWAY = {"RELEASEWATCH_DATABASE_URL": "postgresql://ada:canary-7f3a@127.0.0.1:1/ledger"}


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with a file of its own, the organisation's beside it, and two customers."""
    repo = RepoBuilder(tmp_path / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, "inv/a": "1", "out/a": "1", ".gitignore": "*.csv\n"})
    (repo.path / "organisation.toml").write_text(ORGANISATION)
    (repo.path / "customers.csv").write_text("key,name\nacme,Acme GmbH\nbolt,Bolt\n")
    (repo.path / "entitlements.csv").write_text("customer,product\nacme,business\n")
    return repo


def run(repo: RepoBuilder, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run_here(*words, cwd=repo.path, env={"RELEASEWATCH_ACTOR": "ada"} | (env or {}))


def push(repo: RepoBuilder, *words: str) -> Finished:
    done = run(repo, "config", "push", *words)
    assert done.status == 0, done.err
    return done


def test_a_push_prints_what_changed_and_who_is_kept(shop: RepoBuilder) -> None:
    first = push(shop, "--why", "the first one")
    assert first.out.splitlines()[0] == "Organisation settings, version 1 (the first):"
    assert "  + ranking.reach_direct = 31" in first.out
    (shop.path / "organisation.toml").write_text(ORGANISATION.replace("31", "32").replace('tier = "production"', ""))
    second = push(shop, "--by", "bob")
    assert second.out.splitlines() == [
        "Organisation settings, version 2 (was version 1):",
        "  + environments.qa = {}",
        '  - environments.qa.tier = "production"',
        "  ~ ranking.reach_direct: 31 -> 32",
    ]
    assert push(shop).out == "The same as version 2: nothing to push.\n"
    versions = run(shop, "config", "log", "--format", "json").document["versions"]
    assert [(one["version"], one["recorded_by"], one["why"]) for one in versions] == [
        (2, "bob", None),
        (1, "ada", "the first one"),
    ]
    assert "by ada: the first one" in run(shop, "config", "log").out


def test_a_dry_run_shows_and_leaves_nothing(shop: RepoBuilder) -> None:
    shown = push(shop, "--dry-run", "--format", "json").document
    assert (shown["version"], shown["pushed"], shown["dry_run"]) == (None, False, True)
    assert shown["changes"]
    assert not (shop.path / ".releasewatch").exists()
    push(shop)
    (shop.path / "organisation.toml").write_text("")
    assert "Would be version 2 (was version 1):" in push(shop, "--dry-run", "--accept-ending", "5").out
    assert len(run(shop, "config", "log", "--format", "json").document["versions"]) == 1


def test_every_repo_reads_them_from_the_ledger(shop: RepoBuilder, tmp_path: Path) -> None:
    push(shop)
    other = RepoBuilder(tmp_path / "bank")
    ledger = ("--database", str(shop.path / ".releasewatch" / "ledger.db"))
    other.commit("Start", {"releasewatch.toml": '[components.books]\npaths = ["**"]\n'})
    shown = run(other, "config", "show", "--format", "json", *ledger).document
    assert shown["settings_version"] == 1
    found = {one["key"]: (one["value"], one["source"]) for one in shown["settings"]}
    assert found["ranking.reach_direct"] == (31, "organisation settings, version 1")
    assert found["ranking.reach_named"] == (40, "default")
    assert found["components.books.paths"] == (["**"], "releasewatch.toml")


def test_a_version_is_shown_as_it_was_written(shop: RepoBuilder) -> None:
    push(shop)
    shown = run(shop, "config", "show", "--version", "1", "--format", "json").document
    assert {one["key"]: one["value"] for one in shown["settings"]}["ranking.reach_direct"] == 31
    assert (shown["version"], shown["recorded_by"]) == (1, "ada")
    missing = run(shop, "config", "show", "--version", "2", "--format", "json")
    assert (missing.status, missing.out, missing.error["code"]) == (2, "", "unknown_name")


def test_lists_use_the_settings_and_name_their_version(shop: RepoBuilder) -> None:
    push(shop)
    imported = run(shop, "customer", "import", "--format", "json")
    assert imported.status == 0, imported.err
    record = ("deployment", "record", "-q", "--format", "json", "--environment")
    # Only the organisation says that qa counts as production: an entitlement without an environment is meant there.
    assert run(shop, *record, "qa").status == 0
    shop.commit("Change it", {"inv/a": "2"})
    recorded = run(shop, *record, "qa").document
    # acme by the product, bolt because the directory says that those without entitlement are reached
    assert recorded["exposure"]["customers"] == 2
    planned = run(shop, "call", "plan", "--deployment", "last", "--format", "json", "-q").document
    assert (planned["list_version"], planned["settings_version"]) == (1, 1)
    listed = run(shop, "call", "list", "--deployment", "last", "--format", "json", "-q").document
    assert listed["settings_version"] == 1
    assert {one["customer"]: one["parts"]["reach"] for one in listed["calls"]}["acme"] == 31
    for form, words in (("md", "organisation settings, version 1"), ("html", "organisation settings, version 1")):
        assert words in run(shop, "call", "render", "--deployment", "last", "--format", form, "-q").out
    rows = run(shop, "call", "render", "--deployment", "last", "--format", "csv", "-q").out.splitlines()
    assert rows[0].endswith("list_version,settings_version")
    assert rows[1].endswith(",1,1")

    (shop.path / "organisation.toml").write_text(ORGANISATION.replace("31", "2"))
    push(shop)
    again = run(shop, "call", "plan", "--deployment", "last", "--format", "json", "-q").document
    assert (again["list_version"], again["settings_version"]) == (2, 2)


def test_without_a_push_lists_name_no_version(shop: RepoBuilder) -> None:
    for _ in range(2):
        assert run(shop, "deployment", "record", "--environment", "production", "-q").status == 0
    listed = run(shop, "call", "list", "--deployment", "last", "--format", "json", "-q").document
    assert listed["settings_version"] is None
    rendered = run(shop, "call", "render", "--deployment", "last", "-q").out
    assert "organisation settings" not in rendered


def test_a_list_as_known_at_an_instant_uses_the_settings_of_then(shop: RepoBuilder) -> None:
    push(shop)
    assert run(shop, "customer", "import").status == 0
    record = ("deployment", "record", "-q", "--environment", "production")
    assert run(shop, *record).status == 0
    shop.commit("Change it", {"inv/a": "2"})
    assert run(shop, *record, "--format", "json").document["exposure"]["customers"] == 2
    (shop.path / "organisation.toml").write_text(ORGANISATION.replace('"all"', '"none"'))
    push(shop)
    versions = run(shop, "config", "log", "--format", "json").document["versions"]

    def reached(*words: str) -> int:
        listed = run(shop, "exposure", "list", "--deployment", "last", "--format", "json", "-q", *words)
        assert listed.status == 0, listed.err
        return int(listed.document["counts"]["customers"])

    assert reached() == 1
    assert reached("--known-at", versions[0]["recorded_at"]) == 1
    just_before = datetime.fromisoformat(versions[0]["recorded_at"]) - timedelta(microseconds=1)
    assert reached("--known-at", just_before.isoformat()) == 2


# What a repo's own file may not hold then


@pytest.mark.parametrize(
    "words",
    [
        ("config", "show"),
        ("config", "check"),
        ("deployment", "record", "--environment", "production"),
        ("customer", "import", "--customers", "customers.csv"),
        ("customer", "list"),
    ],
)
def test_a_repos_file_that_holds_such_a_table_is_refused(shop: RepoBuilder, words: tuple[str, ...]) -> None:
    push(shop)
    (shop.path / "releasewatch.toml").write_text(CONFIG + "[calling]\n")
    done = run(shop, *words, "--format", "json")
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_config")
    assert "releasewatch.toml: [calling] stands in the organisation's settings (version 1" in done.error["message"]
    assert "config push" in done.error["hint"]


def test_a_push_says_which_file_is_refused_from_now_on(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text(CONFIG + "[calling]\n[notes]\n")
    assert "releasewatch.toml holds [notes], [calling] too, and is refused from now on" in push(shop).err
    # Whoever mends it can still push, and what needs no settings of the organisation still works.
    (shop.path / "organisation.toml").write_text("[ranking]\n")
    push(shop, "--accept-ending", "4")
    assert run(shop, "notes", "render", "--from", "HEAD", "--to", "HEAD").status == 0
    assert run(shop, "catalog", "show").status == 0
    checks = {one["name"]: one for one in run(shop, "doctor", "--format", "json").document["checks"]}
    assert "[notes]" in checks["organisation"]["text"]


def test_a_first_push_asks_where_the_repos_own_file_says_more(shop: RepoBuilder) -> None:
    own = '[environments.canary]\n[products.starter]\ncomponents = ["shop/checkout"]\n[calling]\nclaim_for = 30\n'
    text = CONFIG + own + '[products.business]\ncomponents = ["shop/invoicing"]\n'
    (shop.path / "releasewatch.toml").write_text(text)
    assert run(shop, "deployment", "record", "--environment", "production", "-q").status == 0
    (shop.path / "entitlements.csv").write_text("customer,product\nacme,business\nbolt,starter\n")
    files = ("--customers", "customers.csv", "--entitlements", "entitlements.csv")
    assert run(shop, "customer", "import", *files, "-q").status == 0
    for words in ((), ("--dry-run",), ("--accept-ending", "2")):
        done = run(shop, "config", "push", "--format", "json", *words)
        assert (done.status, done.out) == (4, "")
        assert "[calling], [environments.canary], [products.starter]." in done.error["message"]
        assert "Products that would end: starter (1 entitlement)." in done.error["message"]
        assert "--accept-ending 3" in done.error["hint"]
    assert run(shop, "config", "log").out == ""
    assert run(shop, "config", "push", "--accept-ending", "3").status == 0


def test_a_push_that_takes_most_away_asks(shop: RepoBuilder) -> None:
    push(shop)
    file = shop.path / "organisation.toml"
    for text, going in (("", 5), ('[environments.qa]\ntier = "production"\n', 4)):
        file.write_text(text)
        for words in ((), ("--dry-run",), ("--accept-ending", "3")):
            done = run(shop, "config", "push", "--format", "json", *words)
            assert (done.status, done.out) == (4, "")
            assert (
                f"take away {going} of 5 tables of the organisation's settings; nothing was changed"
                in done.error["message"]
            )
            assert f"--accept-ending {going}" in done.error["hint"]
        assert "reach_direct" in run(shop, "config", "check", "organisation.toml").out
    assert run(shop, "config", "log", "--format", "json").document["versions"][0]["version"] == 1
    assert run(shop, "config", "push", "--accept-ending", "4").status == 0


def test_a_check_says_as_what_it_checked(shop: RepoBuilder) -> None:
    both = ORGANISATION + '[components.x]\npaths = ["x/**"]\n'
    (shop.path / "o2.toml").write_text(both)
    done = run(shop, "config", "check", "o2.toml")
    assert (done.status, done.out) == (0, "o2.toml, checked as a repo's own settings: nothing wrong.\n")
    (shop.path / "organisation2.toml").write_text(both)
    assert "this table is a repo's own" in run(shop, "config", "check", "organisation2.toml").err
    assert "organisation.toml, checked as the organisation's settings" in run(shop, "config", "check").out


def test_doctor_names_the_version_in_force(shop: RepoBuilder) -> None:
    assert "organisation" not in run(shop, "doctor", "--format", "json").out
    push(shop)
    checks = {one["name"]: one for one in run(shop, "doctor", "--format", "json").document["checks"]}
    assert checks["organisation"]["text"] == "organisation settings, version 1, in force for every repo"


# Errors


@pytest.mark.parametrize("verb", ["push", "check"])
def test_a_wrong_file_is_refused_with_file_key_and_value(shop: RepoBuilder, verb: str) -> None:
    (shop.path / "organisation.toml").write_text("[ranking]\nbraking = 3\n")
    done = run(shop, "config", verb, "organisation.toml", "--format", "json")
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_config")
    wanted = 'organisation.toml: ranking.braking = 3: there is no such setting; did you mean "breaking"?'
    assert done.error["message"] == wanted
    assert not (shop.path / ".releasewatch").exists()


@pytest.mark.parametrize("verb", ["push", "check"])
def test_a_password_is_refused_and_not_repeated(shop: RepoBuilder, verb: str) -> None:
    (shop.path / "organisation.toml").write_text(ORGANISATION + '[directory.x]\npassword = "canary-7f3a"\n')
    done = run(shop, "config", verb, "organisation.toml")
    assert (done.status, done.out) == (2, "")
    assert "a password or token must not stand here" in done.err
    assert "canary" not in done.err


def test_a_push_needs_a_file_and_somebody(shop: RepoBuilder) -> None:
    nobody = run(shop, "config", "push", env={"RELEASEWATCH_ACTOR": ""})
    assert nobody.status == 2
    assert "--by NAME" in nobody.err
    missing = run(shop, "config", "push", "none.toml")
    assert (missing.status, missing.out) == (2, "")
    assert "none.toml" in missing.err
    (shop.path / "organisation.toml").unlink()
    none = run(shop, "config", "push")
    assert "There is no organisation.toml here" in none.err
    own = run(shop, "config", "push", "releasewatch.toml")
    assert own.status == 2
    assert "this table is a repo's own" in own.err


def test_a_check_compares_with_what_was_pushed(shop: RepoBuilder) -> None:
    before = run(shop, "config", "check", "organisation.toml").out
    assert before.splitlines() == [
        "organisation.toml, checked as the organisation's settings: nothing wrong.",
        "Not compared with what was pushed: there is no ledger yet",
    ]
    push(shop)
    assert "The same as version 1 in the ledger." in run(shop, "config", "check").out
    (shop.path / "organisation.toml").write_text(ORGANISATION.replace("31", "33"))
    shown = run(shop, "config", "check", "--format", "json").document["files"]
    assert [one["kind"] for one in shown] == ["repo", "organisation"]
    assert shown[1]["version"] == 1
    assert shown[1]["changes"] == [{"key": "ranking.reach_direct", "change": "changed", "before": 31, "after": 33}]


def test_a_check_of_a_repos_file_by_name_opens_no_ledger(shop: RepoBuilder) -> None:
    done = run(shop, "config", "check", "releasewatch.toml", env=AWAY)
    assert (done.status, done.out, done.err) == (
        0,
        "releasewatch.toml, checked as a repo's own settings: nothing wrong.\n",
        "",
    )


# A ledger that is away


def test_a_ledger_that_is_away_leaves_the_rest_to_be_shown(shop: RepoBuilder) -> None:
    done = run(shop, "config", "show", "--format", "json", env=AWAY)
    assert done.status == 0
    assert "Whether the organisation has settings of its own is not known." in done.err
    found = {one["key"]: (one["value"], one["source"]) for one in done.document["settings"]}
    assert found["components.invoicing.paths"] == (["inv/**"], "releasewatch.toml")
    assert found["ranking.breaking"] == (None, "not known: the ledger could not be read")
    checked = run(shop, "config", "check", env=AWAY)
    assert checked.status == 0
    assert "Not compared with what was pushed" in checked.out
    assert "canary" not in done.out + done.err + checked.out + checked.err


def test_notes_straight_from_git_do_without_it(shop: RepoBuilder) -> None:
    shop.commit("Change it", {"inv/a": "2"})
    done = run(shop, "notes", "render", "--from", "HEAD~1", "--to", "HEAD", env=AWAY)
    assert (done.status, done.err) == (0, "")
    assert "Change it" in done.out


def test_what_needs_the_ledger_says_that_it_is_away(shop: RepoBuilder) -> None:
    for words in (("config", "push"), ("config", "log"), ("deployment", "record", "--environment", "production")):
        done = run(shop, *words, "--format", "json", env=AWAY)
        assert (done.status, done.out) == (3, ""), words


def test_notes_for_customers_tell_subjects_as_the_organisation_says(shop: RepoBuilder) -> None:
    (shop.path / "organisation.toml").write_text('[notes]\nsubjects = "customer"\n')
    push(shop)
    shop.commit("fix: totals add up", {"inv/a": "2"})
    words = ("notes", "render", "--from", "HEAD~1", "--audience", "customer")
    assert "totals add up" in run(shop, *words).out.lower()
    assert "totals add up" not in run(shop, *words, "--no-ledger").out.lower()  # the narrower of the two
