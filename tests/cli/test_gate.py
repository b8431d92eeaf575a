"""`deployment plan` as a gate: rules, who is named where, approvals, and a ledger that is away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Finished, run_here

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

PLAN = ("deployment", "plan", "--environment", "production")
AWAY = "postgresql://127.0.0.1:1/ledger"
PUBLIC = {"CI": "true", "RELEASEWATCH_CI_RUN": "1", "RELEASEWATCH_CI_PUBLIC": "true"}


@pytest.fixture
def changed(shop: RepoBuilder) -> RepoBuilder:
    """The shop with a commit that changes invoicing: acme, cask and (possibly) dent directly, bolt over checkout."""
    shop.commit("fix: more", {"services/invoicing/c.py": "1"})
    return shop


def plan(shop: RepoBuilder, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run_here(*PLAN, "--format", "json", *words, cwd=shop.path, env=env)


def broken(shop: RepoBuilder, *rules: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The violations of some rules by rule."""
    done = plan(shop, *(word for rule in rules for word in ("--fail-on", rule)), env=env)
    found = {one["rule"]: one for one in done.document["violations"]}
    assert done.status == (1 if found else 0), done.err
    return found


def settings(shop: RepoBuilder, text: str) -> None:
    """Add to the repo's settings, in the work tree alone."""
    file = shop.path / "releasewatch.toml"
    file.write_text(file.read_text() + text)


def approve(shop: RepoBuilder, rule: str, *words: str) -> Finished:
    what = ("--head", "HEAD", "--rule", rule, "--why", "Acme agreed", "--by", "olga")
    return run_here("deployment", "approve", "--environment", "production", *what, *words, cwd=shop.path)


