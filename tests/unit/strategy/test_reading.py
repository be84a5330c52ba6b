"""What a strategy says, as values: the florist, and what holds where nothing is said."""

from datetime import datetime, time
from decimal import Decimal

import pytest

from tactful.strategy import StrategyErrors, read_strategy, version_hash
from tactful.strategy.model import (
    Again,
    Brake,
    CampaignEntry,
    Cap,
    DateEntry,
    Due,
    Expiry,
    Hold,
    Lasts,
    Money,
    Offer,
    QuietHours,
    Route,
    SegmentEntry,
    Sender,
    Span,
    Strategy,
    Topic,
    Trigger,
)
from tactful.words import Channel, Purpose, Shape
from tests.unit.strategy.samples import bakery, florist_files, florist_text, problems_of, sound


@pytest.fixture(scope="module")
def florist() -> Strategy:
    return read_strategy(florist_files())


def test_the_florist_is_the_one_of_the_language(florist: Strategy) -> None:
    """118 lines, eight steps, fifteen communications."""
    assert florist_text().count("\n") == 118
    assert len(florist.steps) == 8
    assert sum(len(step.communications) for step in florist.steps.values()) == 15


def test_the_florists_company_is_read(florist: Strategy) -> None:
    assert florist.sender == Sender(
        name="Fleur & Fils", email="hello@fleur.example", sms="FLEUR", address="1 Rose Lane, Bath BA1 1AA, UK"
    )
    assert (florist.time_zone, florist.language) == ("Europe/London", "en")
    assert {name: (one.type, one.source) for name, one in florist.customer.items()} == {
        "birthday": ("date", None),
        "favourite": ("text", None),
        "reason": ("text", None),
        "loyalty": ("text", "Acme Data"),
    }
    assert florist.events["invoice.issued"] == {"number": "text", "due_on": "date", "total": "money"}


def test_the_florists_audience_is_read(florist: Strategy) -> None:
    assert [segment.name for segment in florist.segments] == ["gold", "regular", "new", "lapsed"]
    gold = florist.segments[0]
    assert gold.owner == "Maya"
    assert [line.text for line in gold.conditions] == ["orders in 12 months >= 6", "spent in 12 months >= 300 GBP"]
    assert florist.topics["ideas"] == Topic(
        name="ideas", says="Ideas and offers", purpose=Purpose.MARKETING, double_opt_in=True, rank=2
    )
    assert florist.offers["tenner"] == Offer(
        name="tenner",
        kind="incentive",
        says="10 pounds off",
        codes="codes/tenner.csv",
        lasts=Span(days=14),
        costs=Money(amount=Decimal(10), currency="GBP"),
    )


def test_the_florists_rules_are_read(florist: Strategy) -> None:
    rules = florist.rules
    assert rules.at_most == (
        Cap(count=2, window=Span(days=7)),
        Cap(count=1, window=Span(days=7), channel=Channel.SMS),
        Cap(count=4, window=Span(days=365), channel=Channel.LETTER),
    )
    assert rules.quiet == (
        QuietHours(channels=(Channel.SMS, Channel.PUSH), start=time(20), end=time(9), weekdays=(6,), holidays=True),
        QuietHours(channels=(Channel.EMAIL,), start=time(22), end=time(7)),
    )
    assert rules.hold_while == (
        Hold(name="complaint", event="complaint.opened", until="complaint.closed"),
        Hold(name="mourning", event="bereavement.told", lasts=Span(months=12)),
    )
    assert (rules.apart, rules.look_ahead, rules.holdout) == (Span(seconds=72_000), Span(days=7), Decimal(2))


def test_the_florists_steps_are_read(florist: Strategy) -> None:
    shapes = {name: (step.stage, step.shape.value) for name, step in florist.steps.items()}
    assert shapes["welcome"] == ("nurture", Shape.SEQUENCE)
    assert shapes["onboarding"] == ("nurture", Shape.MILESTONES)
    assert shapes["repurchase"] == ("nurture", Shape.CLOCK)
    assert florist.steps["basket"].entry == Trigger(
        event="basket.updated", silent_event="order.placed", silent_for=Span(seconds=14_400)
    )
    assert florist.steps["birthday"].entry == DateEntry(property="birthday")
    assert florist.steps["mothers-day"].entry == CampaignEntry(at=datetime(2027, 2, 26, 10))  # noqa: DTZ001
    assert florist.steps["winback"].entry == SegmentEntry(segment="lapsed")
    assert florist.steps["winback"].draft
    clock = florist.steps["repurchase"]
    assert (clock.per, clock.due) == ("occasion", Due(usual_interval=True, otherwise=Span(months=12)))
    assert (clock.lasts, clock.when_moved) == (Lasts(span=Span(days=30), anchor="due"), {"lapsed": "leave"})
    assert florist.steps["mothers-day"].brake == Brake(people=40_000, complaints=Decimal("0.2"))
    assert florist.steps["basket"].again == Again(kind="after", after=Span(days=14))


