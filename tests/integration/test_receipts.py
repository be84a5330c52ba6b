# ruff: noqa: ANN401 - rows hold anything
"""What follows from what providers tell: for the contact, for the address and all who have it, for what is wanted."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from database import receipts
from database.attempts import Claimed, NotClaimed
from tactful.connector import Accepted, Fault, Told
from tactful.words import Channel, Reason, ReceiptKind
from tests.integration.ledger import DAY, KEYED, MINUTE, Ledger, accepted, fault

pytestmark = pytest.mark.integration
SHARED = "family@email.example"
K = ReceiptKind


def made(ledger: Ledger, user: str = "ada") -> Claimed:
    """Have a contact sent, as the provider knows it by its user's name."""
    contact = ledger.planned(user)
    claim = ledger.claim(contact, KEYED)
    assert isinstance(claim, Claimed)
    ledger.record(contact, claim, accepted(f"id-{user}"))
    return claim


def tell(ledger: Ledger, kind: ReceiptKind, user: str = "ada", *, number: int = 1, **more: Any) -> bool:
    said = {"at": ledger.now, "dedupe_id": f"{user}-{kind}-{number}", "provider_id": f"id-{user}"} | more
    return ledger.run(lambda c: receipts.note(c, "post", Told(kind=kind, **said), now=ledger.now))


def part(ledger: Ledger, user: str = "ada") -> Any:
    (row,) = ledger.rows(
        "SELECT m.* FROM messages m JOIN contacts USING (contact_key) JOIN customer_ids USING (customer_key) "
        "WHERE id = :user",
        user=user,
    )
    return row


def share_an_address(ledger: Ledger, *users: str) -> None:
    for user in users:
        ledger.reachable(user)
        ledger.identify(user, addresses={Channel.EMAIL: SHARED}, at=ledger.now)


def why_not(ledger: Ledger, user: str) -> Reason | None:
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    answer = ledger.claim(ledger.contact(user), KEYED)
    assert isinstance(answer, NotClaimed)
    return answer.reason


def revision(ledger: Ledger, user: str) -> int:
    (row,) = ledger.rows("SELECT revision FROM customers JOIN customer_ids USING (customer_key) WHERE id = :u", u=user)
    return int(row.revision)


@pytest.mark.parametrize(
    ("kind", "permanent", "expected"),
    [
        (K.BOUNCED, True, "undeliverable"),
        (K.REJECTED, True, "undeliverable"),
        (K.RETURNED, False, "undeliverable"),
        (K.COMPLAINED, False, "marketing"),
    ],
)
def test_what_is_told_of_an_address_holds_for_all_who_have_it(
    ledger: Ledger, kind: ReceiptKind, permanent: Any, expected: str
) -> None:
    share_an_address(ledger, "bob")
    ledger.now += MINUTE
    contact = ledger.planned("ada")
    ledger.identify("ada", addresses={Channel.EMAIL: SHARED}, at=ledger.now)
    claim = ledger.claim(contact, KEYED)
    ledger.record(contact, claim, Accepted("id-ada"))  # pyright: ignore[reportArgumentType]
    before = revision(ledger, "bob")
    assert tell(ledger, kind, permanent=permanent)
    (row,) = ledger.rows("SELECT * FROM suppressions")
    assert (row.kind, row.channel, row.address, row.reason) == (expected, "email", SHARED, kind.value)
    assert revision(ledger, "bob") > before
    assert why_not(ledger, "bob") is Reason.SUPPRESSED
    assert not tell(ledger, kind, permanent=permanent)
    tell(ledger, kind, permanent=permanent, number=2)
    assert ledger.count("suppressions") == 1


def tell_of(ledger: Ledger, kind: ReceiptKind, address: str, *, number: int = 1, **more: Any) -> receipts.Heard:
    """Have a provider speak of an address, as it writes it."""
    said = Told(kind=kind, at=ledger.now, dedupe_id=f"{kind}-{number}", recipient=address, **more)
    return ledger.run(lambda c: receipts.hear(c, "post", [said], channel=Channel.EMAIL, now=ledger.now))


