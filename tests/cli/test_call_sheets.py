"""`releasewatch call render` as spreadsheets, and `call import`: files, exit codes, and what each channel may show."""

from __future__ import annotations

import stat

import pytest
from openpyxl import load_workbook

from tests.support.command import run_command, run_here
from tests.support.racing import Racer, race
from tests.support.sheets import fill_in

IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}
RENDER = ("call", "render", "--deployment", "two")


@pytest.fixture
def planned(shop):
    """The shop's second deployment has its calls: of acme, cask and dent; bolt is left."""
    staff = "key,name,team\nolga,Olga Example,emea\npiet,Piet Example,us\n"
    (shop.path / "staff.csv").write_text(staff, "utf-8")
    assert run_here("staff", "import", "staff.csv", cwd=shop.path).status == 0
    assert run_here("call", "plan", "--deployment", "two", cwd=shop.path).status == 0
    return shop


def fill(path, *filled):
    fill_in(path, ({"key": customer, **words} for customer, words in filled), by="key")


def test_a_list_goes_out_and_comes_back(planned):
    def does(*words, status=0, form=("--format", "json")):
        done = run_here(*words, *form, cwd=planned.path)
        assert done.status == status, done.err
        return done

    does(*RENDER, "-o", "calls.xlsx", form=("--format", "xlsx"))
    assert stat.S_IMODE((planned.path / "calls.xlsx").stat().st_mode) == 0o600
    assert does("call", "import", "calls.xlsx", "--by", "olga").document["filled"] == 0
    fill(
        planned.path / "calls.xlsx",
        ("acme", {"disposition": "connected", "note": "Ada was cross"}),
        ("cask", {"note": "x"}),
    )
    kept = does(*RENDER, "-o", "calls.xlsx", status=4, form=("--format", "xlsx"))
    assert "has been filled in, and would be overwritten" in kept.err
    rehearsed = does("call", "import", "calls.xlsx", "--dry-run", "--by", "olga").document
    assert (rehearsed["added"], rehearsed["dry_run"]) == (1, True)
    strict = does("call", "import", "calls.xlsx", "--strict", "--by", "olga", status=1).document
    assert (strict["added"], strict["written"]) == (0, False)
    done = does("call", "import", "calls.xlsx", "--by", "olga")
    assert {name: done.document[name] for name in ("rows", "filled", "added", "unchanged")} == {
        "rows": 3, "filled": 2, "added": 1, "unchanged": 0,
    }  # fmt: skip
    (call,) = done.document["calls"]
    assert (call["customer"], call["status"]) == ("acme", "done")
    (rejected,) = done.document["rejected"]
    assert (rejected["column"], rejected["reason"][:9]) == ("disposition", "is empty:")
    again = does("call", "import", "calls.xlsx", "--by", "piet", form=())
    assert again.out.startswith("3 rows read, 2 filled in: 0 noted, 1 known already, 1 rejected.\n  row ")
    for name in ("cross", "Ada", "olga", "Acme"):
        assert name not in done.out + done.err + again.out + again.err


def test_each_account_manager_has_a_file_with_their_customers_only(planned, tmp_path):
    folder = tmp_path / "lists"
    done = run_here(*RENDER, "--each-account-manager", "--format", "csv", "-o", str(folder), cwd=planned.path)
    assert done.status == 0, done.err
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    keys = {
        name: {key for key in ("acme", "bolt", "cask", "dent") if f",{key}," in text} for name, text in found.items()
    }
    assert sum(map(len, keys.values())) == 4, keys
    assert {name.split("-")[2] for name in keys} == {"olga", "piet", "UNOWNED"}
    for name in ("olga", "piet"):
        alone = run_here(*RENDER, "--account-manager", name, "--format", "csv", "-o", "one.csv", cwd=planned.path)
        assert alone.status == 0, alone.err
        (mine,) = (mine for file, mine in keys.items() if name in file)
        text = (planned.path / "one.csv").read_text("utf-8")
        assert {key for key in ("acme", "bolt", "cask", "dent") if f",{key}," in text} == mine
    team = run_here(*RENDER, "--team", "EMEA", "--format", "csv", "-o", "team.csv", cwd=planned.path)
    assert team.status == 0, team.err
    text = (planned.path / "team.csv").read_text("utf-8")
    assert {key for key in ("acme", "bolt", "cask", "dent") if f",{key}," in text} == next(
        mine for file, mine in keys.items() if "olga" in file
    )
    for form in ("md", "html", "xlsx"):
        each = run_here(*RENDER, "--each-account-manager", "--format", form, "-o", str(folder), cwd=planned.path)
        assert each.status == 0, each.err
    assert "team emea" in run_here(*RENDER, "--team", "emea", cwd=planned.path).out


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_templates_are_refused_for_a_format_that_is_made_by_none(planned, form):
    (planned.path / "mine").mkdir()
    words = (*RENDER, "--templates", "mine", "-o", f"calls.{form}")
    named = (*words, "--format", form)
    for asked in (words, named, (*words[:-1], "lists", "--format", form, "--each-account-manager")):
        done = run_here(*asked, cwd=planned.path)
        assert (done.status, done.out) == (2, "")
        assert f"--templates is given, and {form.upper()} is made by no template." in done.err
    assert not (planned.path / f"calls.{form}").exists()
    assert not (planned.path / "lists").exists()


