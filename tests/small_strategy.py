"""A small strategy for tests of the ledger: a welcome, an onboarding, a repurchase clock, an invoice; short templates.

`files` returns its folder as texts; what a test needs different it says by name. No quiet hours, caps or gaps unless
asked for, so that a test of one rule meets no other.
"""

from __future__ import annotations

from textwrap import dedent, indent

WELCOME = """\
welcome:
  why: You have just met us.
  trigger: customer.registered
  until: order.placed
  lasts: 21 days
  say:
    hello: { when: at once }
    story: { when: 3 days after start }
"""
ONBOARDING = """\
onboarding:
  why: Three small things help.
  trigger: order.placed
  again: never
  lasts: 60 days
  milestones:
    guide: { done: guide.opened, nudge: { when: 3 days after start } }
    dates: { done: birthday is known, nudge: { when: 14 days after start, ask: birthday } }
"""
REPURCHASE = """\
repurchase:
  why: It will soon be a year.
  trigger: order.placed
  per: occasion
  due: usual interval, else 12 months
  until: order.placed
  lasts: 30 days after due
  say:
    reminder: { when: 14 days before due }
    last-call: { when: 4 days before due }
"""
INVOICE = """\
invoice:
  why: You need it for your books.
  trigger: invoice.issued
  per: number
  until: invoice.paid
  lasts: 60 days
  say:
    bill: { when: at once, topic: orders }
    dunning: { when: 14 days after start, topic: orders }
"""
SALE = WELCOME.replace("trigger: customer.registered", "campaign: 2027-02-26 at 10:00")
"""A step that nobody enters yet: what has to wait for a later version."""
STEPS = (WELCOME, ONBOARDING, REPURCHASE, INVOICE)
COMMUNICATIONS = ("hello", "story", "guide", "dates", "reminder", "last-call", "bill", "dunning")
MAIL = """\
---
subject: {name}
---
<mjml><mj-body><mj-section><mj-column><mj-text>{says} <a href="{{{{ links.unsubscribe }}}}">stop</a></mj-text>\
</mj-column></mj-section></mj-body></mjml>
"""


def files(
    *,
    steps: tuple[str, ...] = STEPS,
    rules: str = "{}",
    defaults: str = "",
    offers: str = "{}",
    segments: str = "",
    name: str = "small",
    says: dict[str, str] | None = None,
    more: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return the folder of a strategy.

    Args:
        steps: The steps of its one stage, as YAML.
        rules: The contact rules, as YAML on one line or several.
        defaults: More defaults, as `key: value` pairs with commas.
        offers: The offers, as YAML on one line.
        segments: The segments, as YAML on one line; none if left out.
        name: The strategy's name.
        says: Communications and what their templates say, on every channel; those of the usual steps are there.
        more: More files by path.
    """
    usual = "topic: news, by: email, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en"
    text = dedent(f"""\
        strategy: {name}
        vision: Nobody is forgotten.
        sender: {{ name: Fleur, email: hello@fleur.example, sms: FLEUR, address: "1 Rose Lane, Bath" }}
        defaults: {{ {usual}{defaults} }}
        customer: {{ birthday: date, favourite: text }}
        events:
          customer.registered: {{}}
          order.placed: {{ order_id: text, occasion: text, total: money }}
          guide.opened: {{}}
          invoice.issued: {{ number: text }}
          invoice.paid: {{ number: text }}
          complaint.opened: {{}}
          complaint.closed: {{}}
        topics:
          orders: {{ says: About an order of yours, purpose: service }}
          news: {{ says: News, purpose: marketing, opt_in: single }}
        priorities: [orders, news]
        offers: {offers}
        """)
    text += "rules:" + (f" {rules}\n" if rules.startswith("{") else f"\n{indent(dedent(rules), '  ')}\n")
    text += f"segments: {segments}\n" if segments else ""
    text += "stages:\n  nurture:\n" + indent("".join(steps), "    ")
    spoken = {each: f"This is {each}." for each in COMMUNICATIONS if f"{each}:" in text} | (says or {})
    made = {"strategy.yaml": text}
    for each, words in spoken.items():
        made[f"templates/{each}/email.mjml"] = MAIL.format(name=each, says=words)
        made[f"templates/{each}/sms.txt"] = words + "\n"
        made[f"templates/{each}/push.txt"] = words + "\n"
        made[f"templates/{each}/call.txt"] = f"---\nsubject: {each}\n---\n{words}\n"
        made[f"templates/{each}/letter.html"] = f"<p>{words}</p>\n"
    return made | (more or {})
