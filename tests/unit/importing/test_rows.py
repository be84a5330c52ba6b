# ruff: noqa: ANN401 - a message holds anything
"""Rows become messages: what columns mean, what cells say, ids that are the same however often a file is read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.cli.importing.cells import BadCellError, amount_of, instant_of, yes_or_no
from tactful.cli.importing.customers import customer_rows
from tactful.cli.importing.lines import FileError
from tactful.cli.importing.orders import OrderRows, order_columns
from tactful.cli.importing.records import Row

LONDON = ZoneInfo("Europe/London")


def orders_of(header: str, *rows: str, told: dict[str, str] | None = None, **more: Any) -> list[dict[str, object]]:
    columns = header.split(",")
    found = order_columns(columns, ["occasion", "order_id", "total"], told or {}, more.get("currency"))
    reading = OrderRows(
        columns=found,
        event="order.placed",
        currency=more.get("currency") or found.currency,
        zone=LONDON,
        date_form=more.get("date_form"),
        constants=more.get("constants", {}),
    )
    with closing(reading.seen):
        return [reading.message(as_row(columns, row.split(","))) for row in rows]


def as_row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    return Row(2, dict(zip(columns, cells, strict=True)), tuple(cells))


def test_the_public_sample_of_a_music_shop_needs_no_telling() -> None:
    (order,) = orders_of("customer_id,ordered_on,items,value_usd", "00004,1997-01-01,2,29.33")
    assert order["userId"] == "00004"
    assert order["timestamp"] == "1997-01-01T12:00:00+00:00"
    assert order["properties"] == {"total": "29.33", "currency": "USD"}


@pytest.mark.parametrize(
    "header",
    [
        "customer,date,total,currency",
        "User ID,Ordered At,Amount,Currency",
        "userId,orderDate,orderTotal,currency",
        "client_id,timestamp,revenue,currency_code",
    ],
)
def test_the_names_people_give_columns_are_understood(header: str) -> None:
    (order,) = orders_of(header, "ada,2026-07-01,10,GBP")
    assert order["timestamp"] == "2026-07-01T12:00:00+01:00"
    assert order["properties"] == {"total": "10", "currency": "GBP"}


def test_a_column_is_what_it_is_told_to_be() -> None:
    told = {"customer": "kundennr", "placed": "datum", "total": "summe", "occasion": "anlass"}
    header, row = "kundennr,datum,summe,anlass", "7,24.03.2026,12.50,birthday"
    (order,) = orders_of(header, row, told=told, currency="EUR", date_form="%d.%m.%Y")
    assert order["timestamp"] == "2026-03-24T12:00:00+00:00"
    assert order["properties"] == {"occasion": "birthday", "total": "12.50", "currency": "EUR"}


@pytest.mark.parametrize(
    ("header", "told", "more", "why"),
    [
        ("datum,total,currency", {}, {}, "no column for the customer. Found: datum, total or currency"),
        ("customer,total,currency", {}, {}, "no column for the date of the order"),
        ("customer,date,total", {}, {}, "which currency"),
        ("customer,date", {"custmer": "customer"}, {}, 'nothing called "custmer". Did you mean "customer"'),
        ("customer,date", {"total": "totl"}, {}, 'no column "totl"'),
    ],
)
def test_a_file_that_lacks_something_says_what_and_what_was_found(
    header: str, told: dict[str, str], more: dict[str, Any], why: str
) -> None:
    with pytest.raises(FileError) as error:
        orders_of(header, told=told, **more)
    assert why in str(error.value)


def test_columns_that_mean_nothing_are_named() -> None:
    columns = order_columns(["customer", "date", "shelf", "line", "reason", "occasion"], ["occasion"], {}, None)
    assert columns.ignored == ("shelf",)
    assert columns.properties == {"occasion": "occasion"}


def test_an_order_with_an_id_is_the_same_wherever_it_stands() -> None:
    header = "customer,date,order_id"
    first, again = orders_of(header, "ada,2026-03-24,17", "ada,2026-03-24,17")
    assert first["messageId"] == again["messageId"] == "import/order.placed/17"


def test_orders_without_an_id_are_told_apart_by_what_they_say_and_how_often() -> None:
    header, rows = "customer,date,value_usd", ["ada,2026-03-24,5", "ada,2026-03-24,5", "ada,2026-03-25,5"]
    ids = [order["messageId"] for order in orders_of(header, *rows)]
    assert len(set(ids)) == 3
    assert ids == [order["messageId"] for order in orders_of(header, *rows)]
    assert ids[2] in [order["messageId"] for order in orders_of(header, *rows[2:])]


@pytest.mark.parametrize("row", [",2026-03-24,1", "ada,,1", "ada,24/03/2026,1", "ada,2026-03-24,one"])
def test_a_row_that_says_too_little_is_refused(row: str) -> None:
    with pytest.raises(BadCellError):
        orders_of("customer,date,value_usd", row)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("29.33", "29.33"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("29,9", "29.9"),
        ("£5", "5"),
        ("1 000", "1000"),
    ],
)
def test_an_amount_is_read_as_people_write_it(cell: str, amount: str) -> None:
    assert amount_of(cell) == amount


@pytest.mark.parametrize("cell", ["", "free", "1,23,4", "1.2.3", "--5", "1e5", "٣"])
def test_what_is_no_amount_is_refused(cell: str) -> None:
    with pytest.raises(BadCellError):
        amount_of(cell)


@pytest.mark.parametrize(
    ("cell", "form", "instant"),
    [
        ("2026-07-01", None, "2026-07-01T12:00:00+01:00"),
        ("2026-07-01 09:30", None, "2026-07-01T09:30:00+01:00"),
        ("2026-07-01T09:30:00Z", None, "2026-07-01T09:30:00+00:00"),
        ("01/07/2026", "%d/%m/%Y", "2026-07-01T12:00:00+01:00"),
        ("01/07/2026 09:30", "%d/%m/%Y %H:%M", "2026-07-01T09:30:00+01:00"),
    ],
)
def test_a_day_alone_is_its_noon_and_a_clock_without_an_offset_the_zones(
    cell: str, form: str | None, instant: str
) -> None:
    assert instant_of(cell, LONDON, form) == instant


def test_yes_and_no() -> None:
    assert yes_or_no(" Yes ")
    assert not yes_or_no("0")
    with pytest.raises(BadCellError):
        yes_or_no("maybe")


def customers_of(header: str, row: str) -> dict[str, Any]:
    columns = header.split(",")
    reading = customer_rows(
        columns,
        declared=["birthday"],
        topics=["news", "ideas"],
        told={},
        zone=LONDON,
        date_form=None,
        written_at=datetime(2026, 3, 24, tzinfo=UTC),
        source="import of customers.csv",
    )
    return reading.message(as_row(columns, row.split(",")))


def test_a_customer_is_made_of_columns() -> None:
    header = "customer_id,email,First Name,surname,street,city,postcode,country,birthday,registered_on,shelf"
    message = customers_of(
        header, "7,ada@fleur.example,Ada,Lovelace,1 Rose Lane,Bath,BA1 1AA,GB,1990-05-01,2020-01-02,x"
    )
    assert message["userId"] == "7"
    assert message["traits"] == {
        "email": "ada@fleur.example",
        "country": "GB",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "registered_at": "2020-01-02T12:00:00+00:00",
        "address": {
            "name": "Ada Lovelace",
            "street": "1 Rose Lane",
            "city": "Bath",
            "postal_code": "BA1 1AA",
            "country": "GB",
        },
        "birthday": "1990-05-01",
    }


def test_opt_ins_stand_in_columns_with_their_proof() -> None:
    header = "id,opt_in.news.email,opt_in:ideas:sms,opt_in_source,opt_in_at"
    message = customers_of(header, "7,yes,no,till,2025-12-01")
    assert message["optIns"] == [
        {
            "topic": topic,
            "channel": channel,
            "state": state,
            "source": "till",
            "at": "2025-12-01T12:00:00+00:00",
        }
        for topic, channel, state in (("news", "email", "opted_in"), ("ideas", "sms", "opted_out"))
    ]


def test_opt_ins_may_stand_in_one_column_as_words() -> None:
    message = customers_of("id,opt_ins,opt_in_source", "7,news:email ideas:sms,till")
    assert message["optIns"] == [
        {"topic": topic, "channel": channel, "state": "opted_in", "source": "till"}
        for topic, channel in (("news", "email"), ("ideas", "sms"))
    ]


def test_a_word_that_is_no_opt_in_rejects_its_row() -> None:
    with pytest.raises(BadCellError, match="write topic:channel"):
        customers_of("id,opt_ins", "7,news")


@pytest.mark.parametrize("header", ["id,opt_in.newz.email", "id,opt_in.news.fax"])
def test_an_opt_in_column_that_names_nothing_refuses_the_file(header: str) -> None:
    with pytest.raises(FileError, match=r"Did you mean|There are"):
        customers_of(header, "7,yes")
