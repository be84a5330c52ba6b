"""Imports over a real server: the good rows in, the bad ones set aside with a reason, nothing twice."""

from __future__ import annotations

import csv
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.doors.commands import Command, Done
from tests.integration.doors.conftest import NOON, Doors
from tests.integration.doors.gate import Gate
from tests.small_strategy import REPURCHASE, files

pytestmark = pytest.mark.integration
HEADER = "order_id,customer_id,ordered_on,occasion,value_gbp"


def lines(count: int, customers: int = 40) -> str:
    rows = [f"{i},c{i % customers},2025-{i % 12 + 1:02}-{i % 28 + 1:02},birthday,{i}.50" for i in range(count)]
    return "\n".join([HEADER, *rows, ""])


def rejects(tactful: Command, name: str) -> list[dict[str, str]]:
    with (tactful.folder / f"{name}.rejects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def orders(tactful: Command, name: str = "orders.csv", *more: str) -> Done:
    return tactful("import", "orders", name, "--create-customers", *more)


def test_a_file_of_orders_is_in_with_one_command_and_again_nothing_is_new(tactful: Command, doors: Doors) -> None:
    tactful.file("orders.csv", lines(650))
    done = orders(tactful)
    assert done.code == 0
    assert "650 rows read" in done.out
    assert "650 new · 0 already there · 0 rejected" in done.out
    again = orders(tactful)
    assert "0 new · 650 already there · 0 rejected" in again.out
    assert (doors.count("orders"), doors.count("customers")) == (650, 40)
    ada = doors.get("/v1/customers/c0").json()
    assert ada["registered_at"].startswith("2025-01-01T12:00:00")
    assert ada["orders"]["spent"] == {"GBP": ada["orders"]["spent"]["GBP"]}


def test_an_import_that_broke_off_is_simply_begun_again(tactful: Command, doors: Doors) -> None:
    tactful.file("orders.csv", lines(300))
    orders(tactful)
    tactful.file("orders.csv", lines(500))
    assert "200 new · 300 already there" in orders(tactful).out
    assert doors.count("orders") == 500


def test_orders_without_an_id_are_told_apart_and_counted_once(tactful: Command, doors: Doors) -> None:
    tactful.file(
        "orders.csv", "customer,date,total,currency\n" + "ada,2026-01-01,5,GBP\n" * 3 + "bob,2026-01-01,5,GBP\n"
    )
    assert "4 new" in orders(tactful).out
    assert "4 already there" in orders(tactful).out
    assert doors.count("orders") == 4


def test_bad_rows_are_set_aside_with_line_and_reason_and_can_be_mended(tactful: Command, doors: Doors) -> None:
    rows = [
        "1,ada,2026-01-01,birthday,5",
        "2,ada,soon,birthday,5",
        "3,,2026-01-01,birthday,5",
        "4,ada,2026-01-01,birthday,free",
        "5,ada,2026-01-01,birthday",
        "6,ada,2031-01-01,birthday,5",
        '7,ada,2026-01-01,"never ends,5',
        "8,bob,2026-01-02,birthday,5",
    ]
    tactful.file("orders.csv", "\n".join([HEADER, *rows, ""]))
    done = orders(tactful)
    assert done.code == 1
    assert "8 rows read" in done.out
    assert "2 new · 0 already there · 6 rejected" in done.out
    set_aside = rejects(tactful, "orders.csv")
    assert [int(row["line"]) for row in set_aside] == [3, 4, 5, 6, 8, 7]
    reasons = {int(row["line"]): row["reason"] for row in set_aside}
    assert '"soon" is no date' in reasons[3]
    assert reasons[4] == "names no customer"
    assert '"free" is no amount' in reasons[5]
    assert "4 cells" in reasons[6]
    assert "in the future" in reasons[7]
    assert "never ends" in reasons[8]
    mended = (tactful.folder / "orders.csv.rejects.csv").read_text().replace("soon", "2026-01-03").replace("free", "7")
    tactful.file("mended.csv", mended)
    assert "2 new" in orders(tactful, "mended.csv").out
    assert doors.count("orders") == 4


def test_a_rejects_file_of_before_does_not_outlive_its_reason(tactful: Command) -> None:
    tactful.file("orders.csv", f"{HEADER}\n1,ada,soon,birthday,5\n")
    assert orders(tactful).code == 1
    tactful.file("orders.csv", f"{HEADER}\n1,ada,2026-01-01,birthday,5\n")
    assert orders(tactful).code == 0
    assert not (tactful.folder / "orders.csv.rejects.csv").exists()


def test_a_line_of_100_mb_is_rejected_by_its_number_and_the_rest_goes_on(tactful: Command, doors: Doors) -> None:
    path = tactful.folder / "orders.csv"
    with path.open("wb") as file:
        file.write(f"{HEADER}\n1,ada,2026-01-01,birthday,5\n2,ada,2026-01-01,".encode())
        for _ in range(100):
            file.write(b"x" * 1024 * 1024)
        file.write(b",5\n3,ada,2026-01-02,birthday,5\n")
    done = tactful("import", "orders", "orders.csv", "--create-customers")
    assert done.code == 1
    assert "2 new · 0 already there · 1 rejected" in done.out
    (row,) = rejects(tactful, "orders.csv")
    assert (row["line"], row["reason"]) == ("3", "the line is longer than 64 KB")
    assert (tactful.folder / "orders.csv.rejects.csv").stat().st_size < 1000
    assert doors.count("orders") == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b,c\n1,2,3\n", "no column for the customer. Found: a, b or c"),
        (b"customer,date,total\nada,2026-01-01,5\n", "--currency"),
        (b"customer,d\xe9te\n", "not UTF-8; try --encoding cp1252"),
        (b"", "is empty"),
        (b"PK\x03\x04", "spreadsheet"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_before_anything_is_sent(
    tactful: Command, doors: Doors, content: bytes, told: str
) -> None:
    tactful.file("orders.csv", content)
    done = orders(tactful)
    assert done.code == 1
    assert told in done.err
    assert doors.count("customers") == 0


def test_an_event_that_is_not_declared_is_said_with_the_nearest_one(tactful: Command) -> None:
    tactful.file("orders.csv", lines(3))
    done = orders(tactful, "orders.csv", "--event-name", "order.place")
    assert done.code == 1
    assert 'Did you mean "order.placed"?' in done.err


def test_customers_whom_nobody_knows_are_set_aside_with_a_word_on_what_to_do(tactful: Command, doors: Doors) -> None:
    doors.identify("c0")
    tactful.file("orders.csv", lines(10, customers=2))
    done = tactful("import", "orders", "orders.csv")
    assert done.code == 1
    assert "5 new · 0 already there · 5 rejected" in done.out
    assert "--create-customers" in done.out


def test_a_dry_run_checks_everything_and_keeps_nothing(tactful: Command, doors: Doors) -> None:
    tactful.file("orders.csv", lines(30) + "31,ada,soon,birthday,5\n")
    done = orders(tactful, "orders.csv", "--dry-run")
    assert "30 would be new · 0 already there · 1 rejected" in done.out
    assert (doors.count("orders"), doors.count("customers"), doors.count("outbox")) == (0, 0, 0)


def test_a_file_of_another_house_is_read_as_it_is_told(tactful: Command, doors: Doors) -> None:
    content = "Kundennr;Datum;Anlaß;Summe\r\n7;24.12.2025;Geburtstag;1.234,50\r\n".encode("cp1252")
    tactful.file("bestellungen.csv", content)
    words = ["--map", "customer=Kundennr", "--map", "placed=Datum", "--map", "total=Summe", "--map", "occasion=Anlaß"]
    words += ["--currency", "EUR", "--date-format", "%d.%m.%Y", "--encoding", "cp1252", "--time-zone", "Europe/Berlin"]
    assert orders(tactful, "bestellungen.csv", *words).code == 0
    (kept,) = doors.rows("SELECT properties, occurred_at FROM events")
    assert kept["properties"]["total"] == {"amount": "1234.50", "currency": "EUR"}
    assert kept["properties"]["occasion"] == "Geburtstag"
    assert kept["occurred_at"].isoformat() == "2025-12-24T11:00:00+00:00"


def test_columns_that_mean_nothing_are_named_once(tactful: Command) -> None:
    tactful.file("orders.csv", "customer_id,ordered_on,items,value_usd\n00004,1997-01-01,2,29.33\n")
    done = orders(tactful)
    assert done.code == 0
    assert "Columns that mean nothing here: items" in done.out
    assert orders(tactful, "orders.csv", "--json").answer["ignored_columns"] == ["items"]


def test_the_past_sets_clocks_and_begins_nothing_else(tactful: Command, doors: Doors) -> None:
    tactful.file("orders.csv", f"{HEADER}\n1,ada,2025-06-01,birthday,5\n2,ada,2025-09-01,wedding,5\n")
    orders(tactful)
    journeys = doors.get("/v1/customers/ada").json()["journeys"]
    assert {(journey["step"], journey["key"]) for journey in journeys} == {
        ("repurchase", "birthday"),
        ("repurchase", "wedding"),
    }


def test_live_orders_begin_what_they_would(tactful: Command, doors: Doors) -> None:
    tactful.file("orders.csv", f"{HEADER}\n1,ada,2026-03-20,birthday,5\n")
    orders(tactful, "orders.csv", "--live")
    steps = {journey["step"] for journey in doors.get("/v1/customers/ada").json()["journeys"]}
    assert steps == {"onboarding", "repurchase"}


def test_json_lines_are_read_too(tactful: Command, doors: Doors) -> None:
    rows = [
        '{"customer": "ada", "ordered_at": "2026-01-01T10:00:00Z", "order_id": 1, "total": 5, "currency": "GBP"}',
        "{",
    ]
    tactful.file("orders.jsonl", "\n".join(rows))
    done = orders(tactful, "orders.jsonl")
    assert "1 new · 0 already there · 1 rejected" in done.out
    assert "is no JSON" in rejects(tactful, "orders.jsonl")[0]["reason"]
    assert doors.get("/v1/customers/ada").json()["orders"]["spent"] == {"GBP": "5.00"}


def test_customers_are_brought_with_addresses_opt_ins_and_what_is_known(tactful: Command, doors: Doors) -> None:
    header = "customer_id,email,phone,first_name,time_zone,country,registered_at,birthday,opt_ins,opt_in.news.sms,shelf"
    rows = [
        "ada,Ada@fleur.example,07700 900123,Ada,Europe/London,GB,2024-05-01,1990-05-01,news:email,no,3",
        "bob,bob@,,,,,,,,,",
        "cyd,cyd@fleur.example,,,Mars,,,,newz:email,,",
    ]
    tactful.file("customers.csv", "\n".join([header, *rows, ""]))
    os.utime(tactful.folder / "customers.csv", times=(NOON.timestamp(), NOON.timestamp()))
    done = tactful("import", "customers", "customers.csv")
    assert done.code == 1
    assert "1 new · 0 already there · 2 rejected" in done.out
    assert "Columns that mean nothing here: shelf" in done.out
    ada = doors.get("/v1/customers/ada").json()
    assert {address["channel"]: address["address"] for address in ada["addresses"]} == {
        "email": "ada@fleur.example",
        "sms": "+447700900123",
        "call": "+447700900123",
    }
    consents = {(one["channel"], one["state"], one["source"]) for one in ada["consents"]}
    assert consents == {
        ("email", "opted_in", "import of customers.csv"),
        ("sms", "opted_out", "import of customers.csv"),
    }
    assert (ada["properties"]["birthday"], ada["registered_at"]) == ("1990-05-01", "2024-05-01T11:00:00Z")
    before = doors.count("consents")
    tactful("import", "customers", "customers.csv")
    assert doors.count("consents") == before


def test_an_import_waits_for_a_server_that_is_away_for_a_moment(doors: Doors, tmp_path: Path) -> None:
    with Gate(doors.url) as gate:
        tactful = Command(gate.url, tmp_path)
        tactful.file("orders.csv", lines(900))
        gate.close_after(2)
        opening = threading.Timer(3, gate.open)
        opening.start()
        done = tactful("import", "orders", "orders.csv", "--create-customers")
        opening.join()
    assert done.code == 0, done.err
    assert "rejected" in done.out
    assert doors.count("orders") == 900


@pytest.mark.slow
def test_the_music_shops_shape_goes_in_with_its_clocks(tactful: Command, doors: Doors) -> None:
    """The shape of a public sample: ids with leading zeros, days, amounts in dollars, clocks without a key."""
    doors.clock.pass_time(timedelta(days=-200))
    clock = REPURCHASE.replace("  per: occasion\n", "")
    doors.publish(steps=(clock,))
    rows = [f"{i:05},2025-0{m},2,{i}.33" for i in range(60) for m in ("1-05", "3-07", "5-09")]
    tactful.file("cdnow.csv", "\n".join(["customer_id,ordered_on,items,value_usd", *rows, ""]))
    done = orders(tactful, "cdnow.csv")
    assert "180 new · 0 already there · 0 rejected" in done.out
    assert len(doors.rows("SELECT 1 FROM journeys WHERE state = 'open' AND step = 'repurchase'")) == 60
    assert files()
