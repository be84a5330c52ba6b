"""One exchange with a provider over HTTP: within its time, and with an answer or a fault coming out of it.

Everything turns on one moment, the first byte of the request: before it, the message has certainly not gone out; from
then until a whole answer is there, nobody knows. Nothing is tried again here, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import httpcore
import httpx
from pydantic import AfterValidator, Field, model_validator

from tactful.connector.faults import Fault, SendFault
from tactful.connector.http.guard import Guard
from tactful.connector.http.request import Answer, Request
from tactful.connector.kernel import time_left
from tactful.connector.protocol import ConnectorConfig

ANSWER_BYTES_MAX = 1_000_000
CONNECT_SECONDS = 5.0
_KEPT = 5.0
_AFTER_CONNECTING = 0.25
"""Seconds by which connecting ends before the whole does: cut off from outside, a handshake leaves its socket open."""
_WRITING = ("http11.send_request_headers.started", "http2.send_request_headers.started")
_URL_CHARACTERS_MAX = 2000


def _base_url(given: str) -> str:
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"https", "http"} or not url.host or url.query or url.fragment or url.userinfo:
        raise ValueError("must be https://host or https://host/path, with neither login nor query")
    return given.rstrip("/")


def _pem_file(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        msg = f"cannot be read as certificates in PEM form ({error.strerror or 'no certificate in it'})"
        raise ValueError(msg) from None
    return path


BaseUrl = Annotated[str, Field(max_length=_URL_CHARACTERS_MAX), AfterValidator(_base_url)]
PemFile = Annotated[Path, AfterValidator(_pem_file)]


class HttpConfig(ConnectorConfig):
    """What every provider over HTTP can be set to.

    Attributes:
        base_url: Where the provider is; a connector gives its default.
        timeout: How long one exchange may take, besides the contact's own deadline.
        connections: How many connections are held at most.
        ca_file: Certificates to trust instead of the usual authorities, in PEM form.
        proxy: The proxy to go through; the environment's is not read.
    """

    base_url: BaseUrl
    timeout: timedelta = Field(default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=1))
    connections: int = Field(default=20, ge=1, le=1000)
    ca_file: PemFile | None = None
    proxy: BaseUrl | None = None


class GuardedConfig(HttpConfig):
    """What is set of a connector whose address is anybody's: one's own system, or one that a customer named.

    Attributes:
        allow_private: Whether addresses of one's own network may be called, and without TLS.
    """

    allow_private: bool = False

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.allow_private:
            return self
        if not self.base_url.startswith("https://"):
            raise ValueError("base_url must be https://…; only allow_private = true lets http be spoken")
        if self.proxy is not None:
            raise ValueError("through a proxy nobody can see what is connected to; that needs allow_private = true")
        return self


@dataclass(slots=True)
class _Stage:
    """How far an exchange got."""

    committed: bool = False


class Line:
    """The connections to one provider, opened when they are first needed."""

    def __init__(self, config: HttpConfig, *, http2: bool = False) -> None:
        self._config = config
        self._http2 = http2
        self._client: httpx.AsyncClient | None = None

    async def exchange(self, request: Request, *, deadline: float) -> Answer:
        """Send one request and return the answer, whatever its status.

        Args:
            request: Ready to go.
            deadline: Monotonic seconds by which it must have ended.

        Raises:
            SendFault: TRANSIENT, no byte of it was sent; AMBIGUOUS, some were and no whole answer came. Neither shows
                where it came from: the original error may name an address.
        """
        stage = _Stage()
        fault: SendFault
        try:
            seconds = min(time_left(deadline), self._config.timeout.total_seconds())
            self._open()
            async with asyncio.timeout(seconds + _AFTER_CONNECTING):
                return await self._exchange(request, stage, seconds, deadline)
        except SendFault as known:
            fault = known
        except (TimeoutError, httpx.TimeoutException):
            fault = self._fault(stage, "timeout", "no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            fault = self._fault(stage, _word_for(error), type(error).__name__)
        raise fault

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _fault(self, stage: _Stage, code: str, detail: str) -> SendFault:
        if stage.committed:
            return SendFault(Fault.AMBIGUOUS, code, detail)
        return SendFault(Fault.TRANSIENT, code, f"{httpx.URL(self._config.base_url).host}: {detail}")

    async def _exchange(self, request: Request, stage: _Stage, seconds: float, deadline: float) -> Answer:
        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            if event in _WRITING:
                time_left(deadline)
                stage.committed = True

        client = self._open()
        built = client.build_request(
            request.method,
            request.path if "://" in request.path else self._config.base_url + request.path,
            headers=dict(request.headers),
            content=request.content or None,
            timeout=httpx.Timeout(None, connect=min(CONNECT_SECONDS, seconds)),
        )
        built.extensions["trace"] = trace
        response = await client.send(built, stream=True)
        try:
            content = await _content(response)
        finally:
            await response.aclose()
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, content)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            most = self._config.connections
            tls = _trusting(self._config.ca_file)
            guarded = isinstance(self._config, GuardedConfig) and not self._config.allow_private
            self._client = httpx.AsyncClient(
                http2=self._http2,
                verify=tls,
                proxy=self._config.proxy,
                limits=httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=_KEPT),
                transport=_guarded(tls, most, http2=self._http2) if guarded else None,
                headers={"User-Agent": "tactful", "Accept-Encoding": "identity"},
                trust_env=False,
                follow_redirects=False,
            )
        return self._client


@cache
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return whom to trust: reading the usual authorities takes longer than a whole exchange, so it is done once."""
    return ssl.create_default_context(cafile=ca_file)


def _guarded(tls: ssl.SSLContext, most: int, *, http2: bool) -> httpx.AsyncBaseTransport:
    """Return httpx's own transport with a guard at its sockets, for which it has no door."""
    transport = httpx.AsyncHTTPTransport(verify=tls, http2=http2, trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        ssl_context=tls,
        max_connections=most,
        max_keepalive_connections=most,
        keepalive_expiry=_KEPT,
        http2=http2,
        network_backend=Guard(),
    )
    return transport


async def _content(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > ANSWER_BYTES_MAX:
            raise SendFault(Fault.AMBIGUOUS, "long answer", f"the answer is longer than {ANSWER_BYTES_MAX:,} bytes")
    return bytes(content)


def _word_for(error: Exception) -> str:
    """Return a short word for what went wrong on the way."""
    if "CERTIFICATE" in str(error) or "SSL" in str(error):
        return "tls"
    return "connect" if isinstance(error, httpx.ConnectError) else "connection"
