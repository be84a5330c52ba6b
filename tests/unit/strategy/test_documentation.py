"""docs/language.md says what is: its tables are the reader's, its examples are read, its errors are said."""

import re
from textwrap import indent

import pytest

from tactful.strategy import examine, not_yet, read_strategy
from tactful.strategy.forms import FORMS, Form
from tactful.strategy.keys import BLOCKS
from tests.unit.strategy import test_checks as checks
from tests.unit.strategy.reference import PAGE, with_tables
from tests.unit.strategy.samples import SMALLEST, florist_files, florist_with, sound

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = [(found[1], found[2]) for found in re.finditer(r"```yaml (\w+)\n(.*?)```", TEXT, re.DOTALL)]
KNOWN = """\
customer: { birthday: date }
events:
  customer.registered: {}
  order.placed: { occasion: text, total: money }
  guide.opened: {}
  complaint.opened: {}
  complaint.closed: {}
offers:
  vase:   { kind: reward, says: a free vase, code: VASE }
  tenner: { kind: incentive, says: 10 pounds off, code: TEN }
"""


def test_the_tables_of_keys_are_those_of_the_reader() -> None:
    """If this fails: python -m tests.unit.strategy.reference"""
    assert with_tables(TEXT) == TEXT
    assert set(re.findall(r"<!-- keys: ([a-z ]+) -->", TEXT)) == set(BLOCKS)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_every_example_is_read(kind: str, example: str) -> None:
    head, known, stages = SMALLEST.partition("customer:")[0], KNOWN, SMALLEST[SMALLEST.index("topics:") :]
    if kind == "strategy":
        text = example
    elif kind == "top":
        names = re.findall(r"^(\w+):", example, re.MULTILINE)
        blocks = re.findall(r"^\w+:.*?(?=^\w|\Z)", known, re.MULTILINE | re.DOTALL)
        kept = "".join(block for block in blocks if block.split(":")[0] not in {*names, "events"})
        events = "" if "events" in names else "events: { customer.registered: {}, order.placed: {} }\n"
        text = head + kept + events + example + stages
        text = text.replace("trigger: customer.registered", "trigger: order.placed")
    elif kind == "rules":
        text = head + known + "rules:\n" + indent(example, "  ") + stages
    else:
        assert kind == "step"
        text = head + known + stages[: stages.index("      why:")] + indent(example, "      ")
    sound(text)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.rule)
def test_every_example_of_a_phrase_is_shown(form: Form[object]) -> None:
    for phrase in form.examples:
        assert f"`{phrase}`" in TEXT


def test_every_error_of_the_page_is_said_by_check() -> None:
    mistakes = [case for group in checks.ALL for case in group]
    files = [florist_with(checks.mistaken(*case[:3])[0]) for case in mistakes]
    files += [{"strategy.yaml": slip} for slip in ("a: [1\nb: 2", "a: 'b", "a:\n\tb: 1")]
    said = " ".join(problem.found for each in files for problem in examine(each).problems)
    table = TEXT.split("## What check says")[1].split("## Editors")[0]
    rows = [line.split(" | ")[0].strip("| ") for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) >= 20
    for row in rows:
        for error in re.findall(r"`` ?(.+?) ?``|`(.+?)`", row):
            assert "".join(error).strip() in said, row


def test_what_waits_is_on_the_page() -> None:
    waits = TEXT.split("## Not yet")[1]
    for one in not_yet(read_strategy(florist_files())):
        word = one.feature.split()[0]
        assert word in waits or f"`{word}" in waits or word in {"quiet", "entry", "by"}, one
