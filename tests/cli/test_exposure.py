"""`exposure list` and `explain` as people and pipelines meet them: the contract, the formats, privacy, and errors."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.privacy import opaque_key
from tests.support.command import Finished, run_here, run_on_terminal
from tests.support.repos import run_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

LIST = ("exposure", "list", "--deployment", "two")
EXPLAIN = ("exposure", "explain", "--deployment", "two", "--customer")
PUBLIC = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_VISIBILITY": "public"}
IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}
NAMES = ("Acme", "Bolt and", "Cask", "Dent", "olga", "piet")


@pytest.fixture(scope="module")
def place(built_shop: RepoBuilder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that these tests only read."""
    folder = tmp_path_factory.mktemp("exposure") / "shop"
    shutil.copytree(built_shop.path, folder)
    return folder


def ask(place: Path, *arguments: str, **env: str) -> Finished:
    return run_here(*arguments, cwd=place, env=env)


def keys(done: Finished) -> list[str]:
    return [one["key"] for one in done.document["customers"]]


def test_the_contract_of_the_list(place):
    document = run_here(*LIST, "--format", "json", "--reveal", "names", cwd=place).document
    assert list(document) == ["schema", "deployment", "counts", "customers", "next_cursor"]
    assert (document["schema"], document["deployment"], document["next_cursor"]) == (1, "D-2", None)
    assert document["counts"] == {
        "customers": 4, "named": 0, "direct": 3, "dependent": 1, "possible": 1, "still_exposed": 4,
        "not_ruled_out": 0, "waiting": 0, "waiting_for": [], "waiting_subjects": 0, "pinned": 0,
    }  # fmt: skip
    acme, bolt, cask, dent = document["customers"]
    live_from = acme["windows"][0].pop("live_from")
    assert live_from.endswith("Z")
    assert acme == {
        "key": "acme",
        "directory": "default",
        "name": "Acme GmbH",
        "reach": "direct",
        "possible": False,
        "possible_because": [],
        "state": "carrying",
        "distance": 0,
        "via": None,
        "components": ["shop/invoicing"],
        "windows": [
            {"component": "shop/invoicing", "region": None, "ring": None, "live_until": None, "carrying_until": None}
        ],
        "account_manager": "olga",
        "withheld": [],
    }
    assert (bolt["reach"], bolt["distance"], bolt["via"]) == ("dependent", 1, "shop/invoicing")
    assert (cask["key"], cask["account_manager"]) == ("cask", None)
    assert (dent["possible"], dent["possible_because"]) == (True, ["their region is not known"])


def test_every_format_holds_the_same_customers(place):
    table = ask(place, *LIST)
    lines = [line.split() for line in table.out.splitlines()]
    assert [line[0] for line in lines[2:6]] == ["acme", "bolt", "cask", "dent"]
    assert table.out.endswith("4 customers: 0 named, 3 direct, 1 dependent; 1 of them possibly; 4 still carry it.\n")
    jsonl = [json.loads(line) for line in ask(place, *LIST, "--format", "jsonl").out.splitlines()]
    assert jsonl == ask(place, *LIST, "--format", "json").document["customers"]
    rows = list(csv.DictReader(io.StringIO(ask(place, *LIST, "--format", "csv").out)))
    assert [(row["key"], row["reach"], row["possible"], row["name"]) for row in rows] == [
        ("acme", "direct", "no", "withheld"),
        ("bolt", "dependent", "no", "withheld"),
        ("cask", "direct", "no", "withheld"),
        ("dent", "direct", "yes", "withheld"),
    ]
    assert rows[3]["because"] == "their region is not known"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("more", [(), ("--reveal", "names"), ("--state", "carrying", "--account-manager", "olga")])
def test_all_rows_are_those_of_a_page_that_holds_all(place, form, more):
    done = ask(place, *LIST, "--format", form, *more)
    assert (done.status, len(done.out.splitlines()) > 1) == (0, True)
    assert done.out == ask(place, *LIST, "--format", form, "--limit", "100", *more).out


