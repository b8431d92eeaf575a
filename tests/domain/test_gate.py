"""Rules of a gate: how they are written, and the sentence of a broken one."""

from __future__ import annotations

import pytest

from releasewatch.domain.gate import SYNTAX, Found, Rule, judge, parse_rule, parse_rules
from releasewatch.errors import InvalidCallError


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("customers>200", "customers>200"),
        (" customers > 0200 ", "customers>200"),
        ("exposed>0", "exposed>0"),
        ("tier = Very large", "tier=Very large"),
        ("customer=acme:7", "customer=acme:7"),
        ("hurt-within=014 d", "hurt-within=14d"),
        ("freeze", "freeze"),
        ("open-incident", "open-incident"),
        ("unmapped ", "unmapped"),
        ("account-manager-away", "account-manager-away"),
    ],
)
def test_a_rule_has_one_text_however_it_is_written(written, text):
    rule = parse_rule(written)
    assert rule.text == text
    assert parse_rule(rule.text) == rule


def test_every_rule_is_covered_above_and_is_written_as_it_is_described():
    for kind, (form, _) in SYNTAX.items():
        assert form.startswith(kind)
        assert parse_rule(form.replace("N", "3").replace("AME", "x").replace("KEY", "x")).kind == kind


@pytest.mark.parametrize(
    "written",
    ["customers", "customers=3", "customers>", "customers>-1", "customers>1e3", "customers>1,000", "customers>٣",
     "tier", "tier>gold", "customer=", "hurt-within=14", "hurt-within=0d", "hurt-within=9999d", "freeze=yes",
     "open-incident>1"],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_says_how_it_is_written(written):
    with pytest.raises(InvalidCallError) as caught:
        parse_rule(written)
    assert "wanted " in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "written", ["", "  ", "tiers=gold", "Freeze", "customer\n=x", "x" * 300, "--fail-on", "freeze;rm"]
)
def test_what_is_no_rule_is_refused_with_those_there_are(written):
    with pytest.raises(InvalidCallError, match="There is no rule") as caught:
        parse_rule(written)
    assert "customers>N" in caught.value.hint


def test_a_near_miss_is_guessed():
    with pytest.raises(InvalidCallError) as caught:
        parse_rule("freezes")
    assert caught.value.hint.startswith("Did you mean freeze?")


def test_the_same_rule_twice_is_one():
    assert parse_rules(["freeze", "customers>2", "customers > 2"]) == (Rule("freeze"), Rule("customers", "2"))


@pytest.mark.parametrize(("many", "broken"), [(2, False), (3, True)])
def test_more_than_so_many_breaks_and_as_many_do_not(many, broken):
    assert (judge(Rule("customers", "2"), Found(many)) is not None) is broken


def test_a_sentence_counts_and_names_no_customer():
    violation = judge(Rule("customer", "acme"), Found(1))
    assert violation is not None
    assert "acme" not in violation.text
    assert violation.rule.shown == "customer=…"


def test_nothing_found_breaks_nothing():
    for kind in SYNTAX:
        assert judge(Rule(kind, "2" if ">" in SYNTAX[kind][0] or kind == "hurt-within" else "x"), Found()) is None