def test_the_florists_communications_are_read(florist: Strategy) -> None:
    treat = florist.communication("welcome", "first-treat")
    assert treat is not None
    assert treat.by == (Route(channels=(Channel.PUSH,)), Route(channels=(Channel.EMAIL,)))
    assert treat.test is not None
    assert treat.test.split == {"as written": 45, "vase": 45, "nothing": 10}
    assert (treat.test.changes, treat.test.measure) == ({"vase": {"offer": "vase"}}, "order.placed")
    assert treat.test.measure_within == Span(days=30)
    dates = florist.communication("onboarding", "dates")
    assert dates is not None
    assert dates.by[1] == Route(channels=(Channel.SMS,), after=Span(days=2))
    assert (dates.ask, dates.done.text if dates.done else None) == ("birthday", "birthday is known")
    thanks = florist.communication("repurchase", "thank-you")
    assert thanks is not None
    assert (thanks.topic, thanks.for_segments) == ("ideas", ("gold",))
    assert thanks.at_most == (Cap(count=1, window=Span(days=365)),)
    assert thanks.by == (Route(channels=(Channel.LETTER, Channel.EMAIL)),)


# What holds where nothing is said


def test_what_is_said_nowhere_is_built_in() -> None:
    strategy = sound(bakery())
    hello = strategy.steps["welcome"].communications[0]
    assert (strategy.language, strategy.vision) == ("en", "")
    assert hello.expires == Expiry(after=Span(days=3))
    later = sound(bakery().replace("when: at once", "when: 1 day after start")).steps["welcome"].communications[0]
    assert later.when.at == time(10)


def test_its_own_line_wins_over_the_steps_defaults_and_those_over_the_strategys() -> None:
    step = """\
why: x
trigger: order.placed
defaults: { by: sms, expires: 1 day, at: 12:00 }
say:
  one: { when: 1 day after start }
  two: { when: 1 day after start, by: letter, expires: 2027-03-04 at 18:00, at: 8:00 }
"""
    one, two = sound(bakery(step)).steps["welcome"].communications
    assert (one.topic, one.by[0].channels, one.when.at) == ("news", (Channel.SMS,), time(12))
    assert one.expires == Expiry(after=Span(days=1))
    assert (two.by[0].channels, two.when.at) == ((Channel.LETTER,), time(8))
    assert two.expires == Expiry(at=datetime(2027, 3, 4, 18))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("at once", None),
        ("3 hours after start", None),
        ("90 minutes after start", None),
        ("1 day after start", time(10)),
        ("2 weeks after start", time(10)),
        ("1 month before due", time(10)),
        ("on birthday", time(10)),
    ],
)
def test_only_what_is_due_on_a_day_has_a_local_hour(when: str, at: time | None) -> None:
    step = f"why: x\ntrigger: order.placed\ndue: 1 year\nsay:\n  hello: {{ when: {when} }}"
    assert sound(bakery(step)).steps["welcome"].communications[0].when.at == at


@pytest.mark.parametrize(
    ("entry", "again"),
    [
        ("trigger: order.placed", "never"),
        ("trigger: order.placed\nper: product", "never"),
        ("trigger: order.placed\ndue: 3 months", "always"),
        ("date: birthday", "always"),
        ("segment: loyal", "never"),
        ("campaign: 2027-02-26 at 10:00", "never"),
    ],
)
def test_who_may_come_in_again_where_nothing_is_said(entry: str, again: str) -> None:
    when = "on birthday" if "date" in entry else "at once"
    step = f"why: x\n{entry}\nsay:\n  hello: {{ when: {when} }}"
    assert sound(bakery(step)).steps["welcome"].again.kind == again


