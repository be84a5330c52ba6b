"""Contacts asked for by other systems: taken in once per key, answered with the verdict when there is one."""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration

DECIDE = sa.text(
    "INSERT INTO decisions (contact_key, decided_at, verdict, reason, until, trace, version, revision) "
    "VALUES (:key, :now, :verdict, :reason, :until, CAST(:trace AS jsonb), 1, 1)"
)
STAND = sa.text("UPDATE contacts SET state = :state, reason = :reason, updated_at = :now WHERE contact_key = :key")


def ask(doors: Doors, **more: object) -> dict[str, object]:
    return {"userId": "ada", "communication": "bill", "properties": {"number": "17"}, **more}


def decide(doors: Doors, key: str, state: str, verdict: str, reason: str | None, **more: object) -> None:
    """Write what a worker would: a decision, and where the contact stands then."""
    trace = json.dumps([["journey"], ["caps", reason, {"2 in 7 days": 2}, "2026-03-26T09:00:00+00:00"]])
    row = {"key": key, "now": doors.clock(), "verdict": verdict, "reason": reason, "until": more.get("until")}

    def work(conn: sa.Connection) -> None:
        conn.execute(DECIDE, row | {"trace": trace})
        conn.execute(STAND, {"key": key, "state": state, "reason": reason, "now": doors.clock()})

    doors.database.run(work)


def test_a_contact_is_taken_in_and_202_until_it_is_decided(doors: Doors) -> None:
    doors.identify("ada")
    answer = doors.post("/v1/contacts", ask(doors))
    assert answer.status_code == 202
    contact = answer.json()
    assert (contact["state"], contact["decided"], contact["user_id"]) == ("planned", False, "ada")
    assert doors.count("outbox") == 1
    assert doors.get(f"/v1/contacts/{contact['contact_key']}").json() == contact


def test_the_same_key_again_is_the_same_contact(doors: Doors) -> None:
    doors.identify("ada")
    first = doors.post("/v1/contacts", ask(doors, requestKey="invoice-17"))
    again = doors.post("/v1/contacts", ask(doors), headers={"Idempotency-Key": "invoice-17"})
    assert first.json()["contact_key"] == again.json()["contact_key"]
    assert doors.count("contacts") == 1
    other = doors.post("/v1/contacts", ask(doors, request_key="x"), headers={"Idempotency-Key": "y"})
    refusal_of(other, 422, "bad_value")


@pytest.mark.parametrize(
    ("state", "verdict", "reason", "told"),
    [
        ("skipped", "skip", "no_opt_in", "has not said yes"),
        ("planned", "defer", "cap", "as often as we allow"),
        ("parked", "park", "unknown", "a person has to settle it"),
    ],
)
def test_the_verdict_is_the_answer_with_every_rule_in_a_sentence(
    doors: Doors, state: str, verdict: str, reason: str, told: str
) -> None:
    doors.identify("ada")
    key = doors.post("/v1/contacts", ask(doors, requestKey="k")).json()["contact_key"]
    decide(doors, key, state, verdict, reason, until=doors.clock() + timedelta(days=2))
    answer = doors.post("/v1/contacts", ask(doors, requestKey="k"))
    assert answer.status_code == 200
    contact = answer.json()
    assert (contact["state"], contact["reason"], contact["decided"]) == (state, reason, True)
    assert told in contact["sentence"]
    assert [line["passed"] for line in contact["verdict"]["trace"]] == [True, False]
    assert "It can go from Thursday 26 March 2026, 09:00." in contact["verdict"]["trace"][1]["sentence"]


def test_the_answer_waits_for_the_verdict(doors: Doors) -> None:
    doors.identify("ada")
    key = doors.post("/v1/contacts", ask(doors, requestKey="k")).json()["contact_key"]
    deciding = threading.Timer(0.5, decide, (doors, key, "skipped", "skip", "no_opt_in"))
    deciding.start()
    answer = doors.post("/v1/contacts?wait=20", ask(doors, requestKey="k"))
    deciding.join()
    assert (answer.status_code, answer.json()["state"]) == (200, "skipped")


@pytest.mark.parametrize(
    ("body", "status", "code", "hint"),
    [
        ({"communication": "bil"}, 422, "unknown_communication", 'Did you mean "bill"?'),
        ({"step": "invoyce"}, 422, "unknown_step", 'Did you mean "invoice"?'),
        ({"strategy": "smal"}, 422, "unknown_strategy", 'Did you mean "small"?'),
        ({"userId": "nobody"}, 404, "unknown_customer", None),
        ({"userId": None}, 422, "missing_field", None),
        ({"properties": {"nummer": "17"}}, 422, "unknown_property", 'Did you mean "number"?'),
    ],
)
def test_a_contact_that_cannot_be_is_refused(
    doors: Doors, body: dict[str, object], status: int, code: str, hint: str | None
) -> None:
    doors.identify("ada")
    told = refusal_of(doors.post("/v1/contacts", ask(doors, **body)), status, code)
    assert hint is None or told["hint"] == hint
    assert doors.count("contacts") == 0


def test_a_contact_that_is_not_there_is_404(doors: Doors) -> None:
    refusal_of(doors.get(f"/v1/contacts/{UUID(int=7)}"), 404, "unknown_contact")


def test_the_feed_tells_every_change_from_where_one_left_off(doors: Doors) -> None:
    doors.identify("ada")
    keys: list[str] = []
    for i in range(5):
        doors.clock.pass_time(timedelta(minutes=1))
        keys.append(doors.post("/v1/contacts", ask(doors, requestKey=f"k{i}")).json()["contact_key"])
    seen: list[str] = []
    place: str | None = None
    for _ in range(5):
        query = {"limit": "2"} | ({"after": place} if place else {})
        page = doors.get("/v1/contacts", params=query).json()
        seen += [contact["contact_key"] for contact in page["contacts"]]
        place = page["next"]
    assert list(dict.fromkeys(seen)) == keys
    doors.clock.pass_time(timedelta(minutes=1))
    decide(doors, keys[0], "skipped", "skip", "no_opt_in")
    news = doors.get("/v1/contacts", params={"after": place or ""}).json()
    assert (keys[0], "skipped") in [(contact["contact_key"], contact["state"]) for contact in news["contacts"]]


@pytest.mark.parametrize("said", ["nonsense", "2026-03-24T12:00:00Z|nonsense", "2026-03-24T12:00:00Z|\x00", "|"])
def test_a_place_that_was_not_given_out_is_refused_in_every_list(doors: Doors, said: str) -> None:
    doors.identify("ada")
    place = base64.urlsafe_b64encode(said.encode()).decode()
    for after in {said, place} - {"|"}:
        refusal_of(doors.get("/v1/contacts", params={"after": after}), 422, "bad_cursor")
        for page in ("/console/customers", "/console/mailbox"):
            shown = doors.get(page, params={"before": after})
            assert (shown.status_code, shown.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
    if "nonsense" not in said:
        refusal_of(doors.get("/v1/customers/ada/timeline", params={"before": place}), 422, "bad_cursor")
