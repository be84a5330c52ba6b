"""Amazon SES: mail over its API v2, signed by Signature Version 4; events by Amazon SNS.

Set up as docs/connectors/ses.md says. SES takes no idempotency key and cannot be asked by ours; our key goes along as a
tag, so that an event settles what a lost answer left open. `sigv4` signs what we say, with keys or with the machine's
`role`; `sns` looks at what we are told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.header import Header
from email.utils import formataddr
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, cast

import httpx
from cryptography import x509
from pydantic import AfterValidator, Field, SecretStr, model_validator

from connectors.email.ses import role, sns
from connectors.email.ses.events import KEY, told_of
from connectors.email.ses.sigv4 import Credentials, signed_headers
from tactful.connector import (
    Accepted,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Handshake,
    Hook,
    Message,
    News,
    NoKey,
    NotGenuineError,
    Ports,
    SendFault,
    UnreadableHookError,
)
from tactful.connector.hooks import told_text
from tactful.connector.http import Answer, BaseUrl, HttpConfig, On, Request, Token, WithToken, on
from tactful.connector.http.line import Line
from tactful.connector.mail import MailHead, mail_head
from tactful.words import Channel

CERTIFICATES_MAX = 8
_OK = 200
_SPENT = "ExpiredTokenException"
_KEYS_ARE_KEPT = timedelta(days=1)


def _read(folder: Path) -> dict[str, x509.Certificate]:
    """Return the certificates in a folder by the names of their files."""
    return {path.name: x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted(folder.glob("*.pem"))}


def _folder(path: Path) -> Path:
    try:
        found = _read(path)
    except (OSError, ValueError):
        found = {}
    if not found:
        raise ValueError("is no folder with certificates in PEM form, named as SNS names them")
    return path


class SesConfig(HttpConfig):
    """How to reach SES. Documented, key by key, in docs/connectors/ses.md."""

    base_url: BaseUrl = "https://email.REGION.amazonaws.com"
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    access_key_id: str | None = Field(default=None, pattern=r"^[A-Z0-9]{16,128}$")
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    credentials: Literal["role"] | None = None
    configuration_set: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    topic_arn: Annotated[str, AfterValidator(sns.topic_arn)] | None = None
    sns_certificates: Annotated[Path, AfterValidator(_folder)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_its_region(cls, given: Any) -> Any:  # noqa: ANN401 - what pydantic hands over is anything
        if not isinstance(given, Mapping):
            return given
        keys = cast("Mapping[str, object]", given)
        region = str(keys.get("region", "us-east-1"))
        suffix = ".cn" if region.startswith("cn-") else ""
        return {"base_url": f"https://email.{region}.amazonaws.com{suffix}", **keys}

    @model_validator(mode="after")
    def _signed_by_somebody(self) -> Self:
        keys = (self.access_key_id, self.secret_access_key, self.session_token)
        if self.credentials == "role":
            if any(keys):
                raise ValueError('either keys or credentials = "role", not both')
            role.source_of(os.environ)
        elif not (self.access_key_id and self.secret_access_key):
            raise ValueError('access_key_id and secret_access_key are needed, or credentials = "role"')
        return self


class Ses(WithToken[SesConfig]):
    """Sends each message as one mail to one recipient."""

    Config: ClassVar[type[ConnectorConfig]] = SesConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NoKey(),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML, Feature.REPLY_TO}),
        bytes_max=5_000_000,
        rate=14,
        receipts=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(None, Fault.CONFIG, "MessageRejected unverified", "MailFromDomainNotVerifiedException"),
        on(None, Fault.CONFIG, "AccountSuspendedException", "SendingPausedException", "NotFoundException"),
        on(None, Fault.TRANSIENT, f"{_SPENT} of the role"),
        on(400, Fault.CONFIG, _SPENT, "UnrecognizedClientException", "InvalidSignatureException"),
        on(None, Fault.QUOTA, "LimitExceededException", "TooManyRequestsException daily", "ThrottlingException daily"),
        on(None, Fault.THROTTLED, "TooManyRequestsException", "ThrottlingException", "Throttling"),
    )
    said_at: ClassVar[str] = "message"

    def __init__(self, config: SesConfig, ports: Ports) -> None:
        super().__init__(config, ports)
        self._role = role.source_of(os.environ) if config.credentials == "role" else None
        # Its own line: what is asked on the machine goes through no proxy.
        self._machine = Line(HttpConfig(base_url=role.INSTANCE, timeout=role.WITHIN, ca_file=config.ca_file))
        self._certificates = _read(config.sns_certificates) if config.sns_certificates else {}

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `topic_arn`."""
        return self.config.topic_arn is not None

    def build(self, message: Message) -> Request:
        """Return the call of `SendEmail`."""
        head = mail_head(message)
        parts = (("Text", message.text), ("Html", message.html))
        headers = [{"Name": name, "Value": value} for name, value in head.list_headers]
        body = {
            "FromEmailAddress": _mailbox(head),
            "Destination": {"ToAddresses": [head.recipient]},
            **({"ReplyToAddresses": [head.reply_to]} if head.reply_to else {}),
            "Content": {
                "Simple": {
                    "Subject": _text(head.subject),
                    "Body": {name: _text(text) for name, text in parts if text},
                    **({"Headers": headers} if headers else {}),
                }
            },
            "EmailTags": [{"Name": KEY, "Value": str(message.key)}],
            **({"ConfigurationSetName": self.config.configuration_set} if self.config.configuration_set else {}),
        }
        return Request.json("/v2/email/outbound-emails", body)

    async def token_for(self, at: datetime, *, deadline: float) -> Token:
        """Return who signs: the keys of the configuration, or those of the machine's role, until they end."""
        if self._role is not None:
            return await role.token_of(self._role, partial(self._machine.exchange, deadline=deadline), at)
        assert self.config.access_key_id is not None
        assert self.config.secret_access_key is not None
        keys = Credentials(self.config.access_key_id, self.config.secret_access_key, self.config.session_token)
        return Token(keys.as_token(), _KEYS_ARE_KEPT)

    def token_is_spent(self, answer: Answer) -> bool:
        """Say whether the role's credentials ended before their time."""
        return self.code_of(answer).startswith(_SPENT)

    def with_token(self, request: Request, at: datetime, token: SecretStr) -> Request:
        """Return the request with AWS's signature, which holds the time of this attempt."""
        proof = signed_headers(
            request.method,
            str(
                httpx.URL(self.config.base_url + request.path)
            ),  # as it goes out: without a port that goes without saying
            request.headers,
            request.content,
            credentials=Credentials.of(token),
            region=self.config.region,
            service="ses",
            at=at,
        )
        return request.with_headers(proof)

    def code_of(self, answer: Answer) -> str:
        """Return the kind of an error; what decides between two faults of a kind, SES says in words alone."""
        kind = answer.headers.get("x-amzn-errortype", "") or answer.find("__type") or answer.find("code")
        kind = kind.partition(":")[0].rpartition("#")[2]
        said = (answer.find("message") or answer.find("Message")).lower()
        if kind == "MessageRejected" and "not verified" in said:
            return f"{kind} unverified"
        if kind == _SPENT and self._role is not None:
            return f"{kind} of the role"
        return f"{kind} daily" if kind.endswith("Exception") and "daily" in said else kind

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the id of the mail."""
        del message
        return Accepted(answer.need("MessageId"))

    async def aclose(self) -> None:
        """Close the connections, to AWS and to the machine."""
        await super().aclose()
        await self._machine.aclose()

    async def prepare(self, hook: Hook, *, deadline: float) -> None:
        """Fetch the certificate that a notification is signed with, from SNS in the topic's region alone."""
        _, url = sns.envelope(hook, self.config.topic_arn)
        name = url.rpartition("/")[2]
        if self.config.sns_certificates or name in self._certificates:
            return
        answer = await self.exchange(Request.get(url), deadline=deadline)
        if answer.status != _OK:
            raise SendFault(Fault.TRANSIENT, f"certificate: {answer.status}", "SNS does not give its certificate")
        try:
            certificate = x509.load_pem_x509_certificate(answer.content)
        except ValueError:
            raise SendFault(Fault.TRANSIENT, "certificate", "what SNS gave is no certificate") from None
        while len(self._certificates) >= CERTIFICATES_MAX:
            del self._certificates[next(iter(self._certificates))]
        self._certificates[name] = certificate

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that SNS signed for our topic, with a certificate at hand."""
        said, url = sns.envelope(hook, self.config.topic_arn)
        certificate = self._certificates.get(url.rpartition("/")[2])
        if certificate is None:
            raise NotGenuineError("its certificate is not at hand")
        sns.verify(said, certificate, hook.at)

    def news(self, hook: Hook) -> Iterator[News]:
        """Return what a notification tells: an event of SES, or that a subscription is to be confirmed."""
        for said in hook.objects():
            kind = told_text(said, "Type")
            if kind == "SubscriptionConfirmation":
                url = told_text(said, "SubscribeURL")
                if self.config.topic_arn is None or not url.startswith(f"{sns.origin_of(self.config.topic_arn)}/?"):
                    raise UnreadableHookError("it wants to be confirmed at an address that is not SNS's")
                yield Handshake(url)
            elif kind == "Notification":
                yield from told_of(told_text(said, "Message"), hook.at)


def _mailbox(head: MailHead) -> str:
    """Return the sender as SES takes it: in ASCII, a name in other letters as encoded words."""
    if head.sender_name.isascii():
        return formataddr((head.sender_name, head.sender))
    return f"{Header(head.sender_name, 'utf-8').encode(linesep='')} <{head.sender}>"


def _text(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
