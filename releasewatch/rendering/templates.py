"""Finds, compiles and runs templates: the user's folder first, sandboxed, and escaped whether asked for or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_PARAMETER
from jinja2.loaders import split_template_path
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from releasewatch.errors import TemplateError
from releasewatch.rendering.escape import as_html, as_markdown, clean, html_of, markdown_of
from releasewatch.rendering.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from jinja2.runtime import Context

Format = Literal["md", "html"]

# fmt: off
_FILTERS = (
    "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string", "title", "trim", "truncate",
    "unique", "upper", "wordcount",
)
# fmt: on
"""Filters that take text apart or order it. None declares text safe: there is no `safe` to be misused."""

_HTML_FILTERS = ("e", "escape", "urlencode", "wordwrap", "center")
_MISTAKES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What Python raises when a template's expression makes no sense."""


_VIEWS = {
    "notes/": "views.py",
    "calls/letter": "call_letters.py",
    "calls/": "call_views.py",
    "incidents/": "incident_views.py",
    "summary/": "summary_views.py",
}
"""Which module says what a template may use, by how its name begins; the others are of notifications."""

_MISSING = object()
_SHORT, _MOST_PRINTED = 200, 1000
"""Texts up to this length, and so many, are remembered as they are printed."""

_TOGETHER = 500
"""So many pieces of a loop, some tens of KiB, are handed over at once."""

_OURS = (View, LoopContext)


def builtin_folder() -> Path:
    """The templates of the product: inside the package when it was installed, beside it in an editable install."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


class Templates:
    """The templates of one format. A file in the user's folder takes the place of the built-in of the same name."""

    def __init__(self, fmt: Format | Literal["txt"], user_folder: Path | None = None) -> None:
        if user_folder is not None and not user_folder.is_dir():
            raise TemplateError(
                f"Templates were to be read from {user_folder}, which is not a folder.",
                hint="Name an existing folder, or leave the option out to use the built-in templates.",
            )
        self._loader = _Folders(user_folder, builtin_folder())
        self._environment: _Environment = _ENVIRONMENTS[fmt](self._loader)

    def first_of(self, names: Iterable[str]) -> str | None:
        """The first of several templates that there is, the user's or a built-in one."""
        return next(filter(self._loader.holds, names), None)

    def load(self, name: str) -> None:
        """Read and compile a built-in template, which is done once."""
        self._environment.get_template(name)

    def stream(self, name: str, values: Mapping[str, Any]) -> Iterator[str]:
        """The document piece by piece. Raises TemplateError, naming template and line, when the user's are wrong."""
        try:
            yield from self._environment.get_template(name).generate(values)
        except (jinja2.TemplateError, *_MISTAKES) as error:
            mistake = self._explain(error, name)
            if mistake is None:
                raise
            raise mistake from error

    def _explain(self, error: Exception, name: str) -> TemplateError | None:
        """The error to raise instead; None when no template of the user's took part: then it is a bug of ours."""
        places = [(name, 1), *_places(error.__traceback__, self._loader.names)]
        if isinstance(error, jinja2.TemplateSyntaxError):
            places.append((error.name or name, error.lineno))
        theirs = [place for place in places if place[0] in self._loader.overridden]
        if not theirs:
            return None
        if isinstance(error, jinja2.TemplateNotFound):
            what = f"there is no template `{error.name}`"
        elif isinstance(error, jinja2.TemplateError):
            what = error.message or type(error).__name__
        else:
            what = f"{type(error).__name__}: {error}"
        where, line = theirs[-1]
        views = next((file for begins, file in _VIEWS.items() if name.startswith(begins)), "notification_views.py")
        return TemplateError(
            f"Template {where}, line {line}: {what.rstrip('.')}.",
            hint=f"What a template may use is in releasewatch/rendering/{views}; the built-in templates show it.",
        )


