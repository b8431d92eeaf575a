"""What changed between two versions of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from releasewatch.domain.settings import SettingChange, compare_settings, removal_needs_word


def test_each_setting_is_told_once_in_the_order_of_keys() -> None:
    before = {"ranking": {"breaking": 20, "escalated": 1}, "products": {"a": {"components": ["x"]}}}
    after = {"ranking": {"breaking": 30}, "products": {"a": {"components": ["x"]}}, "notes": {"subjects": "customer"}}
    assert compare_settings(before, after) == (
        SettingChange(("notes", "subjects"), "added", after="customer"),
        SettingChange(("ranking", "breaking"), "changed", 20, 30),
        SettingChange(("ranking", "escalated"), "removed", before=1),
    )


def test_the_order_in_which_settings_were_written_means_nothing() -> None:
    assert compare_settings({"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"b": 1, "a": {"y": [1, 2], "x": 1}}) == ()


def test_the_order_within_a_list_does() -> None:
    (change,) = compare_settings({"a": {"paths": ["x", "!y"]}}, {"a": {"paths": ["!y", "x"]}})
    assert change.change == "changed"


def test_an_empty_table_is_something() -> None:
    """`[environments.production]` says that there is one, even when nothing else is said of it."""
    (added,) = compare_settings({}, {"environments": {"production": {}}})
    assert (added.key, added.after) == (("environments", "production"), {})
    filled = compare_settings({"environments": {"production": {}}}, {"environments": {"production": {"tier": "other"}}})
    assert [(one.key[-1], one.change) for one in filled] == [("production", "removed"), ("tier", "added")]
    assert compare_settings({}, {}) == ()


def test_true_is_not_one() -> None:
    (change,) = compare_settings({"a": 1}, {"a": True})
    assert (change.before, change.after) == (1, True)


@pytest.mark.parametrize(
    ("after", "going"),
    [
        ({}, 4),
        ({"ranking": {"breaking": 1}}, 3),
        ({"ranking": {}, "environments": {"a": {}}}, 0),
        ({"notes": {"subjects": "customer"}, "staff": {"file": "x"}, "environments": {}}, 4),
    ],
)
def test_a_word_is_needed_when_most_tables_go(after: dict[str, Any], going: int) -> None:
    before = {"ranking": {"breaking": 20}, "environments": {"a": {"tier": "x"}, "b": {}}, "notify": {}}
    assert removal_needs_word(before, after) == going
    assert removal_needs_word({}, after) == 0
