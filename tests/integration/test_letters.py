"""Letters by Lob and by Stannp from end to end: their price, their day, stopped in time, refused, sent back."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.direct_mail.lob import Lob
from connectors.direct_mail.stannp import Stannp
from database import holds, receipts
from database.attempts import Claimed
from database.freezing import Sending
from service.recalling import Recalling
from tactful.conformance.provider import Act, Provider, Received, provider, say
from tactful.connector import Hook, Money, SendFault, Told, send
from tactful.words import Channel, Reason
from tests.connectors import test_lob, test_stannp
from tests.connectors.letters import LINES_US
from tests.integration.ledger import DAY, LINKS, MINUTE, Ledger
from tests.small_strategy import WELCOME
from tests.virtual import yes

pytestmark = pytest.mark.integration
BY_LETTER = WELCOME.replace("hello: { when: at once }", "hello: { when: at once, by: letter }")


@dataclass(frozen=True)
class House:
    """A printer: how its connector is made, what it answers, and what it tells of a letter that came back."""

    make: Callable[..., Lob | Stannp]
    strict: dict[str, object]
    in_home: timedelta
    name: str
    taken: str
    stopped: tuple[str, str, str]
    unknown_address: tuple[str, str]
    returned: Callable[[], Hook]

    def script(self, received: Received) -> Act:
        """Answer as the printer does that takes letters and stops them."""
        _, path, answer = self.stopped
        return say(200, answer if received.path == path else self.taken)


LOB = House(
    make=test_lob.lob,
    strict={"address_check": "undeliverable"},
    in_home=timedelta(days=5),
    name="ltr_4868c3b754655f90",
    taken='{"id":"ltr_4868c3b754655f90"}',
    stopped=("DELETE", "/letters/ltr_4868c3b754655f90", '{"id":"ltr_4868c3b754655f90","deleted":true}'),
    unknown_address=("/us_verifications", '{"deliverability":"undeliverable"}'),
    returned=lambda: test_lob.signed(test_lob.event("letter.returned_to_sender")),
)
STANNP = House(
    make=test_stannp.stannp,
    strict={"address_check": True},
    in_home=timedelta(days=3),
    name="16818210",
    taken=test_stannp.TAKEN,
    stopped=("POST", "/letters/cancel", '{"success":true,"data":1}'),
    unknown_address=("/addresses/validate", '{"success":true,"data":{"is_valid":false}}'),
    returned=lambda: test_stannp.signed(test_stannp.event("returned")),
)
both = pytest.mark.parametrize("house", [LOB, STANNP], ids=["lob", "stannp"])


@asynccontextmanager
async def printing(house: House, **settings: object) -> AsyncGenerator[tuple[Provider, Lob | Stannp]]:
    """Give a printer and a connector to it to a block."""
    async with provider(house.script) as there:
        connector = house.make(there.base_url, **settings)
        yield there, connector
        await connector.aclose()


async def write(ledger: Ledger, connector: Lob | Stannp, user: str = "ada") -> Any:  # noqa: ANN401 - a row
    """Have a letter written to somebody in San Francisco, and handed over; return the contact."""
    capabilities = connector.capabilities
    in_home = {"post": timedelta(days=capabilities.in_home_days)}
    unit_costs = {"post": Money(amount=Decimal("0.85"), currency="USD")}
    sending = Sending({Channel.LETTER: ("post",)}, {"post": DAY}, LINKS, in_home=in_home, unit_costs=unit_costs)
    stops = {"post": connector.cancels_within()}
    ledger.run(lambda c: holds.register(c, {"post": [Channel.LETTER]}, now=ledger.now, cancels_within=stops))
    ledger.publish(steps=(BY_LETTER,))
    ledger.identify(user, addresses={Channel.LETTER: LINES_US}, statements=yes("news:letter", at=ledger.now))
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    contact = ledger.contact(user)
    claimed = ledger.claim(contact, sending)
    assert isinstance(claimed, Claimed), claimed
    try:
        answer = await send(connector, claimed.parts[0].message, deadline=time.monotonic() + 10)
    except SendFault as fault:
        ledger.record(contact, claimed, fault)
    else:
        ledger.record(contact, claimed, answer)
    return ledger.contact(user)


def suppressed(ledger: Ledger) -> list[tuple[str, str, str]]:
    rows = ledger.rows("SELECT kind, reason, address FROM suppressions")
    return [(row.kind, row.reason, row.address) for row in rows]


@both
async def test_a_goal_that_is_reached_in_time_has_the_letter_cancelled_and_not_paid_for(
    ledger: Ledger, house: House
) -> None:
    async with printing(house) as (there, connector):
        contact = await write(ledger, connector)
        assert (contact.state, contact.counts_at) == ("sent", ledger.now + house.in_home)
        (part,) = ledger.rows("SELECT provider_id, cost, currency FROM messages")
        assert (part.provider_id, str(part.cost), part.currency) == (house.name, "0.85", "USD")
        ledger.now += MINUTE
        ledger.track("ada", "order.placed")
        assert await Recalling(ledger.database, {"post": connector}).look(now=ledger.now) == 1
    method, path, _ = house.stopped
    assert [(one.method, one.path) for one in there.received[1:]] == [(method, path)]
    contact = ledger.contact("ada")
    assert (contact.state, contact.reason, contact.counts_at) == ("cancelled", "goal_reached", None)
    assert ledger.count("messages", "state = 'skipped'") == 1


@both
async def test_an_address_that_the_printer_calls_undeliverable_is_suppressed_and_gets_no_letter(
    ledger: Ledger, house: House
) -> None:
    path, answer = house.unknown_address
    async with printing(house, **house.strict) as (there, connector):
        there.script = lambda _: say(200, answer)
        contact = await write(ledger, connector)
    assert [one.path for one in there.received] == [path]
    assert (contact.state, contact.reason) == ("planned", Reason.BAD_RECIPIENT)
    assert suppressed(ledger) == [("undeliverable", "bad_recipient", LINES_US)]


@both
async def test_a_letter_that_comes_back_suppresses_its_address(ledger: Ledger, house: House) -> None:
    async with printing(house) as (_, connector):
        await write(ledger, connector)
        hook = house.returned()
        connector.verify(hook)
        told = [one for one in connector.news(hook) if isinstance(one, Told)]
    named = [Told(kind=one.kind, at=one.at, dedupe_id=one.dedupe_id, provider_id=house.name) for one in told]
    ledger.run(lambda c: receipts.hear(c, "post", named, now=ledger.now))
    assert suppressed(ledger) == [("undeliverable", "returned", LINES_US)]
