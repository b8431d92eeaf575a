"""The summary of a pipeline's step: counts and keys, and no template that could show more."""

from __future__ import annotations

import dataclasses

import pytest

from releasewatch.errors import TemplateError
from releasewatch.rendering.documents import render_summary
from releasewatch.rendering.summary_views import SummaryView, summary_view

NAMES = ("Acme GmbH", "Ada Example", "030 23125 101", "ada@acme.example")

CHECKOUT = {
    "key": "shop/check|out",
    "reach": "dependent",
    "distance": 1,
    "via": "shop/invoicing",
    "changes": 0,
    "paths": 0,
}

DOCUMENT = {
    "deployment": {
        "id": "D-7",
        "key": "for Acme GmbH",
        "repo": "shop",
        "environment": "production",
        "kind": "deploy",
        "status": "succeeded",
        "release": "for Acme GmbH",
        "base": "a" * 40,
        "head": "b" * 40,
        "already_recorded": False,
        "history_complete": False,
        "why_incomplete": "asked for by Ada Example",
        "title": "What Acme GmbH asked for, 030 23125 101",
        "actor": "Ada Example",
        "url": "https://ci.example/?by=ada@acme.example",
        "why": "Ada Example said so",
        "targets": [{"region": "eu", "ring": "stable", "live_from": None, "live_until": None}],
        "undoes": [],
    },
    "baselines": [{"from": "what Acme GmbH runs", "components": ["shop/invoicing"], "targets": []}],
    "changes": {"added": 3, "removed": None, "reverted_in_range": 0},
    "components": [
        {"key": "shop/invoicing", "reach": "direct", "distance": 0, "via": None, "changes": 3, "paths": 2},
        CHECKOUT,
    ],
    "not_deployed": ["shop/money"],
    "unmapped": {"paths": 1, "sample": ["customers/Acme GmbH/logo.png"]},
    "exposure": {
        "customers": 4, "named": 1, "direct": 2, "dependent": 1, "possible": 1, "unplaced": 2, "not_ruled_out": 9,
        "waiting": 1, "waiting_for": ["what Acme GmbH bought"],
    },
}  # fmt: skip


def walk(view):
    for field in dataclasses.fields(view):
        value = getattr(view, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            yield from walk(one) if dataclasses.is_dataclass(one) else [one]


def test_the_view_holds_no_name_number_or_text_of_anybody():
    told = repr(list(walk(summary_view(DOCUMENT))))
    assert "shop/invoicing" in told
    assert not [name for name in NAMES if name in told]


def test_the_built_in_template_tells_counts_and_keys():
    text = render_summary(DOCUMENT)
    assert text.lstrip().startswith("## D-7 reaches 4 customers\n")
    assert "| 1 | 2 | 1 | 1 |" in text
    assert "eu/stable" in text
    assert r"check\|out" in text
    assert not [name for name in NAMES if name in text]


def test_a_plan_says_what_it_would_reach():
    text = render_summary(DOCUMENT | {"violations": []})
    assert "Deploying bbbbbbbbbb to production would reach 4 customers" in text


@pytest.mark.parametrize(
    "template",
    [
        "{{ summary }}",
        "{% for one in summary.components %}{{ one }}{% endfor %}{{ summary.components }}",
        "{{ summary|list }}",
        "{{ summary.title }}",
        "{{ summary.actor }}",
        "{{ summary['deployment']['title'] }}",
        "{{ summary.__class__ }}",
        "{{ summary.__class__.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ document }}{{ plan }}{{ values }}",
        "{{ exposure.customers }}",
        "{% include '/etc/passwd' %}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_a_hostile_template_gets_at_nothing_more(tmp_path, template):
    (tmp_path / "summary").mkdir()
    (tmp_path / "summary" / "deployment.md").write_text(template)
    try:
        text = render_summary(DOCUMENT, tmp_path)
    except TemplateError as error:
        text = error.message + error.hint
    assert not [name for name in NAMES if name in text]


def test_a_template_of_ones_own_takes_the_place(tmp_path):
    (tmp_path / "summary").mkdir()
    names = [field.name for field in dataclasses.fields(SummaryView)]
    (tmp_path / "summary" / "deployment.md").write_text(
        "\n".join(f"{name}: {{{{ summary.{name} }}}}" for name in names)
    )
    text = render_summary(DOCUMENT, tmp_path)
    assert text.count(": ") >= len(names)
    assert not [name for name in NAMES if name in text]
