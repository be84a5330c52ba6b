"""Lob: letters printed and mailed, from the United States to everywhere.

The letter is the template's HTML, up to 10,000 characters. Lob knows our key for 24 hours, checks addresses in the
United States, and stops a letter by `DELETE` until its `send_date`; what became of it comes back by signed webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.direct_mail.lob import address
from connectors.direct_mail.lob.address import NAME_CHARACTERS_MAX
from tactful.connector import (
    Accepted,
    CannotSay,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Hook,
    Message,
    NativeKey,
    NotGenuineError,
    SendFault,
    Told,
    UnreadableHookError,
)
from tactful.connector.hooks import inner, told_at, told_key, told_text
from tactful.connector.http import (
    Answer,
    BaseUrl,
    Cancelled,
    HttpConfig,
    On,
    Request,
    Stopping,
    TooLate,
    WithCancel,
    WithCheck,
    on,
)
from tactful.connector.postal import letter_html, read_address
from tactful.connector.signatures import hmac_of, require_recent, require_same
from tactful.words import Channel, ReceiptKind

HTML_CHARACTERS_MAX: Final = 10_000
_KINDS: Final[Mapping[str, ReceiptKind]] = {
    "created": ReceiptKind.ACCEPTED,
    "rendered_pdf": ReceiptKind.ACCEPTED,
    "rendered_thumbnails": ReceiptKind.ACCEPTED,
    "rejected": ReceiptKind.REJECTED,
    "failed": ReceiptKind.REJECTED,
    "deleted": ReceiptKind.CANCELLED,
    "mailed": ReceiptKind.MAILED,
    "in_transit": ReceiptKind.MAILED,
    "in_local_area": ReceiptKind.MAILED,
    "processed_for_delivery": ReceiptKind.MAILED,
    "re-routed": ReceiptKind.DEFERRED,
    "delivered": ReceiptKind.DELIVERED,
    "returned_to_sender": ReceiptKind.RETURNED,
}


class ReturnAddress(BaseModel):
    """Who the letter is from, in the United States: Lob asks for that."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX)
    street: str = Field(min_length=1, max_length=64)
    street2: str | None = Field(default=None, max_length=64)
    city: str = Field(min_length=1, max_length=200)
    state: str = Field(pattern=r"^[A-Z]{2}$")
    zip: str = Field(pattern=r"^\d{5}(-\d{4})?$")


class LobConfig(HttpConfig):
    """An account at Lob.

    Attributes:
        api_key: `live_…`, or `test_…`, which prints nothing.
        webhook_secret: Signs what Lob tells us; without it no receipt is taken.
        return_address: Who letters are from.
        country: Two letters; the country of addresses that name none.
        addressee: The name on a letter to an address that names nobody: Lob prints no letter without.
        color: Whether to print in colour.
        double_sided: Whether to print on both sides.
        mail_type: How fast it travels.
        print_after: How long after it is handed over a letter is printed; until then it can be cancelled. Left out, the
            account's own window holds: five minutes in new accounts.
        address_check: Which addresses Lob's verification is asked about before a letter is made, and what refuses them:
            `undeliverable` those that it says nothing can be delivered to, `strict` also those that lack something, or
            have a unit that is not known. Left out, the account's strictness alone decides, in the United States.
    """

    base_url: BaseUrl = "https://api.lob.com/v1"
    api_key: SecretStr
    webhook_secret: SecretStr | None = None
    return_address: ReturnAddress
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    addressee: str = Field(default="Current Resident", min_length=1, max_length=NAME_CHARACTERS_MAX)
    color: bool = True
    double_sided: bool = True
    mail_type: Literal["usps_first_class", "usps_standard"] = "usps_first_class"
    address_check: Literal["undeliverable", "strict"] | None = None
    print_after: timedelta | None = Field(default=None, ge=timedelta(hours=1), le=timedelta(days=179))