@pytest.mark.parametrize(
    ("kind", "permanent", "expected", "reason"),
    [
        (K.UNSUBSCRIBED, False, "marketing", "suppressed"),
        (K.COMPLAINED, False, "marketing", "complained"),
        (K.BOUNCED, True, "undeliverable", "bounced"),
    ],
)
@pytest.mark.parametrize("provider_id", [None, "somebody-elses"])
def test_what_is_told_of_an_address_alone_holds_for_all_who_have_it(
    ledger: Ledger, kind: ReceiptKind, *, permanent: bool, expected: str, reason: str, provider_id: str | None
) -> None:
    share_an_address(ledger, "ada", "bob")
    ledger.now += MINUTE
    before = [revision(ledger, user) for user in ("ada", "bob")]
    heard = tell_of(ledger, kind, " Family@Email.example", permanent=permanent, provider_id=provider_id)
    assert (heard.kept, heard.waiting, heard.by_address) == (1, 1, 1)
    (row,) = ledger.rows("SELECT * FROM suppressions")
    assert (row.kind, row.channel, row.address, row.reason) == (expected, "email", SHARED, reason)
    assert [revision(ledger, user) > was for user, was in zip(("ada", "bob"), before, strict=True)] == [True, True]
    assert why_not(ledger, "bob") is Reason.SUPPRESSED
    assert tell_of(ledger, kind, SHARED, permanent=permanent, provider_id=provider_id).before == 1
    tell_of(ledger, kind, SHARED, permanent=permanent, number=2)
    assert ledger.count("suppressions") == 1
    assert ledger.count("consents", "state = 'opted_out'") == 0
    (looked_for,) = ledger.rows("SELECT look_at IS NOT NULL AS at, reason FROM receipts ORDER BY receipt_no LIMIT 1")
    assert looked_for.at == (provider_id is not None)


def test_what_is_told_of_an_address_that_nobody_has_is_kept_and_nothing_follows(ledger: Ledger) -> None:
    share_an_address(ledger, "ada")
    heard = tell_of(ledger, K.UNSUBSCRIBED, "nobody@email.example")
    assert (heard.kept, heard.waiting, heard.by_address) == (1, 1, 0)
    assert tell_of(ledger, K.COMPLAINED, "no address", number=2).by_address == 0
    assert tell_of(ledger, K.DELIVERED, SHARED, number=3).by_address == 0
    assert ledger.count("suppressions") == 0
    assert ledger.count("receipts") == 3


def test_where_the_message_is_known_it_wins_over_the_address(ledger: Ledger) -> None:
    made(ledger)
    share_an_address(ledger, "bob")
    ledger.now += MINUTE
    assert tell_of(ledger, K.UNSUBSCRIBED, SHARED, provider_id="id-ada").by_address == 0
    assert ledger.count("suppressions") == 0
    (row,) = ledger.rows("SELECT * FROM consents WHERE state = 'opted_out'")
    assert row.topic == "news"


@pytest.mark.parametrize("kind", [K.DELIVERED, K.DEFERRED, K.ACCEPTED, K.REJECTED, K.CANCELLED, K.UNKNOWN, K.OPENED])
def test_other_things_say_nothing_of_the_address(ledger: Ledger, kind: ReceiptKind) -> None:
    made(ledger)
    tell(ledger, kind)
    assert ledger.count("suppressions") == ledger.count("soft_bounces") == 0
    assert ledger.count("consents", "state = 'opted_out'") == 0


def test_a_bounce_for_now_counts_and_the_fifth_day_is_the_last(ledger: Ledger) -> None:
    made(ledger)
    for number in range(5):
        ledger.now += DAY
        assert ledger.count("suppressions") == 0
        tell(ledger, K.BOUNCED, number=number)
    (row,) = ledger.rows("SELECT kind, reason FROM suppressions")
    assert tuple(row) == ("undeliverable", "soft_bounces")


@pytest.mark.parametrize("kind", [K.COMPLAINED, K.UNSUBSCRIBED])
def test_who_complains_or_unsubscribes_wants_no_more_of_the_topic_there(ledger: Ledger, kind: ReceiptKind) -> None:
    made(ledger)
    before = revision(ledger, "ada")
    tell(ledger, kind)
    (row,) = ledger.rows("SELECT * FROM consents WHERE state = 'opted_out'")
    assert (row.channel, row.topic, row.source) == ("email", "news", "post")
    assert row.revision > before


@pytest.mark.parametrize("kind", [K.OPENED, K.CLICKED])
def test_what_a_program_opens_proves_no_arrival(ledger: Ledger, kind: ReceiptKind) -> None:
    made(ledger)
    tell(ledger, kind, machine=True)
    assert part(ledger).receipt is None
    tell(ledger, kind, number=2)
    assert part(ledger).receipt == kind.value


