"""Whether the customer is one we may contact at all."""

from __future__ import annotations

from tactful.facts import Customer
from tactful.verdict import Line
from tactful.words import Reason

CUSTOMER = "customer"
_PASSED = Line(CUSTOMER)


def active_customer(customer: Customer) -> Line:
    """Say whether the customer is active: not closed, not gone, not erased. Holds for mandatory contacts too.

    Source: docs/rules.md#customer
    """
    return _PASSED if customer.active else Line(CUSTOMER, Reason.CUSTOMER_INACTIVE)
