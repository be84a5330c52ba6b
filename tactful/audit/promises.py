"""Every promise that is checked customer by customer, and what proves or refutes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tactful.audit.accounts import lost_sight_of
from tactful.audit.ledger import Audited, AuditedCustomer, Rulebook
from tactful.audit.mandatory import held_by_marketing
from tactful.audit.messages import said_twice, unfrozen
from tactful.audit.permission import against_refusals, without_opt_in
from tactful.audit.windows import over_caps, too_close
from tactful.wire.audit import CheckName, FindingLine

Check = Callable[[AuditedCustomer, Rulebook, Audited], tuple[int, list[FindingLine]]]

CHECKS: Mapping[CheckName, Check] = {
    "caps": over_caps,
    "gap": too_close,
    "opt_in": without_opt_in,
    "suppressed": against_refusals,
    "mandatory": held_by_marketing,
    "doubled": said_twice,
    "accounted": lost_sight_of,
    "frozen": unfrozen,
}


def check_customer(
    customer: AuditedCustomer, rulebook: Rulebook, about: Audited
) -> dict[CheckName, tuple[int, list[FindingLine]]]:
    """Return, by check, how many rows it looked at and what it found.

    Args:
        customer: The customer's rows, read at one instant.
        rulebook: Every version that a decision about them was made by.
        about: What is judged.
    """
    return {name: check(customer, rulebook, about) for name, check in CHECKS.items()}
