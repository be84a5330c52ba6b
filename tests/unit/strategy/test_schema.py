"""The JSON Schema for editors: it lets through what is right and marks what is plainly wrong."""

import re
from functools import cache
from typing import Any, cast

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tactful.strategy import read_strategy
from tactful.strategy.expand import expand
from tactful.strategy.forms import FORMS, Form
from tactful.strategy.keys import BLOCKS
from tactful.strategy.phrase_patterns import PATTERNS
from tactful.strategy.phrases import PhraseFault, understand
from tactful.strategy.schema import json_schema
from tests.unit.strategy.mutants import Mutant, few_of_each, mutants
from tests.unit.strategy.samples import SMALLEST, florist_files, florist_text
from tests.unit.strategy.test_checks import FITTING

MARKED = {"misspelled key", "duplicated key", "missing key", "wrong type", "list for a value", "nothing"} | {
    "no unit",
    "no number",
    "number for a phrase",
    "no flag",
    "endless text",
    "tab",
    "bracket not closed",
}
"""Kinds of mistakes an editor can see; names and times are for `tactful check`."""


@cache
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def marked(text: str) -> bool:
    """Whether an editor would mark something in a file."""
    try:
        value = cast("Any", YAML(typ="safe", pure=True).load(text))
    except YAMLError:
        return True
    return not validator().is_valid(value)


def test_what_is_right_is_let_through() -> None:
    strategy = read_strategy(florist_files())
    for text in (florist_text(), expand(florist_text(), strategy), SMALLEST):
        errors = list(validator().iter_errors(YAML(typ="safe", pure=True).load(text)))
        assert errors == []


@pytest.mark.parametrize("mutant", few_of_each(each for each in mutants(florist_text()) if each.kind in MARKED))
def test_what_an_editor_can_see_is_marked(mutant: Mutant) -> None:
    assert marked(mutant.text), (mutant.kind, mutant.what)


def test_every_key_says_what_it_is_for() -> None:
    schema = json_schema()
    for block in (schema, *schema["$defs"].values()):
        for key, says in block["properties"].items():
            assert says["description"].endswith("."), key
    assert set(schema["$defs"]) == set(BLOCKS) - {"strategy"}


def matched(form: Form[object], phrase: str) -> bool:
    return re.search(f"^{PATTERNS[form.rule]}$", phrase) is not None


def test_every_form_has_a_pattern_that_its_examples_match() -> None:
    assert set(PATTERNS) == {form.rule for form in FORMS}
    for form in FORMS:
        for phrase in form.examples:
            assert matched(form, phrase), phrase


@pytest.mark.parametrize("condition", FITTING.splitlines())
def test_conditions_match_their_pattern(condition: str) -> None:
    assert matched(next(form for form in FORMS if form.rule == "condition"), condition)


AMOUNTS = ["1", "45", "7.5", "2%", "10:00", "9:00", "2027-02-26", "GBP", "EUR", ">=", "<", '"red roses"']
TIMES = ["day", "days", "weeks", "hour", "months", "sunday", "holidays", "start", "due", "birthday", "never"]
NAMES = ["email", "sms", "letters", "order.placed", "guide-x.opened_y", "gold"]
GLUE = ["and", "or", "after", "before", "in", "is", "not", "known", "to", ","]
WORDS = st.sampled_from([*AMOUNTS, *TIMES, *NAMES, *GLUE])


@given(st.data())
def test_what_the_grammar_understands_the_pattern_matches(data: st.DataObject) -> None:
    """Examples with some of their words exchanged; most are nonsense, what is left must match."""
    form = data.draw(st.sampled_from(range(len(FORMS))).map(FORMS.__getitem__))
    words = data.draw(st.sampled_from(form.examples)).split(" ")
    for _ in range(data.draw(st.integers(1, 2))):
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(WORDS)
    phrase = data.draw(st.sampled_from([" ", "  "])).join(words)
    try:
        understand(form, phrase)
    except PhraseFault:
        return
    assert matched(form, phrase), phrase
