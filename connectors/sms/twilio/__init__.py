"""Twilio: text messages by its Messages resource, their statuses, and what customers text back.

Twilio knows no idempotency key. Our key travels in the query of the status callback, so that a status settles what an
answer that never came left unknown. What a text cost, Twilio knows a day later, and has to be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from pydantic import Field, SecretStr, model_validator

from connectors.sms.twilio import prices
from tactful.connector import (
    Accepted,
    Asking,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Fetched,
    Message,
    NoKey,
    SendFault,
)
from tactful.connector.hooks import (
    Hook,
    Inbound,
    News,
    NotGenuineError,
    Reply,
    Told,
    UnreadableHookError,
    told_key,
)
from tactful.connector.http import Answer, BaseUrl, HttpConfig, On, Request, WithPoll, on
from tactful.connector.prices import told_price
from tactful.connector.segments import require_segments
from tactful.connector.signatures import b64, hmac_of, require_same
from tactful.inbound import Order
from tactful.words import Channel, ReceiptKind

CHARACTERS_MAX = 1600
_ORDERS = {"STOP": Order.STOP, "START": Order.START, "HELP": Order.HELP}
_KINDS = {
    "queued": ReceiptKind.ACCEPTED,
    "accepted": ReceiptKind.ACCEPTED,
    "scheduled": ReceiptKind.ACCEPTED,
    "sending": ReceiptKind.ACCEPTED,
    "sent": ReceiptKind.ACCEPTED,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.OPENED,
    "undelivered": ReceiptKind.BOUNCED,
    "failed": ReceiptKind.BOUNCED,
    "canceled": ReceiptKind.CANCELLED,
}
_OPTED_OUT = "21610"
# Unknown or out of service; a landline. A handset that is off or a text that was filtered says nothing of the number.
_NO_SUCH_NUMBER = frozenset({"21211", "21614", "30005", "30006"})
# Twilio or a carrier would not carry it: the account, our sender's registration, the text, the price.
_NOT_CARRIED = frozenset({"30001", "30002", "30007", "30010", "30032", "30034", "30410", "63038"})


class TwilioConfig(HttpConfig):
    """What Twilio needs to know.

    Attributes:
        account_sid: The account, `AC…`.
        auth_token: Its token: signs in, and is what Twilio signs hooks with.
        api_key_sid: A key to sign in with instead of the token, `SK…`.
        api_key_secret: Its secret.
        messaging_service_sid: The service whose senders are used, `MG…`, instead of the strategy's sender.
        hooks_url: Where Twilio reaches our hook for this connector; without it no status comes back.
        valid_for: How long Twilio tries, before a text is too old to be sent.
        segments_max: The most segments a text may take, each of which is paid for.
        prices_every: How often it is looked for what the texts of a day cost, from the day after the next on; left out,
            never.
    """

    base_url: BaseUrl = "https://api.twilio.com"
    account_sid: str = Field(pattern="^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = Field(min_length=1)
    api_key_sid: str | None = Field(default=None, pattern="^SK[0-9a-fA-F]{32}$")
    api_key_secret: SecretStr | None = None
    messaging_service_sid: str | None = Field(default=None, pattern="^MG[0-9a-fA-F]{32}$")
    hooks_url: BaseUrl | None = None
    valid_for: timedelta = Field(default=timedelta(hours=4), ge=timedelta(seconds=5), le=timedelta(hours=10))
    segments_max: int = Field(default=10, ge=1, le=24)
    prices_every: timedelta | None = Field(default=None, ge=timedelta(minutes=10), le=timedelta(days=1))

    @model_validator(mode="after")
    def _whole_key(self) -> Self:
        if (self.api_key_sid is None) != (self.api_key_secret is None):
            raise ValueError("api_key_sid and api_key_secret belong together: give both or neither")
        return self


class Twilio(WithPoll[TwilioConfig]):
    """Sends texts through one Twilio account."""

    Config: ClassVar[type[ConnectorConfig]] = TwilioConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.SMS,),
        idempotency=NoKey(),
        features=frozenset({Feature.TEXT}),
        bytes_max=4 * CHARACTERS_MAX,
        receipts=True,
        inbound=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(None, Fault.SUPPRESSED, _OPTED_OUT),
        on(400, Fault.BAD_RECIPIENT, 21211, 21214, 21217, 21265, 21614, 21635),
        # Nothing is queued beyond what the sender's queue holds.
        on(None, Fault.THROTTLED, 20429, 21611),
        on(None, Fault.QUOTA, 63038),
        on(400, Fault.CONFIG, 21212, 21603, 21606, 21608, 21609, 21659, 21660, 21701, 21703, 21705, 30002),
    )
    code_at: ClassVar[str] = "code"
    said_at: ClassVar[str] = "message"

    @property
    def receipts_come(self) -> bool:
        """Whether statuses reach us: not without `hooks_url`."""
        return self.config.hooks_url is not None

    def build(self, message: Message) -> Request:
        """Return the request that creates the message."""
        text = _sendable(message.text, self.config.segments_max)
        fields = [("To", message.to), ("Body", text), *self._from(message)]
        if self.config.hooks_url is not None:
            fields.append(("StatusCallback", f"{self.config.hooks_url}?key={message.key}"))
        fields.append(("ValidityPeriod", str(int(self.config.valid_for.total_seconds()))))
        return Request.form(self._messages, fields)

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request signed in by the key, or the account's token where there is none."""
        del at
        name = self.config.api_key_sid or self.config.account_sid
        secret = self.config.api_key_secret or self.config.auth_token
        return request.logged_in(name, secret.get_secret_value())

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the message's SID, and its price, which Twilio rarely knows so early."""
        del message
        cost = told_price(answer.find("price"), answer.find("price_unit"))
        return Accepted(answer.need("sid"), answer.find("status"), cost)

    def polls_every(self) -> timedelta | None:
        """Return how often prices are looked for."""
        return self.config.prices_every

    def build_poll(self, asking: Asking) -> Request:
        """Return the request for a page of a day's texts, with their prices."""
        return prices.ask(self._messages, asking)

    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        """Return what each text of a page cost, and where the next one is."""
        return prices.read(self._messages, asking, answer, _KINDS.keys())

    @property
    def _messages(self) -> str:
        return f"/2010-04-01/Accounts/{self.config.account_sid}/Messages.json"

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that is signed with the account's token.

        There is no time in it: that the same is told twice is harmless by its `dedupe_id`.
        """
        said = hook.header("x-twilio-signature")
        query = parse_qs(urlsplit(hook.url).query)
        signed: list[tuple[str, str]] = []
        if "bodySHA256" in query:
            require_same(query["bodySHA256"][0].lower(), hashlib.sha256(hook.content).hexdigest())
        else:
            signed = _fields(hook)
        token = self.config.auth_token.get_secret_value()
        # A port is signed or left out, as it happens.
        require_same([b64(hmac_of(token, url + _joined(signed), "sha1")) for url in _spellings(hook.url)], said)

    def news(self, hook: Hook) -> Iterable[News]:
        """Return the status of a message of ours, or the message of a customer."""
        told = dict(_fields(hook))
        sid = told.get("MessageSid") or told.get("SmsSid") or told.get("SmsMessageSid")
        if not sid:
            raise UnreadableHookError("a hook of Twilio without MessageSid")
        if "MessageStatus" in told:
            return [_status(told, sid, hook)]
        if "Body" in told and "From" in told:
            return [
                Inbound(
                    at=hook.at,
                    dedupe_id=f"{sid}/received",
                    sender=told["From"],
                    recipient=told.get("To", ""),
                    text=told["Body"],
                    provider_id=sid,
                    order=_ORDERS.get(told.get("OptOutType", "")),
                )
            ]
        raise UnreadableHookError("a hook of Twilio that is neither a status nor a message")

    def reply(self, hook: Hook, say: str | None) -> Reply:
        """Return TwiML that texts back; nothing where Twilio's own opt-out handling has answered already."""
        answered = "OptOutType" in dict(_fields(hook))
        inside = f"<Message>{escape(say)}</Message>" if say and not answered else ""
        twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
        return Reply(200, "text/xml; charset=utf-8", twiml)

    def _from(self, message: Message) -> list[tuple[str, str]]:
        if self.config.messaging_service_sid is not None:
            return [("MessagingServiceSid", self.config.messaging_service_sid)]
        if not message.sender_address:
            detail = "neither the strategy's sender.sms nor messaging_service_sid says who it is from"
            raise SendFault(Fault.CONFIG, "sender", detail)
        return [("From", message.sender_address)]