class TestRules:
    def test_a_broken_rule_ends_with_1_and_names_rule_count_and_customers(self, changed):
        found = broken(changed, "customers>2", "customers>3", "exposed>3", "exposed>4", "tier=GOLD", "customer=bolt")
        keys = {rule: [one["key"] for one in each["sample"]] for rule, each in found.items()}
        assert keys == {
            "customers>2": ["acme", "cask", "dent"],
            "exposed>3": ["acme", "bolt", "cask", "dent"],
            "tier=GOLD": ["acme"],
            "customer=bolt": ["bolt"],
        }
        assert [each["customers"] for each in found.values()] == [3, 4, 1, 1]
        assert found["customers>2"]["text"] == "It reaches 3 customers by name or directly; more than 2 is too many."

    def test_people_read_when_a_rule_was_passed_to_the_minute(self, changed):
        words = approve(changed, "customers>2").out
        assert re.search(r": approved \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", words), words
        comment = run_here(*PLAN, "--fail-on", "customers>2", "--format", "md", "-q", cwd=changed.path).out
        assert re.search(r"approved \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", comment), comment
        assert re.search(r"live since \d{4}-\d\d-\d\d \d\d:\d\d UTC;", comment), comment

    def test_without_rules_nothing_is_broken_and_a_comment_is_folded(self, changed):
        document = plan(changed).document
        assert (document["rules"], document["violations"], document["passed"]) == ([], [], [])
        assert "<details>" in run_here(*PLAN, "--format", "md", "-q", cwd=changed.path).out

    def test_a_customer_whom_nobody_knows_is_an_error_and_no_pass(self, changed):
        done = plan(changed, "--fail-on", "customer=acmee")
        assert (done.status, done.out, done.error["code"]) == (2, "", "unknown_name")

    def test_a_tier_that_nobody_ever_had_is_an_error_and_no_pass(self, changed):
        done = plan(changed, "--fail-on", "tier=glod")
        assert (done.status, done.out, done.error["code"]) == (2, "", "unknown_name")
        assert done.error["hint"] == "Did you mean gold?"

    def test_a_tier_before_there_are_customers_is_no_error(self, changed, tmp_path):
        url = {"RELEASEWATCH_DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}
        assert run_here("db", "upgrade", cwd=changed.path, env=url).status == 0
        assert plan(changed, "--fail-on", "tier=gold", env=url).status == 0

    def test_a_tier_that_nobody_has_any_more_is_said(self, changed):
        (changed.path / "customers.csv").write_text("key,name,customer_tier\nacme,Acme GmbH,silver\n")
        words = ("customer", "import", "--customers", "customers.csv", "--changes")
        assert run_here(*words, cwd=changed.path).status == 0
        done = plan(changed, "--fail-on", "tier=gold")
        assert (done.status, "No customer has the tier 'gold' today" in done.err) == (0, True), done.err

    def test_a_rule_that_is_none_stops_before_anything_is_asked(self, changed):
        done = plan(changed, "--fail-on", "customers>many")
        assert (done.status, done.out) == (2, "")
        assert "wanted customers>N" in done.error["message"]


def test_a_reason_for_nothing_is_refused(changed):
    done = run_here("deployment", "record", "--environment", "production", "--why", "a hotfix", cwd=changed.path)
    assert (done.status, "no rule is given" in done.err) == (2, True), done.err


class TestIncidents:
    def open(self, shop: RepoBuilder, component: str) -> None:
        opened = ("incident", "open", "--title", "bad", "--component", component, "--started-at", "5m")
        assert run_here(*opened, cwd=shop.path).status == 0

    def test_a_fix_passes_with_a_warning_while_the_incident_is_open(self, changed):
        self.open(changed, "invoicing")
        done = plan(changed, "--fail-on", "open-incident", "--fail-on", "customers>0", "--fixes", "INC-1")
        assert (done.status, done.document["violations"]) == (0, [])
        assert [(one["rule"], one["because"], one["ref"]) for one in done.document["passed"]] == [
            ("open-incident", "fixes", "INC-1"),
            ("customers>0", "fixes", "INC-1"),
        ]
        assert "Warning: Broken rules pass because the deployment fixes INC-1" in done.err
        assert run_here("incident", "resolve", "INC-1", "--why", "x", cwd=changed.path).status == 0
        late = plan(changed, "--fail-on", "customers>0", "--fixes", "INC-1")
        assert late.status == 1
        assert "INC-1 is resolved: that this fixes it lets no rule pass." in late.err

    def test_an_incident_that_nobody_knows_is_an_error(self, changed):
        assert plan(changed, "--fail-on", "customers>0", "--fixes", "INC-9").status == 2


class TestApprovals:
    def test_a_retry_passes_for_that_rule_commit_and_environment(self, changed):
        assert set(broken(changed, "customers>1", "tier=gold")) == {"customers>1", "tier=gold"}
        first, second = (approve(changed, " customers > 1", "--format", "json").document for _ in range(2))
        assert (first["already"], second["already"]) == (False, True)
        assert first["approval"] == second["approval"]
        retried = plan(changed, "--fail-on", "customers>1", "--fail-on", "tier=gold")
        assert [one["rule"] for one in retried.document["violations"]] == ["tier=gold"]
        (passed,) = retried.document["passed"]
        assert (passed["rule"], passed["because"], passed["by"], passed["why"]) == (
            "customers>1",
            "approved",
            None,
            None,
        )
        assert passed["withheld_word"] == ["by", "why"]
        staging = ("deployment", "plan", "--environment", "staging", "--fail-on", "customers>0", "--format", "json")
        assert run_here(*staging, cwd=changed.path).document["passed"] == []
        changed.commit("fix: again", {"services/invoicing/d.py": "1"})
        assert set(broken(changed, "customers>1")) == {"customers>1"}

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--head", "f" * 40, "--rule", "freeze", "--why", "x"), "f" * 10),
            (("--head", "HEAD", "--rule", "frieze", "--why", "x"), "There is no rule 'frieze'"),
            (("--head", "HEAD", "--rule", "freeze", "--why", " "), "An approval has a reason"),
            (("--head", "HEAD", "--rule", "freeze", "--why", "x", "--repo", "other"), "'other'"),
        ],
    )
    def test_what_is_not_known_is_refused_with_a_sentence(self, changed, words, said):
        done = run_here("deployment", "approve", "--environment", "production", *words, cwd=changed.path)
        assert (done.status, done.out) == (2, "")
        assert said in done.err

    def test_an_environment_that_nobody_knows_is_refused(self, changed):
        words = ("--environment", "prodution", "--head", "HEAD", "--rule", "freeze", "--why", "x")
        done = run_here("deployment", "approve", *words, cwd=changed.path)
        assert done.status == 2
        assert "Did you mean production?" in done.err

    def test_outside_of_a_clone_the_ledger_knows_the_commit(self, changed, tmp_path):
        ledger = f"sqlite:///{changed.path}/.releasewatch/ledger.db"
        (tmp_path / "bare").mkdir()

        def run(head: str) -> Finished:
            words = ("--head", head, "--rule", "freeze", "--why", "x", "--repo", "shop", "--database", ledger)
            return run_here("deployment", "approve", "--environment", "production", *words, cwd=tmp_path / "bare")

        assert run(changed.sha("HEAD~1")).status == 0
        refused = run(changed.head)
        assert (refused.status, "The ledger knows no commit" in refused.err) == (2, True)

    def test_a_word_given_after_it_went_out_is_none_under_which_it_did(self, changed):
        record = ("deployment", "record", "--environment", "production", "--key", "three", "-q")
        accepted = ("--accept", "freeze", "--why", "a hotfix")
        assert run_here(*record, *accepted, cwd=changed.path).status == 0
        for rule in ("freeze", "customers>1"):
            assert approve(changed, rule).status == 0
        shown = run_here("deployment", "show", "three", "--format", "json", cwd=changed.path).document["accepted"]
        assert [(one["rule"], one["because"]) for one in shown] == [("freeze", "accepted")]

    def test_its_time_is_told_by_the_clock_of_whoever_reads(self, changed):
        """UTC beside it, as every time on a terminal; JSON and pull requests hold UTC alone."""
        place = ("--environment", "production", "--head", "HEAD")
        zone = {"TZ": "Etc/GMT+5"}
        done = run_here(
            "deployment", "approve", *place, "--rule", "customers>1", "--why", "x", cwd=changed.path, env=zone
        )
        assert done.status == 0, done.err
        assert re.search(r"approved \d{4}-\d\d-\d\d \d\d:\d\d -05 \((\d{4}-\d\d-\d\d )?\d\d:\d\d UTC\)", done.out), (
            done.out
        )

    def test_a_pull_request_does_not_approve_itself(self, changed):
        what = ("--head", "HEAD", "--rule", "freeze", "--why", "let me in")
        env = {"CI": "true", "RELEASEWATCH_CI_RUN": "1", "RELEASEWATCH_CI_PULL_REQUEST": "7"}
        words = ("deployment", "approve", "--environment", "production", *what)
        refused = run_here(*words, cwd=changed.path, env=env | {"RELEASEWATCH_CI_BASE": changed.sha("HEAD~1")})
        assert (refused.status, refused.out) == (4, "")
        assert "must not approve what breaks a rule" in refused.err

    def test_both_kinds_of_word_are_kept_with_the_deployment(self, changed):
        assert approve(changed, "customers>1").status == 0
        record = ("deployment", "record", "--environment", "production", "--key", "three", "-q", "--actor", "piet")
        accepted = ("--accept", "tier = gold", "--why", "a hotfix")
        assert run_here(*record, *accepted, cwd=changed.path).status == 0
        shown = run_here("deployment", "show", "three", "--format", "json", cwd=changed.path).document["accepted"]
        assert [(one["rule"], one["because"], one["ref"], one["why"]) for one in shown] == [
            ("customers>1", "approved", None, None),
            ("tier=gold", "accepted", "D-3", None),
        ]
        text = run_here("deployment", "show", "three", cwd=changed.path).out
        assert "Went out against customers>1: approved " in text
        assert "hotfix" not in text
        again = plan(changed, "--fail-on", "tier=gold", "--fail-on", "customers>1")
        assert again.document["violations"] == []

    def test_a_record_accepts_no_rule_that_there_is_not(self, changed):
        record = ("deployment", "record", "--environment", "production", "--key", "three")
        done = run_here(*record, "--accept", "frieze", "--why", "x", cwd=changed.path)
        assert done.status == 2
        assert "There is no rule 'frieze'" in done.err


