"""The florist's own copy and sample customers: what a new user reads first has to be right."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tactful.strategy.model import Communication, Step
from tactful.templates import MissingVariable, Templates, check_templates, sample_variables, variables_for
from tactful.templates.check import channels_of, templates_of
from tactful.templates.sms import sms_length
from tactful.words import Channel, Purpose
from tests.unit.templates.shop import FLORIST, florist

COMPILED = Templates.compile(*florist())
GERMAN = {
    *("hello", "hello-again", "our-story", "first-treat"),
    *("early-bird", "early-bird-gold", "last-call", "thank-you"),
}
FICTION = ("+447700900", "+1212555", "+1213555", "+6149157", "+491713920")
"""Telephone numbers kept free for stories: Ofcom, NANPA, ACMA, Bundesnetzagentur."""
TODAY = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One template on one channel in one language, and who says it."""

    step: Step
    communication: Communication
    template: str
    channel: Channel
    language: str

    def __str__(self) -> str:
        return f"{self.template}.{self.channel}.{self.language}"


def cases() -> Iterator[Case]:
    for step in florist()[0].steps.values():
        for communication in step.communications:
            for template in templates_of(communication):
                for channel in channels_of(communication):
                    yield Case(step, communication, template, channel, "en")
                    if template in GERMAN:
                        yield Case(step, communication, template, channel, "de")


CASES = list(cases())


def filled(case: Case) -> dict[str, object]:
    return sample_variables(florist()[0], case.step, case.communication, case.language)


def test_the_florist_says_fifteen_things_and_nothing_in_them_is_wrong() -> None:
    strategy, files = florist()
    said = [one.name for step in strategy.steps.values() for one in step.communications]
    assert len(said) >= 15
    assert check_templates(strategy, files) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_template_renders(case: Case) -> None:
    content = COMPILED.render(case.template, case.channel, case.language, filled(case))
    assert content.language == case.language
    for text in (content.text, content.subject or "", content.title or ""):
        assert "{{" not in text
        assert "{%" not in text
        assert "  " not in text
    topic = florist()[0].topics[case.communication.topic]
    if topic.purpose is Purpose.MARKETING and case.channel is not Channel.PUSH:
        assert "https://links.example/" in content.text
    if case.channel is Channel.EMAIL:
        assert content.subject
        assert "1 Rose Lane, Bath" in content.text
        assert f'lang="{case.language}"' in (content.html or "")
    if case.communication.offer and case.template != "thank-you":
        assert "2027" in content.text or "7 March" in content.text or "7. März" in content.text
    if case.channel is Channel.SMS:
        assert sms_length(content.text).segments <= 2


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_template_says_hello_to_nobody(case: Case) -> None:
    """Without a name, a favourite or any other optional value the message still reads as a message."""
    variables = filled(case)
    optional = variables_for(florist()[0], case.step, case.communication)
    customer = variables["customer"]
    assert isinstance(customer, dict)
    for name, variable in optional.items():
        if name.startswith("customer.") and not variable.always:
            customer.pop(name.removeprefix("customer."), None)
    content = COMPILED.render(case.template, case.channel, case.language, variables)
    for wrong in (" ,", " .", " !", "Hello ,", "Dear ,", "None"):
        assert wrong not in content.text, content.text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_what_it_needs_a_template_fails_cleanly(case: Case) -> None:
    compiled = COMPILED._compiled[case.template, case.channel][case.language]
    assert not isinstance(compiled, str)
    vocabulary = variables_for(florist()[0], case.step, case.communication)
    needed = {use.name for source in compiled.sources for use in source.uses.variables if not use.guarded}
    for name in sorted(needed):
        assert vocabulary[name].always or name == "customer.email"
        if (case.language, name) == ("de", "offer.says"):
            continue  # said only of an offer for which there are no German words yet
        variables = filled(case)
        root, _, leaf = name.partition(".")
        group = variables[root]
        if leaf and isinstance(group, dict):
            del group[leaf]
        else:
            del variables[root]
        with pytest.raises(MissingVariable) as caught:
            COMPILED.render(case.template, case.channel, case.language, variables)
        assert caught.value.name == name
        assert caught.value.file.startswith("templates/")
        line = florist()[1][caught.value.file].splitlines()[(caught.value.line or 0) - 1]
        assert name in line or "render" in line


def test_a_thank_you_offers_nothing() -> None:
    for case in CASES:
        if case.template == "thank-you":
            content = COMPILED.render(case.template, case.channel, case.language, filled(case))
            assert "EXAMPLE24" not in content.text


def rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((FLORIST / "sample" / file).read_text(encoding="utf-8"))))


def test_the_sample_customers_are_invented_and_live_all_round_the_clock() -> None:
    customers = rows("customers.csv")
    assert len(customers) == 40
    assert len({row["customer_id"] for row in customers}) == 40
    zones = Counter(row["time_zone"] for row in customers)
    assert zones["Europe/London"] > 20
    hours = {TODAY.astimezone(ZoneInfo(zone)).hour for zone in zones}
    assert len(hours) >= 6
    topics, channels = set(florist()[0].topics), {channel.value for channel in Channel}
    for row in customers:
        assert row["email"].endswith((".example", "@example.com", "@example.org"))
        assert row["phone"] == "" or row["phone"].startswith(FICTION)
        assert row["language"] in {"en", "de"}
        for opt_in in row["opt_ins"].split():
            topic, _, channel = opt_in.partition(":")
            assert topic in topics
            assert channel in channels
        if row["birthday"]:
            assert date.fromisoformat(row["birthday"]) < TODAY.date()


def test_the_sample_orders_have_heavy_buyers_and_clocks_that_come_due() -> None:
    customers = {row["customer_id"]: row for row in rows("customers.csv")}
    orders = rows("orders.csv")
    assert 120 <= len(orders) <= 180
    assert len({row["order_id"] for row in orders}) == len(orders)
    year_ago = TODAY - timedelta(days=365)
    recent: Counter[str] = Counter()
    newest: dict[tuple[str, str], datetime] = {}
    for row in orders:
        placed_at = datetime.fromisoformat(row["placed_at"])
        assert datetime.fromisoformat(customers[row["customer_id"]]["registered_at"]) < placed_at < TODAY
        recent[row["customer_id"]] += placed_at > year_ago
        key = (row["customer_id"], row["occasion"])
        newest[key] = max(placed_at, newest.get(key, placed_at))
    assert sum(count >= 6 for count in recent.values()) >= 5
    due = [at + timedelta(days=365) for at in newest.values()]
    assert sum(TODAY < at < TODAY + timedelta(days=60) for at in due) >= 15
