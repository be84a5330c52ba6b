"""The contact rules against a model of a page: caps, gap, quiet hours and mandatory contacts, in every order of things.

A machine asks for contacts on several channels, about a marketing topic and a mandatory one; the customer says yes and
no by channel, moves, leaves and comes back; calls are answered late, wrongly or never. What goes out must be allowed by
the model, which knows nothing of how the house decides; what nothing stands against must go out, and a mandatory
contact is never held up by a rule of marketing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from database import customers, requests
from database.freezing import Sending
from tactful.connector import Fault
from tactful.intake import Request, Who
from tactful.words import Channel
from tests.integration.ledger import DAY, KEYED, KEYLESS, Ledger, accepted, fault
from tests.integration.machine import HOUR, SETTLED, SURELY_OUTSIDE, SURELY_WITHIN, Call, Witnessed, run_machine
from tests.virtual import no, yes

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LONDON = ZoneInfo("Europe/London")
RULES = """
at_most: [2 in 2 days, 1 sms in 2 days]
apart: 3 hours
quiet:
  sms or email: 22:00 to 07:00
"""
CAP, CAP_SMS, APART = 2, 1, 3 * HOUR
NIGHT, MORNING = time(22), time(7)
SHOP = """\
shop:
  why: To be asked for.
  trigger: guide.opened
  say:
    flash: { when: at once, by: sms }
    story: { when: at once, by: email }
    either: { when: at once, by: sms or email }
    bill: { when: at once, by: email, topic: orders }
    notice: { when: at once, by: sms, topic: orders }
