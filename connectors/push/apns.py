"""Apple Push Notification service: push to iPhones, iPads and Macs, over HTTP/2.

It tells nothing afterwards. The message's id and its collapse id are our key, so that a device that gets a message
twice shows it once.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import ClassVar

import jwt
from pydantic import Field, SecretStr, field_validator

from tactful.connector import Accepted, Capabilities, ConnectorConfig, Fault, Feature, Message, NoKey, SendFault
from tactful.connector.http import Answer, BaseUrl, HttpConfig, On, Request, Token, WithToken, on
from tactful.words import Channel

BYTES_MAX = 4096
TOKEN_TIME = timedelta(minutes=50)
"""Apple wants a token no older than an hour, and none newer than twenty minutes replaced: it is kept for 45."""
_DEVICE = re.compile(r"[0-9a-fA-F]{2,200}", re.ASCII)
_SPENT = "ExpiredProviderToken"


class ApnsConfig(HttpConfig):
    """What Apple needs to know.

    Attributes:
        key: The signing key of an Apple developer account, a file `.p8`.
        key_id: Its id, ten characters.
        team_id: The account's team, ten characters.
        topic: The app's bundle id, instead of the strategy's `sender.push`.
        valid_for: How long Apple keeps a message for a device that is off.
    """

    base_url: BaseUrl = "https://api.push.apple.com"
    key: SecretStr
    key_id: str = Field(pattern="^[0-9A-Z]{10}$")
    team_id: str = Field(pattern="^[0-9A-Z]{10}$")
    topic: str | None = Field(default=None, pattern="^[0-9A-Za-z.-]{1,255}$")
    valid_for: timedelta = Field(default=timedelta(days=1), ge=timedelta(0), le=timedelta(days=30))

    @field_validator("key")
    @classmethod
    def _signs(cls, given: SecretStr) -> SecretStr:
        try:
            jwt.encode({}, given.get_secret_value(), algorithm="ES256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise ValueError("must be the text of a .p8 file of Apple's: a P-256 private key in PEM form") from None
        return given


class Apns(WithToken[ApnsConfig]):
    """Sends to the devices of one app, or of several of one team."""

    Config: ClassVar[type[ConnectorConfig]] = ApnsConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.PUSH,),
        idempotency=NoKey(),
        features=frozenset({Feature.TITLE, Feature.TEXT, Feature.LINK}),
        bytes_max=BYTES_MAX,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(410, Fault.BAD_RECIPIENT),
        on(400, Fault.BAD_RECIPIENT, "BadDeviceToken"),
        on(400, Fault.CONFIG, "BadTopic", "MissingTopic", "TopicDisallowed"),
        on(400, Fault.TRANSIENT, "IdleTimeout"),
        on(403, Fault.TRANSIENT, _SPENT),
        on(404, Fault.BAD_CONTENT, "BadPath"),
        on(503, Fault.TRANSIENT, "ServiceUnavailable", "Shutdown"),
    )
    code_at: ClassVar[str] = "reason"
    http2: ClassVar[bool] = True

    def build(self, message: Message) -> Request:
        """Return the request that sends the message to one device."""
        topic = self.config.topic or message.sender_address
        if not topic:
            raise SendFault(Fault.CONFIG, "topic", "neither topic nor the strategy's sender.push names the app")
        if not _DEVICE.fullmatch(message.to):
            raise SendFault(Fault.BAD_RECIPIENT, "token", "Apple's device tokens are hexadecimal")
        alert = {name: part for name, part in (("title", message.title), ("body", message.text)) if part}
        if not alert:
            raise SendFault(Fault.BAD_CONTENT, "empty", "there is neither a title nor a text to show")
        key, expires = str(message.key), int((message.written_at + self.config.valid_for).timestamp())
        body = {"aps": {"alert": alert}, "key": key} | ({"link": message.link} if message.link else {})
        headers = {
            "apns-id": key,
            "apns-topic": topic,
            "apns-push-type": "alert",
            "apns-priority": "5" if message.marketing else "10",
            "apns-expiration": str(expires),
            "apns-collapse-id": key,
        }
        request = Request.json(f"/3/device/{message.to}", body, headers=headers)
        if len(request.content) > BYTES_MAX:
            detail = f"title, text and link take {len(request.content):,} bytes of {BYTES_MAX:,}"
            raise SendFault(Fault.BAD_CONTENT, "size", detail)
        return request

    async def token_for(self, at: datetime, *, deadline: float) -> Token:
        """Return a token signed with the key."""
        del deadline
        claims = {"iss": self.config.team_id, "iat": int(at.timestamp())}
        key, named = self.config.key.get_secret_value(), {"kid": self.config.key_id}
        return Token(SecretStr(jwt.encode(claims, key, algorithm="ES256", headers=named)), TOKEN_TIME)

    def token_is_spent(self, answer: Answer) -> bool:
        """Say whether Apple finds the token too old."""
        return self.code_of(answer) == _SPENT

    def with_token(self, request: Request, at: datetime, token: SecretStr) -> Request:
        """Return the request with the token, in the letters of Apple's pages."""
        del at
        return request.having(authorization=f"bearer {token.get_secret_value()}")

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the message's id, which is our key."""
        del message
        return Accepted(answer.header("apns-id"))
