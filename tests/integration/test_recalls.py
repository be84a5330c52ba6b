# ruff: noqa: ANN401 - rows can be anything
"""Letters that are handed over and not printed yet: wanted no more, they are stopped, once and surely."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from database import holds, recalls, receipts, suppressions
from database.attempts import Claimed
from database.audit import audit
from service.recalling import Recalling
from tactful.audit import Audited
from tactful.connector import (
    Accepted,
    Cancelled,
    CannotSay,
    Capabilities,
    Connector,
    ConnectorConfig,
    Feature,
    Message,
    NativeKey,
    Ports,
    Stopping,
    Told,
    TooLate,
)
from tactful.intake import Suppress
from tactful.wire.audit import FindingLine
from tactful.words import Channel, ReceiptKind, SuppressionClass
from tests.integration.ledger import DAY, MINUTE, Ledger, accepted

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)


class Press(Connector[ConnectorConfig]):
    """A printer that stops what it is told to, and keeps count."""

    Config: ClassVar[type[ConnectorConfig]] = ConnectorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel), idempotency=NativeKey(), features=frozenset(Feature), bytes_max=1000, cancels=True
    )

    def __init__(self, says: Callable[[str], Stopping]) -> None:
        super().__init__(ConnectorConfig(), Ports(deliver=lambda _: ""))
        self.says = says
        self.asked: list[str] = []

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        raise NotImplementedError

    def cancels_within(self) -> timedelta:
        return HOUR

    async def cancel(self, provider_id: str, *, deadline: float) -> Stopping:
        self.asked.append(provider_id)
        return self.says(provider_id)


@pytest.fixture
def press(ledger: Ledger) -> Press:
    ledger.run(lambda c: holds.register(c, {"post": tuple(Channel)}, now=ledger.now, cancels_within={"post": HOUR}))
    return Press(lambda _: Cancelled())


def sent(ledger: Ledger, user: str = "ada", provider_id: str = "ltr_1") -> Any:
    contact = ledger.planned(user)
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, accepted(provider_id))
    return ledger.contact(user)


async def look(ledger: Ledger, press: Press) -> int:
    return await Recalling(ledger.database, {"post": press}).look(now=ledger.now)


def recall(ledger: Ledger) -> Any:
    (row,) = ledger.rows("SELECT * FROM recalls")
    return row


def verdicts(ledger: Ledger, contact: Any) -> list[str]:
    rows = ledger.rows(
        "SELECT verdict FROM decisions WHERE contact_key = :key ORDER BY decision_no", key=contact.contact_key
    )
    return [row.verdict for row in rows]


async def test_a_letter_whose_goal_is_reached_in_time_is_stopped_and_gives_its_place_back(
    ledger: Ledger, press: Press
) -> None:
    contact = sent(ledger)
    assert (await look(ledger, press), recall(ledger).state) == (0, "open")
    ledger.now += MINUTE
    ledger.track("ada", "order.placed")
    assert recall(ledger).state == "wanted"
    assert await look(ledger, press) == 1
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.counts_at, row.sent_at) == ("cancelled", "goal_reached", None, None)
    assert row.revision > contact.revision
    assert verdicts(ledger, contact)[-1] == "recall"
    assert press.asked == ["ltr_1"]
    assert await look(ledger, press) == 0
    assert ledger.rows("SELECT state FROM messages")[0].state == "skipped"


async def test_an_opt_out_a_suppression_and_leaving_stop_it_too(ledger: Ledger, press: Press) -> None:
    for number, user in enumerate(("ada", "bob", "cyd"), start=1):
        sent(ledger, user, f"ltr_{number}")
    assert await look(ledger, press) == 0
    ledger.now += MINUTE
    ledger.opt_out("ada")
    said = Suppress(
        SuppressionClass.MARKETING, "list", "test", ledger.now, channel=Channel.EMAIL, address="bob@email.example"
    )
    ledger.run(lambda c: suppressions.suppress(c, said, now=ledger.now))
    ledger.rows(
        "UPDATE customers SET status = 'inactive', revision = revision + 1 WHERE customer_key = "
        "(SELECT customer_key FROM customer_ids WHERE id = 'cyd') RETURNING customer_key"
    )
    assert await look(ledger, press) == 3
    found = {user: ledger.contact(user).reason for user in ("ada", "bob", "cyd")}
    assert found == {"ada": "opted_out", "bob": "suppressed", "cyd": "customer_inactive"}


async def test_what_is_printed_already_stays_sent_and_says_so(ledger: Ledger, press: Press) -> None:
    contact = sent(ledger)
    press.says = lambda _: TooLate()
    ledger.opt_out("ada")
    assert await look(ledger, press) == 1
    row = ledger.contact("ada")
    assert (row.state, row.counts_at is not None, recall(ledger).state) == ("sent", True, "too_late")
    assert verdicts(ledger, contact)[-1] == "too_late"
    assert await look(ledger, press) == 0


async def test_a_provider_that_cannot_say_is_asked_again_until_a_day_after_its_time(
    ledger: Ledger, press: Press
) -> None:
    sent(ledger)
    press.says = lambda _: CannotSay("500")
    ledger.opt_out("ada")
    assert await look(ledger, press) == 1
    assert await look(ledger, press) == 0
    asked = 1
    for _ in range(200):
        ledger.now += timedelta(minutes=30)
        asked += await look(ledger, press)
        if recall(ledger).state != "wanted":
            break
    assert (recall(ledger).state, recall(ledger).said, asked > 10) == ("unsettled", "500", True)
    assert ledger.contact("ada").state == "sent"


async def test_a_worker_that_died_between_answer_and_row_is_followed_by_another(ledger: Ledger, press: Press) -> None:
    sent(ledger)
    ledger.track("ada", "order.placed")
    (taken,) = ledger.run(lambda c: recalls.take(c, ["post"], most=9, now=ledger.now))
    assert await look(ledger, press) == 0
    ledger.now += recalls.ASKED_WITHIN
    assert await look(ledger, press) == 1
    assert ledger.run(lambda c: recalls.settle(c, taken, Cancelled(), now=ledger.now)) == "settled before"
    assert ledger.contact("ada").state == "cancelled"


async def test_a_goal_that_came_while_it_was_handed_over_stops_it_all_the_same(ledger: Ledger, press: Press) -> None:
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.track("ada", "order.placed")
    ledger.record(contact, claimed, accepted("ltr_1"))
    assert await look(ledger, press) == 1
    assert ledger.contact("ada").state == "cancelled"


async def test_a_milestone_that_landed_while_it_was_handed_over_stops_it_too(ledger: Ledger, press: Press) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "order.placed")
    ledger.enter(ledger.journey("ada", "onboarding"))
    ledger.now += 4 * DAY
    nudge = ledger.contact("ada", "guide")
    claimed = ledger.claim(nudge)
    assert isinstance(claimed, Claimed)
    ledger.track("ada", "guide.opened")
    ledger.record(nudge, claimed, accepted("ltr_1"))
    assert await look(ledger, press) == 1
    row = ledger.contact("ada", "guide")
    assert (row.state, row.reason) == ("cancelled", "milestone_reached")


async def test_another_milestone_leaves_it_alone(ledger: Ledger, press: Press) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "order.placed")
    ledger.enter(ledger.journey("ada", "onboarding"))
    ledger.now += 14 * DAY
    ledger.track("ada", "guide.opened")
    dates = ledger.contact("ada", "dates")
    claimed = ledger.claim(dates)
    assert isinstance(claimed, Claimed)
    ledger.record(dates, claimed, accepted("ltr_1"))
    assert (await look(ledger, press), recall(ledger).state) == (0, "open")


async def test_a_clock_that_was_set_anew_while_it_was_handed_over_stops_it_too(ledger: Ledger, press: Press) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "order.placed", occasion="birthday")
    ledger.enter(ledger.journey("ada", "repurchase"))
    reminder = ledger.contact("ada", "reminder")
    ledger.now = reminder.due_at
    claimed = ledger.claim(reminder)
    assert isinstance(claimed, Claimed)
    ledger.track("ada", "order.placed", occasion="birthday")
    ledger.record(reminder, claimed, accepted("ltr_1"))
    assert await look(ledger, press) == 1
    (row,) = [one for one in ledger.contacts("ada") if one.contact_key == reminder.contact_key]
    assert (row.state, row.reason) == ("cancelled", "anchor_moved")


def told_cancelled(ledger: Ledger) -> None:
    said = Told(kind=ReceiptKind.CANCELLED, at=ledger.now, dedupe_id="evt_1", provider_id="ltr_1")
    ledger.run(lambda c: receipts.note(c, "post", said, now=ledger.now))


@pytest.mark.parametrize("said", [CannotSay("the answer was lost"), TooLate()])
async def test_a_receipt_that_it_was_stopped_settles_what_the_answer_left_open(
    ledger: Ledger, press: Press, said: Stopping
) -> None:
    """Asked twice, a provider may say that it is too late for what it stopped the first time."""
    contact = sent(ledger)
    press.says = lambda _: said
    ledger.opt_out("ada")
    assert await look(ledger, press) == 1
    ledger.now += MINUTE
    told_cancelled(ledger)
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.counts_at, row.again_at) == ("cancelled", "opted_out", None, None)
    assert (recall(ledger).state, verdicts(ledger, contact)[-1]) == ("cancelled", "recall")
    assert ledger.rows("SELECT state FROM messages")[0].state == "skipped"
    ledger.now += DAY
    assert await look(ledger, press) == 0
    assert [line for line in audit(ledger.database, Audited(ledger.now)) if isinstance(line, FindingLine)] == []


async def test_what_the_provider_stopped_of_its_own_accord_is_no_recall_of_ours(ledger: Ledger, press: Press) -> None:
    sent(ledger)
    told_cancelled(ledger)
    assert (ledger.contact("ada").state, ledger.contact("ada").reason) == ("sent", None)
    assert await look(ledger, press) == 0
    assert ledger.count("recalls") == 0, "what is cancelled already is not asked for again"


@pytest.mark.parametrize(("kind", "asked"), [(ReceiptKind.ACCEPTED, ["ltr_1"]), (ReceiptKind.DELIVERED, [])])
async def test_a_letter_that_only_a_receipt_proves_is_stopped_too_unless_it_has_arrived(
    ledger: Ledger, press: Press, kind: ReceiptKind, asked: list[str]
) -> None:
    """The worker died after the printer had taken it, before it could write that down."""
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    told = Told(kind=kind, at=ledger.now, dedupe_id="evt_1", provider_id="ltr_1", key=claimed.parts[0].message.key)
    ledger.run(lambda c: receipts.note(c, "post", told, now=ledger.now))
    assert ledger.contact("ada").state == "sent"
    ledger.now += MINUTE
    ledger.track("ada", "order.placed")
    await look(ledger, press)
    assert (press.asked, ledger.contact("ada").state) == (asked, "cancelled" if asked else "sent")
    ledger.record(contact, claimed, accepted("ltr_1"))
    await look(ledger, press)
    assert (press.asked, ledger.contact("ada").state) == (asked, "cancelled" if asked else "sent")


async def test_what_nobody_stopped_in_time_is_forgotten(ledger: Ledger, press: Press) -> None:
    sent(ledger)
    ledger.now += HOUR
    assert await look(ledger, press) == 0
    assert ledger.count("recalls") == 0
    assert ledger.contact("ada").state == "sent"


async def test_a_connector_that_stops_nothing_leaves_no_row(ledger: Ledger) -> None:
    ledger.run(lambda c: holds.register(c, {"post": tuple(Channel)}, now=ledger.now))
    sent(ledger)
    assert ledger.count("recalls") == 0


async def test_the_end_of_a_step_that_has_said_everything_stops_nothing(ledger: Ledger, press: Press) -> None:
    sent(ledger)
    ledger.now += 30 * DAY
    ledger.rows("UPDATE recalls SET until = :until RETURNING contact_key", until=ledger.now + DAY)
    ledger.leave(ledger.journey("ada"))
    assert await look(ledger, press) == 0
    assert recall(ledger).state == "open"


async def test_the_audit_finds_nothing_wrong_with_a_letter_that_was_stopped(ledger: Ledger, press: Press) -> None:
    sent(ledger)
    ledger.track("ada", "order.placed")
    await look(ledger, press)
    lines = list(audit(ledger.database, Audited(ledger.now)))
    assert [line for line in lines if isinstance(line, FindingLine)] == []
