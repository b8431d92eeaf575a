"""`[gate]` and `[freezes]`: what they say, and what is wrong named with key and value."""

from __future__ import annotations

from datetime import date

import pytest

from releasewatch.config import parse_config
from releasewatch.domain.freezes import Freeze
from releasewatch.domain.gate import Rule
from releasewatch.errors import ConfigError
from releasewatch.wiring.gates import gate_of


def test_rules_and_freezes_are_those_of_the_file_and_of_the_command_line():
    text = """
[gate]
fail_on = ["customers > 200", "freeze"]
[freezes.days.year-end]
from = "2026-12-20"
to = "2026-12-31"
environments = ["staging"]
"""
    gate = gate_of(parse_config(text.encode(), "releasewatch.toml").tables, ["freeze", "unmapped"], ["INC-1"])
    assert gate.rules == (Rule("customers", "200"), Rule("freeze"), Rule("unmapped"))
    (freeze,) = gate.freezes
    assert freeze == Freeze("year-end", date(2026, 12, 20), date(2026, 12, 31), "", ("staging",))
    assert [freeze.is_on(date(2026, 12, day), "staging", "staging") for day in (19, 20, 31)] == [False, True, True]
    assert not freeze.is_on(date(2026, 12, 20), "production", "production")
    assert gate.fixes == ("INC-1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[gate]\nfail_on = ["freeze", "customer>3"]', 'gate.fail_on[1] = "customer>3": '),
        ('[gate]\nwhen_unreachable = "spool"', 'gate.when_unreachable = "spool": wanted "fail" or "pass"'),
        ('[freezes.days.x]\nfrom = "2026-02-30"\nto = "2026-03-01"', "there is no such day"),
        ('[freezes.days.x]\nfrom = "2026-03-02"\nto = "2026-03-01"', "wanted a day not before from, 2026-03-02"),
        ('[freezes.days.x]\nfrom = "02.03.2026"\nto = "2026-03-01"', 'wanted a day as "2026-12-31"'),
        ('[freezes.days.x]\nfrom = "2026-03-02"', "freezes.days.x.to"),
        ("[freezes.days.x]\nfrom = 2026-03-02\nto = 2026-03-03", "freezes.days.x.from"),
    ],
)
def test_a_wrong_setting_is_named(text, said):
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "releasewatch.toml")
    assert said in caught.value.message
