"""Makes text from outside harmless in a document: no markup, no formula, no control character comes out of it."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINE_ENDS = "\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029"
_UNSAFE = re.compile(rf"[\x00-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e0001]")
_SPACES = re.compile(rf"[ {_LINE_ENDS}]+")
_CONTROL = re.compile(rf"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f{_BIDI}\ufff9-\ufffb\U000e0000-\U000e0001]")
_SURROGATE = re.compile("[\ud800-\udfff]")

WORD_JOINER = "\u2060"
"""Put behind an `@`: invisible, it keeps a forge from notifying whoever is called so, and mail links from arising."""

_MARK = re.compile(r"(\\|`|\*|\[|\]|<|>|\||~|\{|\$|_(?:(?<![^\W_]_)|(?![^\W_]))|:(?=//)|!(?=\Z)|&(?=#?\w+;))")
"""Code, emphasis, links, HTML, tables, strikethrough, templates of site generators, formulas: always. `_`, but for the
inside of a word; `:` of a link that would make itself; `!` before what may be a link; `&` of an entity."""

_PLAIN = re.compile(
    r"(?:[A-Za-z\xc0-\xff]|\+(?=[0-9])|[0-9]+(?![0-9.)]))"
    r"(?:[A-Za-z0-9\xc0-\xff ,;()/'\"%?=+.-]++|:(?!//)|&(?= )|#(?=[0-9])|!(?!\Z))*"
)
"""Most texts: words and numbers, and nothing that is a mark of Markdown's there."""

_PLAIN_IN_HTML = re.compile(r"[ !#-%(-;=?-~]*")
"""The same in HTML: ASCII that is printed, but for what HTML escapes."""

_AT_START = re.compile(r"( ?)(?:([#(:]|[-+](?=\s|$)|[-=]+ ?$)|(\d{1,9})(?=[.)](?:\s|$)))")
"""A heading, the rest of somebody's link, a list, an underline of a heading, a numbered list."""

_marked = str.__new__
"""Markup(text) looks for other kinds of safe text first; here it is known to be text, ten thousand times a document."""

_AT_END = re.compile(r" (#+ ?)$")
"""What would be taken for the closing marks of a heading."""

_WWW = re.compile(r"(?<![^\W_])(www)\.", re.IGNORECASE)


def clean(text: str) -> str:
    """Text on one line, without control characters, direction overrides and stray surrogates; white space collapsed."""
    # What Python calls printable holds nothing unsafe; most texts are, and it is quick to say.
    if "  " in text or (not text.isprintable() and _UNSAFE.search(text) is not None):
        text = _SURROGATE.sub("\ufffd", _SPACES.sub(" ", _CONTROL.sub("", text)))
    return text


def escape_markdown(text: str) -> Markup:
    """Text as Markdown (CommonMark, GitHub's dialect) that shows it literally, wherever inside a line it is put.

    Nothing of it can become a block, a link, HTML, a table cell's border or a mention; the text that a reader sees is
    `clean(text)`, with a word joiner after each `@`. References like `#12` are left to the forge: they notify nobody.
    """
    return _marked(Markup, markdown_of(text))  # escaped right here


def markdown_of(text: str) -> str:
    """The same, not marked as safe."""
    if _PLAIN.fullmatch(text) is None or "  " in text:
        text = _escape_marks(clean(text))
    elif "w." not in text and "W." not in text:
        return text  # quickly: ten thousand times a document
    if "www." in text.lower():
        text = _WWW.sub(r"\1\\.", text)
    start = _AT_START.match(text)
    if start is not None:
        at = start.end(3) if start[3] else start.end(1)
        text = f"{text[:at]}\\{text[at:]}"
    if text.endswith(("#", "# ")):
        text = _AT_END.sub(r" \\\1", text)
    return text


def _escape_marks(text: str) -> str:
    """The text with a backslash before each mark; put together from pieces, so that nothing is called for each."""
    pieces = _MARK.split(text)
    if len(pieces) > 1:
        pieces[1::2] = [f"\\{mark}" for mark in pieces[1::2]]
        text = "".join(pieces)
    return text.replace("@", f"@{WORD_JOINER}") if "@" in text else text


def html_of(text: str) -> str:
    """Text as HTML, without control characters; not marked as safe."""
    if _PLAIN_IN_HTML.fullmatch(text) is not None and "  " not in text:
        return text  # nothing to be escaped
    return str.__str__(escape(clean(text)))


def as_markdown(value: object) -> Markup:
    """Any value of a template as Markdown; what is marked as safe already is left as it is."""
    if isinstance(value, Markup):
        return value
    return escape_markdown(value if isinstance(value, str) else str(value))


def as_html(value: object) -> Markup:
    """Any value of a template as HTML, without control characters; what is marked as safe already is left as it is."""
    if isinstance(value, Markup):
        return value
    return _marked(Markup, html_of(value)) if isinstance(value, str) else escape(value)
