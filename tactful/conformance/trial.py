"""One connector on trial: made anew for each check, pointed at a provider of this machine, and what was seen of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from pydantic import ValidationError

from tactful.conformance.case import Case
from tactful.conformance.certificate import Check, Outcome
from tactful.conformance.provider import Act, Provider, Received, Say, Script, provider
from tactful.connector import (
    Accepted,
    AnyConnector,
    Cancelled,
    ConnectorError,
    Message,
    Ports,
    SendFault,
    Stopping,
    find,
    send,
)
from tactful.connector.http import HttpConnector
from tactful.connector.loader import told_of
from tactful.connector.redaction import secrets_in

SECONDS = 10.0
NOWHERE = "http://127.0.0.1:1"
IMPATIENT = timedelta(seconds=0.4)
Attempt = Accepted | SendFault


@dataclass
class Trial:
    """A connector on trial; `say` notes what was seen."""

    case: Case
    found: list[Check] = field(default_factory=list[Check])
    group: str = ""

    @cached_property
    def code(self) -> type[AnyConnector]:
        """The connector's class, looked for once: that reads about every package that is installed."""
        return find(self.case.use)

    @property
    def over_http(self) -> bool:
        """Whether the kernel's HTTP is what it speaks."""
        return issubclass(self.code, HttpConnector)

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets of the configuration by their key, as plain text."""
        found = secrets_in(self.idle().config)
        return {key: said for key, secret in found if (said := secret.get_secret_value())}

    def cannot_begin(self) -> tuple[str, str] | None:
        """Return what keeps every group from being tried, and why: the connector itself, or its configuration."""
        try:
            self.idle()
        except ConnectorError as error:
            return "it is found under its name and keeps the contract's form", str(error)
        except ValidationError as error:
            said = [f"{'.'.join(map(str, one['loc'])) or 'as a whole'}: {one['msg']}" for one in error.errors()]
            return "the case's configuration is taken", "; ".join(said)
        except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything
            return "the case's configuration is taken", told_of(error)
        return None

    def idle(self) -> AnyConnector:
        """Return a connector that is never called: where it speaks HTTP, nobody listens at its address."""
        return self.connector(**({"base_url": NOWHERE} if "base_url" in self.code.Config.model_fields else {}))

    def connector(self, **config: object) -> AnyConnector:
        """Return a connector with the case's configuration and what is given besides."""
        made = self.code.Config.model_validate({**self.case.config, **config})
        return self.code(made, Ports(deliver=_deliver, calls=_Calls()))

    def say(self, name: str, seen: bool, why: str = "") -> None:  # noqa: FBT001 - the answer is the point
        """Note whether what is promised was seen."""
        self._note(name, "passed" if seen else "failed", "" if seen else why or "it was not so")

    def leave_out(self, name: str, why: str) -> None:
        """Note what was not tried."""
        self._note(name, "left out", why)

    def _note(self, name: str, outcome: Outcome, why: str) -> None:
        self.found.append(Check(self.group, name, outcome, why))

    @contextlib.contextmanager
    def as_group(self, name: str) -> Generator[None]:
        """Note all that is said within a block under one group; what escapes from it is a failed check."""
        self.group = name
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything, and the other groups follow
            self.say("the group comes to its end", seen=False, why=told_of(error))

    def script(self, act: Act | Callable[[Received], Act]) -> Script:
        """Return a script that gives tokens to who asks for one and else acts as given."""

        def acts(received: Received) -> Act:
            token = self.case.token.get(received.path)
            if token is not None:
                return Say(token)
            return act(received) if callable(act) else act

        return acts

    @contextlib.asynccontextmanager
    async def at(
        self, act: Act | Callable[[Received], Act], **config: object
    ) -> AsyncGenerator[tuple[Provider, AnyConnector]]:
        """Give a provider that acts so, and a connector pointed at it, to a block."""
        async with provider(self.script(act)) as there:
            connector = self.connector(base_url=there.base_url, **config)
            try:
                yield there, connector
            finally:
                await connector.aclose()

    async def attempt(
        self, act: Act | Callable[[Received], Act], message: Message | None = None, **config: object
    ) -> Attempt:
        """Return what one attempt comes to at a provider that acts so."""
        async with self.at(act, **config) as (_, connector):
            return await attempt(connector, message or self.case.messages[0])

    async def received(self, message: Message) -> tuple[list[Received], Attempt]:
        """Return the requests that a message comes to, tokens left out, and how it ended."""
        async with self.at(Say(self.case.accepted)) as (there, connector):
            ended = await attempt(connector, message)
        return [one for one in there.received if one.path not in self.case.token], ended


async def attempt(connector: AnyConnector, message: Message) -> Attempt:
    """Return what one attempt comes to: an acceptance or a fault."""
    try:
        return await send(connector, message, deadline=time.monotonic() + SECONDS)
    except SendFault as fault:
        return fault


def shown(ended: Attempt | Exception) -> str:
    """Return everything that a log could hold of how an attempt ended."""
    chain: list[str] = []
    error: BaseException | None = ended if isinstance(ended, BaseException) else None
    while error is not None:
        chain.append(f"{error!r} {error} {error.args}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(chain) or repr(ended)


def lasting(case: Case, received: Received) -> tuple[object, ...]:
    """Return what of a request must be the same for each attempt with one message, to compare it."""
    varying = case.varying | {"host"}
    headers = sorted((name, value) for name, value in received.headers.items() if name not in varying)
    return received.method, received.path, headers, received.content


class _Calls:
    """Stands for the house's list of calls; what was put there can be withdrawn, however often."""

    def put(self, message: Message, /) -> str:
        return str(message.key)

    def withdraw(self, task: str, /) -> Stopping:
        del task
        return Cancelled()


def _deliver(message: Message) -> str:
    """Stand for the house's own mailbox."""
    return str(message.key)
