"""With -o and no --format, the file's name says what is written into it, or the call is wrong."""

from __future__ import annotations

import csv
import json

from tests.support.command import run_here

ASKED = ("exposure", "list", "--deployment", "two")
PLAN = ("deployment", "plan", "--environment", "production")


def test_the_name_of_a_file_says_its_format(shop):
    for words, name in ((ASKED, "y.csv"), (ASKED, "y.JSON"), (PLAN, "p.md")):
        assert run_here(*words, "-o", name, cwd=shop.path).status == 0
    rows = csv.DictReader((shop.path / "y.csv").read_text("utf-8").splitlines())
    assert {row["key"] for row in rows} == {"acme", "bolt", "cask", "dent"}
    assert json.loads((shop.path / "y.JSON").read_text("utf-8"))["schema"] == 1
    assert (shop.path / "p.md").read_text("utf-8").startswith("## Deploying ")
    for words in (("--format", "table", "-o", "z.csv"), ("-o", "z.txt")):
        assert run_here(*ASKED, *words, cwd=shop.path).status == 0
    assert (shop.path / "z.csv").read_text("utf-8") == (shop.path / "z.txt").read_text("utf-8")


def test_a_format_that_is_not_made_is_a_wrong_call(shop):
    done = run_here(*ASKED, "-o", "y.xlsx", cwd=shop.path)
    assert (done.status, done.out) == (2, "")
    assert "y.xlsx would hold no XLSX: there is table, json, jsonl, csv." in done.err
    assert not (shop.path / "y.xlsx").exists()
