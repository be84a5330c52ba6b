"""How a connector is called: tested first, within its time, and with nothing but an answer or a fault coming out.

It retries nothing: one call is one attempt, and whether there is another is decided afresh in the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import cast
from uuid import UUID

from tactful.connector.faults import Fault, SendFault
from tactful.connector.hooks import Inbound, Told
from tactful.connector.message import Message
from tactful.connector.polling import LONGEST_CURSOR, Asking, Fetched, Polls
from tactful.connector.protocol import (
    Accepted,
    AnyConnector,
    Cancelled,
    CannotSay,
    Finding,
    Found,
    LooksUp,
    NotThere,
    Stopping,
    Stops,
    TooLate,
)

GRACE_SECONDS = 0.5
"""How long after its deadline a connector is stopped that does not keep it: time to say what it knows."""


def time_left(deadline: float) -> float:
    """Return the seconds until `deadline` (monotonic seconds).

    Raises:
        SendFault: TRANSIENT, there are none: another worker may hold the contact by now.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise SendFault(Fault.TRANSIENT, "deadline", "its time was up before anything was sent")
    return seconds


async def send(connector: AnyConnector, message: Message, *, deadline: float) -> Accepted:
    """Make one attempt to send `message`, and end within `deadline` and half a second of grace.

    Args:
        connector: The connector chosen.
        message: The frozen message.
        deadline: Monotonic seconds (`time.monotonic`) by which it must have ended, before the claim's lease does.

    Returns:
        That the provider took it.

    Raises:
        SendFault: It did not, or that is not known. A bug in the connector or an overrun is *ambiguous*, also where the
            provider takes our key: only the same bytes under the same key may follow then, which the ledger sees to.
        asyncio.CancelledError: The caller was cancelled; passed on.
    """
    connector.capabilities.admit(message)
    seconds = time_left(deadline)
    try:
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            said = cast("object", await connector.send(message, deadline=deadline))
        if isinstance(said, Accepted):
            return said
        code, detail = "unexpected", f"neither a yes nor a fault: {type(said).__name__}"
    except SendFault:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises, the ledger needs an answer
        # Its type only: its text, and its own causes, may hold an address. Hence also raised outside this block.
        code, detail = ("timeout" if isinstance(error, TimeoutError) else "unexpected"), type(error).__name__
    raise SendFault(Fault.AMBIGUOUS, code, detail)


async def look_up(connector: AnyConnector, key: UUID, *, deadline: float) -> Finding:
    """Ask a provider what became of a message, and end within `deadline` and half a second of grace.

    Args:
        connector: The connector that the message was handed to.
        key: The message's key.
        deadline: Monotonic seconds (`time.monotonic`) by which it must have ended.

    Returns:
        What it said. A fault, a bug or an overrun is *cannot say*: only a plain answer settles anything.

    Raises:
        asyncio.CancelledError: The caller was cancelled; passed on.
    """
    if not isinstance(connector, LooksUp):
        return CannotSay("this connector cannot be asked")
    said = await _asked(connector.lookup(key, deadline=deadline), deadline)
    return said if isinstance(said, Found | NotThere | CannotSay) else CannotSay(f"no finding: {type(said).__name__}")


async def stop(connector: AnyConnector, provider_id: str, *, deadline: float) -> Stopping:
    """Tell a provider to stop a message it took, and end within `deadline` and half a second of grace.

    Args:
        connector: The connector that the message was handed to.
        provider_id: The provider's name for the message.
        deadline: Monotonic seconds (`time.monotonic`) by which it must have ended.

    Returns:
        What it said. A fault, a bug or an overrun is *cannot say*: only a plain answer means that nothing goes out.

    Raises:
        asyncio.CancelledError: The caller was cancelled; passed on.
    """
    if not isinstance(connector, Stops):
        return CannotSay("this connector cannot stop anything")
    said = await _asked(connector.cancel(provider_id, deadline=deadline), deadline)
    return said if isinstance(said, Cancelled | TooLate | CannotSay) else CannotSay(f"no answer: {type(said).__name__}")


async def poll(connector: AnyConnector, asking: Asking, *, deadline: float) -> Fetched:
    """Fetch some of what a provider has for us, and end within `deadline` and half a second of grace.

    Args:
        connector: A connector that polls.
        asking: Where to begin.
        deadline: Monotonic seconds (`time.monotonic`) by which it must have ended.

    Returns:
        What it brought, to be stored whole or not at all.

    Raises:
        SendFault: Nothing could be fetched. A bug in the connector or an overrun is *transient*: it is asked again.
        asyncio.CancelledError: The caller was cancelled; passed on.
    """
    if not isinstance(connector, Polls):
        raise SendFault(Fault.UNSUPPORTED, "poll", "this connector is not asked for anything")
    fetched = await _fetched(connector.poll(asking, deadline=deadline), deadline)
    if not isinstance(fetched, Fetched):
        raise SendFault(Fault.TRANSIENT, "unexpected", f"nothing that was fetched: {type(fetched).__name__}")
    for one in fetched.news:
        if not isinstance(cast("object", one), Told | Inbound) or one.at.tzinfo is None or not one.dedupe_id:
            raise SendFault(Fault.TRANSIENT, "unexpected", "news without a time, a zone or an id")
    cursor = fetched.cursor or ""
    if len(cursor) > LONGEST_CURSOR or not cursor.isprintable():
        detail = f"a cursor of more than {LONGEST_CURSOR:,} characters, or of others than printable ones"
        raise SendFault(Fault.TRANSIENT, "unexpected", detail)
    return fetched


async def acknowledge(connector: AnyConnector, taken: Sequence[str], *, deadline: float) -> None:
    """Tell a provider that what was fetched is stored, and end within `deadline` and half a second of grace.

    Args:
        connector: The connector that it was fetched by.
        taken: `Fetched.taken`; nothing is said where it is empty.
        deadline: Monotonic seconds (`time.monotonic`) by which it must have ended.

    Raises:
        SendFault: It could not be told; the same is fetched again.
        asyncio.CancelledError: The caller was cancelled; passed on.
    """
    if taken and isinstance(connector, Polls):
        await _fetched(connector.acknowledge(taken, deadline=deadline), deadline)


async def _fetched(call: Coroutine[object, object, object], deadline: float) -> object:
    """Return what a connector brings from where nothing is sent; whatever goes wrong is a fault."""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic()) + GRACE_SECONDS):
            return await call
    except SendFault:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises; its text may hold an address
        code, detail = ("timeout" if isinstance(error, TimeoutError) else "unexpected"), type(error).__name__
    raise SendFault(Fault.TRANSIENT, code, detail)


async def _asked(call: Coroutine[object, object, object], deadline: float) -> object:
    """Return what a connector says to a question that sends nothing; a fault, a bug, an overrun is *cannot say*."""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic()) + GRACE_SECONDS):
            return await call
    except SendFault as fault:
        return CannotSay(str(fault))
    except Exception as error:  # noqa: BLE001 - whatever a connector raises, the ledger needs an answer
        return CannotSay("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
