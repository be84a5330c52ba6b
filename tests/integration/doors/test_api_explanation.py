"""Why somebody got something or did not, through the doors and from the command line."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tactful.client import TactfulClient
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration


def ask_for_a_bill(doors: Doors) -> str:
    """Have a contact planned, and return its key."""
    doors.identify("ada", email="ada@fleur.example")
    asked = doors.post("/v1/contacts?wait=0", {"userId": "ada", "communication": "bill", "properties": {"number": "1"}})
    return asked.json()["contact_key"]


def test_a_contact_and_a_communication_are_explained(doors: Doors) -> None:
    key = ask_for_a_bill(doors)
    by_key = doors.get(f"/v1/contacts/{key}/explanation").json()
    by_name = doors.get("/v1/customers/ada/explanation", params={"communication": "bill"}).json()
    assert by_key == by_name
    assert by_key["sentence"] == "Not sent yet: planned for Tuesday 24 March 2026, 12:00."
    assert by_key["if_due_now"]["verdict"] == "send"
    assert by_key["background"][0].startswith(
        "Times are told in the zone Europe/London: the customer's own is not known"
    )
    assert "Another system asked for it" in by_key["background"][1]
    with TactfulClient(doors.url) as tactful:
        told = tactful.explain_communication("ada", "bill", step="invoice", strategy="small")
        assert told.contact_key is not None
        assert tactful.explain(told.contact_key) == told


def test_what_never_came_about_is_explained_too(doors: Doors) -> None:
    doors.identify("ada")
    told = doors.get("/v1/customers/ada/explanation", params={"communication": "hello"}).json()
    assert told["contact_key"] is None
    assert told["sentence"].startswith("There is none: welcome begins with “customer.registered”, and that never came")


def test_what_is_not_known_is_refused_with_what_would_be_right(doors: Doors) -> None:
    doors.identify("ada")
    refusal_of(doors.get(f"/v1/contacts/{uuid4()}/explanation"), 404, "unknown_contact")
    asked = {"communication": "hello"}
    refusal_of(doors.get("/v1/customers/nobody/explanation", params=asked), 404, "unknown_customer")
    unknown = doors.get("/v1/customers/ada/explanation", params={"communication": "hullo"})
    refusal_of(unknown, 422, "unknown_communication")
    refusal_of(doors.get("/v1/customers/ada/explanation"), 422, "bad_value")


def test_the_command_says_the_one_sentence_first(tactful: Command, doors: Doors) -> None:
    key = ask_for_a_bill(doors)
    by_name = tactful("explain", "--customer", "ada", "--communication", "bill")
    assert by_name.code == 0
    assert by_name.out.splitlines()[1] == "Not sent yet: planned for Tuesday 24 March 2026, 12:00."
    assert tactful("explain", key).out == by_name.out
    assert key in tactful("explain", key, "--codes").out
    assert tactful("explain", key, "--json").answer["contact_key"] == key


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "Name a CONTACT by its key, or --customer and --communication."),
        (("--customer", "ada"), 2, "Name a CONTACT"),
        (("ada",), 2, "is no key of a contact"),
        (("--customer", "nobody", "--communication", "bill"), 1, "No customer is known"),
        (("--customer", "ada", "--communication", "bil"), 1, "bil is and was in no published strategy"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    tactful: Command, doors: Doors, words: tuple[str, ...], code: int, told: str
) -> None:
    doors.identify("ada")
    done = tactful("explain", *words)
    assert (done.code, told in done.err) == (code, True), done
