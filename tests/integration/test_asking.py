"""The activity that makes contacts, with a provider that can be asked and one that is slow, on a real database."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.contacts import Contacts
from activities.contract import Made, MakeContact
from database.freezing import Sending
from tactful.words import ContactState, Reason
from tests.askable import SETTLES, Askable, Mood
from tests.integration.ledger import EVERYWHERE, LINKS, Ledger

pytestmark = pytest.mark.integration


class Desk:
    """The activity at a worker of this test's own."""

    def __init__(self, ledger: Ledger, rates: dict[str, float] | None = None) -> None:
        self.ledger, self.provider = ledger, Askable()
        sending = Sending(EVERYWHERE, {"post": None}, LINKS, settling={"post": SETTLES})
        self.contacts = Contacts(ledger.database, {"post": self.provider}, sending, rates)

    async def make(self, contact: Any) -> Made:  # noqa: ANN401 - a row
        """Make a contact as of the ledger's time."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=self.ledger.now)
        ask = MakeContact(contact_key=contact.contact_key, customer_key=contact.customer_key)
        return await environment.run(self.contacts.make_contact, ask)

    async def later(self, contact: Any, made: Made) -> Made:  # noqa: ANN401 - a row
        """Make it when it said that it is to be looked at again."""
        assert made.again_at is not None
        self.ledger.now = max(self.ledger.now, made.again_at) + timedelta(seconds=1)
        return await self.make(contact)


async def test_a_message_that_was_taken_without_an_answer_is_found_and_not_sent_again(ledger: Ledger) -> None:
    desk, contact = Desk(ledger), ledger.planned()
    desk.provider.mood = Mood.SILENT
    first = await desk.make(contact)
    assert (first.state, first.reason) == (ContactState.CLAIMED, Reason.RETRYING)
    assert (await desk.later(contact, first)).state is ContactState.SENT
    assert len(desk.provider.calls) == 1


async def test_a_message_that_never_got_there_goes_out_again_to_the_byte(ledger: Ledger) -> None:
    desk, contact = Desk(ledger), ledger.planned()
    desk.provider.mood = Mood.DEAF
    first = await desk.make(contact)
    asked = await desk.later(contact, first)
    assert asked.state is ContactState.PLANNED
    desk.provider.mood = Mood.WELL
    assert (await desk.later(contact, asked)).state is ContactState.SENT
    assert desk.provider.calls[0] == desk.provider.calls[1]
    assert len(desk.provider.book) == 1


async def test_while_the_provider_cannot_say_nothing_is_sent(ledger: Ledger) -> None:
    desk, contact = Desk(ledger), ledger.planned()
    desk.provider.mood, desk.provider.knows = Mood.SILENT, False
    made = await desk.make(contact)
    for _ in range(5):
        made = await desk.later(contact, made)
        assert made.state is ContactState.CLAIMED
    desk.provider.knows = True
    assert (await desk.later(contact, made)).state is ContactState.SENT
    assert len(desk.provider.calls) == 1


async def test_a_contact_without_a_turn_gives_its_place_back_and_comes_again(ledger: Ledger) -> None:
    desk = Desk(ledger, {"post": 0.02})
    ada, bob = ledger.planned("ada"), ledger.planned("bob")
    assert (await desk.make(ada)).state is ContactState.SENT
    busy = await desk.make(bob)
    assert (busy.state, busy.reason) == (ContactState.PLANNED, Reason.CONNECTOR_BUSY)
    row = ledger.contact("bob")
    assert (row.attempts, row.counts_at) == (0, None)
    assert busy.again_at is not None
    assert busy.again_at > ledger.now + timedelta(seconds=30)
    assert len(desk.provider.calls) == 1