def keys_in(done: Finished, form: str) -> list[str]:
    if form == "csv":
        return [row["key"] for row in csv.DictReader(io.StringIO(done.out))]
    items = done.document["customers"] if form == "json" else map(json.loads, done.out.splitlines())
    return [one["key"] for one in items]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_pages_follow_each_other(place, form):
    first = ask(place, *LIST, "--limit", "3", "--format", form)
    cursor = first.document["next_cursor"] if form == "json" else first.err.split("--after ")[1].strip()
    rest = ask(place, *LIST, "--limit", "3", "--after", cursor, "--format", form)
    assert (keys_in(first, form), keys_in(rest, form)) == (["acme", "bolt", "cask"], ["dent"])
    assert rest.err == ""
    assert ask(place, *LIST, "--limit", "3", "--format", form, "--quiet").err == ""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--state", "carrying"], ["acme", "bolt", "cask", "dent"]),
        (["--state", "returned"], []),
        (["--reach", "direct"], ["acme", "cask", "dent"]),
        (["--reach", "dependent"], ["bolt"]),
        (["--reach", "named"], []),
        (["--account-manager", "olga"], ["acme", "dent"]),
        (["--account-manager", "olga", "--reach", "direct", "--limit", "1"], ["acme"]),
        (["--at", "2000-01-01T00:00:00Z"], []),
        (["--known-at", "2000-01-01T00:00:00Z"], []),
    ],
)
def test_only_some_of_them(place, arguments, found):
    assert keys(ask(place, *LIST, *arguments, "--format", "json")) == found


def test_a_file_is_its_owners_alone_and_holds_names(place, tmp_path):
    target = tmp_path / "list.jsonl"
    done = ask(place, *LIST, "--format", "jsonl", "-o", str(target))
    assert (done.status, done.out) == (0, "")
    assert target.stat().st_mode & 0o777 == 0o600
    assert json.loads(target.read_text("utf-8").splitlines()[0])["name"] == "Acme GmbH"


def test_the_last_deployment_is_named(place):
    done = ask(place, "exposure", "list", "--deployment", "last", "--environment", "production", "--format", "json")
    assert (done.document["deployment"], done.err) == ("D-2", "last is D-2 of shop to production.\n")


def test_an_explanation_is_read_aloud(place):
    done = ask(place, *EXPLAIN, "acme")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "D-2 reaches acme:"
    head = run_git(place, "rev-parse", "HEAD").decode()[:10]
    assert lines[1:] == [
        f"  The change {head} (whose subject names somebody) (and 1 more) was deployed.",
        "  It changed services/invoicing/b.py (and 1 more of it).",
        "  That is part of shop/invoicing.",
        lines[4],
        "  They use shop/invoicing in every production environment.",
        "  They are acme.",
    ]
    assert lines[4].startswith("  It went to production, all regions and rings, at ")
    revealed = ask(place, *EXPLAIN, "acme", "--reveal", "names").out
    assert "“fix(invoicing): what Acme GmbH complained about” (and 1 more) was deployed." in revealed
    assert "They are Acme GmbH (acme)." in revealed


def test_the_contract_of_an_explanation(place):
    document = ask(place, *EXPLAIN, "bolt", "--format", "json").document
    assert (document["schema"], document["deployment"], document["customer"]) == (1, "D-2", "bolt")
    assert [one["kind"] for one in document["hops"]] == [
        "change", "path", "component", "dependency", "target", "entitlement", "customer",
    ]  # fmt: skip
    assert {tuple(one) for one in document["hops"]} == {("kind", "ref", "text")}
    assert document["chains"] == [document["hops"]]
    assert (document["reached"], document["more_chains"], document["why_not"]) == (True, 0, [])


def test_every_way_is_told_when_asked(shop):
    text = (shop.path / "entitlements.csv").read_text("utf-8") + "acme,shop/checkout,\n"
    (shop.path / "entitlements.csv").write_text(text, "utf-8")
    assert ask(shop.path, "customer", "import", "--entitlements", "entitlements.csv").status == 0
    nearest = ask(shop.path, *EXPLAIN, "acme")
    assert ("checkout" in nearest.out, nearest.err) == (False, "There is 1 more way: --all\n")
    told = ask(shop.path, *EXPLAIN, "acme", "--all")
    assert "And also:" in told.out
    assert "shop/checkout depends on shop/invoicing." in told.out
    document = ask(shop.path, *EXPLAIN, "acme", "--all", "--format", "json").document
    assert [len(chain) for chain in document["chains"]] == [6, 7]
    assert document["more_chains"] == 0
    assert ask(shop.path, *EXPLAIN, "acme", "--format", "json").document["more_chains"] == 1


def test_why_a_customer_is_not_reached(place):
    done = ask(place, *EXPLAIN, "bolt", "--at", "2000-01-01T00:00:00Z")
    assert (done.status, done.out.splitlines()[0]) == (0, "D-2 does not reach bolt.")
    assert len(done.out.splitlines()) == 2
    document = ask(place, *EXPLAIN, "bolt", "--at", "2000-01-01T00:00:00Z", "--format", "json").document
    assert (document["reached"], document["hops"], len(document["why_not"])) == (False, [], 1)


