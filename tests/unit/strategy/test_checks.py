"""Every check of the language: a mistake in the florist, what is said of it, and the place where it is said."""

import pytest

from tactful.strategy import examine
from tests.unit.strategy.samples import bakery, florist_text, florist_with, problems_of, sound

HERE = "¦"
"""Stands before the very character at which the mistake must be reported."""
HELLO = "hello:     { when: at once, instead: { gold: hello-again } }"
STORY = "our-story: { when: 3 days after start }"
SPLIT = "split: { as written: 45%, vase: 45%, nothing: 10% }"
ARM = "vase: { offer: vase }"
BIRD = "early-bird: { when: 14 days before due,"
CALL = "unless: [orders in 14 days >= 1]"
WISH = "wish: { when: 7 days before birthday"
INVOICE = "invoice:\n      why: You need it for your books.\n"
WINBACK = "      segment: lapsed  "
CAPS = "at_most: [2 in 7 days, 1 sms in 7 days"

KEYS = [
    (STORY, "our-story: { ¦whne: 3 days after start }", 'unknown key "whne"', '"when"'),
    (STORY, "our-story: { ¦when:3 days after start }", 'unknown key "when:3 days after start"', "space"),
    (STORY, "our-story: { when: 3 days after start, ¦lasts: 3 days }", 'unknown key "lasts"', "a key of"),
    (STORY, "¦our-story: { topic: ideas }", "no `when` here", None),
    (STORY, "our-story: ¦3 days after start", 'the text "3 days after start"', None),
    (STORY, "¦our-story:", "no `when` here", None),
    (INVOICE, "¦invoice:\n", "no `why` here", None),
    ("time_zone: Europe/London, ", "", "no `time_zone` here", None),
    ("  lapsed:   { owner", "  ¦new:   { owner", 'the key "new" a second time', None),
    ("draft: true", "draft: ¦maybe", '"maybe"', None),
    ("at: 10:00", "at: ¦600", '"600"', None),
]
NAMES = [
    ("topic: orders, by: email or l", "topic: ¦oders, by: email or l", 'unknown topic "oders"', '"orders"'),
    ("trigger: customer.registered", "trigger: ¦customer.registred", "unknown event", '"customer.registered"'),
    ("then no order.placed for", "then no ¦order.plced for", "unknown event", '"order.placed"'),
    ("until complaint.closed", "until ¦complaint.clsoed", "unknown event", '"complaint.closed"'),
    ("done: guide.opened", "done: ¦guide.open", 'unknown event "guide.open"', '"guide.opened"'),
    ("per: occasion ", "per: ¦ocasion ", 'unknown field "ocasion"', '"occasion"'),
    ("ask: reason", "ask: ¦raeson", 'unknown property "raeson"', '"reason"'),
    ("done: favourite is", "done: ¦favorite is", 'unknown property "favorite"', '"favourite"'),
    ("segment: lapsed", "segment: ¦lasped", 'unknown segment "lasped"', '"lapsed"'),
    ("for: [gold, regular, lapsed]", "for: [gold, ¦regluar, lapsed]", 'unknown segment "regluar"', '"regular"'),
    (ARM, "vase: { offer: ¦vsae }", 'unknown offer "vsae"', '"vase"'),
    ("by: push, for: [gold]", "by: ¦psuh, for: [gold]", '"psuh"', "push"),
    (HELLO, "hello:     { when: at once, instead: { ¦gald: hello-again } }", 'unknown segment "gald"', '"gold"'),
    (HELLO, "hello:     { when: at once, instead: { gold: ¦hello-agian } }", "templates/hello-agian/", '"hello-again"'),
    ("when_moved: { lapsed", "when_moved: { ¦lapsd", 'unknown segment "lapsd"', '"lapsed"'),
    ("undisturbed_by: [ideas]", "undisturbed_by: [ideas, ¦idea]", 'unknown topic "idea"', '"ideas"'),
    ("measure: order.placed", "measure: ¦order.place", 'unknown event "order.place"', '"order.placed"'),
    (WINBACK, "      then: ¦winbakc\n      segment: lapsed  ", 'unknown step "winbakc"', '"winback"'),
    (CAPS, "at_most: [2 in 7 days, 1 ¦smms in 7 days", 'unknown topic or stage "smms"', None),
    ("    email: 22:00", "    ¦emial: 22:00", 'unknown topic "emial"', None),
]
NEW_NAMES = [
    ("  gold:     {", "  ¦Gold Customers: {", 'the name "Gold Customers"', '"gold-customers"'),
    ("  vase:   {", "  ¦väse:   {", 'the name "väse"', None),
    ("customer: { ", "customer: { ¦start: date, ", 'the name "start"', None),
    ("customer: { ", "customer: { ¦first-name: text, ", 'the name "first-name"', '"first_name"'),
    ("strategy: florist", "strategy: ¦Fleur & Fils", 'the name "Fleur & Fils"', '"fleur-fils"'),
    ("  guide.opened:", "  ¦guide:", 'the name "guide"', None),
    ("        question: {", "        ¦hello: {", 'the communication "hello" a second time', None),
    ("        question: {", "        ¦partials: {", 'the name "partials"', None),
    ("    winback:\n", "    ¦basket:\n", 'the key "basket" a second time', None),
    ("  keep:\n", "  keep:\n    ¦welcome: { why: x }\n", 'the step "welcome" a second time', None),
]
COMPANY = [
    ("time_zone: Europe/London", "time_zone: ¦Europe/Lodnon", "unknown time zone", '"Europe/London"'),
    ("time_zone: Europe/London", "time_zone: ¦London", "unknown time zone", '"Europe/London"'),
    ("country: GB-ENG", "country: ¦gb", 'unknown country "gb"', '"GB"'),
    ("country: GB-ENG", "country: ¦GB-ENGLAND", 'unknown region "ENGLAND" of GB', None),
    ("language: en }", "language: ¦english }", "unknown language", '"en"'),
    ("language: en }", "language: ¦xx }", 'unknown language "xx"', None),
    ("email: hello@fleur.example", "email: ¦hello(at)fleur.example", "which is no email address", "@-sign"),
    ("email: hello@fleur.example, ", "", "no `email` for the sender", None),
    ("sms: FLEUR", "sms: ¦FLEURFLEURFLEUR", "which no text message can come from", None),
    ("sms: FLEUR", 'sms: ¦"+44"', "which no text message can come from", None),
    ("sms: FLEUR", "call: ¦FLEUR", "which no call can come from", None),
    ("  ideas:     { says", "  ¦calls:     { says", '"calls"', None),
    ("costs: 10 GBP", "costs: 10 ¦GPB", '"GPB"', '"GBP"'),
    (">= 300 GBP]", ">= 300¦]", "the end of", None),
    ("  ideas:     {", "  ¦ideas:     {", 'no `opt_in` for "ideas"', None),
    ("purpose: service }", "purpose: service, ¦opt_in: single }", 'an opt-in for "orders"', None),
    ("purpose: service }", "purpose: ¦servcie }", '"servcie"', '"service"'),
    ("priorities: [orders, reminders,", "¦priorities: [orders,", 'no "reminders" among', None),
    ("reminders, ideas]", "reminders, ideas, ¦ideas]", '"ideas" a second time', None),
    ("codes: codes/tenner.csv", "codes: ¦codes/tener.csv", "which is not there", None),
    ("codes: codes/tenner.csv", "codes: ¦../tenner.csv", 'the file "../tenner.csv"', None),
    ("codes: codes/tenner.csv", "code: TEN, ¦codes: codes/tenner.csv", "both `code` and `codes`", None),
    ("occasion: text, total", "occasion: ¦text from Acme, total", '"from Acme" in an event', None),
]
RULES = [
    (CAPS, "at_most: [¦0 in 7 days, 1 sms in 7 days", '"0" in "0 in 7 days"', None),
    (CAPS, "at_most: [2 in 7 days, 1 ¦nurtur in 7 days", 'unknown topic or stage "nurtur"', '"nurture"'),
    (CAPS, "at_most: [¦2 in 14 months, 1 sms in 7 days", "a cap over 14 months", None),
    ("300 GBP] }", "300 GBP], at_most: 1 ¦smms in 7 days }", 'unknown topic or stage "smms"', None),
    ("300 GBP] }", "300 GBP], at_most: [¦0 in 7 days] }", '"0" in "0 in 7 days"', None),
    (CAPS, "at_most: [¦1001 in 7 days, 1 sms in 7 days", "a cap of 1,001", None),
    ("look_ahead: 7 days ", "look_ahead: ¦32 days ", "a look ahead of 32 days", None),
    (CAPS, "at_most: [2 in 7 ¦yaers, 1 sms in 7 days", '"yaers"', "2 in 7 years"),
    ("email: 22:00 to 07:00", "email: 22:00 to ¦22:00", '"22:00"', None),
    ("email: 22:00 to 07:00", "email: ¦24:00 to 07:00", '"24:00"', "Midnight is 00:00."),
    ("holdout: 2% ", "holdout: ¦80% ", "a holdout of 80%", None),
    ("holdout: 2% ", "holdout: ¦101% ", '"101%"', None),
    ("at_most: 1 in 365 days", "at_most: ¦1 sms in 365 days", "a cap on a channel or topic for one", None),
    (CALL, "unless: [¦favourite >= roses]", '">=" with "favourite", which is text', None),
    (CALL, "unless: [birthday >= ¦7]", 'compared with "birthday", which is date', None),
    (CALL, "unless: ¦[]", "an empty list", None),
    ("done: favourite is known", "done: favourite is ¦konwn", '"konwn"', '"known"'),
]
STEPS = [
    ("date: birthday\n", "date: ¦favourite\n", '"favourite", which is text', None),
    ("date: birthday\n", "campaign: 2027-02-26 at 10:00\n      ¦date: birthday\n", "a second entry, `date`", None),
    ("per: number\n", "per: ¦total\n", '"total", which is money', None),
    (WINBACK, "      ¦due: 3 months\n      segment: lapsed  ", "`due` without a trigger", None),
    (WINBACK, "      ¦per: number\n      segment: lapsed  ", "`per` in a step without a trigger", None),
    (WINBACK, "      ¦brake: 9 people\n      segment: lapsed  ", "a brake in a step that is no campaign", None),
    (WINBACK, "      then: ¦repurchase\n      segment: lapsed  ", '`then` into the clock "repurchase"', None),
    (WINBACK, "      then: ¦winback\n      segment: lapsed  ", "steps that lead in a ring: winback → winback", None),
    (WINBACK, "      for: ¦[gold]\n      segment: lapsed  ", 'for gold that "lapsed" comes into', None),
    ("      brake: 40000", "      ¦again: never\n      brake: 40000", "`again` in a campaign", None),
    ("    birthday:\n", "    ¦birthday:\n", 'the step "birthday", which nobody can come into', None),
    ("by: push, for: [gold] }", "by: push, for: ¦[new] }", "a communication for new in a step for gold", None),
    (
        "      say:\n        question:",
        "      ¦milestones: { a: {} }\n      say:\n        question:",
        "both `say` and",
        None,
    ),
]
TESTS = [
    (SPLIT, "¦split: { as written: 45%, vase: 45%, nothing: 20% }", "shares that add up to 110%", None),
    (SPLIT, "split: { as written: 45%, ¦vsae: 45%, nothing: 10% }", 'unknown arm "vsae"', '"vase"'),
    (SPLIT, "¦split: { vase: 100% }", "a test with fewer than two arms", None),
    (SPLIT, "split: { as written: 55%, vase: 45%, ¦nothing: 0% }", 'no share for "nothing"', None),
    (ARM, "vase: { offer: vase }\n            ¦extra: { offer: vase }", '"extra", which has no share', None),
    (ARM, "¦vase: {}", 'nothing that the arm "vase" changes', None),
    (ARM, "vase: { template: ¦vaze }", "templates/vaze/ is not there", None),
    (ARM, "vase: { when: ¦30 days after start }", "`30 days after start`, when the step is over", None),
]
TIMES = [
    (STORY, "our-story: { when: ¦3 days before start }", "before anybody is in the step", None),
    (STORY, "our-story: { when: ¦on start }", "`on start`", None),
    (STORY, "our-story: { when: ¦22 days after start }", "when the step is over", None),
    (STORY, "our-story: { when: ¦4 weeks after start }", "when the step is over", None),
    (STORY, "our-story: { when: ¦3 days before due }", "in a step without `due`", None),
    (STORY, "our-story: { when: 3 days before ¦favourite }", '"favourite", which is text', None),
    (STORY, "our-story: { when: 3 days after ¦wedding }", 'unknown date "wedding"', None),
    (STORY, "our-story: { when: 3 hours after start, ¦at: 10:00 }", "an hour for what is due `3 hours after", None),
    (STORY, "our-story: { when: at once, ¦at: 10:00 }", "an hour for what is due `at once`", None),
    (BIRD, "early-bird: { when: ¦12 months before due,", "which is before the last order", None),
    (BIRD, "early-bird: { when: ¦31 days after due,", "when the step is over", None),
    ("      lasts: 21 days", "      lasts: ¦21 days after due", "`after due` in a step without `due`", None),
    (WISH, "wish: { when: ¦at once", "`at once` in a step that begins by a date", None),
    (WISH, "wish: { when: ¦3 days after start", "in a step that begins by a date", None),
    ("expires: 2027-03-04 at 18:00", "expires: ¦2027-02-26 at 09:00", "an expiry before it is due", None),
    ("campaign: 2027-02-26 at", "campaign: ¦2027-02-29 at", '"2027-02-29"', None),
]
ELSEWHERE = {  # mistakes that leave nothing in their own line: where the place is instead
    "time_zone: Europe/London, ": "defaults: {",
    "email: hello@fleur.example, ": "sender: {",
}


