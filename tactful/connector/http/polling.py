"""Providers over HTTP that have to be asked: for receipts, or for what customers write.

    class Acme(WithPoll[AcmeConfig]):
        capabilities = Capabilities(..., receipts=True)

        def build_poll(self, asking): return Request("GET", f"/events?after={asking.cursor or 0}")
        def parse_poll(self, asking, answer): return Fetched(news=[Told(...), ...], cursor="17", more=False)

Two pure functions; the exchange, and what a bad one means, is the kernel's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic

from tactful.connector.faults import Fault, SendFault
from tactful.connector.http.connector import OK, HttpConfigT, HttpConnector
from tactful.connector.http.request import Answer, Request, UnreadableError
from tactful.connector.polling import Asking, Fetched


class WithPoll(HttpConnector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider that has to be asked for what it tells; it declares `receipts` or `inbound`."""

    def polls_every(self) -> timedelta | None:
        """Return how long there is between two looks; None where this one is not configured to look."""
        return timedelta(minutes=1)

    @abstractmethod
    def build_poll(self, asking: Asking) -> Request:
        """Return the request that asks for what is new since `asking.cursor`; it changes nothing there. Pure."""

    @abstractmethod
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        """Return what an answer of success tells, and where the next look begins. Pure.

        Raises:
            UnreadableError: It is not what the provider's description says: nothing of it is kept, it is asked again.
        """

    def build_acknowledge(self, taken: Sequence[str]) -> Request | None:  # noqa: ARG002
        """Return the request that tells the provider what is stored; None where a cursor is all it needs. Pure."""
        return None

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        """Fetch some of what the provider has, in one exchange."""
        answer = await self._asked(self.build_poll(asking), deadline)
        unreadable: UnreadableError
        try:
            return self.parse_poll(asking, answer)
        except UnreadableError as error:
            unreadable = error
        raise SendFault(Fault.TRANSIENT, f"{answer.status} unreadable", str(unreadable))

    async def acknowledge(self, taken: Sequence[str], *, deadline: float) -> None:
        """Tell the provider what is stored."""
        request = self.build_acknowledge(taken)
        if request is not None:
            await self._asked(request, deadline)

    async def _asked(self, request: Request, deadline: float) -> Answer:
        """Return an answer of success. Whatever else happens, nothing was sent: nothing about it is unknown."""
        failed: SendFault
        try:
            answer = await self.ask(request, deadline=deadline)
            if answer.status in OK:
                return answer
            failed = self.refusal(answer, at=datetime.now(UTC))
        except SendFault as fault:
            failed = fault
        kind = Fault.TRANSIENT if failed.fault is Fault.AMBIGUOUS else failed.fault
        raise SendFault(kind, failed.code, failed.detail, retry_after=failed.retry_after)