def _sendable(text: str | None, segments_max: int) -> str:
    if not text:
        raise SendFault(Fault.BAD_CONTENT, "empty", "there is no text to send")
    if len(text) > CHARACTERS_MAX:
        detail = f"the text is {len(text):,} characters long; Twilio takes {CHARACTERS_MAX:,}"
        raise SendFault(Fault.BAD_CONTENT, "length", detail)
    require_segments(text, segments_max)
    return text


def _status(told: Mapping[str, str], sid: str, hook: Hook) -> Told:
    status, code = told["MessageStatus"], told.get("ErrorCode", "")
    kind = _KINDS.get(status, ReceiptKind.UNKNOWN)
    if kind is ReceiptKind.BOUNCED and code == _OPTED_OUT:
        kind = ReceiptKind.UNSUBSCRIBED
    elif kind is ReceiptKind.BOUNCED and code in _NOT_CARRIED:
        kind = ReceiptKind.REJECTED
    return Told(
        kind=kind,
        at=hook.at,
        dedupe_id=f"{sid}/{status}/{code}",
        provider_id=sid,
        key=told_key(parse_qs(urlsplit(hook.url).query).get("key", [""])[0]),
        recipient=told.get("To") or None,
        permanent=kind is ReceiptKind.BOUNCED and code in _NO_SUCH_NUMBER,
        reason=code if code not in {"", "0"} else "",
        raw=told,
    )


def _fields(hook: Hook) -> list[tuple[str, str]]:
    try:
        return parse_qsl(hook.content.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise NotGenuineError("its body is no form") from None


def _joined(fields: Iterable[tuple[str, str]]) -> str:
    """Return fields as they are signed: sorted, without what joins them, and each pair once."""
    return "".join(name + value for name, value in sorted(set(fields)))


def _spellings(url: str) -> list[str]:
    """Return the URL without its port, and with it."""
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(f":{parts.port}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [urlunsplit(parts._replace(netloc=netloc)) for netloc in (host, f"{host}:{port}")]
