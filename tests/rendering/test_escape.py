"""Hostile text in Markdown, HTML and CSV stays text: proven by parsing what comes out."""

from __future__ import annotations

import html
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from releasewatch.rendering import escape
from releasewatch.rendering.escape import WORD_JOINER, as_html, clean, escape_markdown

HOSTILE = [
    "[click](https://evil.example/)",
    "![pixel](https://evil.example/p.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "https://evil.example/x www.evil.example HTTP://EVIL.example",
    "# heading",
    "#12 and more",
    " ## heading after a blank",
    "===",
    "---",
    "- - -",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "> quote",
    "| a | b |",
    "--- | ---",
    "```\ncode\n```",
    "~~~",
    "`code` and ``more``",
    "**bold** _em_ __init__ ~~gone~~ ~x~",
    "[ref]: https://evil.example",
    ": definition",
    "(https://evil.example)",
    "line one\n\n# line two",
    "line one\r\n- line two",
    "form\x0cfeed \x0b# tab",
    "    indented code",
    "\tindented code",
    "trailing backslash \\",
    "hard break  \nnext",
    "&lt;b&gt; &#60;b&#62; &amp; AT&T &copy",
    "{{ 7*7 }} {% raw %} {:.class}",
    "$x^2$ and $$y$$",
    "@octocat and ada@evil.example",
    "<!-- comment",
    "]]> <![CDATA[ x ]]> <?php ?>",
    "ends with an image!",
    "closes a heading ##",
    "\u202egnp.exe \u2066x\u2069 \u200fy",
    "\x1b[31mred\x1b[0m \x00nul \x7f",
    "lone \udc80 surrogate",
    "a\u2028b\u2029c\x85d",
]
GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def read_back(text: str) -> str:
    """What somebody sees of a text: cleaned, with the word joiners that keep mentions from arising."""
    return clean(text).replace("@", "@" + WORD_JOINER).strip(" ")


def inline_of(document: str, frame: list[str]) -> str:
    """The text of the one inline token of a document; fails when the document has any other element."""
    tokens = GITHUB.parse(document)
    assert [t.type for t in tokens if t.type != "inline"] == frame, document
    (inline,) = [t for t in tokens if t.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text"}, document
    return "".join(child.content for child in inline.children or ())


PARAGRAPH = ["paragraph_open", "paragraph_close"]
ITEM = ["bullet_list_open", "list_item_open", *PARAGRAPH, "list_item_close", "bullet_list_close"]
HEADING = ["heading_open", "heading_close"]


def check_markdown(text: str) -> None:
    """Parse a text at the start of a line, in a list, a heading, and in the middle of a line."""
    shown = read_back(text)
    escaped = escape_markdown(text)
    if not shown.strip():  # white space of any kind is nothing to a parser
        assert not escaped.strip()
        return
    assert inline_of(f"{escaped}\n", PARAGRAPH).strip() == shown.strip()
    assert inline_of(f"- {escaped}\n", ITEM).strip() == shown.strip()
    assert inline_of(f"## {escaped}\n", HEADING).strip() == shown.strip()
    assert inline_of(f"before {escaped} after\n", PARAGRAPH) == f"before {as_read(escaped, text)} after"


def as_read(escaped: str, text: str) -> str:
    """In the middle of a line a blank at either end of the text is kept."""
    shown = read_back(text)
    return (" " if escaped.startswith(" ") else "") + shown + (" " if escaped.endswith(" ") else "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element_in_markdown(text: str) -> None:
    check_markdown(text)


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_read_back_from_markdown(text: str) -> None:
    check_markdown(text)


ACTIVE = st.text("\\`*_{}[]()#+-.!|~<>&:@=$^\"' \n\t1aw/;", max_size=24)


@given(ACTIVE)
def test_any_mixture_of_active_characters_is_read_back_from_markdown(text: str) -> None:
    check_markdown(text)


@given(ACTIVE)
def test_text_cannot_leave_its_cell_of_a_table(text: str) -> None:
    tokens = GITHUB.parse(f"| a | b |\n| --- | --- |\n| {escape_markdown(text)} | last |\n")
    cells = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert cells[0].content is not None
    assert "".join(child.content for child in cells[0].children or ()) == read_back(text)
    assert cells[1].content == "last"


@given(ACTIVE)
def test_text_behind_a_line_of_text_does_not_make_it_a_heading(text: str) -> None:
    types = {token.type for token in GITHUB.parse(f"a line\n{escape_markdown(text)}\n")}
    assert types <= {"paragraph_open", "paragraph_close", "inline"}


@given(ACTIVE)
def test_text_beside_brackets_of_a_template_makes_no_link(text: str) -> None:
    for document in (f"[x]{escape_markdown(text)}", f"{escape_markdown(text)}[x](/y)"):
        inline = next(token for token in GITHUB.parse(document) if token.type == "inline")
        assert "image" not in {child.type for child in inline.children or ()}
        links = [child for child in inline.children or () if child.type == "link_open"]
        assert [link.attrs["href"] for link in links] == (["/y"] if document.endswith("(/y)") else [])


@pytest.mark.parametrize("scheme", ["https://x.example", "see www.x.example", "ftp://x", "HTTP://x"])
def test_nothing_is_left_that_a_forge_makes_a_link_of(scheme: str) -> None:
    escaped = escape_markdown(scheme)
    assert re.search(r"(?i)(https?|ftp)://|\bwww\.", escaped) is None


def test_readable_text_stays_readable() -> None:
    for text in ("Fix snake_case names (#12), 3.5 % faster", "2.4.0", "+49 30 901820", "-3", "a - b", "AT&T", "C++"):
        assert escape_markdown(text) == text


def test_text_is_cleaned_for_html() -> None:
    assert as_html("a\x1b[31m\u202eb\nc\udc80") == "a[31mb c\ufffd"
    assert as_html("<b> & \"'\x07") == "&lt;b&gt; &amp; &#34;&#39;"
    assert as_html(7) == "7"
    assert as_html(as_html("<b>")) == "&lt;b&gt;"


def test_what_is_printable_holds_nothing_to_be_cleaned_but_a_second_blank() -> None:
    for number in range(sys.maxunicode + 1):
        if chr(number).isprintable():
            assert clean(f"a{chr(number)}b") == f"a{chr(number)}b"


@given(st.text(st.sampled_from("ab wW.(),;/'\"%?=+-019#:&<"), max_size=12))
def test_most_texts_are_escaped_after_one_look_as_after_many(text: str) -> None:
    in_markdown, in_html = escape_markdown(text), as_html(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escape, "_PLAIN", re.compile(r"(?!)"))
        patch.setattr(escape, "_PLAIN_IN_HTML", re.compile(r"(?!)"))
        assert escape_markdown(text) == in_markdown
        assert as_html(text) == in_html


@given(st.text(st.characters(codec=None), max_size=60))
def test_clean_text_is_one_line_that_any_file_can_hold(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert len(cleaned.splitlines()) <= 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2067\u2069" for c in cleaned)
    assert clean(cleaned) == cleaned
    assert html.unescape(html.escape(cleaned)) == cleaned
