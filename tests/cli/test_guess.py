"""`customer import --guess` as people and pipelines meet it: what is shown where, what is saved; nothing imported."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from tests.support.command import Finished, run_here, run_on_terminal

EXPORT = (
    "Kundennr;Firma;Land;Umsatz;Vertragsende;Ansprechpartner;Telefon;E-Mail;Abo;Ort\n"
    "K1;Müller GmbH;Deutschland;1.200,50 €;31.12.2026;Ada Beispiel;030 901820;ada@example.org;"
    '"Plan: Business; Add-ons: Rechnungen";Berlin\n'
    'K1;Müller GmbH;Deutschland;1.200,50 €;31.12.2026;Ada Beispiel;030 901820;ada@example.org;"Plan: Basic";Bonn\n'
    "K2;Bee AG;Schweiz;12.000,00 €;1.2.2027;;;;;Zug\n"
    "K3;See AG;Schweiz;5,00 €;1.2.2027;Cy Example;4.9151E+11;;;Zug\n"
)
SETTINGS = """[releasewatch]
repo = "shop"
[components.invoicing]
title = "Rechnungen"
paths = ["invoicing/**"]
[products.business]
components = ["shop/invoicing"]
"""
PERSONAL = ("Müller", "Ada", "030 901820", "ada@example.org", "1200.50", "Cy Example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "export.csv").write_bytes(EXPORT.encode("cp1252"))
    (tmp_path / "releasewatch.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def _guess(folder: Path, *arguments: str, **env: str) -> Finished:
    return run_here("customer", "import", "--guess", "export.csv", *arguments, cwd=folder, env=env)


def test_the_proposal_can_be_pasted_and_imports_what_it_showed(folder: Path) -> None:
    done = _guess(folder, "-o", "map.toml")
    assert done.status == 0
    proposed = (folder / "map.toml").read_text("utf-8")
    assert stat.S_IMODE((folder / "map.toml").stat().st_mode) == 0o600
    (folder / "releasewatch.toml").write_text(SETTINGS + proposed, encoding="utf-8")
    imported = run_here("customer", "import", "--format", "json", cwd=folder)
    files = {one["kind"]: one for one in imported.document["import"]["files"]}
    counted = ("read", "silent", "added", "repeated", "rejected")
    assert {kind: tuple(one[name] for name in counted) for kind, one in files.items()} == {
        "customers": (4, 0, 3, 1, 0),
        "contacts": (4, 1, 1, 1, 1),
        "entitlements": (4, 2, 3, 0, 0),
    }
    assert files["customers"]["unsettled"] == ["Ort"]
    assert [(one["line"], one["column"]) for one in imported.document["rejected"]] == [(5, "Telefon")]
    shown = run_here("customer", "show", "K1", "--reveal", "contacts", "--format", "json", cwd=folder)
    one = shown.document["customer"]
    assert (one["country"], one["contract_value"], one["currency"]) == ("DE", "1200.50", "EUR")
    assert one["attributes"] == {}
    assert [contact["phone_state"] for contact in one["contacts"]] == ["valid"]
    again = run_here("customer", "import", cwd=folder)
    assert "export.csv: 1 row without a word on contacts" in again.err
    assert "rows about one customer differ in 'Ort'" in again.err


def test_nothing_is_written(folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert _guess(folder).status == 0
    assert _guess(folder, "--format", "json").status == 0
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_proposal_takes_the_place_of_an_earlier_one(folder: Path, form: str) -> None:
    for _ in range(2):
        assert _guess(folder, "-o", "map.toml", "--format", form).status == 0
    (folder / "map.toml").write_text("")  # as mktemp leaves it
    assert _guess(folder, "-o", "map.toml", "--format", form).status == 0


def test_a_proposal_overwrites_nothing_else(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / "link.csv").symlink_to("export.csv")
    (folder / "same.csv").hardlink_to(folder / "export.csv")
    (folder / "organisation.toml").write_text("[staff]\n")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for name, says in {
        "notes.txt": "notes.txt is there already and is no earlier proposal, so it is not overwritten.",
        "releasewatch.toml": "releasewatch.toml holds the settings, and -o would overwrite them.",
        "organisation.toml": "organisation.toml holds the settings, and -o would overwrite them.",
        "export.csv": "export.csv is what is read here, and -o would overwrite it.",
        "link.csv": "link.csv is what is read here, and -o would overwrite it.",
        "same.csv": "same.csv is what is read here, and -o would overwrite it.",
    }.items():
        for form in ("table", "json"):
            done = _guess(folder, "-o", name, "--format", form)
            assert (done.status, done.out) == (4, "")
            assert says in done.err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_proposal_names_the_file_as_the_settings_find_it(folder: Path, tmp_path: Path) -> None:
    (folder / "below").mkdir()
    above = tmp_path.parent / f"{tmp_path.name}-other.csv"
    above.write_bytes((folder / "export.csv").read_bytes())
    for given, written in (
        ("../export.csv", "export.csv"),
        (str(folder / "export.csv"), "export.csv"),
        (f"../../{above.name}", f"../{above.name}"),
        (str(above), str(above)),
    ):
        config = ("--config", "../releasewatch.toml")
        done = run_here("customer", "import", "--guess", given, *config, cwd=folder / "below")
        assert f'customers = "{written}"' in done.out, done.err


def test_a_proposal_that_has_become_the_settings_stays(folder: Path) -> None:
    (folder / "releasewatch.toml").unlink()
    assert _guess(folder, "-o", "releasewatch.toml").status == 0
    again = _guess(folder, "-o", "releasewatch.toml", "--format", "json")
    assert (again.status, again.error["code"]) == (4, "refused")


def test_the_report_of_an_import_overwrites_none_of_its_files(folder: Path) -> None:
    (folder / "customers.csv").write_text("key,name\na,A\n")
    for name in ("customers.csv", "releasewatch.toml"):
        before = (folder / name).read_bytes()
        done = run_here("customer", "import", "--customers", "customers.csv", "-o", name, cwd=folder)
        assert (done.status, (folder / name).read_bytes()) == (4, before)
    assert not (folder / ".releasewatch").exists()


def test_rows_are_withheld_in_a_pipe_and_shown_when_asked_for(folder: Path) -> None:
    quiet = _guess(folder)
    assert not any(word in quiet.out + quiet.err for word in PERSONAL)
    assert "withheld" in quiet.out
    assert 'name = "Firma"' in quiet.out
    # What a column holds that was taken for products may be anything.
    assert "or is given in values: 1 name, withheld here (--reveal names)" in quiet.out
    assert "Basic" not in quiet.out
    asked = _guess(folder, "--reveal", "contacts")
    assert "or is given in values: 'Basic'" in asked.out
    assert all(word in asked.out for word in PERSONAL if word != "Cy Example")
    terminal = run_on_terminal("customer", "import", "--guess", "export.csv", cwd=folder)
    assert "Müller" in terminal
    assert "030 901820" not in terminal


def test_a_file_without_column_names_is_not_told(folder: Path) -> None:
    (folder / "export.csv").write_text(
        "acme,Acme Secret GmbH,ada@secret.example,+49 30 901820\nbolt,Bo,b@x.example,1\n"
    )
    for arguments in (("--guess", "export.csv"), ("--customers", "export.csv"), ("--contacts", "export.csv")):
        for form in ("table", "json"):
            done = run_here("customer", "import", *arguments, "--format", form, cwd=folder)
            assert (done.status, done.out) == (2, "")
            assert "does not look like column names" in done.err
            assert not any(word in done.err.casefold() for word in ("secret", "acme", "901820"))
    saved = _guess(folder, "-o", "map.toml")
    assert (saved.status, "perhaps without column names" in (folder / "map.toml").read_text()) == (0, True)
    assert "its first line does not look like column names; is it a row already?" in saved.err
    assert "secret" not in (saved.out + saved.err).casefold()


def test_a_guessed_encoding_shows_a_word_where_names_may_be_shown(folder: Path) -> None:
    (folder / "c.csv").write_bytes("key,name\nA,Österberg\n".encode("cp1252"))
    for words in (("--guess", "c.csv"), ("--customers", "c.csv")):
        quiet = run_here("customer", "import", *words, cwd=folder)
        assert quiet.status == 0
        assert "read as cp1252, which is a guess" in quiet.err
        assert "sterberg" not in quiet.err + quiet.out
        assert "in this encoding a word of it is A,Österberg" in run_on_terminal(
            "customer", "import", *words, cwd=folder
        )


def test_the_log_of_a_public_repository_shows_counts_alone(folder: Path) -> None:
    event = folder / "event.json"
    event.write_text(json.dumps({"repository": {"private": False, "visibility": "public"}}))
    env = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": "o/shop"}
    done = _guess(folder, "--reveal", "contacts", **env)
    assert done.status == 0, done.err
    assert "customers: something in 4 of 4 rows, 0 rejected\n" in done.out
    assert not any(word in done.out for word in (*PERSONAL, "K1"))
    document = _guess(folder, "--format", "json", **env).document
    assert [one["rows"] for one in document["guess"]["kinds"]] == [[], [], []]


def test_the_document(folder: Path) -> None:
    document = _guess(folder, "--format", "json").document
    assert document["schema"] == 1
    guess = document["guess"]
    assert (guess["file"], guess["encoding"], guess["separator"], guess["rows"]) == ("export.csv", "cp1252", ";", 4)
    customers = guess["kinds"][0]
    assert [one["column"] for one in customers["columns"]][:3] == ["key", "name", "contract_value"]
    assert customers["columns"][2]["setting"] == {"from": "Umsatz", "decimal": ","}
    assert (customers["read"], customers["rejected"], customers["missing"]) == (4, 0, [])
    assert guess["unmatched"] == [{"heading": "Ort", "looks_like": "text"}]
    assert tomllib.loads(guess["toml"])["directory"]["crm"]["kind"] == "csv"
    saved = _guess(folder, "--format", "json", "-o", "guess.json")
    assert (saved.status, saved.out) == (0, "")
    assert json.loads((folder / "guess.json").read_text("utf-8"))["guess"]["rows"] == 4


def test_a_directory_that_is_configured_keeps_its_table(folder: Path) -> None:
    (folder / "releasewatch.toml").write_text(f'{SETTINGS}[directory.hub]\nkind = "csv"\ncustomers = "c.csv"\n')
    done = _guess(folder)
    assert "[directory.hub.columns.customers]" in done.out
    assert '# [directory.hub] must name the file as well: customers = "export.csv", contacts = "export.csv"' in done.out
    assert "\n[directory.hub]\n" not in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--guess", "none.csv"), "none.csv cannot be read: No such file or directory."),
        (("--guess", "export.csv", "--strict"), "--guess imports nothing, and takes no options of an import."),
        (("--guess", "export.csv", "--customers", "x.csv"), "--guess imports nothing, and takes no options"),
        (("--guess", "export.csv", "-o", "none/map.toml"), "none/map.toml cannot be written"),
        (("--customers", "export.csv", "--reveal", "names"), "What an import reports holds nothing to reveal."),
        (("--customers", "export.csv#Sheet"), "export.csv has no sheets, so that 'Sheet' is none of them."),
    ],
)
def test_calls_that_are_wrong(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run_here("customer", "import", *arguments, "--format", "json", cwd=folder)
    assert (done.status, done.out) == (2, "")
    assert done.error["message"].startswith(message)
    assert done.error["hint"]


def test_a_column_map_that_does_not_hang_together_is_refused(folder: Path) -> None:
    for setting, says in (
        ("name = { values = { a = 'b' } }", "wanted either from, the heading of the file, or constant"),
        ("name = { from = 'N', constant = 'N' }", "wanted either from, the heading of the file, or constant"),
        ("name = { constant = 'N', separator = ';' }", "a constant stands alone"),
        ("name = { from = 'N', format = 'DD.MM.YYYY' }", "format is for columns of days"),
        ("renewal_on = { from = 'N', format = 'D.M.' }", 'wanted "YYYY-MM-DD", "DD.MM.YYYY"'),
        ("name = { from = 'N', decimal = ',' }", "decimal is for columns of amounts"),
        (
            "renewal_on = { from = 'N', more = ['M'], format = 'DD.MM.YYYY' }",
            "joined from several columns is text alone",
        ),
        ("name = { more = ['N'] }", "wanted either from, the heading of the file, or constant"),
        ("contract_value = { from = 'N', decimal = ',', separator = ';' }", "an amount stands in its cell alone"),
    ):
        (folder / "releasewatch.toml").write_text(
            f'{SETTINGS}[directory.crm]\nkind = "csv"\ncustomers = "export.csv"\n'
            f"[directory.crm.columns.customers]\n{setting}\n"
        )
        done = run_here("config", "show", cwd=folder)
        assert done.status == 2
        assert says in done.err


def test_what_only_files_need_is_refused_of_a_server(folder: Path) -> None:
    (folder / "releasewatch.toml").write_text(
        f'{SETTINGS}[directory.crm]\nkind = "http"\ncustomers = "https://crm.example/api"\n'
        "[directory.crm.columns.customers]\nrenewal_on = { from = 'N', format = 'DD.MM.YYYY' }\n"
    )
    done = run_here("config", "show", cwd=folder)
    assert done.status == 2
    assert 'kind = "http" takes from, more and values only' in done.err
