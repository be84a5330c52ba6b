"""What a template uses: every variable and filter with its place, and whether a missing value would stop the message.

A use is *guarded* where a missing value does no harm: it is only tested, its first filter is `default`, or an `if`
around it has made sure of it. This follows how `Part.fill` behaves; it judges no names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from liquid import BoundTemplate
from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.expressions import BooleanExpression, Filter, FilteredExpression, Nil, Path
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.context import RenderContext
from liquid.expression import Expression

Names = frozenset[str]
NONE: Names = frozenset()
INSIDE = "[]"
"""What stands for an item in the name of what it has: `journeys.[].step`."""
COMPARISONS = (ContainsExpression, EqExpression, GeExpression, GtExpression, LeExpression, LtExpression)


@dataclass(frozen=True, slots=True)
class Use:
    """A variable by its dotted name, where it stands in the template's text, and whether it may be missing there."""

    name: str
    offset: int
    guarded: bool


@dataclass(slots=True)
class Uses:
    """Everything a template uses, in order; names it assigns itself are not among the variables."""

    variables: list[Use] = field(default_factory=list[Use])
    filters: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    own: set[str] = field(default_factory=set[str])

    @property
    def names(self) -> Names:
        """The dotted names of all variables."""
        return frozenset(use.name for use in self.variables)


def uses_of(template: BoundTemplate) -> Uses:
    """Return what a parsed template uses."""
    walk = _Walk(Uses(), RenderContext(template))
    walk.nodes(template.nodes, NONE)
    return walk.uses


@dataclass(slots=True)
class _Walk:
    uses: Uses
    context: RenderContext
    blocks: list[set[str]] = field(default_factory=list[set[str]])
    items: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The loops around, outermost first: the name each item has, and the list it is of."""

    def nodes(self, nodes: Iterable[Node], sure: Names) -> None:
        for node in nodes:
            self.node(node, sure)

    def node(self, node: Node, sure: Names) -> None:
        if isinstance(node, IfNode):
            self.branches(node.condition, node.consequence, node.alternatives, node.default, sure, negated=False)
        elif isinstance(node, UnlessNode):
            self.branches(node.condition, node.consequence, node.alternatives, node.default, sure, negated=True)
        elif isinstance(node, CaseNode):
            self.case(node, sure)
        else:
            for expression in node.expressions():
                self.expression(expression, sure, tested=False)
            self.uses.own.update(node.template_scope())
            self.blocks.append(set(node.block_scope()))
            looped = self.loop(node)
            self.items += looped
            self.nodes(node.children(self.context, include_partials=False), sure)
            del self.items[len(self.items) - len(looped) :]
            self.blocks.pop()

    def loop(self, node: Node) -> list[tuple[str, str]]:
        """Return what a loop over a variable calls each item, and the variable."""
        if not isinstance(node, ForNode) or not isinstance(node.expression.iterable, Path):
            return []
        over = _name(node.expression.iterable)
        root, _, rest = over.partition(".")
        of = self.list_of(root)
        if of is None and self.is_own(root):
            return []
        return [(str(node.expression.identifier), f"{of}.{INSIDE}.{rest}" if of else over)]

    def list_of(self, name: str) -> str | None:
        """Return the list that a name is an item of."""
        return next((of for item, of in reversed(self.items) if item == name), None)

    def is_own(self, root: str) -> bool:
        """Say whether the template itself has given something this name."""
        return root in self.uses.own or any(root in names for names in self.blocks)

    def branches(
        self,
        condition: Expression,
        consequence: Node,
        alternatives: Sequence[ConditionalBlockNode],
        default: Node | None,
        sure: Names,
        *,
        negated: bool,
    ) -> None:
        self.expression(condition, sure, tested=True)
        self.node(consequence, sure | _sure(condition, holds=not negated))
        otherwise = sure | _sure(condition, holds=negated)
        for alternative in alternatives:
            self.expression(alternative.expression, otherwise, tested=True)
            self.node(alternative.block, otherwise | _sure(alternative.expression, holds=True))
            otherwise |= _sure(alternative.expression, holds=False)
        if default:
            self.node(default, otherwise)

    def case(self, node: CaseNode, sure: Names) -> None:
        self.expression(node.expression, sure, tested=True)
        known = {_name(node.expression)} if isinstance(node.expression, Path) else NONE
        for block in node.blocks:
            if isinstance(block, MultiExpressionBlockNode):
                for expression in block.expressions():
                    self.expression(expression, sure, tested=True)
                self.nodes(block.children(self.context), sure | known)
            else:
                self.node(block, sure)

    def expression(self, expression: Expression, sure: Names, *, tested: bool) -> None:
        if isinstance(expression, Path):
            self.path(expression, sure, tested=tested)
            return
        if isinstance(expression, FilteredExpression):
            self.filtered(expression, sure, tested=tested)
            return
        scope = {str(name) for name in expression.scope() or ()}
        self.blocks.append(scope)
        for child in expression.children():
            self.expression(child, sure, tested=tested)
        self.blocks.pop()

    def filtered(self, expression: FilteredExpression, sure: Names, *, tested: bool) -> None:
        filters: list[Filter] = expression.filters or []
        defaulted = bool(filters) and filters[0].name == "default"
        self.expression(expression.left, sure, tested=tested or defaulted)
        for filter_ in filters:
            self.uses.filters.append((filter_.name, filter_.token.start_index))
            for argument in filter_.children():
                self.expression(argument, sure, tested=tested)

    def path(self, path: Path, sure: Names, *, tested: bool) -> None:
        for segment in path.path:
            if isinstance(segment, Path):
                self.path(segment, sure, tested=tested)
        name = _name(path)
        root, _, rest = name.partition(".")
        of = self.list_of(root)
        if of is not None and rest:
            self.uses.variables.append(Use(f"{of}.{INSIDE}.{rest}", path.token.start_index, guarded=True))
        if self.is_own(root):
            return
        guarded = tested or any(name == known or name.startswith(f"{known}.") for known in sure)
        self.uses.variables.append(Use(name, path.token.start_index, guarded))


def _name(path: Path) -> str:
    return ".".join("[]" if isinstance(segment, Path) else str(segment) for segment in path.path)


def _sure(condition: Expression, *, holds: bool) -> Names:
    """Return the variables that have a value when the condition holds, or when it does not."""
    if isinstance(condition, BooleanExpression):
        return _sure(condition.expression, holds=holds)
    if isinstance(condition, Path):
        return frozenset({_name(condition)}) if holds else NONE
    if isinstance(condition, LogicalAndExpression | LogicalOrExpression):
        left, right = _sure(condition.left, holds=holds), _sure(condition.right, holds=holds)
        return left | right if isinstance(condition, LogicalAndExpression) == holds else left & right
    if isinstance(condition, EqExpression | NeExpression) and isinstance(condition.right, Nil):
        return _compared(condition) if isinstance(condition, NeExpression) == holds else NONE
    if isinstance(condition, COMPARISONS) and holds:
        return _compared(condition)
    return NONE


def _compared(condition: Expression) -> Names:
    """Return the variable on one side of a comparison; of two, both may be missing and so equal."""
    paths = [_name(side) for side in condition.children() if isinstance(side, Path)]
    return frozenset(paths) if len(paths) == 1 else NONE
