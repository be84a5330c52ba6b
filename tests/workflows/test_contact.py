"""A contact that another system asks for is settled, also when its first attempt was cut off."""

import asyncio
from datetime import timedelta

from activities.outages import LEAST_CUSTOMERS
from database import claims, requests
from database.attempts import Ask, Asking, Claimed, NotClaimed
from database.freezing import Sending
from tactful.connector import Fault, SendFault
from tactful.intake import Request, Who
from tactful.words import Channel
from tests.virtual import LINKS, VirtualHouse


async def test_a_contact_in_flight_is_looked_at_again_when_its_lease_has_ended(house: VirtualHouse) -> None:
    """A worker claimed it and was killed; the next look comes too early, the one after it sends the same bytes."""
    ada = await house.identify("ada", addresses={Channel.EMAIL: "ada@example.com"})
    now = await house.now()
    bill = {"number": "A1", "due_on": "2027-01-31", "total": {"amount": "12.50", "currency": "GBP"}}
    request = Request(Who("ada"), "invoice", "shop-1", properties=bill)
    sending = Sending(dict.fromkeys(Channel, ("mailbox",)), {"mailbox": timedelta(days=36_500)}, LINKS)

    def asked_and_cut_off() -> Claimed | Asking | NotClaimed:
        key = house.database.run(lambda c: requests.request_contact(c, request, now=now))
        return house.database.run(lambda c: claims.claim(c, Ask(ada, key), sending, now=now))

    cut_off = await asyncio.to_thread(asked_and_cut_off)
    assert isinstance(cut_off, Claimed)
    await house.carry()
    await house.pass_time(timedelta(minutes=2))
    (contact,) = await house.rows("SELECT state, fence, attempts FROM contacts")
    assert tuple(contact) == ("sent", 2, 2)
    (kept,) = await house.rows("SELECT part_key FROM mailbox")
    assert kept.part_key == cut_off.parts[0].message.key


async def test_bills_that_meet_an_outage_wait_for_its_end_and_each_goes_once(house: VirtualHouse) -> None:
    """Each has a workflow of its own; together they show that the connector is out, and then one at a time calls."""
    bill = {"due_on": "2027-01-31", "total": {"amount": "12.50", "currency": "GBP"}}
    house.fails.append(SendFault(Fault.TRANSIENT, "503"))
    many = LEAST_CUSTOMERS + 5
    for n in range(many):
        user = f"u{n}"
        await house.identify(user, addresses={Channel.EMAIL: f"{user}@example.com"})
        await house.ask(Request(Who(user), "invoice", f"shop-{n}", properties={**bill, "number": f"A{n}"}))
    await house.pass_time(timedelta(hours=2), step=timedelta(hours=1))
    (stands,) = await house.rows("SELECT max(attempts) AS most, count(*) AS n FROM contacts WHERE state = 'held'")
    assert tuple(stands) == (1, many) or tuple(stands) == (0, many)
    house.fails.clear()
    await house.pass_time(timedelta(hours=1))
    assert {row.state for row in await house.rows("SELECT state FROM contacts")} == {"sent"}
    (boxed,) = await house.rows("SELECT count(*) AS n FROM mailbox")
    assert boxed.n == many
