"""Campaigns from outside: what one would come to, sending it once, how far it is, stopping it and having it go on."""

from __future__ import annotations

from typing import Any

import pytest

from database import campaigns, lots
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of
from tests.small_strategy import INVOICE

pytestmark = pytest.mark.integration

SPRING = """\
spring:
  why: Spring is here.
  campaign: 2026-03-25 at 10:00
  until: order.placed
  say:
    tulips: { when: at once, expires: 2026-03-30 at 18:00 }
"""
ASKED = {"strategy": "small", "step": "spring"}


@pytest.fixture
def doors(doors: Doors) -> Doors:
    """The doors with a campaign published, and three customers: one said yes, one said no, one said nothing."""
    doors.publish(steps=(SPRING, INVOICE), says={"tulips": "Tulips are in."})
    known(doors, "ada", "opted_in")
    known(doors, "bob", "opted_out")
    doors.identify("cyd", locale="de-AT")
    return doors


def known(doors: Doors, user: str, state: str) -> None:
    said = [{"topic": "news", "channel": "email", "state": state}]
    traits = {"email": f"{user}@example.com", "locale": "en-GB"}
    assert doors.post("/v1/identify", {"userId": user, "traits": traits, "optIns": said}).status_code == 200


def write_audience(doors: Doors, lot_key: str) -> None:
    (row,) = doors.rows("SELECT lot_key FROM lots WHERE lot_key = :key", key=lot_key)
    lot = doors.database.run(lambda c: lots.read(c, row["lot_key"]))
    doors.database.run(lambda c: campaigns.freeze_page(c, lot, now=doors.clock()))


