"""The period that costs are asked for, and amounts as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tactful.doors import RefusedError
from tactful.doors.costs import read_period
from tactful.explain.amounts import amount_text

NOW = datetime(2026, 3, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ("2026-03-01T00:00", "2026-03-24T12:00")),
        ("2026-02-03", None, ("2026-02-03T00:00", "2026-03-24T12:00")),
        ("2026-02-03", "2026-02-03", ("2026-02-03T00:00", "2026-02-04T00:00")),
        (None, "2026-01-31", ("2026-01-01T00:00", "2026-02-01T00:00")),
        ("2026-02-03T10:00:00+01:00", "2026-02-03T12:00:00Z", ("2026-02-03T09:00", "2026-02-03T12:00")),
    ],
)
def test_days_are_whole_and_the_month_so_far_is_meant_where_nothing_is_said(
    since: str | None, until: str | None, expected: tuple[str, str]
) -> None:
    begins, ends = (each.isoformat()[:16] for each in read_period(since, until, now=NOW))
    assert (begins, ends) == expected


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("March", None, "from"),
        ("2026-03-01T10:00:00", None, "from"),
        ("0001-01-01", None, "from"),
        (None, "9999-12-31", "to"),
        ("2026-03-02", "2026-03-01", "to"),
        ("2025-03-01", "2026-03-03", "from"),
    ],
)
def test_what_is_no_period_is_refused(since: str | None, until: str | None, field: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_period(since, until, now=NOW)
    (refused,) = caught.value.refusals
    assert (refused.field, bool(refused.expected)) == (field, True)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.85000000", "0.85"),
        ("0.0158", "0.0158"),
        ("12.3", "12.30"),
        ("0", "0.00"),
        ("100", "100.00"),
        ("0.10", "0.10"),
    ],
)
def test_amounts_are_shown_to_the_cent_and_further_where_there_is_more(amount: str, expected: str) -> None:
    assert amount_text(Decimal(amount)) == expected
