"""What waits for a person, over the API and from the command line: causes, acts, who did them; nothing by a slip."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration

PARK = sa.text(
    "UPDATE contacts SET state = 'parked', reason = :reason, attempts = 8, updated_at = :now, "
    "counts_at = CASE WHEN :reason = 'unknown' THEN CAST(:now AS timestamptz) END WHERE contact_key = :key"
)
FREEZE = sa.text(
    "INSERT INTO messages (contact_key, channel, part_key, connector, content, frozen_at, state, fault, detail) "
    "VALUES (:key, 'email', gen_random_uuid(), 'smtp', '{}', :now, :state, :fault, 'the provider says no')"
)
FAULTS = {"failed": ("refused", "transient 421"), "unknown": ("unknown", "ambiguous timeout")}


def parked(doors: Doors, user: str, reason: str = "failed") -> str:
    """Ask for a contact and park it, as a worker would."""
    doors.identify(user, email=f"{user}@fleur.example")
    body = {"userId": user, "communication": "bill", "properties": {"number": "17"}, "requestKey": user}
    key = doors.post("/v1/contacts", body).json()["contact_key"]
    state, fault = FAULTS[reason]

    def work(conn: sa.Connection) -> None:
        conn.execute(PARK, {"key": key, "reason": reason, "now": doors.clock()})
        conn.execute(FREEZE, {"key": key, "state": state, "fault": fault, "now": doors.clock()})
        conn.execute(sa.text("DELETE FROM outbox"))

    doors.database.run(work)
    return key


def state_of(doors: Doors, key: str) -> tuple[str, str | None]:
    (row,) = doors.rows("SELECT state, reason FROM contacts WHERE contact_key = :key", key=key)
    return row["state"], row["reason"]


def test_causes_come_first_each_with_what_a_retry_would_do(doors: Doors) -> None:
    for user in ("ada", "bob"):
        parked(doors, user)
    parked(doors, "cyd", "unknown")
    failed, unknown = doors.get("/v1/sends").json()["causes"]
    assert (failed["contacts"], failed["connector"], failed["fault"]) == (2, "smtp", "transient 421")
    assert (failed["forecast"]["at_once"], failed["forecast"]["exact"]) == (2, True)
    assert "the provider says no" in failed["sentence"]
    assert (unknown["forecast"]["untouched"], unknown["forecast"]["at_once"]) == (1, 0)
    assert doors.get("/v1/sends", params={"forecast": "false"}).json()["causes"][0]["forecast"] is None
    (only,) = doors.get("/v1/sends", params={"reason": "unknown"}).json()["causes"]
    assert only["reason"] == "unknown"


def test_nothing_is_done_without_a_filter_that_says_so(doors: Doors) -> None:
    key = parked(doors, "ada")
    for act in ("retry", "skip", "mark-sent"):
        refusal_of(doors.post(f"/v1/sends/{act}", {"askedBy": "maya"}), 422, "no_filter")
    assert state_of(doors, key) == ("parked", "failed")
    assert doors.post("/v1/sends/skip", {"all": True}).json()["contacts"] == 1


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"since": "yesterday"}, "bad_timestamp"),
        ({"since": "2026-03-24T02:00:00"}, "bad_timestamp"),
        ({"since": "2026-03-24T02:00:00Z", "until": "2026-03-24T02:00:00Z"}, "bad_value"),
        ({"customer": "nobody"}, "unknown_customer"),
        ({"reason": "bad_luck"}, "bad_value"),
        ({"conector": "smtp"}, "unknown_field"),
        ({"contacts": ["x"]}, "bad_value"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(doors: Doors, filters: dict[str, object], code: str) -> None:
    answer = doors.post("/v1/sends/retry", {"filter": filters})
    assert answer.json()["error"]["code"] == code, answer.text
    assert 400 <= answer.status_code < 500


def test_a_retry_begins_a_restart_once_for_each_request_key(doors: Doors) -> None:
    parked(doors, "ada")
    body = {"filter": {"connector": "smtp"}, "askedBy": "maya", "why": "the key is renewed", "requestKey": "r1"}
    first = doors.post("/v1/sends/retry", body).json()["restart"]
    again = doors.post("/v1/sends/retry", body).json()["restart"]
    assert first == again
    assert (first["asked_by"], first["why"], first["state"]) == ("maya", "the key is renewed", "open")
    assert first["filter"]["connector"] == "smtp"
    (word,) = doors.rows("SELECT workflow_id, workflow_type, customer_key FROM outbox")
    assert word == {
        "workflow_id": f"restart/{first['lot_key']}",
        "workflow_type": "RestartSends",
        "customer_key": None,
    }
    assert doors.get(f"/v1/sends/restarts/{first['lot_key']}").json() == first
    assert doors.get("/v1/sends").json()["restarts"] == [first]
    stopped = doors.post(f"/v1/sends/restarts/{first['lot_key']}/stop", {"askedBy": "tom"}).json()
    assert stopped["state"] == "stopped"
    refusal_of(doors.get(f"/v1/sends/restarts/{UUID(int=7)}"), 404, "unknown_lot")


def test_a_dry_run_changes_nothing(doors: Doors) -> None:
    key = parked(doors, "ada")
    told = doors.post("/v1/sends/retry", {"dryRun": True}).json()
    assert (told["forecast"]["contacts"], told["forecast"]["at_once"], told["restart"]) == (1, 1, None)
    assert state_of(doors, key) == ("parked", "failed")
    assert doors.count("lots") == doors.count("outbox") == 0


def test_one_contact_is_taken_up_again_once_however_often_it_is_asked(doors: Doors) -> None:
    key = parked(doors, "ada")
    for _ in range(2):
        answer = doors.post(f"/v1/contacts/{key}/retry", {"askedBy": "maya"})
        assert (answer.status_code, answer.json()["state"], answer.json()["decided"]) == (202, "planned", False)
    assert [row["workflow_id"] for row in doors.rows("SELECT workflow_id FROM outbox")] == [f"contact/{key}/1"]


def test_what_may_have_arrived_is_neither_retried_nor_skipped_without_a_word(doors: Doors) -> None:
    key = parked(doors, "ada", "unknown")
    for act in ("retry", "skip"):
        told = refusal_of(doors.post(f"/v1/contacts/{key}/{act}", {}), 422, "not_possible")
        assert "mark-sent" in told["expected"]
    assert doors.post("/v1/sends/skip", {"all": True}).json() == {"contacts": 0, "passed_over": 1, "left": 0}
    assert doors.post(f"/v1/contacts/{key}/mark-sent", {"why": "seen in the log"}).json()["state"] == "sent"
    refusal_of(doors.post(f"/v1/contacts/{UUID(int=7)}/retry", {}), 404, "unknown_contact")


def test_what_people_did_is_told_in_the_timeline(doors: Doors) -> None:
    key = parked(doors, "ada")
    doors.post(f"/v1/contacts/{key}/skip", {"askedBy": "maya", "why": "she called"})
    acts = [one for one in doors.get("/v1/customers/ada/timeline").json()["entries"] if one["kind"] == "act"]
    assert [(one["title"], one["sentence"]) for one in acts] == [("invoice / bill", "Let be by maya: she called.")]
    verdict = doors.get(f"/v1/contacts/{key}").json()["verdict"]
    assert (verdict["verdict"], verdict["asked_by"], verdict["why"]) == ("skip", "maya", "she called")


def test_the_command_line_shows_causes_and_forecasts_and_acts_after_a_yes(tactful: Command, doors: Doors) -> None:
    for user in ("ada", "bob"):
        parked(doors, user)
    shown = tactful("sends")
    assert shown.code == 0
    assert "2 · smtp · transient 421 · small/invoice/bill · since" in shown.out
    assert "a retry now: 2 would be sent at once" in shown.out
    listed = tactful("sends", "list", "--connector", "smtp")
    assert "invoice / bill" in listed.out
    refused = tactful("sends", "skip", "--why", "over")
    assert (refused.code, "--all" in refused.err) == (2, True)
    asked = tactful("sends", "skip", "--connector", "smtp", "--why", "over")
    assert asked.code == 1  # nobody there to say yes
    assert doors.count("decisions") == 0
    done = tactful("sends", "skip", "--connector", "smtp", "--why", "over", "--as", "maya", "--yes")
    assert "Let be: 2 contacts." in done.out
    assert tactful("sends").out == "Nothing waits for a person.\n"
    assert "Let be by maya: over." in tactful("timeline", "ada").out


def test_the_command_line_takes_up_again(tactful: Command, doors: Doors) -> None:
    key = parked(doors, "ada")
    parked(doors, "bob")
    doors.clock.pass_time(timedelta(minutes=1))
    dry = tactful("sends", "retry", "--dry-run", "--json").answer
    assert (dry["contacts"], dry["at_once"]) == (2, 2)
    one = tactful("sends", "retry", "--contact", key)
    assert "not decided yet" in one.out
    begun = tactful("sends", "retry", "--all", "--yes", "--no-wait", "--rate", "5", "--json").answer
    assert (begun["state"], begun["rate"]) == ("open", 5)
