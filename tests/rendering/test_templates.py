"""The user's templates: found first, kept in their box, and told where they are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import pytest
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt

from releasewatch.errors import TemplateError
from releasewatch.rendering.templates import Templates, builtin_folder
from releasewatch.rendering.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "a <i>t</i> [x](https://evil.example) **b** _e_"


@dataclass(frozen=True, slots=True)
class Item(View):
    text: str
    number: int = 3


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def render(folder: Path | None, name: str, fmt: Literal["md", "html"] = "md", **values: Any) -> str:
    return "".join(Templates(fmt, folder).stream(name, values))


def mistake(folder: Path, text: str, **values: Any) -> TemplateError:
    write(folder, "t.md", text)
    with pytest.raises(TemplateError) as caught:
        render(folder, "t.md", **values)
    return caught.value


def test_the_folder_of_the_user_comes_first_and_may_build_on_ours(tmp_path: Path) -> None:
    write(tmp_path, "base.html", "<html><title>{% block title %}{% endblock %}</title>ours</html>")
    write(tmp_path, "mine.html", '{% extends "base.html" %}{% block title %}Mine{% endblock %}')
    write(tmp_path, "style.css", "body { color: teal }")
    assert render(tmp_path, "mine.html", "html") == "<html><title>Mine</title>ours</html>"
    assert (builtin_folder() / "base.html").is_file()
    write(tmp_path, "only.html", '<style>{% include "style.css" %}</style>')
    assert "teal" in render(tmp_path, "only.html", "html")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="not a folder"):
        Templates("md", tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("one\n{{ missing }}\n", 2, "'missing' is undefined"),
        ("{{ item.tetx }}", 1, "has no attribute 'tetx'"),
        ("\n\n{% if item.missing %}x{% endif %}", 3, "missing"),
        ("a\n{% for x in %}\n", 2, "Expected an expression"),
        ("a\n\n{{ item.text", 3, "unexpected end of template"),
        ("\n{{ item.number + 'x' }}", 2, "TypeError"),
        ("\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ('\n\n{% include "nowhere.md" %}', 3, "there is no template `nowhere.md`"),
        ("{{ item.text|safe }}", 1, "No filter named 'safe'"),
        ("x\n{% autoescape false %}{{ item.text }}{% endautoescape %}", 2, "escaping cannot be switched off"),
        ("{{ item.__class__ }}", 1, "__class__"),
        ("{{ item.text.__class__.__mro__ }}", 1, "__class__"),
        ("{{ ''.format.__globals__ }}", 1, "__globals__"),
        ("{{ '{0.__class__}'.format(item) }}", 1, "__class__"),
        ("{{ item['__class__'] }}", 1, "__class__"),
        ("{{ [item]|map(attribute='__class__')|first }}", 1, "__class__"),
        ("{{ namespace.__init__ }}", 1, "__init__"),
        ("{% set x = [] %}{{ x.append(1) }}", 1, "append"),
        ("{{ range(10000000)|length }}", 1, "Range too big"),
        ("{{ lipsum() }}", 1, "'lipsum' is undefined"),
    ],
)
def test_a_mistake_names_template_and_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    error = mistake(tmp_path, text, item=Item("x"))
    assert error.message.startswith(f"Template t.md, line {line}: ")
    assert what in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("notes/customer.md", "views.py"),
        ("calls/list.md", "call_views.py"),
        ("calls/letter.de.txt", "call_letters.py"),
        ("incidents/brief.md", "incident_views.py"),
        ("summary/deployment.md", "summary_views.py"),
        ("oncall.txt", "notification_views.py"),
    ],
)
def test_a_mistake_says_where_what_such_a_template_may_use_is_documented(tmp_path: Path, name: str, views: str) -> None:
    write(tmp_path, name, "{{ nosuch }}")
    made = Templates("txt" if name.endswith("txt") else "md", tmp_path)
    with pytest.raises(TemplateError) as raised:
        list(made.stream(name, {}))
    assert f"releasewatch/rendering/{views};" in raised.value.hint
    assert find_spec(f"releasewatch.rendering.{views.removesuffix('.py')}")


def test_a_mistake_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    write(tmp_path, "part.md", "fine\n{{ missing }}")
    assert mistake(tmp_path, '\n{% include "part.md" %}').message.startswith("Template part.md, line 2: ")
    write(tmp_path, "part.md", "fine\n\n{% endif %}")
    assert mistake(tmp_path, '\n{% include "part.md" %}').message.startswith("Template part.md, line 3: ")


def test_a_mistake_of_ours_is_not_blamed_on_the_user() -> None:
    with pytest.raises(Exception, match="'notes' is undefined") as caught:
        render(None, "notes/customer.md")
    assert not isinstance(caught.value, TemplateError)


@pytest.mark.parametrize("name", ["../secret.md", "a/../../secret.md", "/etc/hostname", "link.md"])
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path, "secret.md", "the secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    error = mistake(folder, f'{{% include "{name}" %}}')
    assert "secret" not in error.message.replace(name, "")


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/t.md", "content")
    (tmp_path / "t.md").symlink_to(tmp_path / "real" / "t.md")
    assert render(tmp_path, "t.md") == "content"


def test_a_file_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.md").write_bytes(b"caf\xe9")
    with pytest.raises(TemplateError, match=r"t\.md could not be read"):
        render(tmp_path, "t.md")


# Nobody has to remember to escape, whatever way text takes through a template.

WAYS = [
    "{{ item.text }}",
    "{{ item.text ~ '' }}",
    "{{ 'a ' ~ item.text ~ ' b' }}",
    "{{ item.text + '' }}",
    "{{ '%s' % item.text }}",
    "{{ '{}'.format(item.text) }}",
    "{{ [item.text, item.text]|join(', ') }}",
    "{{ [item]|map(attribute='text')|join('; ') }}",
    "{{ [item]|join(', ', attribute='text') }}",
    "{{ item.text|replace('x', item.text) }}",
    "{{ item.text|upper }}",
    "{{ item.text|truncate(45) }}",
    "{{ item.text|e }}",
    "{{ item.text|string|trim|title }}",
    "{{ item.text|default('') }}",
    "{{ item.text.replace('[x', '[y') }}",
    "{{ item.text[1:] }}",
    "{{ (item.text, item.text) }}",
    "{% set t = item.text %}{{ t }}",
    "{% set t %}{{ item.text }}{% endset %}{{ t }}",
    "{% set t %}T{% endset %}{{ t ~ item.text }}",
    "{% set t %}T{% endset %}{{ t + item.text }}",
    "{% set t %}T{% endset %}{{ item.text + t }}",
    "{% set t %}T{% endset %}{{ [t, item.text]|join(' ') }}",
    "{% set t %}T{% endset %}{{ t|replace('T', item.text) }}",
    "{% set t %}T{% endset %}{{ [t, t]|join(item.text) }}",
    "{% set t %}T {{ item.text }}{% endset %}{{ t|upper }}{{ t|e }}{{ t|trim }}{{ t|indent }}",
    "{% macro m(x) %}({{ x }}){% endmacro %}{{ m(item.text) }}",
    "{% macro m(x) %}({{ x }}){% endmacro %}{{ m(item.text) ~ item.text }}",
    "{% macro m(x) %}({{ caller() }}{{ x }}){% endmacro %}{% call m(item.text) %}{{ item.text }}{% endcall %}",
    "{% filter upper %}{{ item.text }}{% endfilter %}",
    "{% for c in [item]|groupby('text') %}{{ c.grouper }}{{ c }}{% endfor %}",
    "{{ item }}",
    "{{ cycler(item.text, 'b').next() }}",
    "{{ namespace(t=item.text).t }}",
    "{{ {'k': item.text} }}",
    "{{ dict(k=item.text)|items|list }}",
]


@pytest.mark.parametrize("way", WAYS)
def test_text_is_escaped_for_markdown_on_every_way_through_a_template(tmp_path: Path, way: str) -> None:
    write(tmp_path, "t.md", way)
    document = render(tmp_path, "t.md", item=Item(HOSTILE))
    tokens = MarkdownIt("commonmark").parse(f"start {document}\n")
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "softbreak"}, document
    assert "evil" in document.lower()


@pytest.mark.parametrize(
    "way",
    [
        "{% set t %}%s{% endset %}{{ t % item.text }}",
        "{% set t %}{}{% endset %}{{ t.format(item.text) }}",
        "{% set t %}{}{% endset %}{{ t['format'](item.text) }}",
        "{% set t %}{}{% endset %}{{ t.format_map({'': item.text}) }}",
        "{% set t %}T{% endset %}{{ t.join([item.text, item.text]) }}",
        "{% set t %}T{% endset %}{{ t.replace('T', item.text) }}",
        "{{ item.text|urlize }}",
        "{{ item.text|tojson }}",
        "{{ {'a': item.text}|xmlattr }}",
        "{{ item.text|format }}",
        "{{ item.text|wordwrap(3) }}",
        "{{ item|attr('text') }}",
        "{{ [item.text]|sum(start='') }}",
    ],
)
def test_ways_round_the_escaping_are_not_to_be_had_in_markdown(tmp_path: Path, way: str) -> None:
    mistake(tmp_path, way, item=Item(HOSTILE))


@pytest.mark.parametrize("way", [way for way in WAYS if "t|replace" not in way])
def test_text_is_escaped_for_html_on_every_way_through_a_template(tmp_path: Path, way: str) -> None:
    write(tmp_path, "t.html", way)
    document = render(tmp_path, "t.html", "html", item=Item(HOSTILE))
    assert "<i>" not in document.lower()
    assert "&lt;i&gt;" in document.lower()


def test_what_a_template_writes_itself_is_left_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, "t.md", "## **{{ item.text }}**\n{{ '---' if item.number == 3 }}\n- {{ item.number }}\n")
    assert render(tmp_path, "t.md", item=Item("a*b")) == "## **a\\*b**\n\\---\n- 3\n"


@pytest.mark.parametrize(("fmt", "escaped"), [("md", "\\<&\\*"), ("html", "&lt;&amp;*")])
def test_what_is_printed_is_escaped_once(tmp_path: Path, fmt: Literal["md", "html"], escaped: str) -> None:
    text = "{% macro m(x) %}{{ x }}{% endmacro %}{{ text }}{{ m(text) }}{% if text %}{{ 7 }}{% endif %}"
    write(tmp_path, f"t.{fmt}", text)
    templates = Templates(fmt, tmp_path)
    assert "".join(templates.stream(f"t.{fmt}", {"text": "<&*"})) == f"{escaped}{escaped}7"
    code = templates._environment.compile(text, raw=True)
    assert "finalize(value))" in code
    assert "escape(" not in code


@dataclass(frozen=True, slots=True)
class Other(View):
    number: int = 3


LOOPS = [
    "{% for t in texts %}{{ loop.index }}{% if loop.last %}.{% endif %} {{ t }}\n{% else %}none{% endfor %}after",
    "{% for t in [] %}{{ t }}{% else %}none{% endfor %}",
    "{% for a in texts[:40] %}{{ a }}{% for b in texts[:40] if b != a %}({{ b }}){% endfor %};{% endfor %}",
    (
        "{% for t in texts %}{% set x %}<{{ t }}>{% endset %}{{ x }}{{ x|upper }}"
        "{% filter lower %}{{ t }}{% endfilter %}{% endfor %}"
    ),
    (
        "{% macro m(x) %}{% for y in x %}[{{ y }}]{% endfor %}{% endmacro %}"
        "{% for t in texts %}{{ m([t, t]) }}{% endfor %}"
    ),
    (
        "{% for t in texts recursive %}{{ t }}"
        "{% if loop.depth < 2 and loop.first %}{{ loop(texts) }}{% endif %}{% endfor %}"
    ),
    (
        "{% for t in texts %}{% include 'part.html' %}{% endfor %}"
        "{% for t in texts %}{% include 'part.html' %}{% endfor %}"
    ),
    (
        "{% for t in texts %}{% block one scoped %}{{ t }}"
        "{% for u in texts[:3] %}{{ u }}{% endfor %}{% endblock %}{% endfor %}"
    ),
    "{% extends 'whole.html' %}{% block main %}{% for t in texts %}{{ t }},{% endfor %}{{ super() }}{% endblock %}",
    "{% for i in items %}{{ i.text }}{{ i.number }}{% if i.text %}{{ i['text'] }}{% endif %}\n{% endfor %}",
]


@pytest.mark.parametrize("loop", LOOPS)
def test_long_loops_say_what_they_say_in_jinja_itself(tmp_path: Path, loop: str) -> None:
    texts = [f"text & {n}" for n in range(1500)]
    values = {"texts": texts, "items": [Item(text, number) for number, text in enumerate(texts)]}
    write(tmp_path, "part.html", "{% for u in [t, 'x'] %}{{ u }} {% endfor %}")
    write(tmp_path, "whole.html", "{% for t in texts %}{{ t }}{% endfor %}{% block main %}ours{% endblock %}")
    write(tmp_path, "t.html", loop)
    plain = Environment(loader=FileSystemLoader(tmp_path), autoescape=True, keep_trailing_newline=True)
    plain.trim_blocks = plain.lstrip_blocks = True
    assert render(tmp_path, "t.html", "html", **values) == plain.get_template("t.html").render(values)


def test_a_field_that_one_view_has_is_not_taken_for_one_that_all_have(tmp_path: Path) -> None:
    write(tmp_path, "t.md", "{% for one in all %}{{ one.text|default('no text') }} {% endfor %}")
    values = [Item("a"), Item("b"), Other(), {"text": "c"}, Item("d")]
    assert render(tmp_path, "t.md", all=values) == "a b no text c d "
    error = mistake(tmp_path, "{% for one in all %}{{ one.text }}{% endfor %}", all=values)
    assert "has no attribute 'text'" in error.message


@pytest.mark.parametrize("field", ["__class__", "_private", "__init__"])
def test_what_is_private_stays_so_however_often_it_is_asked_for(tmp_path: Path, field: str) -> None:
    text = f"{{% for one in all %}}{{{{ one.{field}|default('kept') }}}} {{% endfor %}}"
    write(tmp_path, "t.md", text)
    assert render(tmp_path, "t.md", all=[Item("a")] * 3) == "kept kept kept "


@pytest.mark.parametrize(("fmt", "escaped"), [("md", "\\*\\&lt;\\*"), ("html", "*&amp;lt;*")])
def test_texts_that_are_said_again_are_escaped_again(tmp_path: Path, fmt: Literal["md", "html"], escaped: str) -> None:
    write(tmp_path, f"t.{fmt}", "{% for text in texts %}{{ text }}\n{% endfor %}")
    many = [f"{n}*&lt;*" for n in range(1200)]
    found = render(tmp_path, f"t.{fmt}", fmt, texts=[*many, *many]).splitlines()
    assert found == [f"{n}{escaped}" for n in range(1200)] * 2


def test_a_long_document_is_given_out_piece_by_piece(tmp_path: Path) -> None:
    write(tmp_path, "t.md", "{% for text in texts %}{% for one in [text] %}{{ one }}\n{% endfor %}{% endfor %}")
    asked: list[int] = []

    def texts() -> Iterator[str]:
        for n in range(5000):
            asked.append(n)
            yield f"text {n}"

    pieces = Templates("md", tmp_path).stream("t.md", {"texts": texts()})
    assert next(pieces).startswith("text 0\ntext 1\n")
    assert len(asked) < 1000
