"""What customers allow, in the database: the last word by the time it was said, in whatever order words arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database import customers, strategies
from tactful.facts import Consent
from tactful.intake import Statement
from tactful.words import Basis, Channel, ConsentState
from tests.integration.ledger import DAY, NOON, Ledger
from tests.small_strategy import files

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
numbers = count()
statements = st.builds(
    Statement,
    channel=st.just(Channel.EMAIL),
    topic=st.just("news"),
    state=st.sampled_from(list(ConsentState)),
    basis=st.sampled_from([basis.value for basis in Basis]),
    source=st.sampled_from(["form", "shop"]),
    stated_at=st.sampled_from([NOON - 2 * DAY, NOON - DAY, NOON]),
    expires_at=st.sampled_from([None, NOON + DAY, NOON + 2 * DAY]),
)


def told(ledger: Ledger, said: list[Statement]) -> Consent:
    """Tell statements of a new customer one by one, each with the sender's next message, and return what holds."""
    user = f"user {next(numbers)}"
    key = ledger.identify(user)
    for each in said:
        ledger.identify(user, statements=(each,), at=NOON)
    row = ledger.run(lambda c: customers.lock(c, key))
    (holds,) = ledger.run(lambda c: customers.read_facts(c, row)).consents
    return holds


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(statements, min_size=2, max_size=5).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said)))
)
def test_whatever_order_statements_arrive_in_the_same_one_holds(
    empty_ledger: Ledger, said: tuple[list[Statement], list[Statement]]
) -> None:
    first, second = (told(empty_ledger, order) for order in said)
    assert (first.state, first.stated_at, first.expires_at, first.basis, first.source) == (
        second.state,
        second.stated_at,
        second.expires_at,
        second.basis,
        second.source,
    )
    assert first.stated_at == max(each.stated_at for each in said[0])
    latest = [each.state for each in said[0] if each.stated_at == first.stated_at]
    assert (first.state is ConsentState.OPTED_OUT) == (ConsentState.OPTED_OUT in latest)


def test_basis_and_source_come_with_what_holds(empty_ledger: Ledger) -> None:
    soft = Statement(Channel.EMAIL, "news", ConsentState.OPTED_IN, "soft_opt_in", "checkout", NOON - HOUR)
    holds = told(empty_ledger, [soft])
    assert (holds.basis, holds.source) == ("soft_opt_in", "checkout")


def test_a_segment_is_kept_when_facts_are_told_and_not_only_at_events(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    made = files()
    segments = "segments:\n  known: { owner: Tom, if: [birthday is known] }\ntopics:"
    strategy = made["strategy.yaml"].replace("topics:", segments, 1)
    ledger.run(lambda c: strategies.publish(c, {**made, "strategy.yaml": strategy}, now=ledger.now))
    ledger.identify("ada")
    assert ledger.count("customers", "segment = 'known'") == 0
    ledger.identify("ada", properties={"birthday": "1990-04-10"})
    assert ledger.count("customers", "segment = 'known'") == 1
    ledger.identify("ada", properties={"birthday": None})
    assert ledger.count("customers", "segment IS NULL") == 1