def begun(doors: Doors, **more: object) -> dict[str, Any]:
    answer = doors.post("/v1/campaigns", ASKED | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_preview_counts_by_verdict_and_begins_nothing(doors: Doors) -> None:
    seen = doors.post("/v1/campaigns/preview", ASKED).json()
    assert (seen["audience"], seen["looked_at"], seen["already_in"]) == (3, 3, 0)
    assert seen["languages"] == {"en-GB": 2, "de-AT": 1}
    told = {(each["verdict"], each["reason"], tuple(each["channels"])): each["customers"] for each in seen["foreseen"]}
    assert told == {("send", None, ("email",)): 1, ("skip", "opted_out", ()): 1, ("skip", "no_opt_in", ()): 1}
    assert "10:00 on each customer's clock" in seen["moment"]
    assert doors.count("lots") == doors.count("contacts") == doors.count("outbox") == 0


def test_sent_twice_it_is_sent_once(doors: Doors) -> None:
    first, second = begun(doors), begun(doors)
    assert (first["new"], second["new"]) == (True, False)
    assert first["lot_key"] == second["lot_key"]
    assert doors.count("outbox") == 1
    assert doors.post("/v1/campaigns/preview", ASKED).json()["lot_key"] == first["lot_key"]


def test_how_far_it_is_is_told_by_state_and_reason(doors: Doors) -> None:
    key = begun(doors, at="now", askedBy="Maya", rate=7)["lot_key"]
    assert doors.get(f"/v1/campaigns/{key}").json()["sentence"] == "Its audience is not written down yet."
    write_audience(doors, key)
    found = doors.get(f"/v1/campaigns/{key}").json()
    assert (found["customers"], found["contacts"], found["settled"]) == (3, 3, 0)
    assert (found["asked_by"], found["rate"], found["state"]) == ("Maya", 7, "open")
    assert found["counts"] == [
        {"communication": "tulips", "state": "planned", "reason": None, "sentence": "still to come", "contacts": 3}
    ]
    assert [each["lot_key"] for each in doors.get("/v1/campaigns").json()["campaigns"]] == [key]


def test_what_it_costs_is_told_by_currency(doors: Doors, tactful: Command) -> None:
    key = begun(doors, at="now")["lot_key"]
    write_audience(doors, key)
    priced = (
        "INSERT INTO messages (contact_key, channel, part_key, connector, content, frozen_at, state, cost, currency) "
        "SELECT contact_key, 'email', gen_random_uuid(), 'post', '{}', :now, 'sent', 0.004, 'EUR' "
        "FROM contacts RETURNING 1"
    )
    doors.rows(priced, now=doors.clock())
    (cost,) = doors.get(f"/v1/campaigns/{key}").json()["costs"]
    assert (cost["currency"], cost["messages"], cost["amount"]) == ("EUR", 3, "0.012")
    assert "0.012 EUR for 3 messages" in tactful("campaign", "status", key).out


def test_it_is_stopped_and_goes_on(doors: Doors) -> None:
    key = begun(doors)["lot_key"]
    for _ in range(2):
        assert doors.client.post(f"/v1/campaigns/{key}/stop").json()["state"] == "stopped"
    assert doors.client.post(f"/v1/campaigns/{key}/resume").json()["state"] == "open"
    assert doors.count("outbox") == 3, "a start and two wake-ups"


@pytest.mark.parametrize(
    ("asked", "status", "code", "field"),
    [
        ({"strategy": "smal", "step": "spring"}, 422, "unknown_strategy", "strategy"),
        ({"strategy": "small", "step": "sprong"}, 404, "unknown_campaign", "step"),
        ({"strategy": "small", "step": "invoice"}, 422, "no_campaign", "step"),
        (ASKED | {"at": "tomorrow"}, 422, "bad_value", "at"),
        (ASKED | {"rate": 0}, 422, "bad_value", "rate"),
        ({"strategy": "small"}, 422, "missing_field", "step"),
    ],
)
def test_a_slip_sends_nothing_and_is_told(
    doors: Doors, asked: dict[str, Any], status: int, code: str, field: str
) -> None:
    for path in ("/v1/campaigns", "/v1/campaigns/preview"):
        assert refusal_of(doors.post(path, asked), status, code)["field"] == field
    assert doors.count("lots") == 0


def test_what_has_expired_and_what_is_a_draft_is_refused(doors: Doors) -> None:
    doors.publish(steps=(SPRING.replace("2026-03-30", "2026-03-20").replace("2026-03-25", "2026-03-19"),))
    assert "21 Mar 2026 06:00 UTC" in refusal_of(doors.post("/v1/campaigns", ASKED), 422, "expired")["message"]
    doors.publish(steps=(SPRING.replace("  why:", "  draft: true\n  why:"),))
    assert "draft: true" in refusal_of(doors.post("/v1/campaigns", ASKED), 422, "draft")["hint"]


def test_a_campaign_that_is_none_is_not_found(doors: Doors) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    refusal_of(doors.get(f"/v1/campaigns/{nobody}"), 404, "unknown_campaign")
    refusal_of(doors.client.post(f"/v1/campaigns/{nobody}/stop"), 404, "unknown_campaign")


def test_the_command_shows_first_and_sends_when_it_is_meant(doors: Doors, tactful: Command) -> None:
    dry = tactful("campaign", "send", "small", "spring", "--dry-run")
    assert dry.code == 0
    assert "3 customers" in dry.out
    assert "send by email" in dry.out
    unmeant = tactful("campaign", "send", "small", "spring")
    assert unmeant.code == 2
    assert "--yes" in unmeant.err
    assert doors.count("lots") == 0
    sent = tactful("campaign", "send", "small", "spring", "--yes", "--as", "Maya", "--json")
    assert sent.code == 0
    assert sent.answer["new"]
    again = tactful("campaign", "send", "small", "spring", "--yes")
    assert "nothing is begun anew" in again.out
    assert "Maya" in again.out


def test_the_command_tells_how_far_it_is_and_stops_it(doors: Doors, tactful: Command) -> None:
    assert "No campaign has been sent yet" in tactful("campaign", "status").out
    key = begun(doors, at="now")["lot_key"]
    write_audience(doors, key)
    assert "still to come" in tactful("campaign", "status", key).out
    assert "Stopped, with 0 of 3" in tactful("campaign", "stop", key).out
    assert "Under way" in tactful("campaign", "resume", key).out
    assert tactful("campaign", "status", "--json").answer["campaigns"][0]["lot_key"] == key