def test_templates_word_letters_whatever_the_format(planned):
    letter = planned.path / "mine" / "calls" / "letter.txt"
    letter.parent.mkdir(parents=True)
    letter.write_text("News for you\n\nOurs.\n", "utf-8")
    for form, name in (("html", "calls.html"), ("md", "calls.md"), ("mailmerge", "letters.csv")):
        done = run_here(*RENDER, "--format", form, "--templates", "mine", "-o", name, cwd=planned.path)
        assert done.status == 0, done.err
    assert "News for you" in (planned.path / "letters.csv").read_text("utf-8")
    done = run_here(*RENDER, "--templates", "mine", "--write-drafts", "drafts", cwd=planned.path)
    assert done.status == 0, done.err
    both = run_here(*RENDER, "--format", "html", "--write-drafts", "more", cwd=planned.path)
    assert (both.status, "--write-drafts makes mails, and HTML is asked for." in both.err) == (2, True)
    assert not (planned.path / "more").exists()
    assert all("News for you" in one.read_text("utf-8") for one in (planned.path / "drafts").iterdir())


def test_a_file_that_is_no_list_is_never_overwritten(planned, tmp_path):
    folder = tmp_path / "lists"
    for form in ("md", "html", "csv", "xlsx", "mailmerge"):
        asked = (*RENDER, "--format", form, "-o")
        for name in ("customers.csv", "releasewatch.toml", ".releasewatch/ledger.db"):
            before = (planned.path / name).read_bytes()
            refused = run_here(*asked, name, cwd=planned.path)
            assert (refused.status, refused.out, "is no call list" in refused.err) == (4, "", True)
            assert (planned.path / name).read_bytes() == before
        for _ in range(2):  # a list of ours gives way to the next
            assert run_here(*asked, f"calls.{form}", cwd=planned.path).status == 0
    each = (*RENDER, "--each-account-manager", "-o", str(folder))
    assert run_here(*each, cwd=planned.path).status == 0
    first, second, *_ = sorted(folder.iterdir())
    second.write_text("# My own notes\n", "utf-8")
    first.unlink()
    refused = run_here(*each, cwd=planned.path)
    assert (refused.status, first.exists(), second.read_text("utf-8")) == (4, False, "# My own notes\n")
    fill(planned.path / "calls.xlsx", ("acme", {"disposition": "connected"}))
    other_form = run_here(*RENDER, "--format", "html", "-o", "calls.xlsx", cwd=planned.path)
    assert (other_form.status, "has been filled in" in other_form.err) == (4, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "xlsx"), "A workbook is a file."),
        (("--format", "xlsx", "-o", "."), "is a folder"),
        (("--each-account-manager",), "where the files are to be"),
        (("--each-account-manager", "-o", "staff.csv"), "is no folder"),
        (("--each-account-manager", "-o", "no/such"), "cannot be made"),
        (("--each-account-manager", "--team", "emea", "-o", "x"), "More than one part"),
        (("--account-manager", "olga", "--team", "emea"), "More than one part"),
        (("--team", "emae"), "Nobody of our staff is in a team 'emae'"),
    ],
)
def test_what_cannot_be_rendered_is_one_sentence(planned, words, said):
    done = run_here(*RENDER, *words, cwd=planned.path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_in_ci_no_file_is_named_after_anybody_and_a_workbook_holds_keys(planned, tmp_path):
    each = run_here(*RENDER, "--each-account-manager", "-o", str(tmp_path / "x"), cwd=planned.path, env=IN_CI)
    assert each.status == 4
    assert "tells by its name who they are" in each.err
    done = run_here(*RENDER, "--format", "xlsx", "-o", "ci.xlsx", cwd=planned.path, env=IN_CI)
    assert done.status == 0, done.err
    book = load_workbook(planned.path / "ci.xlsx")
    text = "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "acme" in text
    assert [word for word in ("Acme", "Ada", "23125", "ada@", "olga", "Berlin") if word in text] == []
    fill(planned.path / "ci.xlsx", ("acme", {"disposition": "connected"}))
    back = run_here("call", "import", "ci.xlsx", "--by", "olga", "--format", "json", cwd=planned.path)
    assert back.document["added"] == 1, "what was withheld is no contact"


def test_two_who_read_the_same_list_at_once_note_it_once(planned):
    assert run_here(*RENDER, "--format", "xlsx", "-o", "calls.xlsx", cwd=planned.path).status == 0
    fill(planned.path / "calls.xlsx", *((name, {"disposition": "no_answer"}) for name in ("acme", "cask", "dent")))
    words = ("call", "import", "calls.xlsx", "--by", "olga", "--format", "json")
    done = race([Racer(words, {}, planned.path) for _ in range(2)])
    assert sorted((one["added"], one["unchanged"]) for one in done) == [(0, 3), (3, 0)]


def test_a_list_may_come_through_a_pipe_and_what_is_none_is_one_sentence(planned):
    for content, status, said in (
        (b"call,disposition\nC-1,busy\n", 0, "1 row read, 1 filled in: 1 noted."),
        (b"", 2, "Standard input is no call list"),
        (b"PK\x03\x04", 2, "Standard input is no XLSX workbook"),
    ):
        (planned.path / "given").write_bytes(content)
        words = ("sh", "-c", 'exec "$@" < given', "sh")
        done = run_command("call", "import", "-", "--by", "olga", cwd=planned.path, through=words)
        assert done.status == status, done.err
        assert said in done.out + done.err
        assert "/tmp" not in done.err
