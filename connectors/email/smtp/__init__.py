"""SMTP: mail through any relay, over connections that are kept and encrypted.

Set up as docs/connectors/smtp.md says. SMTP has no idempotency key, so everything turns on one moment, the dot that
ends the text: until it is written the mail has certainly not been taken, from then until the server's answer nobody
knows.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, ClassVar, Literal, Self, cast

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol
from pydantic import AfterValidator, Field, SecretStr, model_validator

from connectors.email.smtp.faults import Stage, enhanced_status, fault_of_failure, fault_of_reply, wait_asked_for
from connectors.email.smtp.letters import Letter, read
from connectors.email.smtp.mail import Mail, build_mail
from connectors.email.smtp.mailbox import BouncesConfig, Mailbox
from connectors.email.smtp.pool import Pool, reset
from connectors.email.smtp.returning import LOCAL_PART_MAX, TOKEN_CHARACTERS, Returns
from tactful.connector import (
    Accepted,
    Asking,
    Capabilities,
    Connector,
    ConnectorConfig,
    Fault,
    Feature,
    Fetched,
    Inbound,
    Message,
    NoKey,
    Ports,
    SendFault,
    Told,
    redacted,
    time_left,
)
from tactful.connector.http import PemFile
from tactful.connector.mail import with_ascii_domain
from tactful.words import Channel

PORTS = {"none": 25, "starttls": 587, "tls": 465}
SERVICE_CLOSING = 421
START_INPUT = 354
_LINE_WITH_DOT = re.compile(rb"(?m)^\.")


def _email_address(address: str) -> str:
    checked = with_ascii_domain(address)
    if checked is None or not checked.isascii():
        raise ValueError("is not an email address, or not in ASCII before the @")
    return checked


class SmtpConfig(ConnectorConfig):
    """How to reach the mail server. Documented, key by key, in docs/connectors/smtp.md."""

    host: str = Field(pattern=r"^[!-~]+$")
    tls: Literal["none", "starttls", "tls"] = "starttls"
    port: int | None = Field(default=None, ge=1, le=65535)
    ca_file: PemFile | None = None
    username: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = None
    bounces_to: Annotated[str, AfterValidator(_email_address)] | None = None
    bounces: BouncesConfig | None = None
    hello_as: str | None = Field(default=None, pattern=r"^[!-~]{1,255}$")
    connections: int = Field(default=4, ge=1, le=100)
    idle: timedelta = Field(default=timedelta(seconds=60), ge=timedelta(0), le=timedelta(hours=1))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together: give both, or neither")
        if self.password and self.tls == "none" and not _is_loopback(self.host):
            raise ValueError('the password would cross the network unencrypted: use tls = "starttls" or "tls"')
        if self.bounces is not None:
            if self.bounces_to is None:
                raise ValueError("bounces_to is missing: the address whose mail the mailbox of bounces gets")
            if len(self.bounces_to.rpartition("@")[0]) > LOCAL_PART_MAX - TOKEN_CHARACTERS - 1:
                raise ValueError("bounces_to has more than 23 characters before the @: there is no room for a key")
            if self.bounces.tls == "none" and not _is_loopback(self.bounces.host):
                raise ValueError('bounces: the password would cross the network unencrypted: use tls = "tls"')
        return self

    @property
    def returns(self) -> Returns | None:
        """What makes the addresses that mails come back to, where there is a mailbox for them."""
        if self.bounces is None or self.bounces_to is None:
            return None
        return Returns(self.bounces_to, self.bounces.separator, self.bounces.secret)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(slots=True)
class _Attempt:
    """One attempt: how far it got, whether its connection had been used before, and how it ended."""

    stage: Stage = Stage.CONNECT
    used: bool = False
    answer: str = ""
    error: Exception | None = None

    @property
    def met_a_dead_connection(self) -> bool:
        """Say whether the server had given up a kept connection, as they do, before it was shown the mail."""
        gone = isinstance(self.error, ConnectionError) or getattr(self.error, "code", None) == SERVICE_CLOSING
        return self.used and gone and self.stage < Stage.CONTENT


class Smtp(Connector[SmtpConfig]):
    """Sends each message as one mail to one recipient."""

    Config: ClassVar[type[ConnectorConfig]] = SmtpConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NoKey(),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML, Feature.REPLY_TO}),
        bytes_max=5_000_000,
        receipts=True,
        arrivals=False,
        inbound=True,
    )

    def __init__(self, config: SmtpConfig, ports: Ports) -> None:
        super().__init__(config, ports)
        connect = partial(_connect, config, ssl.create_default_context(cafile=config.ca_file))
        self._returns = config.returns
        self._bounces = Mailbox(config.bounces) if config.bounces is not None else None
        self._pool = Pool(connect, limit=config.connections, idle=config.idle)

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Hand the mail to the server; over a new connection where one that was kept turns out to be dead."""
        bounces = self.config.bounces
        mail = build_mail(message, self._returns, answers=bounces is not None and bounces.answers)
        attempt = await self._attempt(mail, deadline, fresh=False)
        if attempt.met_a_dead_connection:
            attempt = await self._attempt(mail, deadline, fresh=True)
        # Raised here and not where it was caught: the original error, which names addresses, must not hang on to it.
        if attempt.error:
            raise self._fault(attempt.stage, attempt.error, message)
        return Accepted(mail.message_id, self._redacted(attempt.answer, message))

    def polls_every(self) -> timedelta | None:
        """Return how long there is between two looks into the mailbox of bounces; None where there is none."""
        return self.config.bounces.every if self.config.bounces is not None else None

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        """Fetch and read what has come back."""
        if self._bounces is None or self._returns is None:
            raise SendFault(Fault.CONFIG, "no mailbox", "there is no table `bounces` in this connector's")
        found = await self._bounces.fetch(asking.cursor, at=asking.at, deadline=deadline)
        news = await asyncio.to_thread(_read, found.letters, self._returns)
        taken = tuple(name for name, _ in found.letters)
        return Fetched(news=news, cursor=found.cursor, taken=taken, more=found.more)

    async def acknowledge(self, taken: Sequence[str], *, deadline: float) -> None:
        """Put aside what is stored."""
        if self._bounces is not None:
            await self._bounces.put_aside(taken, deadline=deadline)

    async def aclose(self) -> None:
        """Say goodbye on all idle connections."""
        await self._pool.aclose()

    async def _attempt(self, mail: Mail, deadline: float, *, fresh: bool) -> _Attempt:
        attempt = _Attempt()
        try:
            async with asyncio.timeout(time_left(deadline)), self._pool.connection(fresh=fresh) as (client, used):
                attempt.used = used
                attempt.answer = await self._hand_over(client, mail, attempt, deadline)
        except (SMTPException, OSError) as error:
            attempt.error = error
        return attempt

    async def _hand_over(self, client: SMTP, mail: Mail, attempt: _Attempt, deadline: float) -> str:
        """Go through one mail transaction and return what the server said to it."""
        attempt.stage = Stage.SENDER
        size = [f"SIZE={len(mail.content)}"] if client.supports_extension("size") else []
        sender = mail.sender if self._returns is not None else self.config.bounces_to or mail.sender
        await client.mail(sender, options=size)
        attempt.stage = Stage.RECIPIENT
        await client.rcpt(mail.recipient)
        attempt.stage = Stage.CONTENT
        ready = await client.execute_command(b"DATA")
        if ready.code != START_INPUT:
            raise SMTPDataError(ready.code, ready.message)
        protocol = await _write_text(client, mail.content)
        time_left(deadline)
        protocol.write(b".\r\n")
        attempt.stage = Stage.COMMITTED
        answer = await protocol.read_response()
        if 200 <= answer.code <= 299:  # noqa: PLR2004 - the acceptances of RFC 5321
            return answer.message
        if 400 <= answer.code <= 599:  # noqa: PLR2004 - its refusals: now it is known
            attempt.stage = Stage.CONTENT
        raise SMTPDataError(answer.code, answer.message)

    def _fault(self, stage: Stage, error: Exception, message: Message) -> SendFault:
        if isinstance(error, SMTPResponseException):
            fault = fault_of_reply(stage, error.code, error.message)
            code = f"{error.code} {enhanced_status(error.message)}".rstrip() if error.code > 0 else "no reply code"
            wait = wait_asked_for(error.message) if fault in {Fault.TRANSIENT, Fault.THROTTLED} else None
            return SendFault(fault, code, self._redacted(error.message, message), retry_after=wait)
        fault, code, detail = fault_of_failure(stage, error)
        place = f"{self.config.host}:{_port(self.config)}: " if stage is Stage.CONNECT else ""
        return SendFault(fault, code, self._redacted(place + detail, message))

    def _redacted(self, said: str, message: Message) -> str:
        password = self.config.password.get_secret_value() if self.config.password else ""
        return redacted(said, message, password, self.config.username or "")


