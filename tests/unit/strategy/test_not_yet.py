"""What this version does not execute yet: everything is named, with what happens instead."""

from tactful.strategy import not_yet, read_strategy
from tests.unit.strategy.samples import bakery, florist_files, sound


def test_what_waits_in_the_florist() -> None:
    waiting = [
        (one.step, one.communication, one.feature, one.blocks) for one in not_yet(read_strategy(florist_files()))
    ]
    assert waiting == [
        ("basket", None, "entry when no order.placed follows", "step"),
        ("birthday", None, "entry by date (birthday)", "step"),
        ("mothers-day", None, "entry by campaign at its hour", "nothing"),
        ("winback", None, "entry by joining a segment (lapsed)", "step"),
    ]


def test_each_says_in_one_line_what_happens_instead() -> None:
    for one in not_yet(read_strategy(florist_files())):
        assert "\n" not in str(one)
        assert any(word in one.effect for word in ("not kept yet", "nobody enters"))


def test_what_this_version_executes_is_not_named() -> None:
    """Sequences, milestones, clocks, fixed and listed codes, fallback, combined channels, caps, gap, quiet hours."""
    rules = "at_most: [2 in 7 days, 1 sms in 7 days]\napart: 20 hours\nquiet:\n  email: 22:00 to 07:00, sunday"
    step = """\
why: x
trigger: order.placed
per: product
due: usual interval, else 12 months
until: order.placed
lasts: 30 days after due
when_moved: { loyal: leave }
say:
  one: { when: at once, by: push or email, for: [loyal], unless: [orders >= 9], at_most: 1 in 1 year }
  two: { when: 14 days before due, by: letter and email, instead: { loyal: other }, ask: favourite }
"""
    assert not_yet(sound(bakery(step, rules=rules), {"templates/other/email.mjml": ""})) == ()
