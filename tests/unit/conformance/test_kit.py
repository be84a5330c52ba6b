"""The kit certifies a connector that keeps the contract, and none that breaks it in one point."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import socket
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tactful.conformance import Case, Certificate, certify
from tactful.connector import Accepted, Fault, Hook, Message, News, NotGenuineError, SendFault
from tactful.connector.http import Answer, Request, on
from tactful.connector.signatures import hmac_of, require_recent, require_same, standard_webhook
from tests.unit.conformance.acme import CASE, Acme

COUNT = itertools.count()


async def certificate(broken: str, group: str) -> Certificate:
    return await certify(replace(CASE, use=f"tests.unit.conformance.test_kit:{broken}"), groups=["texts", group])


async def test_a_connector_that_keeps_the_contract_is_certified() -> None:
    certificate = await certify(CASE)
    assert [f"{one.group}: {one.name}: {one.why}" for one in certificate.failed] == []
    assert certificate.passed
    assert len(certificate.checks) > 100
    assert certificate.document()["declared"]["second attempt"] == "key for 1 day, 0:00:00"


async def test_two_runs_of_the_kit_say_the_same() -> None:
    once, again = [await certify(CASE, groups=["features", "keys"]) for _ in range(2)]
    assert once.document() == again.document()


class WrongBaseString(Acme):
    """Leaves the time out of what is signed."""

    def verify(self, hook: Hook) -> None:
        secret = self.config.signing_secret.get_secret_value()
        require_same(hook.header("webhook-signature"), "v1," + hmac_of(secret, hook.content).hex())


class BelievesAll(Acme):
    def verify(self, hook: Hook) -> None:
        del hook


class ComparesAsItGoes(Acme):
    """Right, but how long it takes tells a stranger how much of a guess was right."""

    def verify(self, hook: Hook) -> None:
        secret, stamp = self.config.signing_secret.get_secret_value(), hook.header("webhook-timestamp")
        require_recent(stamp, hook.at)
        if hook.header("webhook-signature") != standard_webhook(secret, hook.header("webhook-id"), stamp, hook.content):
            raise NotGenuineError("the signature is wrong")


class SwallowsThrottling(Acme):
    errors = (on(429, Fault.BAD_CONTENT), *Acme.errors)


class NewKeyEachTime(Acme):
    def build(self, message: Message) -> Request:
        return super().build(message).with_headers({"Idempotency-Key": f"k-{next(COUNT)}"})


class Clocked(Acme):
    def build(self, message: Message) -> Request:
        return super().build(message).with_headers({"X-Time": datetime.now(UTC).isoformat()})


class ShowsSecrets(Acme):
    def __repr__(self) -> str:
        return f"Acme({self.config.token.get_secret_value()})"


class EchoesSecrets(Acme):
    def refusal(self, answer: Answer, *, message: Message | None = None, at: datetime | None = None) -> SendFault:
        del message, at
        return SendFault(Fault.BAD_CONTENT, str(answer.status), answer.text)


class PromisesNothingWentOut(Acme):
    errors = (on(500, Fault.TRANSIENT), *Acme.errors)


class TakesAnythingForYes(Acme):
    def parse(self, message: Message, answer: Answer) -> Accepted:
        del message
        return Accepted(answer.find("id") or "unknown")


class NoWayOut(Acme):
    def build(self, message: Message) -> Request:
        return super().build(message.model_copy(update={"marketing": False}))


class DropsReplyTo(Acme):
    def build(self, message: Message) -> Request:
        return super().build(message.model_copy(update={"reply_to": None}))


class CallsElsewhere(Acme):
    def authorize(self, request: Request, at: datetime) -> Request:
        with contextlib.suppress(OSError):
            socket.getaddrinfo("elsewhere.invalid", 443)  # a name that nobody has: noticed without a byte going out
        return super().authorize(request, at)


@pytest.mark.parametrize(
    ("broken", "group", "name"),
    [
        ("WrongBaseString", "receipts", "is taken for genuine"),
        ("BelievesAll", "receipts", "with one bit changed is refused"),
        ("ComparesAsItGoes", "receipts", "is compared in constant time"),
        ("SwallowsThrottling", "failures", "429 without a wait slows us down"),
        ("NewKeyEachTime", "keys", "are the same request"),
        ("Clocked", "features", "is built into the same bytes each time"),
        ("ShowsSecrets", "construction and secrets", "no secret stands in a repr"),
        ("EchoesSecrets", "construction and secrets", "that a provider echoes are masked"),
        ("PromisesNothingWentOut", "failures", "500: nobody knows"),
        ("TakesAnythingForYes", "failures", "a yes that cannot be read"),
        ("NoWayOut", "one-click unsubscribing", "marketing mail says where"),
        ("DropsReplyTo", "features", "a change of the reply_to changes the request"),
        ("CallsElsewhere", "network", "nothing was called but the provider"),
    ],
)
async def test_a_connector_that_breaks_the_contract_in_one_point_is_not(broken: str, group: str, name: str) -> None:
    found = await certificate(broken, group)
    assert not found.passed
    assert [one for one in found.failed if one.group == group and name in one.name]


async def test_a_description_that_finds_nothing_in_anything_is_no_oracle() -> None:
    assert CASE.description is not None
    blind = replace(CASE.description, problems=lambda _: ())
    found = await certify(replace(CASE, description=blind), groups=["the provider's description"])
    assert [one.name for one in found.failed] == ["a request made bad on purpose is refused by the description"]


async def test_without_an_oracle_there_is_no_certificate() -> None:
    found = await certify(replace(CASE, oracles=()), groups=["keys"])
    assert (found.failed, found.passed) == ([], False)


async def test_a_connector_that_is_not_there_fails_by_its_name() -> None:
    case: Case = replace(CASE, use="acne")
    [said] = (await certify(case)).checks
    assert said.name == "it is found under its name and keeps the contract's form; nothing else was tried"
    assert 'there is no connector "acne"' in said.why


async def test_a_case_whose_configuration_is_not_the_connectors_is_told_once_by_its_keys() -> None:
    found = await certify(replace(CASE, config={"token": "very-secret-token", "colour": "blue"}))
    [said] = found.checks
    assert (said.outcome, said.name) == ("failed", "the case's configuration is taken; nothing else was tried")
    assert said.why == "signing_secret: Field required; colour: Extra inputs are not permitted"


class Deaf(Acme):
    verify = None  # pyright: ignore[reportAssignmentType]
    news = None  # pyright: ignore[reportAssignmentType]


class Breaks(Acme):
    def news(self, hook: Hook) -> Iterable[News]:
        raise KeyError("status")


async def test_what_a_connector_declares_to_be_told_it_has_to_read() -> None:
    found = await certificate("Deaf", "receipts")
    assert [one.name for one in found.failed] == ["what it declares to be told is read"]


async def test_an_error_in_a_connectors_own_code_is_told_with_its_line() -> None:
    found = await certificate("Breaks", "receipts")
    line = inspect.getsourcelines(Breaks.news)[1] + 1
    assert [one.why for one in found.failed] == [f"KeyError: 'status' (test_kit.py, line {line})"]
