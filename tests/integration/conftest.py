"""A ledger with the small strategy published, for every test that works on rows."""

from collections.abc import Generator

import pytest

from tests.integration.ledger import Ledger


@pytest.fixture
def empty_ledger(database_url: str) -> Generator[Ledger]:
    """A database of this test's own in which nothing is published."""
    ledger = Ledger(database_url)
    yield ledger
    ledger.database.close()


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    """A database of this test's own with the small strategy published."""
    empty_ledger.publish()
    return empty_ledger