def test_the_order_of_topics_is_their_priority_unless_told_otherwise() -> None:
    more = "topics:\n  bills: { says: Bills, purpose: service }\n"
    assert {name: topic.rank for name, topic in sound(bakery().replace("topics:\n", more)).topics.items()} == {
        "bills": 0,
        "news": 1,
    }
    turned = bakery().replace("topics:\n", f"priorities: [news, bills]\n{more}")
    assert {name: topic.rank for name, topic in sound(turned).topics.items()} == {"bills": 1, "news": 0}


def test_a_communication_may_be_raised_or_lowered_within_its_topic() -> None:
    text = "why: x\ntrigger: order.placed\nsay:\n" + "".join(
        f"  c{number}: {{ when: at once{said} }}\n"
        for number, said in enumerate(("", ", priority: raised", ", priority: lowered"))
    )
    assert [said.raised for said in sound(bakery(text)).steps["welcome"].communications] == [0, 1, -1]


def test_one_thing_needs_no_brackets() -> None:
    said = "hello: { when: at once, unless: orders >= 3, at_most: 1 in 1 year }"
    step = f"why: x\ntrigger: order.placed\nfor: loyal\nsay:\n  {said}"
    strategy = sound(bakery(step, rules="at_most: 2 in 7 days"))
    assert strategy.steps["welcome"].for_segments == ("loyal",)
    assert [cap.count for cap in strategy.rules.at_most] == [2]


def test_quiet_hours_may_be_a_topics() -> None:
    (quiet,) = sound(bakery(rules="quiet:\n  news: sunday")).rules.quiet
    assert (quiet.topic, quiet.channels, quiet.start) == ("news", tuple(Channel), None)


def test_a_value_is_compared_in_the_type_of_its_property() -> None:
    """`favourite is 7` compares texts, `points is 7` numbers."""
    text = bakery().replace("if: orders >= 5", 'if: [favourite is 7, points is 7, vip is yes, likes = "7"]')
    assert [line.value for line in sound(text).segments[0].conditions] == ["7", 7, True, "7"]


def test_a_strategy_with_errors_is_not_read_and_all_are_told() -> None:
    with pytest.raises(StrategyErrors) as caught:
        read_strategy({"strategy.yaml": bakery().replace("at once", "at onec").replace("/Berlin", "/Berln")})
    lines = str(caught.value).splitlines()
    assert [line.split(": ", 1)[0] for line in lines] == ["strategy.yaml:3:48", "strategy.yaml:19:27"]


def test_a_folder_without_a_strategy_is_told() -> None:
    with pytest.raises(StrategyErrors, match=r"no strategy\.yaml in the folder"):
        read_strategy({"templates/hello/email.mjml": ""})


def test_a_version_is_its_files_and_nothing_else() -> None:
    files = dict(florist_files())
    backwards = dict(reversed(files.items()))
    assert version_hash(files) == version_hash(backwards)
    assert len(version_hash(files)) == 64
    assert version_hash({"a": "b"}) != version_hash({"a": "b", "c": ""})
    assert version_hash({"ab": "c"}) != version_hash({"a": "bc"})
    assert version_hash({"a": "b\n1\nc\n0\n"}) != version_hash({"a": "b", "c": ""})


def test_a_code_that_stands_twice_is_caught_in_its_file() -> None:
    text = bakery().replace("topics:\n", "offers:\n  x: { kind: reward, says: x, codes: codes/x.csv }\ntopics:\n")
    assert sound(text, {"codes/x.csv": "code\nA-1\n\nA-2\n"}).offers["x"].codes == "codes/x.csv"
    for codes, line, found in (
        ("A\nB\nA\n", 3, "a second time"),
        ("A\nB C\n", 2, "which is no code"),
        ("", 1, "no code"),
    ):
        (problem,) = problems_of(text, {"codes/x.csv": codes})
        assert (problem.file, problem.line) == ("codes/x.csv", line)
        assert found in problem.found


def test_a_cap_counts_a_stage_where_no_topic_has_the_name() -> None:
    caps = sound(bakery(rules="at_most: [1 nurture in 3 days, 1 news in 2 days]")).rules.at_most
    assert [(cap.topic, cap.stage) for cap in caps] == [(None, "nurture"), ("news", None)]


def test_the_country_of_the_holidays_is_the_time_zones_where_nothing_is_said() -> None:
    assert read_strategy(florist_files()).country == "GB-ENG"
    assert sound(bakery()).country == "DE"
    assert sound(bakery(defaults="{ topic: news, by: email, time_zone: UTC }")).country is None
    assert sound(bakery(defaults="{ topic: news, by: email, time_zone: UTC, country: AT-9 }")).country == "AT-9"
