"""`doctor` tries the templates of `[notify.*]` before anything has happened that they would tell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.notifications import WHEN
from releasewatch.rendering.notification_samples import samples_of
from releasewatch.rendering.notification_views import NAMES
from releasewatch.rendering.notifications import render_notification
from tests.support.command import run_here

if TYPE_CHECKING:
    from releasewatch.domain.notifications import When
    from tests.support.repos import RepoBuilder

RULE = """
[notify.oncall]
when = ["incident_opened", "deployment_recorded"]
to = "console"
template = "words/oncall.txt"
"""


@pytest.mark.parametrize(
    ("words", "state", "text"),
    [
        ("{{ notification.subject }}\n", "ok", "oncall.txt does for incident_opened, deployment_recorded"),
        (None, "fail", "There is no template oncall.txt for a notification (tried with a made-up incident_opened)"),
        ("All well\n{{ notification.sevrity }}\n", "fail", "Template oncall.txt, line 2: "),
        ("All well\n\n{% if %}\n", "fail", "Template oncall.txt, line 3: "),
        ("{{ notification.exposed + 1 }}\n", "fail", "Template oncall.txt, line 1: TypeError: "),
        ("{{ notification.still_exposed + 1 }}\n", "fail", "(tried with a made-up incident_opened)"),
        (
            "{{ notification.title }}\n",
            "fail",
            "The template oncall.txt says nothing of incident_opened (tried with a made-up incident_opened)",
        ),
    ],
    ids=["right", "away", "unknown name", "syntax", "another kind", "not known", "empty"],
)
def test_the_first_fault_of_a_template_is_told(shop: RepoBuilder, words: str | None, state: str, text: str) -> None:
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text(encoding="utf-8") + RULE, encoding="utf-8")
    if words is not None:
        (shop.path / "words").mkdir()
        (shop.path / "words" / "oncall.txt").write_text(words, encoding="utf-8")
    before = sorted(os.walk(shop.path))
    done = run_here("doctor", "--format", "json", cwd=shop.path)
    (one,) = (one for one in done.document["checks"] if one["name"] == "notify oncall template")
    assert (done.status, one["state"]) == (0, state)
    assert text in one["text"]
    assert (one["hint"] is None) == (state == "ok")
    assert sorted(os.walk(shop.path)) == before
    assert run_here("doctor", "--strict", cwd=shop.path).status == (state == "fail")


@pytest.mark.parametrize("kind", WHEN)
def test_there_are_samples_of_each_kind_that_the_built_in_template_tells(kind: When) -> None:
    for said in samples_of(kind):
        assert said.keys() <= NAMES
        title, _text = render_notification(said)
        assert str(said["subject"]) in title
