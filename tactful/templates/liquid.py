"""Liquid as templates may use it: strict, without clock, files or scripts, and bounded in everything that grows.

python-liquid does the work; this module takes away what reads the clock (`now`, `today`), loads files (`render`,
`include`: partials are set in place before) or switches escaping off (`safe`), and adds a budget of work per message,
so that no template can hold up a worker. Liquid's errors become the templates' errors, at the line a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, FalsyStrictUndefined, RenderContext
from liquid.ast import Node
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import (
    LiquidError,
    LiquidSyntaxError,
    LoopIterationLimitError,
    ResourceLimitError,
    UndefinedError,
)
from liquid.token import Token
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from tactful.strategy.spelling import quoted
from tactful.templates.errors import MissingVariable, TemplateBroken, TemplateError, TemplateTooCostly
from tactful.templates.filters import Budget, filters_for, spend
from tactful.templates.written import Written

MOST_WORK = 200_000
"""Steps one part of a message may take: a tag within a loop, 64 characters through a filter."""
MOST_OUTPUT = 512 * 1024
"""Bytes one part of a message may have."""
MOST_HELD = 128 * 1024
"""Bytes of a template's own variables."""
LEFT_OUT = ("include", "render", "tablerow", "increment", "decrement", "doc")


class TemplateContext(RenderContext):
    """A render context without clock that counts the work done."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the base has it
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.budget: Budget = Budget(MOST_WORK)
        self.loop_weight = 1

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """Return the value at `path`; a missing one knows its whole name."""
        found = super().get(path, token=token, default=None)
        if found is None and default is UNDEFINED:
            name = ".".join(str(segment) for segment in path)
            return self.env.undefined(name, token=token, hint=f"{name} is undefined")
        return default if found is None else found

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Take a loop's work, all of its rounds, from the budget before it begins."""
        spend(self.budget, length * self.loop_weight)


class WeighedFor(ForNode):
    """A `for` that knows how much work one round is."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Run the loop, unless its budget is spent before it begins."""
        assert isinstance(context, TemplateContext)
        rounds = self.expression.iterable.evaluate(context)
        if isinstance(rounds, range) and rounds.stop - rounds.start > MOST_WORK:
            raise LoopIterationLimitError("loop iteration limit reached", token=self.token)
        context.loop_weight = _weight(self.block, context)
        return super().render_to_output(context, buffer)


class WeighedForTag(ForTag):
    """`{% for %}`, weighed."""

    node_class = WeighedFor


def _weight(node: Node, context: RenderContext) -> int:
    return 1 + sum(_weight(child, context) for child in node.children(context, include_partials=False))


class Template(BoundTemplate):
    """A parsed template that renders in a `TemplateContext`."""

    context_class = TemplateContext


class TemplateLanguage(Environment):
    """Liquid for one language and one kind of text."""

    template_class = Template
    output_stream_limit = MOST_OUTPUT
    local_namespace_limit = MOST_HELD

    def __init__(self, language: str, *, markup: bool) -> None:
        self.language = language
        super().__init__(undefined=FalsyStrictUndefined, autoescape=markup)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register the tags and filters templates may use."""
        super().setup_tags_and_filters(extra=extra)
        for name in LEFT_OUT:
            self.tags.pop(name, None)
        self.add_tag(WeighedForTag)
        self.filters = filters_for(self.filters, self.language, markup=self.autoescape)


@cache
def language_for(language: str, *, markup: bool) -> TemplateLanguage:
    """Return the Liquid of a language; `markup` escapes every value that is printed."""
    return TemplateLanguage(language, markup=markup)


class Part:
    """One piece of a message (a subject, a text, an HTML document), ready to be filled in many times.

    Args:
        written: Its Liquid, knowing the places it came from.
        language: Language tag its dates and amounts are said in.
        markup: Whether values are escaped for HTML.

    Raises:
        LiquidSyntaxError: It is not Liquid.
    """

    def __init__(self, written: Written, language: str, *, markup: bool) -> None:
        self.written = written
        self.template = language_for(language, markup=markup).from_string(written.text)

    def fill(self, variables: Mapping[str, object]) -> str:
        """Return the text with the variables filled in.

        Raises:
            MissingVariable: A variable said aloud has no value.
            TemplateTooCostly: A limit was reached.
            TemplateBroken: The template cannot use these values.
        """
        try:
            return self.template.render(variables)
        except LiquidError as error:
            raise self._translated(error) from None
        except RecursionError:
            place = self.written.place(0)
            raise TemplateTooCostly("it is nested too deep", place.file, place.line) from None
        except Exception as error:  # noqa: BLE001 - a template is a program of somebody else's: nothing may escape
            place = self.written.place(0)
            raise TemplateBroken(f"it cannot be filled in ({type(error).__name__})", place.file, place.line) from None

    def _translated(self, error: LiquidError) -> TemplateError:
        place = self.written.place(error.token.start_index if error.token else 0)
        if isinstance(error, UndefinedError):
            name = str(error.message).removesuffix(" is undefined")
            return MissingVariable(name, place.file, place.line)
        if isinstance(error, ResourceLimitError):
            return TemplateTooCostly(f"too much work ({error.message})", place.file, place.line)
        what = "it is not Liquid" if isinstance(error, LiquidSyntaxError) else "a filter or test cannot use its value"
        token = f" at {quoted(error.token.value)}" if error.token else ""
        return TemplateBroken(what + token, place.file, place.line)
