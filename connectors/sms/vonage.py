"""Vonage: text messages by its SMS API, their delivery receipts, and what customers text back.

Its answers say how it went in the body, under HTTP 200, once for each part of a long text. Our key travels as the
client's reference, and comes back with every receipt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr

from tactful.connector import Accepted, Capabilities, ConnectorConfig, Fault, Feature, Message, Money, NoKey, SendFault
from tactful.connector.hooks import Hook, Inbound, News, NotGenuineError, Told, UnreadableHookError, told_key
from tactful.connector.http import Answer, BaseUrl, HttpConfig, HttpConnector, On, Request, UnreadableError, on
from tactful.connector.prices import Currency, told_price
from tactful.connector.segments import require_segments
from tactful.connector.signatures import hmac_of, hs256_claims, require_recent, require_same
from tactful.words import Channel, ReceiptKind

CALLBACK_CHARACTERS_MAX = 100
_TAKEN = "0"
_KINDS = {
    "accepted": ReceiptKind.ACCEPTED,
    "buffered": ReceiptKind.DEFERRED,
    "delivered": ReceiptKind.DELIVERED,
    "failed": ReceiptKind.BOUNCED,
    "rejected": ReceiptKind.BOUNCED,
    "expired": ReceiptKind.BOUNCED,
}
_OPTED_OUT = "9"
# No longer active; barred by its user. A handset that is off says nothing of the number.
_NO_SUCH_NUMBER = frozenset({"3", "4"})
# Spam filters, what is wrong with the text, no route, our sender's registration, the filters of a country.
_NOT_CARRIED = frozenset({"6", "10", "11", "39", "41", "50", "51", "52", "53", "54"})


class VonageConfig(HttpConfig):
    """What Vonage needs to know.

    Attributes:
        api_key: The account.
        api_secret: Its secret: signs in.
        signature_secret: What Vonage signs hooks with; without it, no hook is believed.
        signature_method: How it signs those that carry their signature in themselves, as set at Vonage.
        currency: What the account's prices are in, such as `EUR`: Vonage does not say it. Without it, no price is
            taken from Vonage's answers.
        hooks_url: Where Vonage reaches our hook for this connector, instead of the address set at Vonage.
        valid_for: How long Vonage tries, before a text is too old to be sent.
        segments_max: The most segments a text may take, each of which is paid for.
    """

    base_url: BaseUrl = "https://rest.nexmo.com"
    api_key: SecretStr = Field(min_length=1)
    api_secret: SecretStr = Field(min_length=6)
    signature_secret: SecretStr | None = Field(default=None, min_length=8)
    signature_method: Literal["sha1", "sha256", "sha512"] = "sha256"
    currency: Currency | None = None
    hooks_url: BaseUrl | None = Field(default=None, max_length=CALLBACK_CHARACTERS_MAX)
    valid_for: timedelta = Field(default=timedelta(hours=4), ge=timedelta(seconds=20), le=timedelta(days=7))
    segments_max: int = Field(default=10, ge=1, le=20)


class Vonage(HttpConnector[VonageConfig]):
    """Sends texts through one Vonage account."""

    Config: ClassVar[type[ConnectorConfig]] = VonageConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.SMS,),
        idempotency=NoKey(),
        features=frozenset({Feature.TEXT}),
        bytes_max=12_000,
        rate=30,
        receipts=True,
        inbound=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(200, Fault.THROTTLED, 1, 10),
        on(200, Fault.BAD_CONTENT, 2, 3, 6, 12, 22),
        on(200, Fault.CONFIG, 4, 8, 11, 14, 15, 23, 29, 32),
        on(200, Fault.SUPPRESSED, 7),
        on(200, Fault.QUOTA, 9),
        on(200, Fault.BAD_RECIPIENT, 33),
    )
    code_at: ClassVar[str] = "messages.0.status"
    said_at: ClassVar[str] = "messages.0.error-text"

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `signature_secret`."""
        return self.config.signature_secret is not None

    def build(self, message: Message) -> Request:
        """Return the request that sends the text."""
        if not message.text:
            raise SendFault(Fault.BAD_CONTENT, "empty", "there is no text to send")
        if not message.sender_address:
            raise SendFault(Fault.CONFIG, "sender", "the strategy's sender.sms does not say who it is from")
        plain = require_segments(message.text, self.config.segments_max).alphabet == "GSM-7"
        fields = [
            ("to", message.to.removeprefix("+")),
            ("from", message.sender_address.removeprefix("+")),
            ("text", message.text),
            ("type", "text" if plain else "unicode"),
            ("client-ref", str(message.key)),
            ("ttl", str(self.config.valid_for // timedelta(milliseconds=1))),
        ]
        if self.config.hooks_url is not None:
            fields.append(("callback", self.config.hooks_url))
        return Request.form("/sms/json", fields)

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request signed in with the account's key and secret."""
        del at
        return request.logged_in(self.config.api_key.get_secret_value(), self.config.api_secret.get_secret_value())

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the id of the first part, where every part was taken, and what they cost together."""
        statuses = list(_statuses(answer))
        if not statuses:
            raise UnreadableError("the answer has no messages")
        if all(status == _TAKEN for status in statuses):
            cost = _cost(answer, len(statuses), self.config.currency)
            return Accepted(answer.need("messages.0.message-id"), cost=cost)
        if _TAKEN in statuses:
            detail = f"{statuses.count(_TAKEN)} of {len(statuses)} parts were taken"
            raise SendFault(Fault.AMBIGUOUS, "partly taken", detail)
        raise self.refusal(answer, message=message)

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that Vonage signed: by a token with the hash of the body in it, or by a field of its own."""
        if self.config.signature_secret is None:
            raise NotGenuineError("signature_secret is not configured, so nothing can be believed")
        secret = self.config.signature_secret.get_secret_value()
        if "authorization" in hook.headers:
            claims = hs256_claims(hook.headers["authorization"].removeprefix("Bearer ").strip(), secret)
            require_same(str(claims.get("payload_hash")), hashlib.sha256(hook.content).hexdigest())
            require_recent(str(claims.get("iat")), hook.at)
            return
        fields = _fields(hook, NotGenuineError)
        said = fields.pop("sig", "").lower()
        signed = "".join(f"&{name}={fields[name].translate(_JOINING)}" for name in sorted(fields))
        require_same(said, hmac_of(secret, signed, self.config.signature_method).hex())
        require_recent(fields.get("timestamp", ""), hook.at)

    def news(self, hook: Hook) -> Iterable[News]:
        """Return the receipt of a text of ours, or the text of a customer."""
        told = _fields(hook, UnreadableHookError)
        try:
            provider_id, number = told["messageId"], told["msisdn"]
        except KeyError as error:
            raise UnreadableHookError(f"a hook of Vonage without {error}") from None
        at = _time(told.get("message-timestamp", "")) or hook.at
        if "status" in told:
            return [_receipt(told, provider_id, at)]
        if "text" not in told:
            raise UnreadableHookError("a hook of Vonage that is neither a receipt nor a text")
        return [
            Inbound(
                at=at,
                dedupe_id=f"{provider_id}/received",
                sender=f"+{number.removeprefix('+')}",
                recipient=told.get("to", ""),
                text=told["text"],
                provider_id=provider_id,
            )
        ]


_JOINING = str.maketrans("&=", "__")


def _statuses(answer: Answer) -> Iterable[str]:
    value = answer.json()
    parts: object = cast("Mapping[str, object]", value).get("messages") if isinstance(value, dict) else None
    for at in range(len(cast("list[object]", parts)) if isinstance(parts, list) else 0):
        yield answer.need(f"messages.{at}.status")


def _cost(answer: Answer, parts: int, currency: str | None) -> Money | None:
    """Return the price of all parts together; None where one of them has none."""
    told = [told_price(answer.find(f"messages.{at}.message-price"), currency) for at in range(parts)]
    prices = [each.amount for each in told if each is not None]
    return Money(amount=sum(prices, Decimal(0)), currency=currency) if currency and len(prices) == parts else None


def _fields(hook: Hook, error: type[NotGenuineError | UnreadableHookError]) -> dict[str, str]:
    """Return what a hook tells, whichever way Vonage was set to tell it: JSON, a form, or the address."""
    try:
        if hook.content.lstrip().startswith(b"{"):
            told = cast("Mapping[str, object]", json.loads(hook.content))
            return {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
        raw = hook.content.decode() or urlsplit(hook.url).query
        return dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=1000))
    except (ValueError, RecursionError):
        raise error("its body is neither JSON nor a form") from None


def _receipt(told: Mapping[str, str], provider_id: str, at: datetime) -> Told:
    status, code = told["status"], told.get("err-code", "")
    kind = _KINDS.get(status, ReceiptKind.UNKNOWN)
    if kind is ReceiptKind.BOUNCED and code == _OPTED_OUT:
        kind = ReceiptKind.UNSUBSCRIBED
    elif kind is ReceiptKind.BOUNCED and code in _NOT_CARRIED:
        kind = ReceiptKind.REJECTED
    return Told(
        kind=kind,
        at=at,
        dedupe_id=f"{provider_id}/{status}/{code}",
        provider_id=provider_id,
        key=told_key(told.get("client-ref")),
        recipient=f"+{told['msisdn'].removeprefix('+')}",
        permanent=kind is ReceiptKind.BOUNCED and code in _NO_SUCH_NUMBER,
        reason=code if code not in {"", "0"} else "",
        raw={name: value for name, value in told.items() if name not in {"sig", "nonce"}},
    )


def _time(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
