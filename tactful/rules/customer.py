"""Whether the customer is one we may contact at all."""

from __future__ import annotations

from tactful.facts import Customer
from tactful.verdict import Line
from tactful.words import Reason

CUSTOMER = "customer"


def active_customer(customer: Customer) -> Line:
    """Say whether the customer is active: not closed, not gone, not erased. Holds for mandatory contacts too.

    Source: docs/rules.md#customer
    """
    return Line(CUSTOMER, None if customer.active else Reason.CUSTOMER_INACTIVE)
