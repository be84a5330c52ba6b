"""A phrase as text becomes a value, or a fault that says where in the phrase and what would be right.

One grammar serves all kinds of phrase. Faults are worded for people who write strategies: no parser's word reaches
them, and where a small change would do, the phrase is said as it was probably meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Generic, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

from tactful.strategy.amounts import WEEKDAYS, MeaningFault
from tactful.strategy.condition_meanings import Mention
from tactful.strategy.forms import FORMS, Form, T_co
from tactful.strategy.limits import LONGEST_PHRASE
from tactful.strategy.meanings import meaning
from tactful.strategy.mending import mended
from tactful.strategy.spelling import listed, quoted

_UNITS = ("minutes", "hours", "days", "weeks", "months", "years")
_CHANNELS = ("email", "sms", "push", "letter", "call")
# What a terminal of the grammar stands for, where it is no keyword: words to show, words to be near to.
_TERMINALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "NUMBER": ("a number", ()),
    "DECIMAL": ("", ()),
    "PERCENT": ("a percentage", ()),
    "TIME": ("a time", ()),
    "DATE": ("a day", ()),
    "UNIT": (f"a unit ({listed(_UNITS)})", (*_UNITS, *(unit.removesuffix("s") for unit in _UNITS))),
    "CHANNEL": (f"a channel ({listed(_CHANNELS)})", _CHANNELS),
    "TYPE": ("text, date, number, money, list, yes or no", ("text", "date", "number", "money", "list")),
    "WEEKDAY": ("a day of the week", WEEKDAYS),
    "CURRENCY": ("a currency such as GBP", ()),
    "OP": ("a comparison (>=, <=, >, < or =)", ()),
    "QUOTED": ("", ()),
    "WORD": ("a value", ()),
    "YES_NO": ("", ("yes", "no")),
    "ANCHOR": ("start, due or a date of the customer's", ("start", "due")),
    "EVENT": ("an event", ()),
    "FACT": ("an event or a property", ()),
    "TOPIC": ("a topic", ()),
    "SOURCE": ("where it comes from", ()),
    "_COMMA": ("a comma", (",",)),
    "$END": ("nothing more", ()),
    "<END-OF-FILE>": ("nothing more", ()),
}


@dataclass(frozen=True)
class Said(Generic[T_co]):
    """A phrase that was understood: its value and the names it mentions."""

    value: T_co
    mentions: tuple[Mention, ...] = ()


class PhraseFault(Exception):  # noqa: N818  a fault of the phrase, not of the program; the reader makes it a Problem
    """A phrase was not understood, from the character at `offset` on."""

    def __init__(self, offset: int, found: str, expected: str, hint: str | None = None) -> None:
        super().__init__(f"{found}; expected {expected}")
        self.offset = offset
        self.found = found
        self.expected = expected
        self.hint = hint


def understand(form: Form[T_co], text: str) -> Said[T_co]:
    """Return what a phrase of a given form says.

    Args:
        form: The kind of phrase it must be.
        text: The phrase, at most 200 characters.

    Raises:
        PhraseFault: It is not such a phrase; carries the place inside it and what would be right.
    """
    if len(text) > LONGEST_PHRASE:
        raise PhraseFault(0, f"a phrase of {len(text):,} characters", f"{form.says}, {_example(form)}")
    try:
        return _parsed(form, text)
    except PhraseFault as fault:
        fault.hint = fault.hint or _hint(form, text, fault)
        raise


def _parsed(form: Form[T_co], text: str) -> Said[T_co]:
    try:
        value, mentions = meaning(_parse(text, form.rule), text)
    except UnexpectedInput as error:
        raise _fault(form, text, error) from None
    except VisitError as error:
        fault = error.orig_exc
        if not isinstance(fault, MeaningFault):
            raise
        found = _found(fault.found, text)
        raise PhraseFault(fault.offset, found, fault.expected, fault.hint) from None
    return Said(cast("T_co", value), mentions)


def _parse(text: str, rule: str) -> Tree[Token]:
    return _grammar().parse(text, start=rule)  # pyright: ignore[reportUnknownMemberType]


@cache
def _grammar() -> Lark:
    text = files("tactful.strategy").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start=[form.rule for form in FORMS])


def _fault(form: Form[T_co], text: str, error: UnexpectedInput) -> PhraseFault:
    ended = isinstance(error, UnexpectedToken) and cast("Token", error.token).type == "$END"
    offset = len(text.rstrip()) if ended else error.pos_in_stream or 0
    if not text.strip():
        return _FaultWithTerminals(0, "nothing", f"{form.says}, {_example(form)}", terminals=_expected(error))
    found = f"the end of {quoted(text)}" if ended else _found(_word_at(text, offset), text)
    wanted = listed(dict.fromkeys(word for name in _expected(error) if (word := _shown(name))))
    return _FaultWithTerminals(offset, found, f"{wanted}, {_example(form)}", terminals=_expected(error))


class _FaultWithTerminals(PhraseFault):
    """A fault of form, with the names of the terminals that could have stood there."""

    def __init__(self, offset: int, found: str, expected: str, terminals: tuple[str, ...]) -> None:
        super().__init__(offset, found, expected)
        self.terminals = terminals


def _expected(error: UnexpectedInput) -> tuple[str, ...]:
    names = cast("set[str]", getattr(error, "accepts", None) or getattr(error, "expected", None) or set[str]())
    order = list(_TERMINALS)
    return tuple(sorted(names, key=lambda name: (name in order, order.index(name) if name in order else 0, name)))


def _shown(terminal: str) -> str:
    return _TERMINALS[terminal][0] if terminal in _TERMINALS else f'"{terminal.strip("_").lower()}"'


def _words(terminals: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        word
        for name in terminals
        for word in (_TERMINALS[name][1] if name in _TERMINALS else (name.strip("_").lower(),))
    )


def _found(part: str, text: str) -> str:
    return quoted(part) if part == text.strip() else f"{quoted(part)} in {quoted(text)}"


def _word_at(text: str, offset: int) -> str:
    found = re.match(r"\S+", text[offset:])
    return found.group() if found else text[offset:]


def _example(form: Form[T_co]) -> str:
    return f"as in {listed([f'`{example}`' for example in form.examples], 4)}"


def _hint(form: Form[T_co], text: str, fault: PhraseFault) -> str | None:
    if form.rule == "when" and re.search(r"\bat [0-9]{1,2}:[0-9]{2}", text):
        return "The hour has a key of its own: `at: 10:00`."
    words = _words(fault.terminals) if isinstance(fault, _FaultWithTerminals) else ()
    for candidate in mended(text, fault.offset, words):
        try:
            _parsed(form, candidate)
        except PhraseFault:
            continue
        return f"Did you mean `{candidate}`?"
    return None
