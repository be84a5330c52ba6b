"""The ledger against a model of a page: whatever is told, answered, lost and tried again, the customer is not wronged.

A machine tells of registrations, orders, opt-ins and moves in any order, late and twice, looks at contacts whenever it
likes, answers their calls late, wrongly or never. A provider that keeps its own book is the judge: nothing twice,
nothing after a no, nothing after the goal, never more than the cap; and in the end nothing is left unattended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from database.freezing import Sending
from tactful.connector import Fault
from tactful.words import Channel
from tests.integration.ledger import DAY, KEYED, KEYLESS, Ledger, accepted, fault
from tests.integration.machine import HOUR, SETTLED, SURELY_OUTSIDE, SURELY_WITHIN, Call, Witnessed, run_machine
from tests.small_strategy import WELCOME
from tests.virtual import no, yes

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CAP = "at_most: [1 in 2 days]"
STEP = WELCOME.replace(
    "story: { when: 3 days after start }",
    "story: { when: 1 day after start }\n    guide: { when: 3 days after start }",
)
LATE = st.sampled_from([timedelta(0), HOUR, DAY, 3 * DAY])
PASSING = (Fault.TRANSIENT, Fault.THROTTLED)
LASTING = (Fault.BAD_CONTENT, Fault.UNSUPPORTED)


@dataclass
class Customer:
    """What is known of the customer, as a page of paper would have it."""

    opt_ins: list[tuple[datetime, int, bool]] = field(default_factory=list)
    address: str | None = None
    registered_at: datetime | None = None
    orders: list[datetime] = field(default_factory=list)

    @property
    def willing(self) -> bool:
        return bool(self.opt_ins) and max(self.opt_ins)[2]

    @property
    def reached_goal(self) -> bool:
        began = self.registered_at
        return began is not None and any(at >= began for at in self.orders)


class LedgerMachine(Witnessed):
    """One customer's life, told and handled in every order."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = Customer()
        self.told: list[Callable[[], object]] = []
        self.ledger.identify(self.user)

    @initialize(usual=st.integers(0, 9))
    def begin(self, usual: int) -> None:
        """Begin as journeys usually do; now and then with nothing known."""
        if usual:
            self.move("a@example.com")
            self.state(timedelta(0), wants=True)
            self.register(timedelta(0))

    # ------------------------------------------------------------------------------------------------ what is told

    @rule(late=LATE)
    def register(self, late: timedelta) -> None:
        at = self.ledger.now - late
        self._tell("customer.registered", at)
        if self.customer.registered_at is None and at + 20 * DAY > self.ledger.now:
            self.customer.registered_at = at

    @rule(late=LATE)
    def order(self, late: timedelta) -> None:
        at = self.ledger.now - late
        self._tell("order.placed", at)
        self.customer.orders.append(at)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.told))()

    @rule(late=LATE, wants=st.booleans())
    def state(self, late: timedelta, wants: bool) -> None:  # noqa: FBT001 - drawn
        at = self.ledger.now - late
        self.ledger.say(self.user, *(yes if wants else no)("news:email", at=at))
        # A statement told again is the same statement: a yes does not outdo the no of its instant that followed it.
        if (at, wants) not in {(stated_at, wanted) for stated_at, _, wanted in self.customer.opt_ins}:
            self.customer.opt_ins.append((at, len(self.customer.opt_ins), wants))

    @rule(where=st.sampled_from(["a@example.com", "b@example.com", None]))
    def move(self, where: str | None) -> None:
        self.ledger.identify(self.user, addresses={Channel.EMAIL: where})
        self.customer.address = where

    @rule(span=st.sampled_from([timedelta(minutes=1), HOUR, 12 * HOUR, DAY, 3 * DAY]))
    def wait(self, span: timedelta) -> None:
        self.ledger.now += span

    # ------------------------------------------------------------------------------------------------ what is done

    @precondition(lambda self: self.customer.registered_at is not None)
    @rule()
    def enter(self) -> None:
        plan = self.ledger.enter(self._journey())
        unsettled = [row for row in self._rows() if row.state in {"planned", "claimed"}]
        assert (plan.next_contact is not None) == bool(unsettled), "whatever is unsettled is looked at again"
        assert plan.over == self.customer.reached_goal

    @precondition(lambda self: self.customer.registered_at is not None)
    @rule(delivered=st.booleans())
    def look_when_due(self, delivered: bool) -> None:  # noqa: FBT001 - drawn
        """Do as the workflow does: wait for the next moment, and look."""
        plan = self.ledger.enter(self._journey())
        if plan.next_contact is not None:
            self.ledger.now = max(self.ledger.now, plan.next_contact.at)
            row = next(row for row in self._rows() if row.contact_key == plan.next_contact.contact_key)
            self._look(row, delivered=delivered)

    @precondition(lambda self: self.customer.registered_at is not None)
    @rule(data=st.data(), delivered=st.booleans())
    def look(self, data: st.DataObject, delivered: bool) -> None:  # noqa: FBT001 - drawn
        rows = [row for row in self._rows() if row.state in {"planned", "claimed", "parked"}]
        if rows:
            self._look(data.draw(st.sampled_from(rows)), delivered=delivered)

    @precondition(lambda self: self.unanswered)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.unanswered))
        possible = [accepted()] if call.delivered else [*map(fault, (*PASSING, *LASTING))]
        said = data.draw(st.sampled_from([*possible, fault(Fault.AMBIGUOUS)]))
        if self.sending is KEYED and call.claimed.repeats:
            said = data.draw(st.sampled_from([said, fault(PASSING[0])]))
        self._answer(call, said)

    # ------------------------------------------------------------------------------------------------- what must hold

    def teardown(self) -> None:
        """Stop the faults: whatever is left must come to an end by itself, but for what is not known."""
        if self.customer.registered_at is None:
            return
        journey = self._journey()
        for _ in range(40):
            plan = self.ledger.enter(journey)
            if plan.next_contact is None:
                break
            self.ledger.now = max(self.ledger.now, plan.next_contact.at)
            row = next(row for row in self._rows() if row.contact_key == plan.next_contact.contact_key)
            call = self._look(row, delivered=True)
            if call is not None:
                self._answer(call, accepted())
        states = {row.state for row in self._rows()}
        assert states <= SETTLED | {"parked"}, states
        self.ledger.now += 30 * DAY
        assert not self.ledger.leave(self._journey()).again

    # ---------------------------------------------------------------------------------------------------------- parts

    def _tell(self, event: str, at: datetime) -> None:
        message_id = f"{self.user}-{len(self.told)}"

        def tell() -> None:
            self.ledger.track(self.user, event, at=at, message_id=message_id)

        tell()
        self.told.append(tell)

    def _look(self, row: Any, *, delivered: bool) -> Call | None:  # noqa: ANN401 - a row
        return self._call(row, must=self._must_be_made(row), delivered=delivered)

    def _may_be_made(self, row: Any, channel: Channel, to: str) -> None:  # noqa: ANN401 - a row; there is one
        assert self.customer.willing, "an opt-out stood against it"
        assert to == self.customer.address
        assert not self.customer.reached_goal
        others = [call for call in self.calls if call.contact_key != row.contact_key and not call.refused]
        assert all(self.ledger.now - call.at >= SURELY_WITHIN for call in others), "the cap"

    def _must_be_made(self, row: Any) -> bool:  # noqa: ANN401 - a row
        """Say whether nothing at all stands against a contact: then it is made."""
        now = self.ledger.now
        rivals = [one for one in self._rows() if one.contact_key != row.contact_key and one.state == "planned"]
        return (
            row.state == "planned"
            and row.due_at <= now < row.expires_at
            and self.customer.willing
            and self.customer.address is not None
            and not self.customer.reached_goal
            and now < self._journey().started_at + 20 * DAY
            and not any(one.due_at <= now for one in rivals)
            and all(now - call.at > SURELY_OUTSIDE for call in self.calls if call.contact_key != row.contact_key)
        )

    def _journey(self) -> Any:  # noqa: ANN401 - a row
        return self.ledger.journey(self.user, "welcome")

    def _rows(self) -> list[Any]:
        return [row for row in self.ledger.contacts(self.user) if row.step == "welcome"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sending", [KEYED, KEYLESS], ids=["keyed", "keyless"])
def test_no_order_of_events_answers_and_losses_wrongs_a_customer(empty_ledger: Ledger, sending: Sending) -> None:
    empty_ledger.publish(steps=(STEP,), rules=CAP)

    run_machine(LedgerMachine, empty_ledger, sending, examples=80, drawn_anew=True)
