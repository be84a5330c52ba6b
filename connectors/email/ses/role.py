"""The credentials of a machine's role: from the endpoint that a container is given (ECS, EKS), or from an EC2 instance.

Where they are had stands in the environment, in the variables that AWS documents. An instance is asked by version 2 of
its metadata service alone: version 1 answers whoever can make a server call an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from connectors.email.ses.sigv4 import Credentials
from tactful.connector import Fault, SendFault
from tactful.connector.hooks import told_at
from tactful.connector.http import Answer, Request, Token, UnreadableError, fault_of, on

CONTAINER: Final = "http://169.254.170.2"
INSTANCE: Final = "http://169.254.169.254"
INSTANCE_BY_IPV6: Final = "http://[fd00:ec2::254]"
CONTAINER_HOSTS: Final = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})
"""Besides addresses of the machine itself: nobody else is told our token, or asked for keys, without TLS."""
WITHIN: Final = timedelta(seconds=2)
"""How long one call may take: these services are on the machine, or beside it."""
_ROLES = "/latest/meta-data/iam/security-credentials/"
_SESSION_SECONDS = "21600"
_YES = 200
# No role, or none that may be had from here: it will be no different for the next message.
_ERRORS = (on(range(300, 429), Fault.CONFIG),)

Ask = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Container:
    """A container's endpoint, and what proves that we are its container."""

    url: str
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance's metadata service."""

    base_url: str


Source = Container | Instance


def source_of(environ: Mapping[str, str]) -> Source:
    """Return where the machine's role is had, by the variables that AWS documents.

    Raises:
        ValueError: Nowhere, or at a place that may not be asked.
    """
    token, file = (
        environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    )
    proof = (None, Path(file)) if file else (token, None)
    if path := environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        if not path.startswith("/"):
            raise ValueError("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash")
        return Container(CONTAINER + path, *proof)
    if url := environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        if not _may_be_asked(url):
            msg = "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or on this machine, or one of AWS's own addresses"
            raise ValueError(msg)
        return Container(url, *proof)
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise ValueError("there is no container's endpoint, and AWS_EC2_METADATA_DISABLED forbids asking the instance")
    by_ipv6 = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").lower() == "ipv6"
    given = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or (INSTANCE_BY_IPV6 if by_ipv6 else INSTANCE)
    return Instance(given.rstrip("/"))


async def token_of(source: Source, ask: Ask, at: datetime) -> Token:
    """Return the role's credentials as a token, good until they end.

    Args:
        source: Where they are had.
        ask: Makes one call.
        at: Aware UTC instant.

    Raises:
        SendFault: They cannot be had.
    """
    answer = await (_of_container(source, ask) if isinstance(source, Container) else _of_instance(source, ask))
    try:
        key_id, secret, session = (answer.need(name) for name in ("AccessKeyId", "SecretAccessKey", "Token"))
        ends_at = told_at(answer.need("Expiration"), at)
    except UnreadableError as error:
        raise SendFault(Fault.CONFIG, f"role {answer.find('Code')}".strip()[:100], str(error)) from None
    if ends_at <= at:
        raise SendFault(Fault.TRANSIENT, "role", "the credentials that were given have ended")
    return Token(Credentials(key_id, SecretStr(secret), SecretStr(session)).as_token(), ends_at - at)


async def _of_container(source: Container, ask: Ask) -> Answer:
    said = source.token
    if source.token_file is not None:
        try:
            said = await asyncio.to_thread(source.token_file.read_text)  # anew each time: it is replaced
        except (OSError, ValueError) as error:
            detail = f"{source.token_file} cannot be read ({type(error).__name__})"
            raise SendFault(Fault.CONFIG, "role", detail) from None
    proof = {"Authorization": said.strip()} if said else {}
    return await _asked(Request.get(source.url, headers={"Accept": "application/json", **proof}), ask)


async def _of_instance(source: Instance, ask: Ask) -> Answer:
    lasting = {"X-aws-ec2-metadata-token-ttl-seconds": _SESSION_SECONDS}
    session = await _asked(Request("PUT", f"{source.base_url}/latest/api/token", lasting), ask)
    proof = {"X-aws-ec2-metadata-token": session.text}
    roles = await _asked(Request.get(source.base_url + _ROLES, headers=proof), ask)
    name = next(iter(roles.text.split()), "")
    return await _asked(Request.get(source.base_url + _ROLES + quote(name), headers=proof), ask)


async def _asked(request: Request, ask: Ask) -> Answer:
    answer = await ask(request)
    if answer.status != _YES or not answer.content:
        why = "the machine has no role, or does not give it" if answer.status != _YES else "an empty answer"
        raise SendFault(fault_of(answer.status, "", _ERRORS), f"role: {answer.status}", why)
    return answer


def _may_be_asked(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https" or host in CONTAINER_HOSTS:
        return parts.scheme in {"http", "https"} and bool(host)
    try:
        return parts.scheme == "http" and ip_address(host).is_loopback
    except ValueError:
        return False
