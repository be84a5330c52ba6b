"""No text whatsoever makes reading raise anything but StrategyErrors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.strategy import StrategyErrors, examine, read_strategy
from tactful.strategy.forms import FORMS, Form
from tactful.strategy.phrases import PhraseFault, understand
from tests.unit.strategy.samples import bakery, florist_files, florist_text, florist_with

ORNAMENTS = [
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "\n  ",
    "\n      ",
    "- ",
    "? ",
    "#",
    "'",
    '"',
    "|",
    ">",
    "&a ",
    "*a",
    "!!str ",
]
ODDITIES = [
    "---\n",
    "\t",
    "\\",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x00",
    "\ud800",
    "null",
    "~",
    "<<",
    ".inf",
    "0x1F",
    "9" * 20,
]
DIGITS = ["\u0663", "\uff11\uff10:\uff10\uff10", "\U0001d7db days"]
WORDS = [
    "strategy",
    "defaults",
    "stages",
    "events",
    "say",
    "when",
    "test",
    "split",
    "if",
    "quiet",
    "instead",
    "customer",
]
PHRASES = [example for form in FORMS for example in form.examples]
PIECES = [*ORNAMENTS, *ODDITIES, *DIGITS, *WORDS, *PHRASES]
texts = st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=60).map("".join)


def read_or_refuse(text: str) -> None:
    reading = examine(florist_with(text))
    assert (reading.strategy is None) == any(problem.severity == "error" for problem in reading.problems)
    for problem in reading.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in str(problem)


@given(texts)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_piece_of_the_florist_may_be_replaced_by_anything(data: st.DataObject) -> None:
    text = florist_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    read_or_refuse(text[:start] + data.draw(texts) + text[end:])


def faulted(form: Form[object], text: str) -> PhraseFault | None:
    try:
        understand(form, text)
    except PhraseFault as fault:
        return fault
    return None


@given(st.integers(0, len(FORMS) - 1), texts)
@settings(max_examples=500, deadline=None)
def test_any_phrase_is_understood_or_faulted_inside_it(form: int, text: str) -> None:
    fault = faulted(FORMS[form], text)
    assert fault is None or (fault.found and fault.expected and 0 <= fault.offset <= len(text))


ODD = ["9" * 5_000, "-1", "1e400", "\u0663" * 3, "{" * 50, "0" * 150 + "1", "'" * 7, "!", "&", "%", "@"]
KEYS = ["when: at once", "by: email", "time_zone: Europe/Berlin", "if: orders >= 5", "trigger: customer.registered"]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("key", KEYS)
def test_odd_values_anywhere_are_refused(key: str, value: str) -> None:
    with pytest.raises(StrategyErrors):
        read_strategy({"strategy.yaml": bakery().replace(key, f"{key.split(': ', maxsplit=1)[0]}: {value}")})


def test_odd_bytes_in_codes_and_paths_do_no_harm() -> None:
    odd = {"codes/tenner.csv": "A\x00B\n\ud800\n" + "x" * 100_000, "templates//": "", "templates/": "", "": ""}
    with pytest.raises(StrategyErrors):
        read_strategy({**florist_files(), **odd})
