"""What a connector over HTTP is: a configuration, capabilities, a table of errors, and a few pure functions.

    class Acme(HttpConnector[AcmeConfig]):
        Config = AcmeConfig
        capabilities = Capabilities(...)
        errors = (on(400, Fault.BAD_RECIPIENT, "no_such_number"),)
        id_at, code_at, said_at = "id", "error.code", "error.text"

        def build(self, message): return Request.json("/messages", {...})
        def authorize(self, request, at): return request.bearing(self.config.api_key.get_secret_value())

The kernel does the rest: connections, deadlines, tokens, classification, and keeping names and secrets out of what is
said. `WithToken` is for providers that want a token made or fetched first, `WithLookup` and `WithCancel` for those that
can be asked afterwards, or told to stop; `WithPoll` (beside this file) for those that have to be asked for receipts.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import SecretStr
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from tactful.connector.faults import Fault, SendFault
from tactful.connector.http.classify import On, fault_of, wait_asked_for
from tactful.connector.http.line import HttpConfig, Line
from tactful.connector.http.request import Answer, Request, UnreadableError
from tactful.connector.http.tokens import Token, TokenKeeper
from tactful.connector.message import Message
from tactful.connector.protocol import Accepted, CannotSay, Connector, Finding, Ports, Stopping
from tactful.connector.redaction import redacted, secrets_in

TOKEN_ATTEMPTS = 3
OK = range(200, 300)
_UNAUTHORIZED = 401
_NOBODY = Message.model_construct(to="", key=UUID(int=0))
"""Stands for the message where an exchange is about none: there is nothing to mask but secrets."""

HttpConfigT = TypeVar("HttpConfigT", bound=HttpConfig)


class HttpConnector(Connector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider spoken to over HTTP, one exchange a message.

    Attributes:
        errors: What its answers mean, first match wins; what HTTP says of a status holds where no row does.
        id_at: Where in a JSON answer of success the provider's id of the message stands, such as `data.id`.
        code_at: Where in one that refuses its error code stands, such as `errors.0.code`.
        said_at: Where its words stand.
        taken: Statuses besides 2xx that `parse` reads: for providers that say *taken before* by a 409.
        http2: Whether it speaks HTTP/2.
        anywhere: Whether its messages go to addresses of their own, outside `base_url`.
    """

    errors: ClassVar[tuple[On, ...]] = ()
    id_at: ClassVar[str] = ""
    code_at: ClassVar[str] = ""
    said_at: ClassVar[str] = ""
    taken: ClassVar[tuple[int, ...]] = ()
    http2: ClassVar[bool] = False
    anywhere: ClassVar[bool] = False

    def __init__(self, config: HttpConfigT, ports: Ports) -> None:
        super().__init__(config, ports)
        self._line = Line(config, http2=self.http2)
        self._secrets = tuple(secret for _, secret in secrets_in(config))

    @abstractmethod
    def build(self, message: Message) -> Request:
        """Return the request that hands the message over. Pure: the same bytes for the same message.

        Raises:
            SendFault: No request can be made of it; nothing was sent.
        """

    def parse(self, message: Message, answer: Answer) -> Accepted:  # noqa: ARG002
        """Return what an answer of success (2xx, or one of `taken`) says: the id that stands at `id_at`. Pure.

        Raises:
            SendFault: It says in the body that it did not work; `self.refusal(answer)` makes one of the error table.
            UnreadableError: It is not what the provider's description says: *ambiguous*.
        """
        if not self.id_at:
            raise UnreadableError("neither id_at nor a parse of its own says where its id is")
        return Accepted(answer.need(self.id_at))

    def authorize(self, request: Request, at: datetime) -> Request:  # noqa: ARG002
        """Return the request with what proves who we are. Pure.

        Args:
            request: The request as it was built.
            at: Aware UTC instant of this attempt, for signatures that hold a time.
        """
        return request

    def code_of(self, answer: Answer) -> str:
        """Return the provider's own error code in an answer; empty where there is none."""
        return answer.find(self.code_at) if self.code_at else ""

    def refusal(self, answer: Answer, *, message: Message | None = None, at: datetime | None = None) -> SendFault:
        """Return the fault that an answer is by the error table, without names or secrets in its detail."""
        code = self.code_of(answer)
        fault = fault_of(answer.status, code, self.errors)
        said = answer.find(self.said_at) if self.said_at else ""
        wait = wait_asked_for(answer.headers, at) if at is not None else None
        keeps_wait = fault in {Fault.TRANSIENT, Fault.THROTTLED, Fault.QUOTA, Fault.AMBIGUOUS}
        return SendFault(
            fault,
            f"{answer.status} {redacted(code, message or _NOBODY)}".strip()[:100],
            self._masked(said, message or _NOBODY),
            retry_after=wait if keeps_wait else None,
        )

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Hand the message over in one exchange."""
        at = datetime.now(UTC)
        answer = await self._authorized(self.build(message), at, deadline)
        if answer.status not in OK and answer.status not in self.taken:
            raise self.refusal(answer, message=message, at=at)
        unreadable: UnreadableError
        try:
            accepted = self.parse(message, answer)
        except UnreadableError as error:
            unreadable = error
        else:
            return replace(accepted, detail=self._masked(accepted.detail, message))
        raise SendFault(Fault.AMBIGUOUS, f"{answer.status} unreadable", str(unreadable))

    async def ask(self, request: Request, *, deadline: float) -> Answer:
        """Return the answer to a request that sends nothing to anybody, proved like all others, whatever its status.

        Raises:
            SendFault: No answer came.
        """
        return await self._authorized(request, datetime.now(UTC), deadline)

    async def exchange(self, request: Request, *, deadline: float) -> Answer:
        """Return the answer to a request as it stands, with nothing that proves who we are.

        Raises:
            SendFault: No answer came.
        """
        return await self._line.exchange(request, deadline=deadline)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    def _masked(self, said: str, message: Message) -> str:
        return redacted(said, message, *(secret.get_secret_value() for secret in self._secrets))

    async def _authorized(self, request: Request, at: datetime, deadline: float) -> Answer:
        if "://" in request.path and not self.anywhere:
            raise SendFault(Fault.CONFIG, "address", "this connector may only call what is below its base_url")
        return await self._proved(request, at, deadline)

    async def _proved(self, request: Request, at: datetime, deadline: float) -> Answer:
        return await self.exchange(self.authorize(request, at), deadline=deadline)


class WithToken(HttpConnector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider that wants a token with each request: made here, or fetched, and kept until shortly before it ends."""

    def __init__(self, config: HttpConfigT, ports: Ports) -> None:
        super().__init__(config, ports)
        self._tokens = TokenKeeper()

    @abstractmethod
    async def token_for(self, at: datetime, *, deadline: float) -> Token:
        """Return a new token: made here, or fetched by `self.exchange`.

        Args:
            at: Aware UTC instant from which it is good.
            deadline: Monotonic seconds (`time.monotonic`) by which it must be there.

        Raises:
            SendFault: It cannot be had.
        """

    def with_token(self, request: Request, at: datetime, token: SecretStr) -> Request:  # noqa: ARG002
        """Return the request with the kept token, instead of `authorize`: as a bearer's. Pure."""
        return request.bearing(token.get_secret_value())

    def token_is_spent(self, answer: Answer) -> bool:
        """Say whether an answer means that the token is to be replaced, for providers that do not say it by a 401."""
        return answer.status == _UNAUTHORIZED

    async def _proved(self, request: Request, at: datetime, deadline: float) -> Answer:
        token = await self._token(at, deadline)
        answer = await self.exchange(self.with_token(request, at, token), deadline=deadline)
        if self.token_is_spent(answer):
            self._tokens.drop(token)
        return answer

    async def _token(self, at: datetime, deadline: float) -> SecretStr:
        failed: SendFault
        try:
            return await self._tokens.token(at, partial(self._new_token, deadline=deadline))
        except SendFault as fault:
            failed = fault
        # No message went out yet, so nothing is unknown.
        kind = Fault.TRANSIENT if failed.fault is Fault.AMBIGUOUS else failed.fault
        raise SendFault(kind, f"token: {failed.code}", failed.detail, retry_after=failed.retry_after)

    async def _new_token(self, at: datetime, *, deadline: float) -> Token:
        trying = AsyncRetrying(
            stop=stop_after_attempt(TOKEN_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception(lambda error: _may_pass(error, deadline)),
            reraise=True,
        )
        return await trying(self.token_for, at, deadline=deadline)


class WithLookup(HttpConnector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider that can be asked by our key what became of a message; it declares `Lookup`."""

    @abstractmethod
    def build_lookup(self, key: UUID) -> Request:
        """Return the request that asks for the message with this key. Pure."""

    @abstractmethod
    def parse_lookup(self, key: UUID, answer: Answer) -> Finding:
        """Return what an answer of any status says. Pure. *Not there* is a promise: the message is sent again.

        Raises:
            UnreadableError: It is not what the provider's description says; the same as `CannotSay`.
        """

    async def lookup(self, key: UUID, *, deadline: float) -> Finding:
        """Ask what became of the message with this key."""
        answer = await self.ask(self.build_lookup(key), deadline=deadline)
        try:
            return self.parse_lookup(key, answer)
        except UnreadableError as error:
            return CannotSay(f"{answer.status}: {error}")


class WithCancel(HttpConnector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider that can be told to stop what it took: a letter before it is printed; it declares `cancels`."""

    def cancels_within(self) -> timedelta:
        """Return how long after it was handed over a message may still be stopped, at the most."""
        return timedelta(days=1)

    @abstractmethod
    def build_cancel(self, provider_id: str) -> Request:
        """Return the request that stops the message. Pure."""

    @abstractmethod
    def parse_cancel(self, answer: Answer) -> Stopping:
        """Return what an answer of any status says. Pure. *Cancelled* is a promise, also where it was before.

        Raises:
            UnreadableError: It is not what the provider's description says; the same as `CannotSay`.
        """

    async def cancel(self, provider_id: str, *, deadline: float) -> Stopping:
        """Tell the provider to stop the message; as harmless twice as once."""
        try:
            answer = await self.ask(self.build_cancel(provider_id), deadline=deadline)
            return self.parse_cancel(answer)
        except (SendFault, UnreadableError) as error:
            return CannotSay(str(error))


def _may_pass(error: BaseException, deadline: float) -> bool:
    """Say whether getting a token may work if it is tried again, and there is time to."""
    passing = isinstance(error, SendFault) and error.fault in {Fault.TRANSIENT, Fault.AMBIGUOUS, Fault.THROTTLED}
    return passing and deadline - time.monotonic() > 1
