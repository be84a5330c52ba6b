"""A small strategy to write templates for, and the florist, read as users' files are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tactful.strategy.folder import read_folder
from tactful.strategy.model import Communication, Step, Strategy
from tactful.strategy.problems import Problem
from tactful.strategy.reading import examine
from tactful.templates import Content, Templates, check_templates, sample_variables
from tactful.words import Channel

STRATEGY = """\
strategy: shop
vision: To be useful.
sender: { name: The Shop, email: hello@shop.example, sms: SHOP, address: "1 High Street" }
defaults: { topic: ideas, by: email, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en }
customer: { birthday: date, favourite: text, points: number, loyalty: yes or no }
events:
  customer.registered: { plan: text }
  order.placed: { occasion: text, total: money, items: list, delivered_on: date }
  bill.issued: { total: money }
segments:
  gold: { owner: Maya, if: [orders in 12 months >= 6] }
topics:
  bills: { says: Your bills, purpose: service }
  ideas: { says: Our ideas, purpose: marketing, opt_in: single }
priorities: [bills, ideas]
offers:
  tenner: { kind: incentive, says: 10 pounds off, code: TEN, lasts: 14 days, costs: 10 GBP }
  vase: { kind: reward, says: a vase, code: VASE, costs: 6 GBP }
rules:
  at_most: [2 in 7 days]
stages:
  nurture:
    welcome:
      why: You are new.
      trigger: customer.registered
      until: order.placed
      lasts: 60 days
      say:
        hello: { when: at once, by: BY }
    clock:
      why: It is time.
      trigger: order.placed
      per: occasion
      due: usual interval, else 12 months
      until: order.placed
      lasts: 30 days after due
      say:
        again: { when: 14 days before due, by: BY, offer: tenner }
    billing:
      why: You owe us.
      trigger: bill.issued
      say:
        bill: { when: at once, by: BY, topic: bills }
"""

EMAIL = """\
---
subject: Hello
---
<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text>{body} <a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a> {{{{ sender.address }}}}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
BODY_LINE = 8
FLORIST = Path(__file__).parents[3] / "strategies" / "florist"


def email(body: str = "Hello.") -> str:
    """Return a sound marketing email with one paragraph of its own, in line 8."""
    return EMAIL.format(body=body)


@cache
def shop(by: str = "email") -> Strategy:
    """Return the small strategy; `hello` begins a sequence, `again` belongs to a clock, `bill` is a service."""
    return strategy_of({"strategy.yaml": STRATEGY.replace("BY", by)})


@cache
def florist() -> tuple[Strategy, Mapping[str, str]]:
    """Return the florist with all its files."""
    files = read_folder(FLORIST)
    return strategy_of(files), files


def strategy_of(files: Mapping[str, str]) -> Strategy:
    """Return the strategy that files hold; it must be sound."""
    reading = examine(files)
    assert reading.strategy is not None, "\n".join(map(str, reading.problems))
    return reading.strategy


@dataclass(frozen=True)
class Said:
    """A communication with its step."""

    step: Step
    communication: Communication


def said(strategy: Strategy, name: str) -> Said:
    """Return a communication by its name."""
    return next(Said(step, one) for step in strategy.steps.values() for one in step.communications if one.name == name)


def problems_of(text: str, *, file: str = "email.mjml", by: str = "email", name: str = "hello") -> list[Problem]:
    """Return what is wrong with one template of the small strategy; other communications' files are not asked for."""
    path = f"templates/{name}/{file}"
    strategy = only(shop(by), name)
    return check_templates(strategy, {path: text})


def only(strategy: Strategy, name: str) -> Strategy:
    """Return the strategy with one communication left to say."""
    found = said(strategy, name)
    step = found.step.model_copy(update={"communications": (found.communication,)})
    return strategy.model_copy(update={"steps": {step.name: step}})


def rendered(
    files: Mapping[str, str],
    *,
    name: str = "hello",
    channel: Channel = Channel.EMAIL,
    language: str = "en",
    **changed: object,
) -> Content:
    """Return the content of a template of the small strategy, filled with samples and what is `changed` in them.

    A change names a variable with two underscores for its dot: `customer__first_name="Maya"`; None takes it away.
    """
    strategy = shop("email")
    found = said(strategy, name)
    variables = sample_variables(strategy, found.step, found.communication, language)
    for dotted, value in changed.items():
        root, _, leaf = dotted.partition("__")
        group = variables.setdefault(root, {}) if leaf else variables
        assert isinstance(group, dict)
        group.pop(leaf or root, None)
        if value is not None:
            group[leaf or root] = value
    return Templates.compile(strategy, files).render(name, channel, language, variables)
