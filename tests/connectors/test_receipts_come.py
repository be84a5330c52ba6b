"""Where receipts do not reach us, nobody waits for one: what was taken counts as arrived."""

from __future__ import annotations

from importlib import import_module

import pytest
from pydantic import SecretStr

from service.connectors import Connectors
from service.wiring import sending
from tactful.conformance import Case
from tactful.conformance.trial import Trial
from tactful.connector import AnyConnector
from tactful.links import Links
from tactful.words import Channel
from tests.connectors import cases

WANTS = {
    "lob": "webhook_secret",
    "postmark": "hook_secret",
    "resend": "hook_secret",
    "sendgrid": "hook_public_key",
    "ses": "topic_arn",
    "stannp": "webhook_secret",
    "twilio": "hooks_url",
    "vonage": "signature_secret",
}


def known_to_decisions(connector: AnyConnector) -> bool:
    here = Connectors({"one": connector}, {Channel.SMS: ("one",)})
    return (
        "one" in sending(here, Links("https://fleur.example", SecretStr("a-secret-of-thirty-two-letters-or"))).receipts
    )


@pytest.mark.parametrize("name", sorted(WANTS))
def test_a_fallback_waits_for_receipts_only_where_they_can_come(name: str) -> None:
    case: Case = import_module(f"{cases.__name__}.{name}").CASE
    whole = {**case.config, "base_url": "https://provider.example"}
    trial = Trial(case)
    assert known_to_decisions(trial.connector(**whole))
    assert not known_to_decisions(trial.connector(**{**whole, WANTS[name]: None}))
