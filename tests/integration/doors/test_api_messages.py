"""identify, track and batch over HTTP: a 2xx means committed, everything else says what would be right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration


def test_a_registration_is_stored_and_begins_a_journey_in_one_transaction(doors: Doors) -> None:
    said = doors.post("/v1/identify", {"userId": "ada", "traits": {"email": "Ada@Fleur.example"}})
    assert said.status_code == 200
    assert said.json()["success"] is True
    done = doors.post("/v1/track", {"userId": "ada", "event": "customer.registered", "messageId": "m1"})
    assert (done.status_code, done.json()["duplicate"], done.json()["message_id"]) == (200, False, "m1")
    customer = doors.get("/v1/customers/ada").json()
    assert customer["addresses"][0]["address"] == "ada@fleur.example"
    assert [(journey["step"], journey["state"]) for journey in customer["journeys"]] == [("welcome", "open")]
    assert doors.count("outbox") == 1


def test_a_message_id_is_made_up_and_answered_where_none_is_given(doors: Doors) -> None:
    answer = doors.post("/v1/identify", {"userId": "ada"}).json()
    assert answer["message_id"].startswith("tactful-")


def test_the_same_message_twice_is_taken_once(doors: Doors) -> None:
    doors.identify("ada")
    body = {"userId": "ada", "event": "order.placed", "messageId": "m1", "properties": {"total": "5 GBP"}}
    assert doors.post("/v1/track", body).json()["duplicate"] is False
    assert doors.post("/v1/track", body).json()["duplicate"] is True
    assert doors.count("events") == doors.count("orders") == 1


def test_an_unknown_event_is_refused_with_the_nearest_one_and_nothing_is_stored(doors: Doors) -> None:
    doors.identify("ada")
    told = refusal_of(doors.post("/v1/track", {"userId": "ada", "event": "order.place"}), 422, "unknown_event")
    assert told["hint"] == 'Did you mean "order.placed"?'
    assert doors.count("events") == 0


def test_an_unknown_customer_is_404_and_says_how_to_make_them_known(doors: Doors) -> None:
    body = {"userId": "nobody", "event": "customer.registered"}
    told = refusal_of(doors.post("/v1/track", body), 404, "unknown_customer")
    assert "identify" in told["hint"]


@pytest.mark.parametrize("path", ["/v1/customers/adb", "/v1/customers/adb/timeline"])
def test_a_customer_who_is_not_there_is_answered_with_one_who_is(doors: Doors, path: str) -> None:
    doors.identify("ada")
    assert refusal_of(doors.get(path), 404, "unknown_customer")["hint"] == 'Did you mean "ada"?'


def test_leading_zeros_that_were_lost_are_found_again(doors: Doors) -> None:
    doors.identify("00042")
    assert refusal_of(doors.get("/v1/customers/42"), 404, "unknown_customer")["hint"] == 'Did you mean "00042"?'


def test_several_mistakes_are_told_at_once(doors: Doors) -> None:
    answer = doors.post("/v1/identify", {"userId": "ada", "traits": {"email": "ada", "timezone": "Mars"}})
    refusal_of(answer, 422, "bad_time_zone")
    assert {problem["field"] for problem in answer.json()["problems"]} == {"traits.email", "traits.timezone"}
    assert doors.count("customers") == 0


def test_two_ids_of_different_people_cannot_be_joined(doors: Doors) -> None:
    doors.identify("ada")
    doors.identify("bob")
    doors.post("/v1/identify", {"anonymousId": "cookie"})
    assert doors.post("/v1/identify", {"userId": "ada", "anonymousId": "cookie"}).status_code in {200, 409}
    refusal_of(doors.post("/v1/identify", {"userId": "bob", "anonymousId": "cookie"}), 409, "id_taken")


def test_a_customer_is_found_by_any_id_even_one_with_slashes(doors: Doors) -> None:
    doors.identify("shop/17?x=1")
    key = doors.get("/v1/customers/shop%2F17%3Fx=1").json()["customer_key"]
    assert doors.get(f"/v1/customers/{key}").json()["user_ids"] == ["shop/17?x=1"]
    assert doors.get("/v1/customers/shop%2F17%3Fx=1/timeline").status_code == 200


def test_a_timestamp_in_the_future_is_refused(doors: Doors) -> None:
    at = (doors.clock() + timedelta(days=2)).isoformat()
    told = refusal_of(doors.post("/v1/identify", {"userId": "ada", "timestamp": at}), 422, "bad_timestamp")
    assert told["field"] == "timestamp"


def test_a_batch_takes_what_is_good_and_tells_what_is_not(doors: Doors) -> None:
    items = [
        {"type": "identify", "userId": "ada", "traits": {"email": "ada@fleur.example"}},
        {"type": "track", "userId": "ada", "event": "order.placed", "messageId": "m1"},
        {"type": "track", "userId": "ada", "event": "order.placed", "messageId": "m1"},
        {"type": "track", "userId": "nobody", "event": "order.placed", "messageId": "m2"},
        {"type": "track", "userId": "ada", "event": "order.plced"},
        {"type": "page", "userId": "ada"},
        "text",
        {"type": "identify", "userId": "bob", "traits": {"email": "bob"}},
        {"type": "track", "userId": "ada", "event": "guide.opened", "properties": {"x": "y" * 40_000}},
    ]
    answer = doors.post("/v1/batch", {"batch": items})
    assert answer.status_code == 200
    body = answer.json()
    assert [result["status"] for result in body["results"]] == ["stored", "stored", "duplicate", *["refused"] * 6]
    assert (body["success"], body["stored"], body["duplicates"], body["refused"]) == (False, 2, 1, 6)
    assert [result["error"]["code"] for result in body["results"][3:]] == [
        "unknown_customer",
        "unknown_event",
        "unknown_type",
        "bad_body",
        "bad_email",
        "too_large",
    ]
    assert body["results"][3]["error"]["field"] == "batch[3].userId"
    assert doors.count("events") == 1


def test_a_batch_keeps_the_order_of_its_items(doors: Doors) -> None:
    items = [
        {"type": "identify", "userId": "ada", "traits": {"favourite": "roses"}, "timestamp": "2026-03-24T10:00:00Z"},
        {"type": "track", "userId": "ada", "event": "customer.registered"},
        {"type": "identify", "userId": "ada", "traits": {"favourite": "tulips"}, "timestamp": "2026-03-24T11:00:00Z"},
    ]
    assert doors.post("/v1/batch", {"batch": items}).json()["success"] is True
    assert doors.get("/v1/customers/ada").json()["properties"]["favourite"] == "tulips"


@pytest.mark.parametrize("batch", [[], [{}] * 501, "text", None])
def test_a_batch_that_is_none_or_too_long_is_refused_as_a_whole(doors: Doors, batch: object) -> None:
    assert refusal_of(doors.post("/v1/batch", {"batch": batch}), 422, "bad_value")["field"] == "batch"


def test_the_timeline_tells_what_happened_in_order_and_page_by_page(doors: Doors) -> None:
    doors.identify("ada", timezone="Europe/London")
    doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    for day in range(1, 6):
        doors.clock.pass_time(timedelta(days=1))
        body = {"userId": "ada", "event": "order.placed", "properties": {"total": f"{day} GBP", "occasion": "x"}}
        assert doors.post("/v1/track", body).status_code == 200
    whole = doors.get("/v1/customers/ada/timeline").json()["entries"]
    assert [entry["kind"] for entry in whole[-4:]] == ["event", "journey", "event", "registered"] or whole[-1][
        "kind"
    ] == "registered"
    assert whole == sorted(whole, key=lambda entry: entry["at"], reverse=True)
    paged: list[dict[str, object]] = []
    place: str | None = None
    while True:
        query = {"limit": "3"} | ({"before": place} if place else {})
        page = doors.get("/v1/customers/ada/timeline", params=query).json()
        paged += page["entries"]
        place = page["next"]
        if place is None:
            break
    assert paged == whole


def test_a_place_in_the_timeline_that_is_none_is_refused(doors: Doors) -> None:
    doors.identify("ada")
    refusal_of(doors.get("/v1/customers/ada/timeline?before=nonsense"), 422, "bad_cursor")
    refusal_of(doors.get("/v1/customers/ada/timeline?limit=0"), 422, "bad_value")
