"""What a campaign would come to for one customer, if everything stayed as it is: asked of `decide` at each hour.

Caps, gaps and what matters more are left out: they hang on what else is sent until then. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tactful.campaign import starts_at
from tactful.decide import decide
from tactful.facts import ChannelState, Contact, Customer, Journey, Situation
from tactful.planning import ends_at, plan
from tactful.rules.arms import step_for
from tactful.strategy.model import Step, Strategy
from tactful.timing import zone_of
from tactful.verdict import Defer, Send, Verdict, Wait
from tactful.words import Channel, ContactState, JourneyState, Reason

_NOBODY: Final = UUID(int=0)
_CHANNELS: Final = tuple(ChannelState(channel, "any") for channel in Channel)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one communication: `send`, `later`, `skip`, `control` or `expired`, and why."""

    communication: str
    verdict: str
    reason: Reason | None = None
    channels: tuple[Channel, ...] = ()


def foresee(step: Step, customer: Customer, published: Strategy, moment: datetime, now: datetime) -> Iterator[Foreseen]:
    """Yield what would become of each communication of a campaign for a customer.

    Args:
        step: The campaign's step.
        customer: The customer as known now.
        published: The published strategy.
        moment: The campaign's moment.
        now: Aware UTC instant.
    """
    step = step_for(step, customer.customer_key, published.name)
    started_at = starts_at(moment, zone_of(customer, published), now)
    end = ends_at(step, published, started_at=started_at, due_at=None, customer=customer)
    journey = Journey(_NOBODY, step.name, JourneyState.OPEN, started_at, ends_at=end)
    planned, passed = plan(
        step,
        strategy=published,
        journey_started_at=started_at,
        due_at=None,
        cycle=1,
        customer=customer,
        now=now,
    )
    for late in passed:
        yield Foreseen(late.communication, "expired", Reason.EXPIRED)
    for each in planned:
        contact = Contact(_NOBODY, each.communication, ContactState.PLANNED, each.due_at, each.expires_at)
        said = next(c for c in step.communications if c.name == each.communication)
        situation = Situation(contact, customer, journey, channels=_CHANNELS)
        at = max(each.due_at, now)
        yield _foreseen(
            each.communication, decide(situation, communication=said, step=step, published=published, now=at)
        )


def _foreseen(communication: str, verdict: Verdict) -> Foreseen:
    if isinstance(verdict, Send):
        return Foreseen(communication, "send", channels=tuple(route.channel for route in verdict.routes))
    word = "later" if isinstance(verdict, Defer | Wait) else type(verdict).__name__.lower()
    return Foreseen(communication, word, verdict.reason)