class Lob(WithCheck[LobConfig], WithCancel[LobConfig]):
    """Letters by Lob."""

    Config: ClassVar[type[ConnectorConfig]] = LobConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.LETTER,),
        idempotency=NativeKey(timedelta(hours=24)),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML}),
        bytes_max=80_000,
        rate=25,
        in_home_days=5,
        receipts=True,
        cancels=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(None, Fault.BAD_RECIPIENT, "failed_deliverability_strictness", "address_length_exceeds_limit"),
        on(None, Fault.BAD_RECIPIENT, "invalid_country_covid", "invalid_international_feature"),
        on(None, Fault.QUOTA, "feature_limit_reached", "custom_envelope_inventory_depleted"),
        on(None, Fault.CONFIG, "foreign_return_address", "unsupported_lob_version", "mail_use_type_can_not_be_null"),
        on(408, Fault.AMBIGUOUS),
        on(409, Fault.AMBIGUOUS, "conflict"),
    )
    code_at: ClassVar[str] = "error.code"
    said_at: ClassVar[str] = "error.message"

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `webhook_secret`."""
        return self.config.webhook_secret is not None

    def build(self, message: Message) -> Request:
        """Return the request that has a letter made."""
        file = letter_html(message)
        if len(file) > HTML_CHARACTERS_MAX:
            detail = f"the letter is {len(file):,} characters of HTML long; Lob takes {HTML_CHARACTERS_MAX:,}"
            raise SendFault(Fault.BAD_CONTENT, "size", detail)
        config, sender = self.config, self.config.return_address
        body: dict[str, object] = {
            "to": address.parts(read_address(message, country=config.country), config.addressee),
            "from": {
                "name": sender.name,
                "address_line1": sender.street,
                **({"address_line2": sender.street2} if sender.street2 else {}),
                "address_city": sender.city,
                "address_state": sender.state,
                "address_zip": sender.zip,
                "address_country": "US",
            },
            "file": file,
            "color": config.color,
            "double_sided": config.double_sided,
            "address_placement": "insert_blank_page",
            "mail_type": config.mail_type,
            "use_type": "marketing" if message.marketing else "operational",
            "metadata": {"tactful_key": str(message.key)},
        }
        if message.subject:
            body["description"] = message.subject[:255]
        if config.print_after is not None:
            body["send_date"] = (message.written_at + config.print_after).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Request.json("/letters", body, headers={"Idempotency-Key": str(message.key)})

    def build_check(self, message: Message) -> Request | None:
        """Return the request that has Lob verify the address, where that is configured."""
        config = self.config
        if config.address_check is None:
            return None
        return address.verification(read_address(message, country=config.country), config.addressee)

    def parse_check(self, message: Message, answer: Answer) -> None:
        """Let an address pass unless Lob says what is configured to refuse it."""
        del message
        address.require_deliverable(answer, strict=self.config.address_check == "strict")

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the key as the name of a Basic log-in."""
        del at
        return request.logged_in(self.config.api_key.get_secret_value())

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return Lob's name for the letter, the same however often it is asked with one key."""
        del message
        return Accepted(answer.need("id"))

    def cancels_within(self) -> timedelta:
        """Return how long a letter waits to be printed; accounts may have set a window of hours themselves."""
        return self.config.print_after or super().cancels_within()

    def build_cancel(self, provider_id: str) -> Request:
        """Return the request that takes a letter out of production."""
        if not re.fullmatch(r"ltr_[A-Za-z0-9_]+", provider_id):
            raise SendFault(Fault.CONFIG, "provider_id", "is no name of a letter of Lob's")
        return Request("DELETE", f"/letters/{provider_id}")

    def parse_cancel(self, answer: Answer) -> Stopping:
        """Return whether the letter was stopped; one that is gone already was stopped before."""
        if answer.status == 200:  # noqa: PLR2004
            return Cancelled() if _deleted(answer) else CannotSay("200: it does not say that the letter was deleted")
        code = self.code_of(answer)
        if code == "not_deletable":
            return TooLate()
        return CannotSay(f"{answer.status} {code}".strip())

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that Lob signed over its time and body."""
        stamp, said = hook.header("lob-signature-timestamp"), hook.header("lob-signature")
        require_recent(stamp, hook.at)
        secret = self.config.webhook_secret
        if secret is None:
            raise NotGenuineError("there is no webhook_secret to check it by")
        require_same(said, hmac_of(secret.get_secret_value(), f"{stamp}.".encode() + hook.content).hex())

    def news(self, hook: Hook) -> Iterable[Told]:
        """Return the one thing that an event of Lob tells of a letter."""
        event = hook.json()
        name, kind = told_text(event, "id"), told_text(event, "event_type", "id")
        if not name or not kind:
            raise UnreadableHookError("it has no id or no event_type")
        resource, _, what = kind.partition(".")
        if resource != "letter":
            return []
        told = _KINDS.get(what.removeprefix("certified."), ReceiptKind.UNKNOWN)
        kept = {
            "event": kind,
            "carrier": told_text(event, "body", "carrier"),
            "due_on": told_text(event, "body", "expected_delivery_date"),
        }
        return [
            Told(
                kind=told,
                at=told_at(inner(event, "date_created"), hook.at),
                dedupe_id=name,
                provider_id=told_text(event, "reference_id") or told_text(event, "body", "id") or None,
                key=told_key(inner(event, "body", "metadata", "tactful_key")),
                permanent=told is ReceiptKind.RETURNED,
                reason=what,
                raw=kept,
            )
        ]


def _deleted(answer: Answer) -> bool:
    value = answer.json()
    return isinstance(value, dict) and cast("dict[str, object]", value).get("deleted") is True
