"""Suppressions from outside: told, lifted, looked at, brought from files; by the API and by the command line."""

from __future__ import annotations

import csv
import os
from datetime import timedelta

import pytest

from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import NOON, Doors, refusal_of

pytestmark = pytest.mark.integration
ADA = {"userId": "ada", "kind": "marketing", "reason": "unsubscribed"}
FAMILY = {"channel": "email", "address": "Family@Example.com", "kind": "undeliverable", "reason": "bounced"}


def family(doors: Doors) -> None:
    for user in ("ada", "bob"):
        doors.identify(user, email="family@example.com", phone="+447700900123")
    doors.identify("cyd", email="cyd@example.com")


def revisions(doors: Doors) -> dict[str, int]:
    rows = doors.rows("SELECT id, revision FROM customers JOIN customer_ids USING (customer_key)")
    return {row["id"]: row["revision"] for row in rows}


def written(tactful: Command, name: str, rows: list[str]) -> None:
    """Write a file as of the tests' noon: what says no time was said when it was written."""
    tactful.file(name, "\n".join(rows))
    os.utime(tactful.folder / name, (NOON.timestamp(), NOON.timestamp()))


def test_a_no_to_an_address_is_one_to_everybody_who_has_it_however_it_is_spelled(doors: Doors) -> None:
    family(doors)
    before = revisions(doors)
    assert doors.post("/v1/suppressions", FAMILY).json() == {"new": True, "customers": 2}
    assert doors.post("/v1/suppressions", FAMILY).json() == {"new": False, "customers": 2}
    after = revisions(doors)
    assert [after[user] > before[user] for user in ("ada", "bob", "cyd")] == [True, True, False]
    for user, many in (("ada", 1), ("bob", 1), ("cyd", 0)):
        assert len(doors.get(f"/v1/customers/{user}").json()["suppressions"]) == many
    phone = {"channel": "sms", "address": "07700 900123", "country": "GB", "kind": "marketing", "reason": "asked"}
    assert doors.post("/v1/suppressions", phone).json() == {"new": True, "customers": 2}


def test_a_number_serves_texts_and_calls_and_a_no_to_one_is_none_to_the_other(doors: Doors) -> None:
    family(doors)
    before = revisions(doors)
    number = {"channel": "call", "address": "07700 900123", "country": "GB", "kind": "undeliverable", "reason": "wrong"}
    assert doors.post("/v1/suppressions", number).json() == {"new": True, "customers": 2}
    assert revisions(doors)["ada"] > before["ada"], "whoever has the number is called no more from this revision on"
    ada = doors.get("/v1/customers/ada").json()
    assert [(one["channel"], one["address"]) for one in ada["addresses"]] == [
        ("call", "+447700900123"),
        ("email", "family@example.com"),
        ("sms", "+447700900123"),
    ]
    assert [one["channel"] for one in ada["suppressions"]] == ["call"]
    told = doors.get("/v1/suppressions", params={"customer": "ada"}).json()["suppressions"]
    assert [one["channel"] for one in told] == ["call"]
    assert doors.get("/v1/suppressions", params={"address": "+447700900123", "channel": "sms"}).json() == {
        "suppressions": []
    }


def test_what_stands_is_lifted_by_somebody_and_what_stands_besides_is_told(doors: Doors) -> None:
    family(doors)
    doors.post("/v1/suppressions", ADA | {"topic": "news"})
    doors.post("/v1/suppressions", FAMILY)
    doors.clock.pass_time(timedelta(hours=1))
    lifted = doors.post("/v1/suppressions/lift", {"userId": "ada", "why": "she called", "askedBy": "maya"}).json()
    assert (lifted["lifted"], [one["address"] for one in lifted["standing"]]) == (1, ["family@example.com"])
    told = doors.get("/v1/suppressions", params={"customer": "ada"}).json()["suppressions"]
    assert [(one["reason"], one["state"], one["lifted_by"], one["why_lifted"]) for one in told] == [
        ("bounced", "standing", None, None),
        ("unsubscribed", "lifted", "maya", "she called"),
    ]
    again = doors.post("/v1/suppressions/lift", {"userId": "ada", "why": "she called"}).json()
    assert again["lifted"] == 0
    address = {"channel": "email", "address": "family@example.com"}
    assert doors.post("/v1/suppressions/lift", address | {"why": "new mailbox"}).json() == {"lifted": 1, "standing": []}
    (one,) = doors.get("/v1/suppressions", params=address).json()["suppressions"]
    assert (one["state"], one["lifted_by"]) == ("lifted", "api")