def _read(letters: Iterable[tuple[str, Letter]], returns: Returns) -> tuple[Told | Inbound, ...]:
    return tuple(one for _, letter in letters for one in read(letter, returns))


async def _connect(config: SmtpConfig, context: ssl.SSLContext) -> SMTP:
    """Return a new connection, encrypted and logged in as configured.

    Its commands have no time limit of their own: the caller's deadline is the one there is.
    """
    client = SMTP(
        hostname=config.host,
        port=_port(config),
        username=config.username,
        password=config.password.get_secret_value() if config.password else None,
        local_hostname=config.hello_as,
        timeout=None,
        use_tls=config.tls == "tls",
        start_tls=config.tls == "starttls",
        tls_context=context,
    )
    await client.connect()
    try:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except BaseException:
        reset(client)
        raise
    return client


def _port(config: SmtpConfig) -> int:
    return config.port or PORTS[config.tls]


async def _write_text(client: SMTP, content: bytes) -> SMTPProtocol:
    """Write a mail but for the dot that ends it, and wait until all of it has left our buffer.

    Not `client.data()`: that writes the dot along with the text, and then a connection lost half-way through a long
    mail, or a deadline that passed meanwhile, would leave it unknown what became of it.
    """
    protocol, transport = client.protocol, client.transport
    if protocol is None or transport is None:
        raise SMTPServerDisconnected("Connection lost")
    # 1 and not 0: asyncio's TLS transport counts an empty buffer as full at a limit of 0, and the wait has no end.
    cast("asyncio.WriteTransport", transport).set_write_buffer_limits(high=1, low=0)
    protocol.write(_LINE_WITH_DOT.sub(b"..", content))
    await protocol._drain_helper()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - asyncio's own name for it
    return protocol