"""
MARKETING = {"flash": {Channel.SMS}, "story": {Channel.EMAIL}, "either": {Channel.SMS, Channel.EMAIL}}
MANDATORY = {"bill": Channel.EMAIL, "notice": Channel.SMS}
CHANNELS = st.sampled_from([Channel.SMS, Channel.EMAIL])
NOES = (Fault.TRANSIENT, Fault.THROTTLED, Fault.BAD_CONTENT)


@dataclass
class Customer:
    """What is known of the customer."""

    wants: dict[Channel, bool] = field(default_factory=dict[Channel, bool])
    addresses: dict[Channel, str | None] = field(default_factory=dict["Channel", "str | None"])
    active: bool = True


class PressureMachine(Witnessed):
    """One customer who is asked for from all sides."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = Customer()
        self.asked = 0
        self.key = self.ledger.identify(self.user, time_zone="Europe/London")

    @initialize(usual=st.integers(0, 9))
    def begin(self, usual: int) -> None:
        """Begin as it usually is; now and then with nothing known."""
        for channel in (Channel.SMS, Channel.EMAIL) if usual else ():
            self.move(channel, 1)
            self.state(channel, wants=True)

    # ------------------------------------------------------------------------------------------------ what is told

    @rule(name=st.sampled_from([*MARKETING, *MANDATORY]))
    def ask(self, name: str) -> None:
        """Ask for a contact, as the API does."""
        self.ledger.now += timedelta(seconds=1)  # keys are random: of one instant, the order would be as well
        self.asked += 1
        request = Request(Who(self.user), name, f"{self.user}-{self.asked}")
        self.ledger.run(lambda c: requests.request_contact(c, request, now=self.ledger.now))

    @rule(channel=CHANNELS, wants=st.booleans())
    def state(self, channel: Channel, wants: bool) -> None:  # noqa: FBT001 - drawn
        self.ledger.now += timedelta(seconds=1)  # two statements of one instant would be the same or a riddle
        self.ledger.say(self.user, *(yes if wants else no)(f"news:{channel}", at=self.ledger.now))
        self.customer.wants[channel] = wants

    @rule(channel=CHANNELS, where=st.sampled_from([1, 2, None]))
    def move(self, channel: Channel, where: int | None) -> None:
        self.ledger.now += timedelta(seconds=1)
        to = None if where is None else f"{self.user}-{where}@{channel}.example"
        self.ledger.identify(self.user, addresses={channel: to})
        self.customer.addresses[channel] = to

    @rule()
    def leave_or_come_back(self) -> None:
        self.customer.active = not self.customer.active
        status = "active" if self.customer.active else "inactive"
        self.ledger.run(lambda c: _set_status(c, self.key, status))

    @rule(span=st.sampled_from([timedelta(minutes=1), HOUR, 4 * HOUR, 12 * HOUR, DAY, 2 * DAY]))
    def wait(self, span: timedelta) -> None:
        self.ledger.now += span

    # ------------------------------------------------------------------------------------------------ what is done

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), delivered=st.booleans(), when_due=st.booleans())
    def look(self, data: st.DataObject, delivered: bool, when_due: bool) -> None:  # noqa: FBT001 - drawn
        rows = [row for row in self._rows() if row.state in {"planned", "claimed"}]
        if rows:
            row = data.draw(st.sampled_from(rows))
            if when_due:
                self.ledger.now = max(self.ledger.now, _moment(row))
            self._look(row, delivered=delivered)

    @precondition(lambda self: self.unanswered)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.unanswered))
        possible = [accepted()] if call.delivered else [*map(fault, NOES)]
        self._answer(call, data.draw(st.sampled_from([*possible, fault(Fault.AMBIGUOUS)])))

    # ------------------------------------------------------------------------------------------------- what must hold

    @invariant()
    def each_that_is_asked_for_comes_about_once(self) -> None:
        assert len(self._rows()) == self.asked, "a contact was lost, or came about twice"

    def teardown(self) -> None:
        """Stop the faults: everything comes to an end by itself, but for what is not known."""
        for _ in range(100):
            rows = [row for row in self._rows() if row.state in {"planned", "claimed"}]
            if not rows:
                break
            row = min(rows, key=_moment)
            self.ledger.now = max(self.ledger.now, _moment(row))
            call = self._look(row, delivered=True)
            if call is not None:
                self._answer(call, accepted())
        states = {row.state for row in self._rows()}
        assert states <= SETTLED | {"parked"}, states

    # ---------------------------------------------------------------------------------------------------------- parts

    def _look(self, row: Any, *, delivered: bool) -> Call | None:  # noqa: ANN401 - a row
        return self._call(row, must=self._must_be_made(row), delivered=delivered)

    def _may_be_made(self, row: Any, channel: Channel, to: str) -> None:  # noqa: ANN401 - a row
        now = self.ledger.now
        assert self.customer.active
        assert to == self.customer.addresses.get(channel)
        assert row.due_at <= now < row.expires_at, "its own life"
        if row.communication in MANDATORY:
            return
        assert self.customer.wants.get(channel), "an opt-out stood against it"
        assert MORNING <= now.astimezone(LONDON).time() < NIGHT, "the night"
        others = [call for call in self._others(row) if _counts(call)]
        assert _newest(others, now - SURELY_WITHIN) < CAP, "the cap"
        if channel is Channel.SMS:
            assert _newest((c for c in others if c.channel is Channel.SMS), now - SURELY_WITHIN) < CAP_SMS, "its cap"
        assert all(now - call.at >= APART for call in others), "the gap"

    def _must_be_made(self, row: Any) -> bool:  # noqa: ANN401 - a row
        """Say whether nothing at all stands against a contact: then it is made."""
        now, known = self.ledger.now, self.customer
        if row.state != "planned" or not row.due_at <= now < row.expires_at or not known.active:
            return False
        if row.communication in MANDATORY:
            return known.addresses.get(MANDATORY[row.communication]) is not None
        channels = MARKETING[row.communication]
        rivals = [one for one in self._rows() if one.state == "planned" and one.contact_key != row.contact_key]
        if any(one.communication in MARKETING for one in rivals):
            return False  # one of them may rank higher and have room kept for it
        hour = now.astimezone(LONDON).hour
        return (
            all(known.wants.get(channel) and known.addresses.get(channel) for channel in channels)
            and MORNING.hour < hour < NIGHT.hour - 1
            and all(now - call.at > SURELY_OUTSIDE for call in self._others(row) if call.communication in MARKETING)
            and not any(self._may_outrank(other) for other in self._rows() if other.contact_key != row.contact_key)
        )

    @staticmethod
    def _may_outrank(row: Any) -> bool:  # noqa: ANN401 - a row
        """Say whether another contact may have room kept for it: which one has is told by the models of `decide`."""
        return row.state == "planned" and row.communication in MARKETING

    def _others(self, row: Any) -> list[Call]:  # noqa: ANN401 - a row
        """Return the last call of each other contact: an attempt takes its place anew."""
        last = {call.contact_key: call for call in self.calls if call.contact_key != row.contact_key}
        return list(last.values())

    def _rows(self) -> list[Any]:
        return self.ledger.contacts(self.user)


def _counts(call: Call) -> bool:
    """Say whether a call may have taken a place: marketing that was not certainly refused."""
    return call.communication in MARKETING and not call.refused


def _newest(calls: Iterable[Call], since: datetime) -> int:
    return sum(call.at > since for call in calls)


def _moment(row: Any) -> datetime:  # noqa: ANN401 - a row
    return row.lease_until if row.state == "claimed" and row.lease_until else row.due_at


def _set_status(conn: sa.Connection, key: UUID, status: str) -> None:
    customers.revise(conn, key)
    conn.execute(
        sa.text("UPDATE customers SET status = :status WHERE customer_key = :key"), {"status": status, "key": key}
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sending", [KEYED, KEYLESS], ids=["keyed", "keyless"])
def test_no_order_of_things_breaks_a_contact_rule(empty_ledger: Ledger, sending: Sending) -> None:
    spoken = {name: f"This is {name}." for name in (*MARKETING, *MANDATORY)}
    empty_ledger.publish(steps=(SHOP,), rules=RULES, says=spoken)

    run_machine(PressureMachine, empty_ledger, sending, examples=60, drawn_anew=False)
