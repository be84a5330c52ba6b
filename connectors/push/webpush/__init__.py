"""Web push: messages to browsers through whichever push service each browser uses (RFC 8030, 8291, 8292).

It tells nothing afterwards. Each message has a topic of its own, so that a push service that got one twice while the
browser was away keeps one. Where it goes stands in the address, which came from anybody's browser: hence the guard.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import ClassVar

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator

from connectors.push.webpush.encryption import PLAIN_BYTES_MAX, derived, encrypted, hkdf, point
from connectors.push.webpush.subscription import Subscription, from_b64url, subscription
from tactful.connector import Accepted, Capabilities, ConnectorConfig, Fault, Feature, Message, NoKey, Ports, SendFault
from tactful.connector.http import Answer, BaseUrl, GuardedConfig, HttpConnector, On, Request, on
from tactful.connector.signatures import b64url
from tactful.words import Channel

PRIVATE = "private address"
"""What the guard says of an address that is not public."""
PROOF_TIME = timedelta(hours=12)
"""How long a push service may believe who we are; RFC 8292 allows a day."""


class WebPushConfig(GuardedConfig):
    """What web push needs.

    Attributes:
        private_key: The key pair of our application server (VAPID): PEM, or base64url as `web-push` writes it.
        contact: Where a push service reaches us if our messages do harm: `mailto:` or `https:`.
        valid_for: How long a push service keeps a message for a browser that is off.
        base_url: Where all messages go instead of each subscription's own push service: a gateway, an emulator.
    """

    base_url: BaseUrl = "https://each-subscriptions-own.invalid"
    private_key: SecretStr
    contact: str = Field(pattern="^(mailto:[^@ ]+@[^@ ]+|https://[!-~]+)$", max_length=500)
    valid_for: timedelta = Field(default=timedelta(days=1), ge=timedelta(0), le=timedelta(weeks=4))

    @field_validator("private_key")
    @classmethod
    def _is_a_key(cls, given: SecretStr) -> SecretStr:
        try:
            _private(given)
        except (ValueError, TypeError):
            raise ValueError("must be a P-256 private key: PEM, or 32 bytes in base64url") from None
        return given


class WebPush(HttpConnector[WebPushConfig]):
    """Sends to browsers that subscribed with our key."""

    Config: ClassVar[type[ConnectorConfig]] = WebPushConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.PUSH,),
        idempotency=NoKey(),
        features=frozenset({Feature.TITLE, Feature.TEXT, Feature.LINK}),
        bytes_max=PLAIN_BYTES_MAX,
    )
    # A push service is the browser's choice: none may silence or hold more than the one subscription.
    errors: ClassVar[tuple[On, ...]] = (
        on((404, 410), Fault.BAD_RECIPIENT),
        on((401, 402, 403, 405, 407), Fault.BAD_CONTENT),
        on(range(300, 400), Fault.BAD_CONTENT),
        on(503, Fault.TRANSIENT),
    )
    anywhere: ClassVar[bool] = True

    def __init__(self, config: WebPushConfig, ports: Ports) -> None:
        super().__init__(config, ports)
        self._key = _private(config.private_key)
        self._public = b64url(point(self._key.public_key()))
        self._secret = hkdf(
            b"", self._key.private_numbers().private_value.to_bytes(32, "big"), b"tactful web push secret\0", 32
        )

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Hand the message to the subscription's push service."""
        known: SendFault
        try:
            return await super().send(message, deadline=deadline)
        except SendFault as fault:
            known = fault
        if known.code == PRIVATE and not self._elsewhere:
            # Wrong with this subscription, not with us: it must not hold the connector for the others.
            raise SendFault(Fault.BAD_CONTENT, known.code, "the push service of this subscription is not public")
        raise known

    def build(self, message: Message) -> Request:
        """Return the request that hands the message to the subscription's push service."""
        to = subscription(message.to)
        body = self._body(message, to)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(int(self.config.valid_for.total_seconds())),
            "Urgency": "low" if message.marketing else "normal",
            "Topic": b64url(message.key.bytes),
        }
        return Request("POST", to.path if self._elsewhere else to.endpoint, headers, body)

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with our name, signed for its push service (VAPID)."""
        origin = "/".join((self.config.base_url if self._elsewhere else request.path).split("/")[:3])
        claims = {"aud": origin, "exp": int((at + PROOF_TIME).timestamp()), "sub": self.config.contact}
        return request.having(
            authorization=f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self._public}"
        )

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return our key: the place that a push service names for a message says more than a log should."""
        del answer
        return Accepted(str(message.key))

    @property
    def _elsewhere(self) -> bool:
        return "base_url" in self.config.model_fields_set

    def _body(self, message: Message, to: Subscription) -> bytes:
        shown = {"title": message.title, "body": message.text, "link": message.link, "key": str(message.key)}
        if not message.title and not message.text:
            raise SendFault(Fault.BAD_CONTENT, "empty", "there is neither a title nor a text to show")
        plain = json.dumps({name: part for name, part in shown.items() if part}, ensure_ascii=False).encode()
        if len(plain) > PLAIN_BYTES_MAX:
            detail = f"title, text and link take {len(plain):,} bytes of {PLAIN_BYTES_MAX:,}"
            raise SendFault(Fault.BAD_CONTENT, "size", detail)
        salt, own = derived(self._secret, message.key.bytes, point(to.key), to.auth, plain)
        return encrypted(plain, to.key, to.auth, salt, own)


def _private(given: SecretStr) -> ec.EllipticCurvePrivateKey:
    text = given.get_secret_value().strip()
    if "BEGIN" in text:
        key = load_pem_private_key(text.encode(), None)
    else:
        key = ec.derive_private_key(int.from_bytes(from_b64url(text), "big"), ec.SECP256R1())
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TypeError
    return key
