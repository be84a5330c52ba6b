"""The strategy of the soak: three steps that begin at once and compete, of topics that may and may not be refused.

Every communication's text begins with its name, so that the provider's book says what was delivered without any key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CAP = 4
CAP_SMS = 2
CAP_DAYS = 7
WELCOME, TOUR, PAPERS, VOUCHERS, OFFERS, ASKED = 4, 4, 6, 2, 6, "receipt"
CAMPAIGN, OCCASION = "notice", datetime(2026, 1, 1, 10)  # noqa: DTZ001 - on everybody's own clock
CHANNELS = ("push", "sms", "email", "letter")
_MAIL = """\
---
subject: {name}
---
<mjml><mj-body><mj-section><mj-column><mj-text>{name} <a href="{{{{ links.unsubscribe }}}}">stop</a></mj-text>\
</mj-column></mj-section></mj-body></mjml>
"""
_LETTER = """\
---
subject: {name}
---
<p>{name}</p>
"""


@dataclass(frozen=True)
class Said:
    """One communication: its step, its topic, its channel."""

    name: str
    step: str
    topic: str
    channel: str

    @property
    def marketing(self) -> bool:
        """Say whether it needs a yes and takes a place under the caps."""
        return self.topic != "papers"


def _said(step: str, topic: str, number: int, *channels: str) -> tuple[Said, ...]:
    return tuple(Said(f"{step}-{n}", step, topic, channels[n % len(channels)]) for n in range(number))


SAID = (
    *_said("welcome", "news", WELCOME, "push"),
    *_said("tour", "ideas", TOUR, "sms", "email", "letter", "push"),
    *_said("papers", "papers", PAPERS, *CHANNELS),
    *_said("voucher", "papers", VOUCHERS, "letter"),
    *(Said(f"offers-{n}", "offers", ("ideas", "news")[n % 2], "push") for n in range(OFFERS)),
    Said(ASKED, "receipts", "papers", "sms"),
    Said(f"{CAMPAIGN}-0", CAMPAIGN, "papers", "sms"),
    Said(f"{CAMPAIGN}-1", CAMPAIGN, "ideas", "push"),
)
OFFERED = tuple(said for said in SAID if said.step == "offers")
"""Asked for by another system shortly after one another, in turn of lower and of higher rank.

What comes later and ranks higher is no rival that an earlier decision could have seen: nothing but the customer's lock
keeps such two under the cap together.
"""
BY_NAME = {said.name: said for said in SAID}


def files() -> dict[str, str]:
    """Return the folder of the strategy."""
    made = {"strategy.yaml": _text()}
    for said in SAID:
        if said.channel == "email":
            made[f"templates/{said.name}/email.mjml"] = _MAIL.format(name=said.name)
        elif said.channel == "letter":
            made[f"templates/{said.name}/letter.html"] = _LETTER.format(name=said.name)
        else:
            made[f"templates/{said.name}/{said.channel}.txt"] = f"{said.name}\n"
    return made


def _text() -> str:
    steps = "".join(
        f"    {name}:\n      why: To be counted.\n      {entry}\n{more}      say:\n"
        + "".join(
            f"        {said.name}: {{ when: {_when(said)}, by: {said.channel}, topic: {said.topic} }}\n"
            for said in SAID
            if said.step == name
        )
        for name, entry, more in (
            ("welcome", "trigger: customer.registered", "      until: order.placed\n      lasts: 21 days\n"),
            ("tour", "trigger: customer.registered", ""),
            ("voucher", "trigger: customer.registered", "      until: order.placed\n      lasts: 21 days\n"),
            ("papers", "trigger: customer.registered", ""),
            ("receipts", "trigger: receipt.wanted", ""),
            ("offers", "trigger: offer.wanted", ""),
            (CAMPAIGN, f"campaign: {OCCASION:%Y-%m-%d} at {OCCASION:%H:%M}", ""),
        )
    )
    return f"""\
strategy: soak
vision: Nobody is lost, nobody is contacted twice, whatever is killed and when.
sender: {{ name: Fleur, email: hello@fleur.example, sms: FLEUR, push: fleur, address: "1 Rose Lane, Bath" }}
defaults: {{ topic: news, by: push, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en }}
customer: {{}}
events: {{ customer.registered: {{}}, order.placed: {{}}, receipt.wanted: {{}}, offer.wanted: {{}} }}
topics:
  papers: {{ says: Papers, purpose: service }}
  news: {{ says: News, purpose: marketing, opt_in: single }}
  ideas: {{ says: Ideas, purpose: marketing, opt_in: single }}
priorities: [papers, news, ideas]
rules:
  at_most: [{CAP} in {CAP_DAYS} days, {CAP_SMS} sms in {CAP_DAYS} days]
  quiet:
    sms or push or email or letter: 22:00 to 07:00
stages:
  nurture:
{steps}"""


def _when(said: Said) -> str:
    first = said.step in {"receipts", "offers"} or said.name.endswith("-0")
    return "at once" if first else "1 minute after start"
