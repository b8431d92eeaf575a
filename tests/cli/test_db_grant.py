"""`db grant`: a pipeline works with the rights of its role alone, which read no person, note or contract."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.support.command import run_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.repos import RepoBuilder

IMPORT = [word for one in ("customers", "contacts", "entitlements") for word in (f"--{one}", f"{one}.csv")]


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """A role of the server that may log in."""
    name = f"ci_{make_url(postgres_url).database}"
    with closing(psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        owner.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP ROLE {name}")


def test_a_pipeline_records_plans_and_opens_incidents_with_its_role_alone(
    shop: RepoBuilder, postgres_url: str, role: str
) -> None:
    def run(*words: str, user: str = role) -> Any:
        url = make_url(postgres_url).set(username=user).render_as_string(hide_password=False)
        ci = {"CI": "true", "RELEASEWATCH_CI_RUN": "1", "RELEASEWATCH_DATABASE_URL": url.replace("+psycopg", "")}
        return run_here(*words, cwd=shop.path, env=ci)

    def document(*words: str) -> Any:
        done = run(*words, "--format", "json")
        assert done.status == 0, (words, done.err)
        return done.document

    owner = make_url(postgres_url).username or ""
    assert run("db", "upgrade", user=owner).status == 0
    assert run("customer", "import", *IMPORT, user=owner).status == 0
    (shop.path / "freezes.csv").write_text("customer,from,to,reason\nacme,2090-12-20,2091-01-02,Ada said so\n")
    assert run("freeze", "import", "freezes.csv", user=owner).status == 0
    granted = run("db", "grant", "--role", "pipeline", "--to", role, "--dry-run", user=owner)
    assert granted.out.splitlines()[1] == f"GRANT USAGE ON SCHEMA public TO {role};"
    refused = run("deployment", "list")
    assert (refused.status, "releasewatch db grant" in refused.err) == (3, True)
    assert run("db", "grant", "--role", "pipeline", "--to", role, user=owner).status == 0

    production = ("--environment", "production")
    document("release", "record", "--release", "v1")
    planned = document("deployment", "plan", *production)["exposure"]
    recorded = document("deployment", "record", *production, "--key", "one", "--actor", "ada@example.org")
    assert recorded["exposure"]["customers"] == planned["customers"] == 0
    shop.commit("fix: more", {"services/invoicing/a.py": "3"})
    document("deployment", "start", *production, "--key", "two")
    document("deployment", "finish", *production, "--key", "two", "--status", "failed")
    finished = document("deployment", "finish", *production, "--key", "two", "--status", "succeeded")
    assert finished["exposure"]["customers"] == 4
    reached = document("exposure", "list", "--deployment", "D-2")["customers"]
    assert [one["key"] for one in reached] == ["acme", "bolt", "cask", "dent"]
    assert {one["name"] for one in reached} == {None}
    document("exposure", "explain", "--deployment", "D-2", "--customer", "acme")
    opened = document("incident", "open", "--deployment", "D-2", "--title", "Ada Example wrote", "--severity", "SEV2")
    assert opened["incident"]["title"] is None, "it cannot look whether a text names somebody, so none is shown"
    document("incident", "show", "INC-1", "--customers")
    (freeze,) = document("freeze", "list")["freezes"]
    assert (freeze["customer"], freeze["reason"], freeze["withheld"]) == ("acme", None, ["name"])
    url = make_url(postgres_url).set(username=role).render_as_string(hide_password=False).replace("+psycopg", "")
    with closing(psycopg.connect(url)) as pipeline, pytest.raises(psycopg.errors.InsufficientPrivilege):
        pipeline.execute("SELECT reason FROM customer_freeze")
    flagged = ("--kind", "change", "--component", "invoicing", "--title", "for Ada Example", "--release", "v1.2")
    told = document("deployment", "record", *production, *flagged, "--key", "flag")["deployment"]
    assert (told["title"], told["release"], told["withheld"]) == (None, "v1.2", ["title"])
    for words in (["incident", "list"], ["deployment", "list"], ["deployment", "show", "D-2"], ["status"]):
        document(*words)
    notes = run("notes", "render", "--deployment", "D-2", "--audience", "engineering")
    assert (notes.status, "more" in notes.out, "Ada Example" in notes.out) == (0, False, False)
    assert "withheld here" in notes.out

    said = run("incident", "update", "INC-1", "--audience", "customer", "--summary", "Totals are wrong.")
    assert (said.status, "Nobody looked what names this holds" in said.err) == (0, True), said.err

    rendered = run("incident", "render", "INC-1", "--document", "update")
    assert (rendered.status, "searched for people's names" in rendered.err) == (3, True), rendered.err

    confirmed = ["incident", "impact", "INC-1", "--confirm", "acme", "--why", "rang"]
    for words in (["call", "plan", "--incident", "INC-1"], ["customer", "show", "acme"], ["staff", "list"], confirmed):
        done = run(*words)
        assert (done.status, "may not do that" in done.err) == (3, True), words


def test_an_sqlite_file_has_no_roles(shop: RepoBuilder) -> None:
    done = run_here("db", "grant", "--role", "reader", "--to", "ada", "--format", "json", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_call")
