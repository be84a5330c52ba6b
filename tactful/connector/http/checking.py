"""Providers that can be asked about an address before anything is sent to it: whether a letter can be delivered there.

Asking sends nothing, so whatever goes wrong with it leaves nothing unknown: the message is tried again later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Generic

from tactful.connector.faults import Fault, SendFault
from tactful.connector.http.connector import OK, HttpConfigT, HttpConnector
from tactful.connector.http.request import Answer, Request, UnreadableError
from tactful.connector.message import Message
from tactful.connector.protocol import Accepted


class WithCheck(HttpConnector[HttpConfigT], ABC, Generic[HttpConfigT]):
    """A provider that is asked about a message's address first, where it is configured to be."""

    @abstractmethod
    def build_check(self, message: Message) -> Request | None:
        """Return the request that asks about the address; None where nobody is to be asked. Pure.

        Raises:
            SendFault: The address cannot even be asked about.
        """

    @abstractmethod
    def parse_check(self, message: Message, answer: Answer) -> None:
        """Let an address pass by what an answer of success says. Pure.

        Raises:
            SendFault: BAD_RECIPIENT, nothing can be delivered there: the address is suppressed.
            UnreadableError: It is not what the provider's description says: nothing is sent for now.
        """

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Ask about the address, then hand the message over."""
        request = self.build_check(message)
        if request is not None:
            self.build(message)  # what cannot be sent anyway needs no asking, which is paid for
            await self._check(message, request, deadline)
        return await super().send(message, deadline=deadline)

    async def _check(self, message: Message, request: Request, deadline: float) -> None:
        at = datetime.now(UTC)
        failed: SendFault
        try:
            answer = await self.ask(request, deadline=deadline)
            if answer.status not in OK:
                raise self.refusal(answer, message=message, at=at)
            self.parse_check(message, answer)
        except SendFault as fault:
            failed = fault
        except UnreadableError as error:
            failed = SendFault(Fault.TRANSIENT, "unreadable", str(error))
        else:
            return
        # Nothing went out yet, so nothing is unknown; and nothing is said yet of the message itself.
        passing = failed.fault in {Fault.AMBIGUOUS, Fault.BAD_CONTENT}
        kind = Fault.TRANSIENT if passing else failed.fault
        raise SendFault(kind, f"address check: {failed.code}", failed.detail, retry_after=failed.retry_after)
