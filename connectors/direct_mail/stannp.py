"""Stannp: letters printed and mailed, from the United Kingdom and the United States.

The letter is the template's HTML. Stannp knows our key for a day; *taken before* is a 409 with its first answer.
A letter is cancelled until it goes into production, and what became of it comes back by signed webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, cast

from pydantic import Field, SecretStr

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
from tactful.connector.hooks import inner, told_key, told_text
from tactful.connector.http import (
    Answer,
    BaseUrl,
    Cancelled,
    HttpConfig,
    On,
    Request,
    Stopping,
    TooLate,
    UnreadableError,
    WithCancel,
    WithCheck,
    on,
)
from tactful.connector.postal import PostalAddress, letter_html, read_address, unreadable
from tactful.connector.prices import Currency, told_price
from tactful.connector.signatures import hmac_of, require_same
from tactful.words import Channel, ReceiptKind

_TAKEN_BEFORE: Final = 409
_STREET_LINES_MAX: Final = 3
_CHECKED: Final = {"GB", "US"}
"""Where Stannp can tell whether an address exists."""
_OUT_OF_MONEY: Final = ("insufficient", "balance", "funds", "credit")
_KINDS: Final[Mapping[str, ReceiptKind]] = {
    "received": ReceiptKind.ACCEPTED,
    "producing": ReceiptKind.PRINTED,
    "printing": ReceiptKind.PRINTED,
    "handed_over": ReceiptKind.MAILED,
    "dispatched": ReceiptKind.MAILED,
    "local_delivery": ReceiptKind.MAILED,
    "delivered": ReceiptKind.DELIVERED,
    "returned": ReceiptKind.RETURNED,
    "cancelled": ReceiptKind.CANCELLED,
}


class StannpConfig(HttpConfig):
    """An account at Stannp.

    Attributes:
        base_url: The account's region: `https://api-eu1.stannp.com/v1` or `https://api-us1.stannp.com/v1`.
        api_key: The account's key.
        webhook_secret: Signs what Stannp tells us; without it no receipt is taken.
        currency: What the account's prices are in, such as `GBP`: Stannp does not say it. Without it, no price is
            taken from what Stannp tells.
        country: Two letters; the country of addresses that name none.
        test: Whether to have samples made instead of letters.
        size: The paper; left out, the region's own.
        duplex: Whether to print on both sides.
        cancel_within: How long after it was handed over Stannp is still asked to stop a letter; whether it is too late
            it says itself. Three days hold a weekend without production.
        address_check: Whether Stannp is asked first whether it knows the address, in the United Kingdom and the United
            States; one that it does not know is refused.
        post_unverified: Whether to mail to addresses that Stannp could not verify.
        addons: Codes of what is paid for besides, such as `FIRST_CLASS`.
    """

    base_url: BaseUrl = "https://api-eu1.stannp.com/v1"
    api_key: SecretStr
    webhook_secret: SecretStr | None = None
    currency: Currency | None = None
    country: str = Field(default="GB", pattern=r"^[A-Z]{2}$")
    test: bool = False
    size: Literal["A4", "US-LETTER"] | None = None
    duplex: bool = True
    cancel_within: timedelta = Field(default=timedelta(days=3), ge=timedelta(hours=1), le=timedelta(days=14))
    address_check: bool = False
    post_unverified: bool = True
    addons: tuple[str, ...] = Field(default=(), max_length=10)


class Stannp(WithCheck[StannpConfig], WithCancel[StannpConfig]):
    """Letters by Stannp."""

    Config: ClassVar[type[ConnectorConfig]] = StannpConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.LETTER,),
        idempotency=NativeKey(timedelta(hours=24)),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML}),
        bytes_max=500_000,
        rate=5,
        receipts=True,
        cancels=True,
        in_home_days=3,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(None, Fault.QUOTA, "no money"),
        on((200, _TAKEN_BEFORE), Fault.BAD_CONTENT, "refused"),
    )
    said_at: ClassVar[str] = "error"
    taken: ClassVar[tuple[int, ...]] = (_TAKEN_BEFORE,)

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `webhook_secret`."""
        return self.config.webhook_secret is not None

    def build(self, message: Message) -> Request:
        """Return the request that has a letter made."""
        config, address = self.config, read_address(message, country=self.config.country)
        fields = [
            ("test", _yes(config.test)),
            ("idempotency_key", str(message.key)),
            ("pages", letter_html(message)),
            *self._recipient(address),
            ("duplex", _yes(config.duplex)),
            ("post_unverified", _yes(config.post_unverified)),
            ("transactional", _yes(not message.marketing)),
            ("tags", ",".join([str(message.key), *_tag(message.subject)])),
        ]
        if config.size is not None:
            fields.append(("size", config.size))
        if config.addons:
            fields.append(("addons", ",".join(config.addons)))
        return Request.form("/letters/create", fields)

    def _recipient(self, address: PostalAddress) -> list[tuple[str, str]]:
        if len(address.street) > _STREET_LINES_MAX:
            raise unreadable(f"Stannp takes {_STREET_LINES_MAX} lines of street")
        if not address.city:
            raise unreadable("it has no town")
        person = address.addressees[0] if address.addressees else ""
        first, _, last = person.rpartition(" ")
        parts = {
            "firstname": first,
            "lastname": last,
            "company": address.addressees[1] if len(address.addressees) > 1 else "",
            **{f"address{number}": line for number, line in enumerate(address.street, start=1)},
            "city": address.city,
            "county": address.region,
            "postcode": address.postal_code,
            "country": address.country,
        }
        return [(f"recipient[{name}]", value) for name, value in parts.items() if value]

    def build_check(self, message: Message) -> Request | None:
        """Return the request that asks whether Stannp knows the address, where that is configured and it can tell."""
        address = read_address(message, country=self.config.country)
        if not self.config.address_check or address.country not in _CHECKED:
            return None
        american = address.country == "US"
        parts = {
            **{f"address{number}": line for number, line in enumerate(address.street[:_STREET_LINES_MAX], start=1)},
            "city": address.city,
            "state": address.region if american else "",
            "zipcode" if american else "postcode": address.postal_code,
            "country": address.country,
        }
        return Request.form("/addresses/validate", [(name, value) for name, value in parts.items() if value])

    def parse_check(self, message: Message, answer: Answer) -> None:
        """Let an address pass that Stannp knows."""
        valid = inner(answer.json(), "data", "is_valid")
        if not _is_true(answer, "success") or not isinstance(valid, bool):
            if answer.find("error"):
                raise self.refusal(answer, message=message)
            raise UnreadableError("it does not say whether the address is valid")
        if not valid:
            raise SendFault(Fault.BAD_RECIPIENT, "not valid", "Stannp refused the address: it does not know it")

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the key as the name of a Basic log-in."""
        del at
        return request.logged_in(self.config.api_key.get_secret_value())

    def code_of(self, answer: Answer) -> str:
        """Return a code of ours: Stannp says what is wrong in words alone."""
        said = answer.find("error").lower()
        return ("no money" if any(word in said for word in _OUT_OF_MONEY) else "refused") if said else ""

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return Stannp's name for the letter, and its price; a sample has neither."""
        if not _is_true(answer, "success"):
            if answer.find("error"):
                raise self.refusal(answer, message=message)
            raise UnreadableError("it does not say whether it worked")
        name = answer.need("data.id")
        if self.config.test:
            return Accepted(f"test-{message.key}", cost=told_price("0", self.config.currency))
        return Accepted(name, cost=told_price(answer.find("data.cost"), self.config.currency))

    def cancels_within(self) -> timedelta:
        """Return how long a letter may wait for Stannp's next production run."""
        return self.config.cancel_within

    def build_cancel(self, provider_id: str) -> Request:
        """Return the request that cancels a letter."""
        if not (provider_id.isascii() and provider_id.isdigit()):
            raise SendFault(Fault.CONFIG, "provider_id", "is no number of a letter of Stannp's")
        return Request.form("/letters/cancel", [("id", provider_id)])

    def parse_cancel(self, answer: Answer) -> Stopping:
        """Return whether the letter was cancelled; refused, it is in production."""
        if answer.status in {200, _TAKEN_BEFORE}:
            if _is_true(answer, "success"):
                return Cancelled()
            if answer.find("error"):
                return TooLate()
        return CannotSay(f"{answer.status}: it does not say whether the letter was cancelled")

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that Stannp signed; it signs no time, so what is told again must change nothing."""
        secret = self.config.webhook_secret
        if secret is None:
            raise NotGenuineError("there is no webhook_secret to check it by")
        # Its pages of some countries, and so perhaps its hooks, spell the header without an n.
        said = hook.headers.get("x-stannp-sigature") or hook.header("x-stannp-signature")
        require_same(said, hmac_of(secret.get_secret_value(), hook.content).hex())

    def news(self, hook: Hook) -> Iterable[Told]:
        """Return what is told of letters, up to fifty in one hook. Other events say nothing of messages of ours."""
        event = hook.json()
        kind, pieces = told_text(event, "event"), inner(event, "mailpieces")
        if not kind:
            raise UnreadableHookError("it has no event")
        if kind != "mailpiece_status":
            return []
        if not isinstance(pieces, list):
            raise UnreadableHookError("it has no mailpieces")
        return [_told(piece, hook, self.config.currency) for piece in cast("list[object]", pieces)]


def _told(piece: object, hook: Hook, currency: str | None) -> Told:
    name, status = told_text(piece, "id") or told_text(piece, "mailpiece_id"), told_text(piece, "status")
    if not name or not status:
        raise UnreadableHookError("a mailpiece in it has no id or no status")
    kind = _KINDS.get(status, ReceiptKind.UNKNOWN)
    tags = told_text(piece, "tags").split(",")
    return Told(
        kind=kind,
        at=hook.at,
        dedupe_id=f"{name}:{status}",
        provider_id=name,
        key=next((key for tag in tags if (key := told_key(tag.strip()))), None),
        permanent=kind is ReceiptKind.RETURNED,
        reason=status,
        cost=told_price(told_text(piece, "cost"), currency),
        raw={part: told_text(piece, part) for part in ("status", "format", "cost", "dispatched", "updated")},
    )


def _yes(value: bool) -> str:  # noqa: FBT001 - a value
    return "true" if value else "false"


def _tag(subject: str | None) -> list[str]:
    """Return the subject as a tag, by which the letters of one kind are found in Stannp's reports."""
    words = " ".join((subject or "").replace(",", " ").split())[:50]
    return [words] if words else []


def _is_true(answer: Answer, name: str) -> bool:
    value = answer.json()
    return isinstance(value, dict) and cast("dict[str, object]", value).get(name) is True
