"""The page for those who write templates says what is so."""

import re
from pathlib import Path

from tactful.templates import check_templates, variables_for
from tactful.templates.front_matter import KEYS
from tactful.templates.liquid import MOST_WORK, language_for
from tactful.templates.markup import DEEPEST, MOST_BRACKETS
from tactful.templates.pieces import LONGEST_PIECE
from tests.unit.templates.shop import email, florist, only, shop

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")


def test_every_variable_is_on_the_page() -> None:
    for strategy in (shop(), florist()[0]):
        for step in strategy.steps.values():
            for communication in step.communications:
                for name in variables_for(strategy, step, communication):
                    root = name.partition(".")[0]
                    declared = {"customer": strategy.customer, "event": {name.removeprefix("event."): None}}
                    if name.removeprefix(f"{root}.") in declared.get(root, {}):
                        assert f"{root}.<" in PAGE
                    else:
                        assert f"`{name}`" in PAGE


def test_every_filter_is_on_the_page_and_no_other() -> None:
    listed = PAGE.split("decide. Filters:")[1].split("Not there, on purpose")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(language_for("en", markup=True).filters)


def test_every_key_of_the_front_matter_is_on_the_page() -> None:
    for keys in KEYS.values():
        assert all(f"| `{key}` |" in PAGE for key in keys)


def test_the_limits_are_on_the_page() -> None:
    for number in (MOST_WORK, MOST_BRACKETS, LONGEST_PIECE):
        assert f"{number:,}" in PAGE
    assert f"{DEEPEST} deep" in PAGE


def test_the_front_matter_shown_is_sound() -> None:
    head = re.search(r"```\n(---\n.*?\n---\n)```", PAGE, re.DOTALL)
    assert head is not None
    text = email().replace("---\nsubject: Hello\n---\n", head[1])
    assert check_templates(only(shop(), "again"), {"templates/again/email.mjml": text}) == []
