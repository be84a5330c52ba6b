"""What a connector has besides whose provider tells by hooks what became of a message, as protocols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from tactful.connector.hooks import Hook, News, Reply


@runtime_checkable
class TellsLater(Protocol):
    """What a connector that declares `receipts` or `inbound` by hooks has besides. Both methods are pure."""

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that the provider signed, a few minutes ago at the most.

        Signatures are compared in constant time, over the bytes as they came.

        Raises:
            NotGenuineError: It did not, or too long ago.
        """
        ...

    def news(self, hook: Hook) -> Iterable[News]:
        """Return what a genuine hook tells, in its order.

        Raises:
            UnreadableHookError: It is not what the provider's description says.
        """
        ...


@runtime_checkable
class PreparesHooks(Protocol):
    """What a connector has besides whose hooks are signed with a certificate that is fetched from the provider."""

    async def prepare(self, hook: Hook, *, deadline: float) -> None:
        """Fetch what `verify` needs for this hook, unless it is kept; called before it.

        Only from an address that is certainly the provider's: whoever made the hook chose it.

        Args:
            hook: Not yet verified.
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Raises:
            NotGenuineError: It asks for what no hook of this provider would.
            SendFault: It cannot be had at the moment; the provider is to tell again later.
        """
        ...


@runtime_checkable
class AnswersHooks(Protocol):
    """What a connector has besides whose provider reads the answer: to speak back to a customer who wrote STOP."""

    def reply(self, hook: Hook, say: str | None) -> Reply:
        """Return what to answer; `say` is the text that goes to the customer who wrote, None for none."""
        ...
