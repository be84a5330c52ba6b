"""Keys that must never come out differently."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from tactful.keys import bucket, contact_key, request_contact_key
from tests.unit.given import key


def test_the_key_of_a_contact_is_what_it_has_always_been() -> None:
    """If this turns red, contacts that are planned already would be made a second time."""
    assert contact_key(key(1), "welcome", "hello", 1) == UUID("07b1054e-46aa-5617-b883-25e30156d1be")
    assert request_contact_key(key(1), "invoice 7") == UUID("69cd6c70-522b-5cb2-9129-9ad6c5263d73")


def test_each_part_of_a_contact_makes_another_key() -> None:
    keys = {
        contact_key(key(1), "welcome", "hello", 1),
        contact_key(key(2), "welcome", "hello", 1),
        contact_key(key(1), "onboarding", "hello", 1),
        contact_key(key(1), "welcome", "our-story", 1),
        contact_key(key(1), "welcome", "hello", 2),
        request_contact_key(key(1), "hello"),
    }
    assert len(keys) == 6


def test_the_same_request_is_the_same_contact_and_only_for_this_customer() -> None:
    assert request_contact_key(key(1), "7") == request_contact_key(key(1), "7")
    assert request_contact_key(key(1), "7") != request_contact_key(key(2), "7")


@given(st.uuids(), st.text())
def test_a_bucket_is_from_0_to_below_100_and_always_the_same(customer: UUID, salt: str) -> None:
    assert Decimal(0) <= bucket(customer, salt) < Decimal(100)
    assert bucket(customer, salt) == bucket(customer, salt)


def test_buckets_share_customers_out_evenly_and_each_salt_anew() -> None:
    customers = [uuid5(key(1), str(number)) for number in range(20_000)]
    tenths = Counter(int(bucket(one, "holdout")) // 10 for one in customers)
    assert all(1_800 < count < 2_200 for count in tenths.values())
    held = [one for one in customers if bucket(one, "holdout") < 10]
    again = sum(bucket(one, "first-treat") < 10 for one in held)
    assert 0.06 < again / len(held) < 0.14