def _places(trace: TracebackType | None, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Template and line of every frame of a traceback that is in a template, outermost first."""
    while trace is not None:
        name = names.get(trace.tb_frame.f_code.co_filename)
        if name is not None:
            yield name, trace.tb_lineno
        trace = trace.tb_next


class _Folders(jinja2.BaseLoader):
    """Reads templates from a few folders, the first that has one, and from nowhere outside of them."""

    def __init__(self, user: Path | None, builtin: Path) -> None:
        self._user = user
        self._builtin = builtin
        self.names: dict[str, str] = {}
        self.overridden: set[str] = set()

    def holds(self, template: str) -> bool:
        """Whether one of the folders has it."""
        folders = filter(None, (self._user, self._builtin))
        return any(folder.joinpath(*split_template_path(template)).is_file() for folder in folders)

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        pieces = split_template_path(template)  # refuses `..`
        for folder in (self._user, self._builtin):
            if folder is None:
                continue
            path = folder.joinpath(*pieces)
            if path.is_file():
                self.names[str(path)] = template
                if folder is self._user:
                    self.overridden.add(template)
                return _read(path, folder, template), str(path), lambda: True
        raise jinja2.TemplateNotFound(template)


def _read(path: Path, folder: Path, name: str) -> str:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise TemplateError(
            f"Template {name} is a link that leads out of its folder.", hint="Copy the file into the folder."
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"Template {name} could not be read: {error}.", hint="It must be a readable file in UTF-8."
        ) from error


class _Environment(ImmutableSandboxedEnvironment):
    """What both formats share: a sandbox, without attributes that begin with an underscore, and no silent blanks."""

    def __init__(
        self,
        loader: jinja2.BaseLoader,
        finalize: Callable[[Any], Any],
        escape: Callable[[str], str],
        filters: Iterable[str],
    ) -> None:
        """`finalize` makes of any value what is printed of it, `escape` of a text."""
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self.filters = {name: self.filters[name] for name in filters}
        self.holders: defaultdict[str, set[type]] = defaultdict(set)  # which views have a field, as far as one was read
        self.printed = _Printed(escape)
        del self.globals["lipsum"]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Views and `loop` hold plain values, so their fields need none of the sandbox's (slow) questions."""
        if isinstance(obj, _OURS) and attribute[:1] != "_":
            found = getattr(obj, attribute, _MISSING)
            if found is not _MISSING:
                self.holders[attribute].add(type(obj))
                return found
        return super().getattr(obj, attribute)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        switch = tree.find(nodes.EvalContextModifier)
        if switch is not None:
            raise jinja2.TemplateSyntaxError("escaping cannot be switched off", switch.lineno, name, filename)
        return tree


class _Printed(dict[str, str]):
    """Texts as they are printed: most of what a long document says it says often. Forgets all when it holds many."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__()
        self._escape = escape

    def __missing__(self, text: str) -> str:
        found = self._escape(text)
        if len(text) <= _SHORT:
            if len(self) >= _MOST_PRINTED:
                self.clear()
            self[text] = found
        return found


class _Code(CodeGenerator):
    """Compiles a template to fewer steps than Jinja would; what it means stays the same.

    - What is printed is not escaped by Jinja: `finalize` has done so, for either format, and of a text that was printed
      lately it is known what came of it.
    - A field of a loop's variable is read straight, where it was read before of such a view.
    - A loop's pieces are handed over many at a time.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._fields: set[str] = set()
        self._loops: set[int] = set()
        self._poured = ""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - names of Jinja's
        super().visit_Template(node, frame)
        self.writeline("finalize, printed = environment.finalize, environment.printed")
        for field in sorted(self._fields):
            self.writeline(f"has_{field} = environment.holders[{field!r}]")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        self.write("(printed[value] if (value := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        self.write(").__class__ is str else finalize(value))")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        field, of = node.attr, node.node
        plain = field.isascii() and not field.startswith("_") and not iskeyword(field)
        ref = self._loop_variable(of, frame) if plain and isinstance(of, nodes.Name) else None
        if ref is None:
            super().visit_Getattr(node, frame)
            return
        self._fields.add(field)
        self.write(f"({ref}.{field} if {ref}.__class__ in has_{field} else environment.getattr({ref}, {field!r}))")

    def _loop_variable(self, name: nodes.Name, frame: Frame) -> str | None:
        """What a variable is called that is always there; None where that is to be asked."""
        ref = frame.symbols.ref(name.name)
        load = frame.symbols.find_load(ref)
        there = load is not None and load[0] == VAR_LOAD_PARAMETER and not self.parameter_is_undeclared(ref)
        return ref if there else None

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        self._loops.add(id(node.body))
        if frame.buffer is not None or node.recursive:
            super().visit_For(node, frame)
            return
        gathered = frame.copy()
        self.buffer(gathered)
        before, self._poured = self._poured, gathered.buffer or ""
        super().visit_For(node, gathered)
        self._poured = before
        self.writeline(f"yield concat({gathered.buffer})")

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        super().blockvisit(nodes, frame)
        if id(nodes) in self._loops and frame.buffer and frame.buffer == self._poured:
            self.writeline(f"if len({frame.buffer}) > {_TOGETHER}:")
            self.indent()
            self.writeline(f"yield concat({frame.buffer})")
            self.writeline(f"{frame.buffer}.clear()")
            self.outdent()


