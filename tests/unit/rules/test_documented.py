"""docs/rules.md keeps up with the rules: every rule and every source named in a docstring has its section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tactful.explain import rules as told
from tests.unit.test_decide import ASKED_IN_ORDER

ROOT = Path(__file__).parents[3]
SOURCES = sorted([*(ROOT / "tactful").glob("*.py"), *(ROOT / "tactful/rules").glob("*.py")])
SECTIONS = {
    line.lstrip("# ").lower().replace(" ", "-")
    for line in (ROOT / "docs/rules.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("## ")
}


@pytest.mark.parametrize("rule", [*ASKED_IN_ORDER, "life", "topic"])
def test_every_rule_has_its_section(rule: str) -> None:
    assert rule.replace(" ", "-") in SECTIONS


def test_every_source_named_in_a_docstring_is_there() -> None:
    named = {found for path in SOURCES for found in re.findall(r"docs/rules\.md#([\w-]+)", path.read_text("utf-8"))}
    assert len(named) > 20
    assert named <= SECTIONS


def test_the_sections_stand_in_the_order_in_which_rules_are_asked() -> None:
    text = (ROOT / "docs/rules.md").read_text(encoding="utf-8").lower()
    places = [text.index(f"\n## {rule}\n") for rule in ASKED_IN_ORDER]
    assert places == sorted(places)


def test_every_rule_has_a_sentence_for_when_it_passes() -> None:
    assert set(told._PASSED) == set(ASKED_IN_ORDER)
