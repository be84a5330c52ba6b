"""An audit from the first customer to the last: page by page, a line for every finding, how far it is in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from database.audit.doubled import Doubled, unrecorded_mail, used_twice
from database.audit.reading import CUSTOMERS_A_PAGE, count_customers, read_page, read_rules
from database.engine import Database
from tactful.audit import CHECKS, Audited, check_customer
from tactful.strategy import Strategy
from tactful.wire.audit import AuditLine, CheckedLine, CheckName, FindingLine, ProgressLine, SummaryLine

MOST_TOLD = 1000
"""Findings of one check that are told one by one; the others are counted."""


@dataclass
class _Tally:
    """What the checks have looked at and found so far."""

    customers: int = 0
    contacts: int = 0
    looked_at: dict[CheckName, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))
    found: dict[CheckName, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))

    def add(self, check: CheckName, looked_at: int, findings: Iterable[FindingLine]) -> Iterator[FindingLine]:
        """Count what a check found and yield what is to be told of it."""
        self.looked_at[check] += looked_at
        for finding in findings:
            self.found[check] += 1
            if self.found[check] <= MOST_TOLD:
                yield finding

    def summary(self, about: Audited) -> SummaryLine:
        return SummaryLine(
            ok=not any(self.found.values()),
            customers=self.customers,
            contacts=self.contacts,
            checks=[
                CheckedLine(check=check, looked_at=self.looked_at[check], found=self.found[check]) for check in CHECKS
            ],
            since=about.since,
            strategy=about.strategy,
        )


def audit(database: Database, about: Audited, *, page: int = CUSTOMERS_A_PAGE) -> Iterator[AuditLine]:
    """Yield findings and progress as they come, and the summary last.

    Every page is a transaction of its own: people may go on being contacted meanwhile, no customer is seen half-way.

    Args:
        database: Where the ledger is.
        about: What is judged.
        page: Customers read at once.

    Raises:
        UnreadableVersionError: a version that contacts were decided by cannot be read any more.
    """
    tally = _Tally()
    rulebook: dict[tuple[str, int], Strategy] = {}
    number = database.run(count_customers)
    yield ProgressLine(done=0, of=number)
    after: UUID | None = None
    while True:
        read = database.run(partial(read_page, after=after, strategy=about.strategy, most=page))
        missing = read.versions - rulebook.keys()
        if missing:
            rulebook |= database.run(partial(read_rules, versions=missing))
        for customer in read.customers:
            tally.customers += 1
            tally.contacts += len(customer.contacts)
            for check, (looked_at, findings) in check_customer(customer, rulebook, about).items():
                yield from tally.add(check, looked_at, findings)
        yield ProgressLine(done=tally.customers, of=max(number, tally.customers))
        if read.last is None:
            break
        after = read.last
    yield from tally.add("doubled", 0, _across_customers(database, about))
    yield tally.summary(about)


def _across_customers(database: Database, about: Audited) -> Iterator[FindingLine]:
    for twice in database.run(partial(used_twice, since=about.since, strategy=about.strategy)):
        yield _doubled(twice, f"{twice.connector} gave this {twice.channel} the same id as another message.")
    if about.strategy is None:
        for mail in database.run(partial(unrecorded_mail, since=about.since, before=about.now - about.patience)):
            yield _doubled(mail, f"The mailbox has a delivery by {mail.channel} that no message of the ledger is.")


def _doubled(found: Doubled, sentence: str) -> FindingLine:
    return FindingLine(
        check="doubled",
        sentence=sentence,
        customer_key=found.customer_key,
        contact_key=found.contact_key,
        journey_key=found.journey_key,
        at=found.at,
    )
