"""Variables that a pipeline did not fill in are no names of places, components, keys or releases."""

from __future__ import annotations

import click
import pytest

from releasewatch.cli.options import COMPONENT, FILLED_NAME, NAME, PLACE, RELEASE
from tests.support.command import run_here

LEFT = (
    "$(REGION)",
    "prod-$(REGION)",
    "${REGION}",
    "$REGION",
    "$[[ inputs.region ]]",
    "{{ region }}",
    "${{ matrix.r }}",
)


@pytest.mark.parametrize("type_", [FILLED_NAME, PLACE, COMPONENT], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("text", LEFT)
def test_a_name_that_holds_one_is_refused(type_, text):
    with pytest.raises(click.BadParameter, match=r"holds a variable that was not filled in\. Set it where"):
        type_.convert(text, None, None)


@pytest.mark.parametrize("text", ["$(V)", "${V}", "$V", "${{ github.ref_name }}", "{{ version }}", "$[[ inputs.v ]]"])
def test_so_is_a_release_that_is_nothing_else(text):
    with pytest.raises(click.BadParameter, match="was not filled in"):
        RELEASE.convert(text, None, None)


@pytest.mark.parametrize("text", ["v1 $(touch x)", "$1.20", "{v}", "cash$", "v1 (eu)"])
def test_a_release_may_hold_anything_else(text):
    assert RELEASE.convert(text, None, None) == text


@pytest.mark.parametrize("text", ["a$ap", "$(x)"])
def test_what_people_are_called_may(text):
    """As the names of customers, and a monitor's id."""
    assert NAME.convert(text, None, None) == text


@pytest.mark.parametrize("text", ["eu-1", "us$", "{eu}", "a (b)", "prod/eu"])
def test_what_is_a_name_stays_one(text):
    assert FILLED_NAME.convert(text, None, None) == PLACE.convert(text, None, None) == text


@pytest.mark.parametrize("verb", ["plan", "approve", "import"])
def test_other_commands_that_write_or_gate_refuse_it_too(tmp_path, verb):
    done = run_here("deployment", verb, "--environment", "$(ENV)", cwd=tmp_path)
    assert (done.status, "'$(ENV)' holds a variable that was not filled in" in done.err) == (2, True), done.err