class _Html(_Environment):
    code_generator_class = _Code

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(loader, as_html, html_of, (*_FILTERS, *_HTML_FILTERS))


class _MarkdownCode(_Code):
    """Compiles `a ~ b` so that each operand is escaped before it is joined: Jinja would escape it for HTML."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - the name is Jinja's
        self.write("markup_join((")
        for operand in node.nodes:
            self.write("finalize(")
            self.visit(operand, frame)
            self.write("), ")
        self.write("))")


class _Markdown(_Environment):
    """Escapes for Markdown whatever a template prints.

    Finished pieces (what a macro, `{% set %}…{% endset %}` or `super()` returns) are Markup, as in HTML, and pass.
    Where text is put next to such a piece inside an expression, Markup itself would escape for HTML only; so it is
    escaped for Markdown first, and what would get round that (methods of Markup, some filters) is not to be had.
    """

    code_generator_class = _MarkdownCode
    intercepted_binops = frozenset({"+", "%"})

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(loader, as_markdown, markdown_of, _FILTERS)
        self.filters["e"] = self.filters["escape"] = as_markdown
        self.filters["join"] = _join
        self.filters["replace"] = _replace

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, Markup) or isinstance(right, Markup):
            if operator == "%":
                raise jinja2.TemplateRuntimeError("`%` cannot fill in a finished piece of Markdown")
            left, right = as_markdown(left), as_markdown(right)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Markup):
            return self.unsafe_undefined(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Markup) and isinstance(argument, str):
            return self.unsafe_undefined(obj, argument)
        return super().getitem(obj, argument)


class _Text(_Environment):
    """Plain text, in which nothing has a meaning: every value stands on one line, without control characters."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(loader, lambda value: clean(str(value)), clean, _FILTERS)
        self.autoescape = False


_ENVIRONMENTS: dict[str, Callable[[jinja2.BaseLoader], _Environment]] = {"md": _Markdown, "html": _Html, "txt": _Text}


@jinja2.pass_environment
def _join(environment: _Markdown, values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Markup:
    if attribute is not None:
        values = (environment.getitem(value, attribute) for value in values)
    printed = environment.printed
    pieces = [printed[value] if value.__class__ is str else as_markdown(value) for value in values]
    return str.__new__(Markup, str.join(as_markdown(d), pieces))  # each of them escaped right here


def _replace(text: Any, old: str, new: str) -> str:
    """Of a finished piece, too, the result is text, and is escaped again."""
    return str.replace(str(text), str(old), str(new))