class TestSettings:
    def test_the_rules_of_the_settings_hold_for_every_plan(self, changed):
        settings(changed, '[gate]\nfail_on = ["customers>1", "freeze"]\n')
        assert set(broken(changed, "customer=acme")) == {"customers>1", "customer=acme"}
        assert plan(changed).document["rules"] == ["customers>1", "freeze"]

    def test_a_freeze_of_the_organisation(self, changed):
        settings(changed, '[freezes.days.year-end]\nfrom = "2020-01-01"\nto = "2099-12-31"\nreason = "audit"\n')
        found = broken(changed, "freeze")["freeze"]
        assert found["text"] == "Nothing goes to production from 2020-01-01 to 2099-12-31 (year-end, audit)."
        staging = ("deployment", "plan", "--environment", "staging", "--fail-on", "freeze", "-q")
        assert run_here(*staging, cwd=changed.path).status == 0

    def test_a_step_gives_its_rules_in_a_variable_a_line_each(self, changed):
        found = broken(changed, env={"RELEASEWATCH_PLAN_FAIL_ON": "customers>1\n\n  tier=gold\n"})
        assert set(found) == {"customers>1", "tier=gold"}


class TestLedgerAway:
    def test_a_file_that_is_not_there_holds_nothing_to_its_rules(self, changed):
        env = {"RELEASEWATCH_DATABASE_URL": f"sqlite:///{changed.path}/never.db"}
        assert plan(changed, env=env).status == 0
        refused = plan(changed, "--fail-on", "customers>0", env=env)
        assert (refused.status, refused.out, "There is no ledger at" in refused.err) == (3, "", True)
        passed = plan(changed, "--fail-on", "customers>0", "--when-unreachable", "pass", env=env)
        assert (passed.status, passed.document["violations"]) == (0, None)

    def test_it_fails_unless_asked_to_pass_and_then_says_so(self, changed):
        assert plan(changed, "--fail-on", "freeze", "--database", AWAY).status == 3
        done = plan(changed, "--fail-on", "freeze", "--database", AWAY, "--when-unreachable", "pass")
        assert (done.status, done.document["violations"]) == (0, None)
        assert "was not checked" in done.err
        settings(changed, '[gate]\nwhen_unreachable = "pass"\n')
        assert plan(changed, "--fail-on", "freeze", "--database", AWAY).status == 0
        assert plan(changed, "--fail-on", "freeze", "--database", AWAY, "--when-unreachable", "fail").status == 3

    def test_a_wrong_call_does_not_pass_with_it(self, changed):
        assert plan(changed, "--fail-on", "customer=nobody", "--when-unreachable", "pass").status == 2


