"""Mail servers on real sockets: an honest one, made of aiosmtpd, and a rude one that follows a script."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.smtp_sink import HOST, SunkMail, sunk_mail

USERNAME = "fleur"
PASSWORD = "correct horse battery staple"
PATIENCE_SECONDS = 30
"""How long a test waits for something that must happen before it fails."""


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return the server's side of TLS, with a certificate for `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@dataclass
class HonestServer:
    """What a mail server saw; and what it is to refuse, by command."""

    port: int = 0
    mails: list[SunkMail] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    connections: list[HonestConnection] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """`{"RCPT": "550 5.1.1 No such user"}`; also `AUTH`."""

    @property
    def open_connections(self) -> int:
        return sum(not connection.ended.is_set() for connection in self.connections)

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        right = (login.login, login.password) == (USERNAME.encode(), PASSWORD.encode())
        right = right and "AUTH" not in self.refusals
        return AuthResult(success=right, handled=False, message=self.refusals.get("AUTH"))

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.refusals.get("MAIL"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusal := self.refusals.get("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := self.refusals.get("DATA"):
            return refusal
        self.mails.append(sunk_mail(envelope))
        self.contents.append(envelope.original_content or b"")
        return f"250 2.0.0 Ok: queued as {len(self.mails)}"


class HonestConnection(SMTP):
    """One connection; `ended` is set when it is gone."""

    def __init__(self, seen: HonestServer, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's own
        super().__init__(seen, hostname="mail.example", loop=asyncio.get_running_loop(), **options)
        self.seen = seen
        self.ended = asyncio.Event()
        self.encrypted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.seen.connections or self.seen.connections[-1] is not self:
            self.seen.connections.append(self)
        self.encrypted = transport.get_extra_info("sslcontext") is not None
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.ended.set()


@contextlib.asynccontextmanager
async def honest_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncGenerator[HonestServer]:
    """Run a mail server in this loop."""
    seen = HonestServer()
    options: dict[str, Any] = {"tls_context": starttls, "require_starttls": starttls is not None}
    if login:
        options |= {"authenticator": seen.authenticate, "auth_required": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HonestConnection(seen, **options), HOST, 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for connection in seen.connections:
            if connection.transport is not None:
                cast("asyncio.WriteTransport", connection.transport).abort()
        await asyncio.sleep(0)


class Wire:
    """The rude server's end of one connection: reads and says lines, hangs up when it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.heard: list[str] = []
        self.ended = asyncio.Event()

    async def say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()

    async def hear(self) -> str:
        """Return the client's next line; ConnectionError when it has gone."""
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        self.heard.append(line.decode().rstrip("\r\n"))
        return self.heard[-1]

    async def converse(self, until: str) -> None:
        """Be a good server up to the command `until`, which is heard but not answered."""
        if not self.heard:
            await self.say("220 rude.example")
        while not (command := (await self.hear()).upper()).startswith(until):
            await self.say("354 Go on" if command == "DATA" else "250 2.0.0 Ok")

    async def text(self) -> list[str]:
        """Answer DATA and return the text's lines, the dot heard but not answered."""
        await self.say("354 Go on")
        lines: list[str] = []
        while (line := await self.hear()) != ".":
            lines.append(line)
        return lines

    def hang_up(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()

    async def client_gone(self) -> None:
        """Wait until the client has closed the connection."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass


Script = Callable[[Wire], Awaitable[None]]


@dataclass
class RudeServer:
    """A server that follows one script per connection, the last one ever again."""

    scripts: tuple[Script, ...]
    port: int = 0
    wires: list[Wire] = field(default_factory=list)


@contextlib.asynccontextmanager
async def rude_server(*scripts: Script) -> AsyncGenerator[RudeServer]:
    """Run a scripted server in this loop."""
    rude = RudeServer(scripts)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        rude.wires.append(wire)
        script = rude.scripts[min(len(rude.wires), len(rude.scripts)) - 1]
        with contextlib.suppress(ConnectionError):
            await script(wire)
        writer.close()
        wire.ended.set()

    server = await asyncio.start_server(serve, HOST, 0)
    rude.port = server.sockets[0].getsockname()[1]
    try:
        yield rude
    finally:
        server.close()
        for wire in rude.wires:
            wire.hang_up()
