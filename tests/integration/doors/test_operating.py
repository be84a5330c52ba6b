"""What people who operate ask of the house: connectors held and resumed, the sweep; over the API and in a terminal."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from database import holds, sweep
from database.sweep import Found
from tactful.words import Channel
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def started(doors: Doors) -> None:
    """A worker has been started once, with these connectors."""
    configured = {"twilio": [Channel.SMS], "smtp": [Channel.EMAIL]}
    doors.database.run(lambda c: holds.register(c, configured, now=doors.clock()))


def test_a_person_holds_a_connector_and_everybody_sees_who_why_and_since_when(doors: Doors, tactful: Command) -> None:
    assert [each["state"] for each in doors.get("/v1/connectors").json()["connectors"]] == ["open", "open"]
    done = tactful("connector", "hold", "twilio", "--why", "sender id under review", "--as", "maya")
    assert done.code == 0
    assert "held · by_hand by maya · since 24 Mar 12:00 UTC · until it is resumed" in done.out
    (told,) = [each for each in doors.get("/v1/connectors").json()["connectors"] if each["connector"] == "twilio"]
    assert (told["state"], told["why"], told["held_by"]) == ("held", "sender id under review", "maya")
    assert (told["channels"], told["until"], told["waiting"]) == (["sms"], None, 0)
    assert "sender id under review" in tactful("connector", "list").out


def test_a_resumed_connector_is_tried_first_and_one_that_is_open_stays_so(doors: Doors, tactful: Command) -> None:
    assert tactful("connector", "resume", "smtp", "--json").answer["state"] == "open"
    doors.post("/v1/connectors/smtp/hold", {"why": "tests", "until": "2026-03-25T12:00+00:00"})
    assert "until 25 Mar 12:00 UTC" in tactful("connector", "list").out
    assert tactful("connector", "resume", "smtp", "--json").answer["state"] == "trying"


def test_what_a_provider_said_does_not_lift_what_a_person_holds(doors: Doors) -> None:
    doors.post("/v1/connectors/smtp/hold", {"why": "by us", "asked_by": "maya"})
    now = doors.clock()
    doors.database.run(
        lambda c: holds.hold_found(c, "smtp", "quota", "daily limit", until=now + timedelta(minutes=1), now=now)
    )
    doors.clock.pass_time(timedelta(hours=1))
    (told,) = [each for each in doors.get("/v1/connectors").json()["connectors"] if each["connector"] == "smtp"]
    assert (told["state"], told["why"], told["held_by"]) == ("held", "by us", "maya")


def test_an_outage_that_was_found_out_is_told_by_name_and_health_says_so_but_not_of_what_a_person_holds(
    doors: Doors, tactful: Command
) -> None:
    doors.post("/v1/connectors/twilio/hold", {"why": "by us", "asked_by": "maya"})
    assert doors.get("/healthz").status_code == 200, "it is as somebody wants it"
    now, until = doors.clock(), doors.clock() + timedelta(minutes=5)
    told = "calls to 24 of 25 customers failed within 5 minutes: 503"
    doors.database.run(lambda c: holds.hold_found(c, "smtp", holds.OUTAGE, told, until=until, now=now))
    shown = tactful("connector", "list").out
    assert "held · outage · since 24 Mar 12:00 UTC · until 24 Mar 12:05 UTC" in shown
    assert told in shown
    answer = doors.get("/healthz")
    (part,) = [each for each in answer.json()["parts"] if each["name"] == "connectors"]
    assert (answer.status_code, part["sentence"]) == (503, "On hold: smtp (outage), twilio (by hand).")
    assert "smtp (outage)" in tactful("doctor").out


def test_a_name_or_a_time_that_is_none_is_refused_with_what_would_be_right(doors: Doors, tactful: Command) -> None:
    error = refusal_of(doors.post("/v1/connectors/twillio/hold", {"why": "x"}), 404, "unknown_connector")
    assert "twilio" in error["hint"]
    for until in ("tomorrow", "2026-03-24T11:00+00:00"):
        refusal_of(doors.post("/v1/connectors/twilio/hold", {"why": "x", "until": until}), 422, "bad_value")
    refusal_of(doors.post("/v1/connectors/twilio/hold", {}), 422, "missing_field")
    assert tactful("connector", "hold", "twillio", "--why", "x").code == 1
    assert tactful("connector", "hold", "twilio").code == 2


def test_what_the_last_sweep_found_is_seen_on_every_page_that_tells_of_health(doors: Doors, tactful: Command) -> None:
    assert doors.get("/v1/sweep").json()["swept_at"] is None
    doors.database.run(lambda c: sweep.keep(c, Found(looked_at=7), now=doors.clock()))
    assert doors.get("/healthz").json()["ok"] is True
    doors.database.run(lambda c: sweep.keep(c, Found(overdue=3, without_workflow=1), now=doors.clock()))
    (part,) = [part for part in doors.get("/healthz").json()["parts"] if part["name"] == "sweep"]
    assert part["ok"] is False
    assert "3 contacts late by more than an hour, 1 journeys, contacts or lots without a workflow" in part["sentence"]
    assert "tactful sweep --repair" in tactful("doctor").out


def test_a_sweep_asked_for_is_waited_for(doors: Doors, tactful: Command) -> None:
    """A worker does it; here a thread stands in for the one that looks whether anybody has asked."""

    def worker() -> None:
        while (asked := doors.database.run(sweep.asked)) is None:
            pass
        found = Found(without_workflow=1, looked_at=4, restarted=int(asked[1]))
        doors.database.run(lambda c: sweep.keep(c, found, now=asked[0]))

    thread = threading.Thread(target=worker)
    thread.start()
    done = tactful("sweep", "--repair")
    thread.join()
    assert (done.code, "started again" in done.out) == (0, True)
    assert "1 of 4 looked for" in done.out