class TestChannels:
    def test_on_a_public_repository_no_customer_is_named_not_even_by_a_rule(self, changed):
        for form in ("json", "md"):
            words = (*PLAN, "--format", form, "--fail-on", "customer=acme", "--fail-on", "customers>1")
            done = run_here(*words, cwd=changed.path, env=PUBLIC)
            assert done.status == 1, done.err
            assert "customer=…" in done.out
            for key in ("acme", "bolt", "cask", "Acme"):
                assert key not in done.out + done.err, (form, key)

    def test_names_stand_where_they_may(self, changed):
        words = (*PLAN, "--format", "json", "--fail-on", "customer=acme", "--reveal", "names")
        (one,) = run_here(*words, cwd=changed.path).document["violations"]
        assert one["sample"] == [{"key": "acme", "name": "Acme GmbH", "account_manager": "olga"}]
        assert one["withheld"] == []

    def test_opaque_keys_are_opaque_in_rules_too(self, changed):
        settings(changed, '[privacy]\nkeys = "opaque"\n')
        done = run_here(*PLAN, "--format", "json", "--fail-on", "customer=acme", cwd=changed.path)
        (one,) = done.document["violations"]
        assert (one["rule"], one["sample"][0]["key"][:9]) == ("customer=…", "customer-")
        assert "acme" not in done.out + done.err


class TestComment:
    def test_more_than_ever_for_what_changes_is_a_warning(self, shop):
        def record(key: str) -> None:
            words = ("deployment", "record", "--environment", "production", "-q", "--key", key)
            assert run_here(*words, cwd=shop.path).status == 0

        for number in range(4):
            shop.commit("fix: checkout", {"services/checkout/c.py": str(number)})
            record(f"k{number}")
        (shop.path / "more.csv").write_text("customer,component\nacme,shop/checkout\ncask,shop/checkout\n")
        more = ("customer", "import", "--entitlements", "more.csv", "--changes")
        assert run_here(*more, cwd=shop.path).status == 0
        shop.commit("fix: checkout", {"services/checkout/c.py": "x"})
        text = run_here(*PLAN, "--format", "md", "-q", cwd=shop.path).out
        assert "> That is unusually many:" in text
        assert "<details>" not in text
        assert "the last 4 deployments of shop/checkout reached 1 as a rule, 1 at most" in text