def test_a_no_that_has_run_out_is_shown_as_such(doors: Doors) -> None:
    family(doors)
    doors.post("/v1/suppressions", ADA | {"expiresAt": "2026-03-25T12:00:00Z"})
    doors.clock.pass_time(timedelta(days=1))
    (one,) = doors.get("/v1/suppressions", params={"customer": "ada"}).json()["suppressions"]
    assert one["state"] == "expired"
    assert doors.get("/v1/customers/ada").json()["suppressions"] == []


@pytest.mark.parametrize(
    ("different", "code", "field"),
    [
        ({"userId": None}, "missing_field", "userId"),
        ({"channel": "email", "address": "a@b.example"}, "missing_field", "userId"),
        ({"userId": "nobody"}, "unknown_customer", "userId"),
        ({"userId": None, "address": "a@b.example"}, "missing_field", "channel"),
        ({"userId": None, "channel": "email", "address": "no address"}, "bad_email", "address"),
        ({"userId": None, "channel": "sms", "address": "07700 900123"}, "bad_phone", "address"),
        ({"channel": "fax"}, "unknown_channel", "channel"),
        ({"topic": "newz"}, "unknown_topic", "topic"),
        ({"kind": "soft"}, "bad_value", "kind"),
        ({"reason": ""}, "bad_value", "reason"),
        ({"at": "2026-04-24T12:00:00Z"}, "bad_timestamp", "at"),
        ({"expiresAt": "2026-03-24T12:00:00Z"}, "bad_value", "expires_at"),
        ({"until": "never"}, "unknown_field", "until"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    doors: Doors, different: dict[str, object], code: str, field: str
) -> None:
    family(doors)
    body = {name: value for name, value in (ADA | different).items() if value is not None}
    status = 404 if code == "unknown_customer" else 422
    assert refusal_of(doors.post("/v1/suppressions", body), status, code)["field"] == field
    assert doors.count("suppressions") == 0


def test_a_batch_takes_suppressions_beside_other_messages(doors: Doors) -> None:
    batch = [
        {"type": "identify", "userId": "ada", "traits": {"email": "family@example.com"}},
        {"type": "suppress", **ADA},
        {"type": "suppress", **ADA},
        {"type": "suppress", **ADA, "userId": "nobody"},
        {"type": "suppress", **FAMILY, "topic": "newz"},
    ]
    answer = doors.post("/v1/batch", {"batch": batch}).json()
    assert [one["status"] for one in answer["results"]] == ["stored", "stored", "duplicate", "refused", "refused"]
    assert [one["error"]["field"] for one in answer["results"][3:]] == ["batch[3].userId", "batch[4].topic"]
    assert doors.count("suppressions") == 1


def test_the_command_line_suppresses_lists_and_lifts(tactful: Command, doors: Doors) -> None:
    family(doors)
    added = tactful(
        *("suppression", "add", "--address", "email:family@example.com", "--kind", "undeliverable"),
        *("--reason", "bounced"),
    )
    assert added.out == "Suppressed: it concerns 2 customers as things are.\n"
    assert "undeliverable: bounced" in tactful("customer", "ada").out
    shown = tactful("suppression", "list", "--customer", "bob").out
    assert "standing  undeliverable: bounced · family@example.com · command line · said 24 Mar 2026" in shown
    nothing = tactful("suppression", "lift", "--customer", "bob", "--why", "he called")
    assert nothing.out.startswith("Nothing of that kind stands.\nstill stands: standing")
    lifted = tactful("suppression", "lift", "--address", "email:family@example.com", "--why", "emptied", "--as", "maya")
    assert lifted.out == "Lifted: 1.\n"
    assert "lifted 24 Mar 2026 by maya: emptied" in tactful("suppression", "list", "--customer", "ada").out


@pytest.mark.parametrize(
    "words",
    [
        ("add", "--kind", "marketing", "--reason", "x"),
        ("add", "--kind", "marketing", "--reason", "x", "--customer", ""),
        ("add", "--kind", "marketing", "--reason", "x", "--customer", "ada", "--topic", " "),
        ("lift", "--customer", "ada", "--why", ""),
        ("lift", "--customer", "ada", "--address", "email:a@b.example", "--why", "x"),
        ("list", "--address", "a@b.example"),
    ],
)
def test_a_command_that_says_too_little_is_refused_before_anything_is_asked(
    tactful: Command, words: tuple[str, ...]
) -> None:
    assert tactful("suppression", *words).code == 2


def test_a_file_of_addresses_is_in_once_and_bad_rows_are_set_aside_by_line(tactful: Command, doors: Doors) -> None:
    family(doors)
    rows = ["email,reason,bounced_on", "family@example.com,bounced,2026-03-01", "no address,bounced,2026-03-01"]
    rows += ["cyd@example.com,,2026-03-02", "x@example.com,complained,some day", ""]
    written(tactful, "bounces.csv", rows)
    words = ("import", "suppressions", "bounces.csv", "--kind", "undeliverable", "--reason", "gone away")
    dry = tactful(*words, "--dry-run")
    assert "2 would be new · 0 already there · 2 rejected" in dry.out
    assert doors.count("suppressions") == 0
    done = tactful(*words)
    assert (done.code, "2 new · 0 already there · 2 rejected" in done.out) == (1, True)
    with (tactful.folder / "bounces.csv.rejects.csv").open(newline="") as file:
        rejected = sorted(csv.DictReader(file), key=lambda row: row["line"])
    assert [(row["line"], row["reason"]) for row in rejected] == [("3", "bounced"), ("5", "complained")]
    assert ["is no date" in row["rejected_because"] for row in rejected] == [False, True]
    assert "0 new · 2 already there · 2 rejected" in tactful(*words).out
    told = doors.rows("SELECT address, reason, source, stated_at::date::text AS day FROM suppressions ORDER BY address")
    assert [tuple(row.values()) for row in told] == [
        ("cyd@example.com", "gone away", "bounces.csv", "2026-03-02"),
        ("family@example.com", "bounced", "bounces.csv", "2026-03-01"),
    ]


def test_a_file_with_customers_and_addresses_must_say_which_is_meant(tactful: Command, doors: Doors) -> None:
    family(doors)
    rows = ["customer_id,email,kind,reason", "ada,family@example.com,marketing,asked", ",,marketing,asked", ""]
    written(tactful, "list.csv", rows)
    asked = tactful("import", "suppressions", "list.csv")
    assert (asked.code, "--by customer" in asked.err) == (1, True)
    done = tactful("import", "suppressions", "list.csv", "--by", "customer", "--channel", "sms")
    assert "1 new · 0 already there · 1 rejected" in done.out
    (row,) = doors.rows("SELECT customer_key IS NOT NULL AS own, channel, address FROM suppressions")
    assert tuple(row.values()) == (True, "sms", None)


@pytest.mark.parametrize(
    ("header", "more", "told"),
    [
        ("name,reason", ("--kind", "marketing"), "no column that says whom"),
        ("email,reason", (), "No column says the kind"),
        ("email", ("--kind", "marketing"), "No column says the reason"),
        ("email", ("--kind", "marketing", "--reason", "x", "--topic", "newz"), 'no topic "newz"'),
        ("email", ("--kind", "marketing", "--reason", "x", "--by", "phone"), 'no column of the file is "phone"'),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_as_a_whole(
    tactful: Command, header: str, more: tuple[str, ...], told: str
) -> None:
    tactful.file("list.csv", f"{header}\na,b\n")
    refused = tactful("import", "suppressions", "list.csv", *more)
    assert (refused.code, told in refused.err) == (1, True)
