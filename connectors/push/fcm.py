"""Firebase Cloud Messaging: push to Android, the web and, through Apple, iOS, by its HTTP v1 API.

It knows no idempotency key and tells nothing afterwards. Each message carries a tag of its own, so that a device that
gets one twice shows it once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, cast

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from tactful.connector import Accepted, Capabilities, ConnectorConfig, Fault, Feature, Message, NoKey, Ports, SendFault
from tactful.connector.http import Answer, BaseUrl, HttpConfig, On, Request, Token, WithToken, fault_of, on
from tactful.words import Channel

BYTES_MAX = 4096
TOKEN_TIME = timedelta(hours=1)
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_BAD_TOKEN = "INVALID_ARGUMENT message.token"  # noqa: S105 - no secret
# Whatever is wrong with our token is wrong for all messages.
_TOKEN_ERRORS = (on(range(400, 429), Fault.CONFIG),)


class ServiceAccount(BaseModel):
    """The parts of Google's file of a service account that are used."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    project_id: str = Field(pattern="^[a-z0-9.:-]{1,100}$")
    client_email: str = Field(min_length=3)
    private_key: SecretStr
    private_key_id: str | None = None
    token_uri: BaseUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - no secret


class FcmConfig(HttpConfig):
    """What FCM needs to know.

    Attributes:
        service_account: Google's JSON file of a service account, all of it.
        token_path: Where tokens are had below `base_url`, for emulators; else the account's own address.
        valid_for: How long FCM keeps a message for a device that is off.
    """

    base_url: BaseUrl = "https://fcm.googleapis.com"
    service_account: SecretStr
    token_path: str | None = Field(default=None, pattern="^/[!-~]*$")
    valid_for: timedelta = Field(default=timedelta(days=1), ge=timedelta(0), le=timedelta(weeks=4))

    @field_validator("service_account")
    @classmethod
    def _is_an_account(cls, given: SecretStr) -> SecretStr:
        try:
            jwt.encode({}, _key(_account(given).private_key.get_secret_value()), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise ValueError("must be Google's JSON file of a service account, with its private key") from None
        return given


@lru_cache(maxsize=8)
def _key(pem: str) -> Any:  # noqa: ANN401 - whatever the library signs with
    """Return a private key, read once: that its numbers are primes is tried each time that it is read."""
    return jwt.get_algorithm_by_name("RS256").prepare_key(pem)


class Fcm(WithToken[FcmConfig]):
    """Sends through one Firebase project."""

    Config: ClassVar[type[ConnectorConfig]] = FcmConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.PUSH,),
        idempotency=NoKey(),
        features=frozenset({Feature.TITLE, Feature.TEXT, Feature.LINK}),
        bytes_max=BYTES_MAX,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(404, Fault.BAD_RECIPIENT, "UNREGISTERED"),
        on(400, Fault.BAD_RECIPIENT, _BAD_TOKEN),
        # Of another project: were ours the wrong one, every address would be silenced.
        on(403, Fault.BAD_CONTENT, "SENDER_ID_MISMATCH"),
        on(429, Fault.THROTTLED),
        on(503, Fault.TRANSIENT, "UNAVAILABLE"),
    )
    said_at: ClassVar[str] = "error.message"

    def __init__(self, config: FcmConfig, ports: Ports) -> None:
        super().__init__(config, ports)
        self._account = _account(config.service_account)

    def build(self, message: Message) -> Request:
        """Return the request that sends the message to one device."""
        tag, seconds = str(message.key), int(self.config.valid_for.total_seconds())
        shown = {name: part for name, part in (("title", message.title), ("body", message.text)) if part}
        data = {"key": tag} | ({"link": message.link} if message.link else {})
        if not shown:
            raise SendFault(Fault.BAD_CONTENT, "empty", "there is neither a title nor a text to show")
        size = len(json.dumps([shown, data], ensure_ascii=False).encode())
        if size > BYTES_MAX:
            raise SendFault(Fault.BAD_CONTENT, "size", f"title, text and link take {size:,} bytes of {BYTES_MAX:,}")
        web: dict[str, object] = {"headers": {"TTL": str(seconds)}, "notification": {"tag": tag}}
        if message.link and message.link.startswith("https://"):
            web["fcmOptions"] = {"link": message.link}
        expires = int((message.written_at + self.config.valid_for).timestamp())
        body = {
            "token": message.to,
            "notification": shown,
            "data": data,
            "android": {
                "priority": "NORMAL" if message.marketing else "HIGH",
                "ttl": f"{seconds}s",
                "notification": {"tag": tag},
            },
            "apns": {"headers": {"apns-collapse-id": tag, "apns-expiration": str(expires)}},
            "webpush": web,
        }
        return Request.json(f"/v1/projects/{self._account.project_id}/messages:send", {"message": body})

    async def token_for(self, at: datetime, *, deadline: float) -> Token:
        """Return a token of Google's for the service account."""
        answer = await self.exchange(self.token_request(at), deadline=deadline)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's yes
            raise SendFault(fault_of(answer.status, "", _TOKEN_ERRORS), str(answer.status), answer.find("error")[:40])
        seconds = answer.find("expires_in")
        value = answer.find("access_token")
        if not value or not seconds.isdigit():
            raise SendFault(Fault.TRANSIENT, "unreadable", "the answer holds no token")
        return Token(SecretStr(value), timedelta(seconds=int(seconds)))

    def token_request(self, at: datetime) -> Request:
        """Return the request for a token: signed with the account's key, good for an hour from `at`."""
        path = self.config.token_path
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri if path is None else self.config.base_url + path,
            "iat": int(at.timestamp()),
            "exp": int((at + TOKEN_TIME).timestamp()),
        }
        key = _key(self._account.private_key.get_secret_value())
        named = {"kid": self._account.private_key_id} if self._account.private_key_id else None
        signed = jwt.encode(claims, key, algorithm="RS256", headers=named)
        return Request.form(path or self._account.token_uri, [("grant_type", _GRANT), ("assertion", signed)])

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return FCM's name of the message."""
        del message
        return Accepted(answer.need("name"))

    def code_of(self, answer: Answer) -> str:
        """Return FCM's own error code; with the field where it is the device's token that is wrong."""
        details = _details(answer)
        code = next((str(one["errorCode"]) for one in details if "errorCode" in one), answer.find("error.status"))
        fields = [violation.get("field") for one in details for violation in _objects(one.get("fieldViolations"))]
        return _BAD_TOKEN if code == "INVALID_ARGUMENT" and "message.token" in fields else code


def _account(given: SecretStr) -> ServiceAccount:
    return ServiceAccount.model_validate_json(given.get_secret_value())


def _details(answer: Answer) -> list[Mapping[str, Any]]:
    if not answer.find("error.code"):
        return []
    return _objects(cast("Any", answer.json())["error"].get("details"))


def _objects(value: object) -> list[Mapping[str, Any]]:
    many = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", one) for one in many if isinstance(one, dict)]
