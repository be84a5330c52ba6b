"""What the ledger's models share: a provider that keeps its own book, and what must hold whatever happens.

A machine tells and does things in any order; its calls are answered late, wrongly or never. Nobody hears anything
twice, what is settled stays so, and of what may have arrived nothing goes out again unless the provider takes our key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from database.attempts import Claimed
from database.freezing import Sending
from tactful.connector import Fault
from tactful.words import Channel
from tests.integration.ledger import KEYED, NOON, Ledger

HOUR = timedelta(hours=1)
SURELY_WITHIN, SURELY_OUTSIDE = 47 * HOUR, 49 * HOUR
"""Two days of London's calendar, whatever its clocks do meanwhile."""
SETTLED = {"sent", "skipped", "expired", "cancelled"}


@dataclass
class Call:
    """One call as the provider's book has it: what was handed over, and what became of it."""

    contact_key: UUID
    communication: str
    channel: Channel
    at: datetime
    to: str
    body: str
    claimed: Claimed
    delivered: bool
    refused: bool = False
    answered: bool = False


class Witnessed(RuleBasedStateMachine):
    """One customer's life beside a ledger, with a book of every call."""

    ledger: ClassVar[Ledger]
    sending: ClassVar[Sending]
    numbers: ClassVar[count[int]] = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.user = f"user-{next(self.numbers)}"
        self.calls: list[Call] = []
        self.before: dict[UUID, str] = {}
        self.ledger.now = NOON

    @property
    def unanswered(self) -> list[Call]:
        """Return the calls that nobody has answered yet."""
        return [call for call in self.calls if not call.answered]

    @invariant()
    def what_is_settled_stays_so(self) -> None:
        after = {row.contact_key: row.state for row in self._rows()}
        for key, state in self.before.items():
            assert key in after, "a contact was lost"
            assert state not in SETTLED or after[key] == state
            assert state != "parked" or after[key] in {"parked", "sent"}
        self.before = after

    @invariant()
    def nobody_hears_anything_twice(self) -> None:
        delivered = [call for call in self.calls if call.delivered]
        for key in {call.contact_key for call in delivered}:
            mine = [call for call in delivered if call.contact_key == key]
            assert len({call.body for call in mine}) == 1, "the same bytes"
            assert self.sending is KEYED or len(mine) == 1

    def _call(self, row: Any, *, must: bool, delivered: bool) -> Call | None:  # noqa: ANN401 - a row
        """Look at a contact, and write down the call that it leads to, if it does."""
        answer = self.ledger.claim(row, self.sending)
        if not isinstance(answer, Claimed):
            assert not must, f"nothing stands against {row.communication}: {answer}"
            return None
        (part,) = answer.parts
        message = part.message
        mine = [call for call in self.calls if call.contact_key == row.contact_key]
        assert self.sending is KEYED or all(call.refused for call in mine), "it may have arrived before"
        self._may_be_made(row, message.channel, message.to)
        body, now = message.model_dump_json(), self.ledger.now
        call = Call(row.contact_key, row.communication, message.channel, now, message.to, body, answer, delivered)
        self.calls.append(call)
        return call

    def _may_be_made(self, row: Any, channel: Channel, to: str) -> None:  # noqa: ANN401 - a row
        """Assert that the model allows a contact that the ledger has just claimed."""
        raise NotImplementedError

    def _rows(self) -> Iterable[Any]:
        """Return the customer's contacts."""
        raise NotImplementedError

    def _answer(self, call: Call, said: Any) -> None:  # noqa: ANN401 - either answer
        row = next(row for row in self._rows() if row.contact_key == call.contact_key)
        self.ledger.record(row, call.claimed, said)
        call.answered = True
        call.refused = not call.delivered and getattr(said, "fault", Fault.AMBIGUOUS) is not Fault.AMBIGUOUS


def run_machine(machine: type[Witnessed], ledger: Ledger, sending: Sending, *, examples: int, drawn_anew: bool) -> None:
    """Run a machine on a ledger.

    Args:
        machine: What is done and must hold.
        ledger: With its strategy published.
        sending: Whether the provider takes our key.
        examples: How many lives are lived.
        drawn_anew: Whether they are others each time; else they are the same, since what is drawn from rows of a real
            ledger would not fit another run of it.
    """

    class Machine(machine):  # type: ignore[valid-type,misc]
        pass

    Machine.ledger, Machine.sending, Machine.numbers = ledger, sending, count(1)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            derandomize=not drawn_anew,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
