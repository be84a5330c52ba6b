"""What the fake provider speaks: the soak's own words, and those of Twilio, SendGrid and Lob as far as a send goes.

Pure. A dialect says by which path a send comes, where in it the address, the text and our key stand, and how its
vendor words an acceptance and each refusal. However it is told, a send is one line of the same book, with the same
misdeeds. Written from the vendors' descriptions, and shares nothing with the connectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.soak.faults import Misdeed
from tests.soak.telling import PUBLIC_KEY

Json = dict[str, Any]
ACCOUNT = "AC" + "5" * 32
CONFIG = f"""\
[connectors.keyed]
use = "tests.soak.connector:ByKey"
base_url = "{{url}}"
patience = 1
sends_key = {{sends_key}}
[connectors.twilio]
use = "twilio"
base_url = "{{url}}"
timeout = 1
account_sid = "{ACCOUNT}"
auth_token = {{{{ env = "SOAK_SECRET" }}}}
hooks_url = "{{web}}/hooks/twilio"
[connectors.sendgrid]
use = "sendgrid"
base_url = "{{url}}"
timeout = 1
api_key = {{{{ env = "SOAK_SECRET" }}}}
hook_public_key = "{PUBLIC_KEY}"
[connectors.lob]
use = "lob"
base_url = "{{url}}/v1"
timeout = 1
api_key = {{{{ env = "SOAK_SECRET" }}}}
webhook_secret = {{{{ env = "SOAK_SECRET" }}}}
return_address = {{{{ name = "Fleur", street = "1 Rose Lane", city = "Springfield", state = "IL", zip = "62701" }}}}
[channels.push]
use = ["keyed"]
[channels.sms]
use = ["twilio"]
[channels.email]
use = ["sendgrid"]
[channels.letter]
use = ["lob"]
"""
"""The house's own connectors for three channels: nothing is different but where the vendor is, and how long to wait."""


@dataclass(frozen=True)
class Asked:
    """What a request asks for, in the words of the book."""

    to: str
    text: str
    reference: str
    key: str | None = None
    callback: str | None = None


@dataclass(frozen=True)
class Said:
    """An answer: its status, its headers besides, and its JSON; no body at all where that is None."""

    status: int
    content: Json | None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Dialect:
    """One way to be spoken to.

    Attributes:
        personality: By what name its calls stand in the book; a vendor's is that of its connector.
        path: Where a message is posted.
        heard: Reads headers and body.
        names: Makes the provider's name for a message out of a hash.
        accepts: Says that a message of this name was taken.
        refuses: What is said of a message that was not.
        keyed: Whether it sends once per `Idempotency-Key`.
    """

    personality: str
    path: str
    heard: Callable[[Mapping[str, str], bytes], Asked]
    names: Callable[[str], str]
    accepts: Callable[[str], Said]
    refuses: Mapping[Misdeed, Said]
    keyed: bool = False


def dialect_of(path: str) -> Dialect | None:
    """Return how whoever posts to this path speaks; None where no message is posted to it."""
    return next((each for each in DIALECTS if re.fullmatch(each.path, path)), None)


def is_unclear(personality: str, misdeed: Misdeed) -> bool:
    """Say whether who called cannot know from the answer whether the message went out.

    A 503 of the soak's own provider promises that it did not. No vendor promises that.
    """
    return misdeed.ambiguous or (misdeed is Misdeed.UNAVAILABLE and personality in VENDORS)


def _refusals(words: Callable[[int, str], Json], **said: tuple[int, str]) -> dict[Misdeed, Said]:
    """Return a vendor's refusals: for each misdeed the status and the vendor's code."""
    found = {Misdeed[name.upper()]: Said(status, words(status, code)) for name, (status, code) in said.items()}
    throttled = found[Misdeed.THROTTLED]
    return found | {Misdeed.THROTTLED_SECONDS: throttled, Misdeed.THROTTLED_DATE: throttled}