def test_what_stands_of_a_part_does_not_hang_on_the_order(ledger: Ledger) -> None:
    """Each order told one by one and all at once comes to the same, also of one instant."""
    at = [ledger.now, ledger.now + MINUTE, ledger.now + 2 * MINUTE]
    said = [(K.DELIVERED, at[0]), (K.BOUNCED, at[1]), (K.OPENED, at[1]), (K.DEFERRED, at[2])]
    ledger.now += timedelta(hours=1)
    for number, order in enumerate(permutations(said)):
        user = f"user{number}"
        made(ledger, user)
        told = [Told(kind=kind, at=when, dedupe_id=f"{user}-{kind}", provider_id=f"id-{user}") for kind, when in order]
        if number % 2:
            heard = ledger.run(lambda c: receipts.hear(c, "post", told, now=ledger.now))  # noqa: B023 - run now
            assert (heard.kept, heard.waiting, heard.before) == (4, 0, 0)
        else:
            for one in told:
                ledger.run(lambda c: receipts.note(c, "post", one, now=ledger.now))  # noqa: B023 - run now
        assert part(ledger, user).receipt == "bounced", order


def test_a_batch_settles_many_contacts_at_once(ledger: Ledger) -> None:
    users = [f"user{number}" for number in range(20)]
    for user in users:
        contact = ledger.planned(user)
        claim = ledger.claim(contact, KEYED)
        assert isinstance(claim, Claimed)
        ledger.rows(
            "UPDATE messages SET provider_id = :id WHERE contact_key = :key RETURNING 1",
            id=f"id-{user}",
            key=contact.contact_key,
        )
        ledger.rows("UPDATE contacts SET state = 'parked', reason = 'unknown' WHERE contact_key = :key RETURNING 1",
                    key=contact.contact_key)  # fmt: skip
        ledger.rows("UPDATE messages SET state = 'unknown' RETURNING 1")
    told = [Told(kind=K.DELIVERED, at=ledger.now, dedupe_id=user, provider_id=f"id-{user}") for user in users]
    assert ledger.run(lambda c: receipts.hear(c, "post", told + told, now=ledger.now)).kept == 20
    assert ledger.count("contacts", "state = 'sent' AND sent_at IS NOT NULL") == 20
    assert ledger.count("decisions", "verdict = 'receipt'") == 20


def test_numbers_that_json_has_no_word_for_are_kept_as_words(ledger: Ledger) -> None:
    made(ledger)
    assert tell(ledger, K.DELIVERED, raw={"price": float("nan"), "of": [float("-inf"), 1.5]})
    (row,) = ledger.rows("SELECT raw FROM receipts")
    assert row.raw == {"price": "nan", "of": ["-inf", 1.5]}


def test_copies_that_race_are_kept_once(ledger: Ledger) -> None:
    made(ledger)
    told = [Told(kind=K.OPENED, at=ledger.now, dedupe_id=f"o{n}", provider_id="id-ada") for n in range(50)]
    works = [lambda c, many=many: receipts.hear(c, "post", many, now=ledger.now).kept for many in (told, told[::-1])]
    assert sum(ledger.race(*works, *works)) == 50
    assert ledger.count("receipts") == 50


def test_of_somebody_who_was_erased_only_that_it_happened_is_kept(ledger: Ledger) -> None:
    made(ledger)
    ledger.rows("UPDATE customers SET status = 'erased' RETURNING 1")
    ledger.rows("UPDATE messages SET content = '{}' RETURNING 1")
    tell(ledger, K.BOUNCED, permanent=True, raw={"email": "ada@email.example"})
    (row,) = ledger.rows("SELECT raw, kind FROM receipts")
    assert (row.raw, row.kind) == ({}, "bounced")
    assert ledger.count("suppressions") == 0


def test_an_accepted_one_does_not_end_the_wait_for_an_arrival(ledger: Ledger) -> None:
    claim = made(ledger)
    key = claim.contact_key
    ledger.rows("UPDATE contacts SET again_at = :at WHERE contact_key = :key RETURNING 1", at=ledger.now + DAY, key=key)
    tell(ledger, K.ACCEPTED)
    assert ledger.contact("ada").again_at == ledger.now + DAY
    tell(ledger, K.DELIVERED)
    assert ledger.contact("ada").again_at is None


def test_a_doubt_is_settled_by_any_of_them(ledger: Ledger) -> None:
    contact = ledger.planned()
    claim = ledger.claim(contact, KEYED)
    assert isinstance(claim, Claimed)
    ledger.record(contact, claim, fault(Fault.AMBIGUOUS))
    tell(ledger, K.DEFERRED, key=claim.parts[0].message.key)
    assert ledger.contact("ada").state == "sent"
