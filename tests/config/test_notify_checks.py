"""`[notify.*]`: what is refused, and that nothing which may be a secret is repeated."""

from __future__ import annotations

import pytest

from releasewatch.config.loading import parse_config
from releasewatch.errors import ConfigError

CANARY = "canary-91c3"
URL = f"https://hooks.slack.com/services/{CANARY}"


def error_of(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "releasewatch.toml")
    return caught.value


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('to = "slack"\nurl = "env:RELEASEWATCH_A"', "when is missing"),
        ('when = []\nto = "console"', "at least one"),
        ('when = ["deployment_recored"]\nto = "console"', 'did you mean "deployment_recorded"'),
        ('when = ["list_ready", "list_ready"]\nto = "console"', "twice"),
        ('when = ["list_ready"]\nto = "slack"', 'slack needs it: url = "env:RELEASEWATCH_…"'),
        ('when = ["list_ready"]\nto = "webhook"\nurl = "env:RELEASEWATCH_A"', "webhook needs it: key"),
        ('when = ["list_ready"]\nto = "console"\nkey = "env:RELEASEWATCH_A"', "console has none"),
        ('when = ["list_ready"]\nto = "slack"\nurl = "env:SLACK"', "begins with RELEASEWATCH_"),
        ('when = ["exposure_over"]\nto = "console"', "over how many customers"),
        ('when = ["list_ready"]\nto = "console"\nexposure_over = 3', 'it is for when = ["exposure_over"]'),
        ('when = ["list_ready"]\nto = "console"\nexposure_over = -1', "a number of customers"),
        ('when = ["exposure_over", "deployment_recorded"]\nto = "console"\nexposure_over = 3', "is told already"),
        ('when = ["list_ready"]\nto = "smtp"', "addresses is missing: smtp needs it"),
        ('when = ["list_ready"]\nto = "smtp"\naddresses = ["a@example.org"]', "mail.host is missing"),
        ('when = ["list_ready"]\nto = "smtp"\naddresses = ["a@b@c"]', "wanted an address"),
        ('when = ["list_ready"]\nto = "console"\naddresses = ["a@example.org"]', "console has none"),
        ('when = ["list_ready"]\nto = "fax"', '"slack"'),
        ('when = ["list_ready"]\nto = "console"\nseverity = "BAD"', '"SEV1"'),
    ],
)
def test_a_rule_that_cannot_be(rule: str, words: str) -> None:
    assert words in error_of(f"[notify.oncall]\n{rule}\n").message


@pytest.mark.parametrize("name", ["url", "uri", "key", "webhook", "Url"])
def test_an_address_written_down_is_refused_and_not_repeated(name: str) -> None:
    error = error_of(f'[notify.oncall]\nwhen = ["list_ready"]\nto = "slack"\n{name} = "{URL}"\n')
    assert CANARY not in error.message + error.hint


def test_a_name_of_a_rule_that_no_table_holds() -> None:
    assert "letters, digits" in error_of('[notify."on call"]\nwhen = ["list_ready"]\nto = "console"\n').message


def test_rules_as_they_are_documented() -> None:
    config = parse_config(
        b"""
[notify.oncall]
when = ["incident_opened", "incident_resolved"]
to = "slack"
url = "env:RELEASEWATCH_SLACK_ONCALL"
severity = "SEV2"
[notify.big]
when = ["exposure_over"]
exposure_over = 500
environments = ["production"]
to = "pagerduty"
key = "env:RELEASEWATCH_PAGERDUTY"
[privacy]
notify = "counts"
""",
        "releasewatch.toml",
    )
    assert set(config.tables.notify) == {"oncall", "big"}
    assert config.tables.privacy.notify == "counts"