def _own(personality: str) -> Dialect:
    def heard(headers: Mapping[str, str], body: bytes) -> Asked:
        said = json.loads(body)
        return Asked(str(said["to"]), str(said["text"]), str(said["reference"]), headers.get("idempotency-key"))

    return Dialect(
        personality,
        path=f"/{personality}/messages",
        heard=heard,
        names=lambda digest: digest[:20],
        accepts=lambda name: Said(202, {"id": name}),
        refuses=_refusals(
            lambda _, code: {"error": code},
            accept_then_500=(500, "internal"),
            throttled=(429, "too fast"),
            unavailable=(503, "unavailable"),
            refused=(422, "refused"),
            gone=(410, "gone"),
        ),
        keyed=personality == "keyed",
    )


def _heard_by_twilio(headers: Mapping[str, str], body: bytes) -> Asked:
    del headers
    form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    key = parse_qs(urlsplit(form["StatusCallback"]).query)["key"][0]
    return Asked(form["To"], _first_line(form["Body"]), key, callback=form["StatusCallback"])


def _heard_by_sendgrid(headers: Mapping[str, str], body: bytes) -> Asked:
    del headers
    mail = json.loads(body)
    (person,) = mail["personalizations"]
    (to,) = person["to"]
    return Asked(to["email"], _first_line(mail["subject"]), person["custom_args"]["tactful_key"])


def _heard_by_lob(headers: Mapping[str, str], body: bytes) -> Asked:
    letter = json.loads(body)
    to = letter["to"]
    place = f"{to['address_city']}, {to['address_state']} {to['address_zip']}"
    lines = "\n".join((to["name"], to["address_line1"], place))
    key = headers.get("idempotency-key")
    return Asked(lines, _first_line(letter["description"]), letter["metadata"]["tactful_key"], key)


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]


TWILIO = Dialect(
    "twilio",
    path=f"/2010-04-01/Accounts/{ACCOUNT}/Messages\\.json",
    heard=_heard_by_twilio,
    names=lambda digest: f"SM{digest[:32]}",
    accepts=lambda name: Said(201, {"sid": name, "status": "queued"}),
    refuses=_refusals(
        lambda status, code: {"code": int(code), "message": "It did not work", "status": status},
        accept_then_500=(500, "20500"),
        throttled=(429, "20429"),
        unavailable=(503, "20503"),
        refused=(400, "21617"),
        gone=(400, "21211"),
    ),
)
SENDGRID = Dialect(
    "sendgrid",
    path="/v3/mail/send",
    heard=_heard_by_sendgrid,
    names=lambda digest: digest[:22],
    accepts=lambda name: Said(202, None, {"X-Message-Id": name}),
    refuses=_refusals(
        lambda _, where: {"errors": [{"message": "It did not work", "field": where or None, "help": None}]},
        accept_then_500=(500, ""),
        throttled=(429, ""),
        unavailable=(503, ""),
        refused=(400, "content.0.value"),
        gone=(400, "personalizations.0.to.0.email"),
    ),
)
LOB = Dialect(
    "lob",
    path="/v1/letters",
    heard=_heard_by_lob,
    names=lambda digest: f"ltr_{digest[:17]}",
    accepts=lambda name: Said(200, {"id": name, "object": "letter"}),
    refuses=_refusals(
        lambda status, code: {"error": {"message": "It did not work", "status_code": status, "code": code}},
        accept_then_500=(500, "internal_server_error"),
        throttled=(429, "rate_limit_exceeded"),
        unavailable=(503, "service_unavailable"),
        refused=(422, "invalid_template_html"),
        gone=(422, "failed_deliverability_strictness"),
    ),
    keyed=True,
)
PRINTED = Said(422, {"error": {"message": "It is being printed", "status_code": 422, "code": "not_deletable"}})
"""What Lob says of a letter that it is told to stop too late."""


def stopped_answer(name: str) -> Said:
    """Return what Lob says of a letter that it has stopped, now or before."""
    return Said(200, {"id": name, "deleted": True, "object": "letter"})


DIALECTS = (*(_own(each) for each in ("keyed", "plain", "lookup")), TWILIO, SENDGRID, LOB)
VENDORS = frozenset({TWILIO.personality, SENDGRID.personality, LOB.personality})
KEYED = frozenset(each.personality for each in DIALECTS if each.keyed)
