"""Outputs, summaries and annotations as each CI system takes them apart; what a value holds stays inside it."""

from __future__ import annotations

import re

import pytest

from releasewatch.integrations.ci.annotations import annotation
from releasewatch.integrations.ci.outputs import azure_variables, dotenv_report, write_github_outputs
from releasewatch.integrations.ci.summaries import LIMIT, cut, has_summary, write_summary

HOSTILE = "x\nother=1\nEOF\nother<<EOF"


def as_github_reads(text):
    """The outputs in a file, as the runner reads it: `name<<delimiter`, lines, the delimiter."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


def test_an_output_cannot_begin_another_one(tmp_path):
    file = tmp_path / "output"
    assert write_github_outputs({"GITHUB_OUTPUT": str(file)}, {"deployment": "D-1", "spool": HOSTILE})
    assert as_github_reads(file.read_text()) == {"deployment": "D-1", "spool": HOSTILE}


def test_no_delimiter_is_used_twice(tmp_path):
    file = tmp_path / "output"
    for _ in range(2):
        write_github_outputs({"GITHUB_OUTPUT": str(file)}, {"deployment": "D-1"})
    assert len(set(re.findall("<<(.+)", file.read_text()))) == 2


@pytest.mark.parametrize("environ", [{}, {"GITHUB_OUTPUT": ""}, {"GITHUB_OUTPUT": "/no/such/folder/output"}])
def test_where_there_is_no_such_file_nothing_is_written(environ):
    assert not write_github_outputs(environ, {"deployment": "D-1"})


def test_a_dotenv_report_holds_words_alone():
    values = {"deployment": "D-1", "customers": "37", "spool": HOSTILE, "kind": 'a "b"', "NOT A NAME": "1", "base": ""}
    assert dotenv_report(values) == "RELEASEWATCH_DEPLOYMENT=D-1\nRELEASEWATCH_CUSTOMERS=37\nRELEASEWATCH_BASE=\n"


def test_variables_of_azure_hold_words_alone():
    assert azure_variables({"deployment": "D-1", "kind": "]##vso[task.setvariable variable=PATH]x"}) == [
        "##vso[task.setvariable variable=RELEASEWATCH_DEPLOYMENT;isOutput=true]D-1"
    ]


# Annotations


def test_an_annotation_of_github_is_one_line():
    line = annotation("github-actions", "error", "100 % lost\r\n::set-output name=x::y")
    assert line == "::error title=releasewatch::100 %25 lost%0D%0A::set-output name=x::y"


def test_an_annotation_of_azure_is_one_line():
    line = annotation("azure-pipelines", "warning", "100 %; [x]\nmore")
    assert line == "##vso[task.logissue type=warning]100 %AZP25%3B [x%5D%0Amore"


@pytest.mark.parametrize("provider", ["gitlab-ci", "jenkins", "circleci", "buildkite", "generic"])
def test_systems_without_annotations_get_none(provider):
    assert annotation(provider, "error", "x") is None


# Summaries


def test_a_summary_is_added_to_what_stands_there(tmp_path):
    file = tmp_path / "summary"
    file.write_text("# Before\n")
    assert write_summary({"GITHUB_STEP_SUMMARY": str(file)}, "# After\n") is None
    assert file.read_text() == "# Before\n# After\n"


def test_a_summary_is_cut_at_a_line_with_what_stood_there_and_says_so(tmp_path):
    file = tmp_path / "summary"
    file.write_text("é" * 1000 + "\n")
    line = "ü" * 50 + "\n"
    write_summary({"GITHUB_STEP_SUMMARY": str(file)}, line * 20_000)
    text = file.read_bytes()
    assert LIMIT - 300 < len(text) <= LIMIT
    *kept, blank, last = text.decode().splitlines()[1:]
    assert set(kept) == {line.rstrip("\n")}
    assert (blank, last[:9]) == ("", "_Cut here")


@pytest.mark.parametrize("there", [LIMIT - 10, LIMIT, LIMIT + 5])
def test_where_a_summary_is_full_nothing_is_added(tmp_path, there):
    file = tmp_path / "summary"
    file.write_bytes(b"x" * there)
    write_summary({"GITHUB_STEP_SUMMARY": str(file)}, "more than there is room for\n" * 3)
    assert file.stat().st_size == there


@pytest.mark.parametrize("size", [0, 1, 100])
def test_what_fits_is_not_cut(size):
    assert cut("x" * size, size) == "x" * size


def test_azure_is_shown_a_file(tmp_path):
    environ = {"AGENT_TEMPDIRECTORY": str(tmp_path)}
    assert has_summary("azure-pipelines", environ)
    assert not has_summary("jenkins", environ)
    line = write_summary(environ, "# Text\n")
    (file,) = tmp_path.iterdir()
    assert line == f"##vso[task.uploadsummary]{file}"
    assert file.read_text() == "# Text\n"