ALL = (KEYS, NAMES, NEW_NAMES, COMPANY, RULES, STEPS, TESTS, TIMES)


def mistaken(old: str, new: str, found: str) -> tuple[str, tuple[int, int]]:
    """The florist with a mistake, and the place where it must be reported."""
    text = florist_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    text = text.replace(old, new)
    if "opt_in` for" in found:
        text = text.replace("marketing, opt_in: double", "marketing")
    if "nobody can come into" in found:
        text = text.replace("      date: birthday\n", "")
    if HERE not in text:
        text = text.replace(ELSEWHERE[old], HERE + ELSEWHERE[old])
    before = text[: text.index(HERE)]
    return text.replace(HERE, ""), (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


@pytest.mark.parametrize(("old", "new", "found", "hint"), [case for group in ALL for case in group])
def test_a_mistake_is_caught_at_its_place(old: str, new: str, found: str, hint: str | None) -> None:
    text, place = mistaken(old, new, found)
    problems = examine(florist_with(text)).problems
    told = [problem for problem in problems if found in problem.found]
    assert [(problem.line, problem.column) for problem in told][:1] == [place], "\n".join(map(str, problems))
    assert hint is None or hint in f"{told[0].hint} {told[0].expected}"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = florist_text()
    for old, new in (("Europe/London", "Europe/Lodnon"), ("at: 10:00", "at: 25:00"), ("ask: reason", "ask: raeson")):
        text = text.replace(old, new)
    text = text.replace("1 sms in 7 days", "1 sms in 7 dyas").replace("lasts: 60 days", "lasts: 60")
    problems = examine(florist_with(text)).problems
    assert [problem.line for problem in problems] == [5, 5, 33, 66, 118]


def test_one_slip_in_a_key_is_one_problem() -> None:
    """A misspelled key is read on as it was meant: what stands behind it is not missing everywhere."""
    for key in ("defaults", "topics", "events", "segments", "sender"):
        slipped = florist_text().replace(f"\n{key}:", f"\n{key}s:", 1)
        assert len(examine(florist_with(slipped)).problems) == 1, key


def test_eight_segments_are_many_and_nine_are_warned_of() -> None:
    line = "  s{0}: {{ if: orders >= {0} }}\n"
    eight, nine = ("".join(line.format(number) for number in range(1, most)) for most in (7, 8))
    assert problems_of(bakery().replace("topics:", f"{eight}topics:", 1)) == ()
    reading = examine({"strategy.yaml": bakery().replace("topics:", f"{nine}topics:", 1)})
    assert [(problem.severity, problem.found) for problem in reading.problems] == [("warning", "9 segments")]
    assert reading.strategy is not None


@pytest.mark.parametrize(
    ("when", "lasts", "severity"),
    [
        ("20 days after start", "21 days", None),
        ("21 days after start", "21 days", "warning"),
        ("22 days after start", "21 days", "error"),
        ("1 month after start", "30 days", "warning"),
        ("1 month after start", "4 weeks", "warning"),
        ("2 months after start", "4 weeks", "error"),
        ("500 hours after start", "21 days", None),
        ("505 hours after start", "21 days", "error"),
    ],
)
def test_a_wait_that_works_for_some_is_warned_of(when: str, lasts: str, severity: str | None) -> None:
    step = f"why: Bread.\ntrigger: customer.registered\nlasts: {lasts}\nsay:\n  hello: {{ when: {when} }}"
    assert [problem.severity for problem in problems_of(bakery(step))] == ([severity] if severity else [])


def test_a_clock_that_lasts_from_its_start_must_reach_its_reminders() -> None:
    step = "why: x\ntrigger: order.placed\ndue: 12 months\nlasts: 21 days\nsay:\n  again: { when: 14 days before due }"
    assert ["when the step is over" in problem.found for problem in problems_of(bakery(step))] == [True]


def test_a_communication_counted_from_the_start_may_come_before_the_clock_is_due() -> None:
    clock = "why: x\ntrigger: order.placed\ndue: 12 months\nlasts: 9 days after due"
    step = f"{clock}\nsay:\n  ask: {{ when: 14 days after start }}"
    assert sound(bakery(step)).steps["welcome"].due is not None


def test_a_template_for_a_segment_that_never_gets_it_is_warned_of() -> None:
    step = "why: x\ntrigger: order.placed\nsay:\n  hello: { when: at once, for: [young], instead: { loyal: other } }"
    problems = problems_of(bakery(step), {"templates/other/email.mjml": ""})
    assert [(problem.severity, problem.line) for problem in problems] == [("warning", 19)]


def test_a_campaign_in_the_past_is_fine() -> None:
    sound(bakery("why: x\ncampaign: 2001-02-26 at 10:00\nfor: [loyal]\nsay:\n  hello: { when: at once }"))


def test_a_draft_is_checked_like_everything_else() -> None:
    problems = problems_of(bakery("draft: true\nwhy: x\ntrigger: order.paled\nsay:\n  hello: { when: at once }"))
    assert [problem.found for problem in problems] == ['unknown event "order.paled"']


def test_a_ring_of_three_steps_is_told_once() -> None:
    step = "    {0}: {{ why: x, then: {1}, trigger: order.placed, say: {{ say-{0}: {{ when: at once }} }} }}\n"
    ring = "".join(step.format(*pair) for pair in (("a", "b"), ("b", "c"), ("c", "a")))
    problems = problems_of(bakery() + ring)
    assert [problem.found for problem in problems] == ["steps that lead in a ring: a → b → c → a"]


def test_a_step_with_an_entry_may_also_be_led_to_and_one_without_may_be_led_to_only() -> None:
    steps = (
        "    more: { why: x, trigger: order.placed, say: { thanks: { when: at once } } }\n"
        "    last: { why: x, say: { farewell: { when: 1 day after start } } }\n"
    )
    text = bakery().replace("      trigger:", "      then: more\n      trigger:") + steps.replace(
        "why: x, trig", "why: x, then: last, trig"
    )
    strategy = sound(text)
    assert [strategy.steps[name].then for name in strategy.steps] == ["more", "last", None]
    assert strategy.steps["last"].entry is None


FITTING = """\
favourite = rye
favourite is 7
favourite is not "rye bread"
points >= 100
points is 7.5
credit < 5 EUR
birthday >= 1990-01-01
vip is yes
vip = no
likes = rye
likes is known
credit is not known
order.placed in 2 months >= 3
order.placed
orders = 0
spent > 0.5 EUR
since last order <= 3 weeks"""
NOT_FITTING = """\
favourite > rye
points = many
points is 5 EUR
points in 3 days >= 2
points
credit < 5
credit is yes
birthday = 7
birthday is rye
vip >= 1
vip is 1
vip is rye
likes > 3
hello >= 3
order.placed = 5 EUR
order.placed is 3
orders >= 5 EUR
orders >= -1
orders >= 1e9
spent >= 5
since registered > 5"""


@pytest.mark.parametrize("condition", FITTING.splitlines())
def test_conditions_that_fit_their_properties_are_let_through(condition: str) -> None:
    sound(bakery().replace("if: orders >= 5", f"if: [{condition}]"))


@pytest.mark.parametrize("condition", NOT_FITTING.splitlines())
def test_conditions_that_do_not_fit_are_caught_in_their_line(condition: str) -> None:
    problems = problems_of(bakery().replace("if: orders >= 5", f"if: [{condition}]"))
    assert [problem.line for problem in problems] == [9]


def test_holidays_of_nobody_knows_which_country_are_warned_of() -> None:
    nowhere = bakery(rules="quiet: { email: holidays }", defaults="{ topic: news, by: email, time_zone: UTC }")
    (problem,) = examine({"strategy.yaml": nowhere}).problems
    assert (problem.severity, problem.line) == ("warning", 14)
    assert "`country:`" in problem.expected
    sound(nowhere.replace("UTC }", "UTC, country: GB }"))


def test_limits_are_kept() -> None:
    names = "".join(f"  topic{number}: {{ says: x, purpose: service }}\n" for number in range(250))
    (problem,) = problems_of(bakery().replace("topics:\n", f"topics:\n{names}"))
    assert (problem.found, problem.line) == ("251 of these", 212)
    assert "501 characters" in problems_of(bakery(why="x" * 501))[0].found
    assert (
        "1,001 files"
        in examine({"strategy.yaml": "", **{f"templates/a/{n}": "" for n in range(1_000)}}).problems[0].found
    )
    assert "300,000 characters" in problems_of("#" * 300_000)[0].found


def test_where_nearly_everything_is_wrong_looking_ends() -> None:
    """Looking for the nearest name to thousands of wrong ones would take minutes."""
    conditions = ", ".join(f"nothing{number} is known" for number in range(20))
    segments = "".join(f"  s{number}: {{ if: [{conditions}] }}\n" for number in range(40))
    problems = problems_of(bakery().replace("segments:\n", f"segments:\n{segments}"))
    assert len(problems) == 201
    assert problems[0].found == "more than 200 problems"