def test_a_customer_is_found_by_the_beginning_of_a_key(place):
    assert ask(place, *EXPLAIN, "bo", "--format", "json").document["customer"] == "bolt"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("list", "--deployment", "D-99"), "unknown_name", "D-99"),
        (("list", "--deployment", "nowhere"), "unknown_name", "no deployment 'nowhere'"),
        (("list", "--deployment", "two", "--after", "x"), "invalid_call", "no cursor"),
        (("list", "--deployment", "two", "--after", "0" * 32), "invalid_call", "no cursor"),
        (("list", "--deployment", "two", "--account-manager", "olag"), "unknown_name", "account manager 'olag'"),
        (("list",), "invalid_call", "--deployment"),
        (("explain", "--deployment", "two"), "invalid_call", "--customer"),
        (("explain", "--deployment", "two", "--customer", "nobody"), "unknown_name", "no customer 'nobody'"),
        (("list", "--deployment", "last", "--environment", "prod"), "unknown_name", "prod"),
    ],
)
def test_a_wrong_call_ends_with_2_and_one_sentence(place, arguments, code, says):
    done = ask(place, "exposure", *arguments, "--format", "json")
    assert (done.status, done.out, done.error["code"]) == (2, "", code)
    assert says in done.error["message"]
    assert done.error["hint"]


def test_names_that_several_answer_to_are_refused_with_the_candidates(shop):
    shop.commit("feat: more", {"services/checkout/a.py": "3"})
    record = ("deployment", "record", "--environment", "production", "--key", "two-more", "-q")
    assert ask(shop.path, *record).status == 0
    done = ask(shop.path, "exposure", "list", "--deployment", "tw", "--format", "json")
    assert (done.status, done.error["code"], done.error["hint"]) == (2, "ambiguous_name", "Say which: D-2, D-3")
    (shop.path / "more.csv").write_text("key,name\nbolder,Bolder\n", "utf-8")
    assert ask(shop.path, "customer", "import", "--customers", "more.csv", "--changes").status == 0
    done = ask(shop.path, *EXPLAIN, "bol", "--format", "json")
    assert (done.status, done.error["code"]) == (2, "ambiguous_name")
    assert "bolder" in done.error["hint"]
    assert "bolt" in done.error["hint"]


@pytest.mark.parametrize("env", [{}, IN_CI])
@pytest.mark.parametrize("arguments", [LIST, (*LIST, "--format", "csv"), (*EXPLAIN, "acme")])
def test_a_pipe_and_ci_hold_keys_alone(place, env, arguments):
    asked = ("--reveal", "contacts") if env else ()
    done = ask(place, *arguments, *asked, **env)
    assert done.status == 0
    assert "acme" in done.out
    for name in NAMES:
        assert name not in done.out + done.err


def test_a_terminal_holds_names(place):
    shown = run_on_terminal(*LIST, cwd=place)
    assert "Acme GmbH" in shown
    assert "olga" in shown


def test_opaque_keys_stand_for_keys_where_names_may_not_be_shown(place, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text((place / "releasewatch.toml").read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    where = ("--config", str(settings), "--database", str(place / ".releasewatch/ledger.db"), "--format", "json")
    listed = ask(place, *LIST, *where)
    assert keys(listed) == [opaque_key(key) for key in ("acme", "bolt", "cask", "dent")]
    told = ask(place, *EXPLAIN, "acme", *where)
    assert told.document["customer"] == told.document["hops"][-1]["ref"] == opaque_key("acme")
    assert keys(ask(place, *LIST, *where, "--reveal", "names")) == ["acme", "bolt", "cask", "dent"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_public_repository_gets_counts_alone(place, form, tmp_path):
    done = ask(place, *LIST, "--format", form, "--reveal", "names", **PUBLIC)
    assert done.status == 0
    for word in ("acme", "bolt", "cask", "dent@", *NAMES):
        assert word not in done.out
    assert "counts are shown, and no customer" in done.err
    if form == "json":
        assert (done.document["customers"], done.document["counts"]["customers"]) == ([], 4)


def test_a_public_repository_is_told_of_no_customer(place):
    done = ask(place, *EXPLAIN, "acme", "--format", "json", **PUBLIC)
    assert (done.status, done.out, done.error["code"]) == (4, "", "refused")
