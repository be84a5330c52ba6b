"""`check --expand`: every default written out, and nothing else changed."""

import pytest

from tactful.strategy import read_strategy
from tactful.strategy.expand import expand
from tests.unit.strategy.samples import bakery, florist_files, florist_text, florist_with, sound


def test_the_expanded_florist_says_exactly_the_same() -> None:
    strategy = read_strategy(florist_files())
    expanded = expand(florist_text(), strategy)
    assert read_strategy(florist_with(expanded)) == strategy
    assert expand(expanded, strategy) == expanded


def test_every_communication_of_the_expanded_florist_says_everything_itself() -> None:
    """With the defaults taken away, the expanded file still says the same."""
    strategy = read_strategy(florist_files())
    expanded = expand(florist_text(), strategy)
    bare = "\n".join(
        "defaults: { time_zone: Europe/London, country: GB-ENG }" if line.startswith("defaults:") else line
        for line in expanded.split("\n")
        if not line.startswith(("      defaults:", "priorities:"))
    )
    assert read_strategy(florist_with(bare)) == strategy


def test_comments_and_order_stay() -> None:
    expanded = expand(florist_text(), read_strategy(florist_files()))
    kept = [line.strip() for line in florist_text().split("\n") if "{" not in line]
    left = iter(line.strip() for line in expanded.split("\n"))
    assert all(line in left for line in kept)


@pytest.mark.parametrize(
    "say",
    [
        "hello: { when: 1 day after start }",
        'hello: { by: sms, "when": "1 day after start" }',
        "hello:\n    when: 1 day after start   # soon\n    by: sms",
        "hello:\n    when: >\n      1 day\n      after start\n    by: sms",
        "hello: { when: 1 day\n    after start, by: sms }",
        "hello: {\n    when: 1 day after start, # soon\n    by: sms }",
    ],
)
def test_however_it_is_written(say: str) -> None:
    text = bakery(f"why: x\ntrigger: order.placed\nsay:\n  {say}")
    strategy = sound(text)
    expanded = expand(text, strategy)
    assert sound(expanded) == strategy
    assert "topic: news" in expanded.split("stages:")[1]
    assert expand(expanded, strategy) == expanded


def test_a_whole_strategy_between_braces() -> None:
    text = (
        "{strategy: x, sender: {name: x, email: a@b.example}, defaults: {topic: t, by: email, time_zone: UTC}, "
        "events: {a.b: {}}, topics: {t: {says: x, purpose: service}}, "
        "stages: {s: {w: {why: x, trigger: a.b, say: {hello: {when: at once}}}}}}"
    )
    strategy = sound(text)
    assert sound(expand(text, strategy)) == strategy


def test_a_byte_order_mark_is_dropped() -> None:
    text = bakery()
    assert expand("\ufeff" + text, sound(text)) == expand(text, sound(text))
