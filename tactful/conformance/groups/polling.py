"""Polling: what a provider has to be asked for is told until it is acknowledged, and known again by its id."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

from tactful.conformance.case import PollCase
from tactful.conformance.groups.afterwards import UNCLEAR
from tactful.conformance.groups.hooks import kind_of
from tactful.conformance.provider import Act, Received, Say, provider, say
from tactful.conformance.trial import SECONDS, Trial, shown
from tactful.connector import AnyConnector, Asking, Fault, Fetched, Inbound, Polls, SendFault, Told
from tactful.words import ReceiptKind

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOST_LOOKS = 100
SOONEST = timedelta(seconds=10)
Make = Callable[[], AnyConnector]


async def polling(trial: Trial) -> None:
    """Try the asking: what is there, what is told again, and what goes wrong."""
    if not issubclass(trial.code, Polls):
        trial.leave_out("what it has is fetched", "the provider is not asked for anything")
        return
    declared = trial.code.capabilities
    trial.say("it declares what it is asked for", declared.receipts or declared.inbound)
    case = trial.case.polls
    if case is None:
        trial.say("the case has something to be fetched", seen=False)
        return
    unknown = ReceiptKind.UNKNOWN in case.kinds
    trial.say("in the case is something that the provider may invent tomorrow", unknown)
    async with _place(trial, case) as make:
        await _told_again(trial, make)
        await _told_once(trial, make, case)
    for name, act in UNCLEAR.items() if trial.over_http else ():
        async with trial.at(act) as (_, connector):
            await _fails(trial, name, connector, None)
    for name, (server, fault) in case.failures.items():
        async with server() as reached:
            await _fails(trial, name, trial.connector(**reached), fault)


async def _told_again(trial: Trial, make: Make) -> None:
    first, again = await _look(make(), None), await _look(make(), None)
    ids, same = _ids(first), _ids(again)
    trial.say("what is not stored is told again, with the same ids", bool(ids) and ids == same, f"{ids} and {same}")


async def _told_once(trial: Trial, make: Make, case: PollCase) -> None:
    """Store everything as the application does, and see that nothing is left out and nothing comes again."""
    cursor: str | None = None
    told: list[Told | Inbound] = []
    watch = make()
    every = watch.polls_every() if isinstance(watch, Polls) else None
    await watch.aclose()
    trial.say("it says how often it looks, ten seconds apart or more", every is not None and every >= SOONEST)
    for _ in range(MOST_LOOKS):
        fetched = await _look(make(), cursor)
        told += fetched.news
        cursor = cursor if fetched.cursor is None else fetched.cursor
        await _acknowledge(trial, make, fetched)
        if not fetched.more:
            break
    kinds = sorted(kind_of(one) for one in told)
    trial.say(f"it tells {', '.join(sorted(case.kinds))}", kinds == sorted(case.kinds), f"it told {kinds}")
    ids = [one.dedupe_id for one in told]
    trial.say("what it tells has an id each", len(set(ids)) == len(ids) and all(ids))
    trial.say("what it tells has its times with their zone", all(one.at.tzinfo is not None for one in told))
    named = all(one.provider_id or one.key for one in told if isinstance(one, Told) and one.kind != ReceiptKind.UNKNOWN)
    trial.say("what it tells names the message", named)
    left = [one.dedupe_id for one in (await _look(make(), cursor)).news]
    trial.say("what is stored and acknowledged is told no more", not left, f"told again: {left}")


async def _acknowledge(trial: Trial, make: Make, fetched: Fetched) -> None:
    """Acknowledge what one look took, once and, as after a crash, once more."""
    if not fetched.taken:
        return
    for times in ("once", "twice"):
        connector = make()
        assert isinstance(connector, Polls)
        try:
            await connector.acknowledge(fetched.taken, deadline=time.monotonic() + SECONDS)
            why = ""
        except SendFault as fault:
            why = str(fault)
        await connector.aclose()
        trial.say(f"what was fetched can be acknowledged {times}", not why, why)


async def _fails(trial: Trial, name: str, connector: AnyConnector, expected: Fault | None) -> None:
    """See that a look that fails is a fault that says so, with no secret in it."""
    try:
        fetched = await _look(connector, None)
    except SendFault as fault:
        seen = fault.fault is not Fault.AMBIGUOUS and expected in {None, fault.fault}
        trial.say(f"{name}: nothing is fetched, and it says why", seen, str(fault))
        leaked = [key for key, secret in trial.secrets.items() if secret in shown(fault)]
        trial.say(f"{name}: no secret is shown", not leaked, ", ".join(leaked))
    except Exception as error:  # noqa: BLE001 - what a stranger's code raises here is what is looked for
        trial.say(f"{name}: nothing is fetched, and it says why", seen=False, why=type(error).__name__)
    else:
        why = f"it told {len(fetched.news)} things"
        trial.say(f"{name}: nothing is fetched, and it says why", seen=False, why=why)


async def _look(connector: AnyConnector, cursor: str | None) -> Fetched:
    assert isinstance(connector, Polls)
    try:
        return await connector.poll(Asking(cursor, AT), deadline=time.monotonic() + SECONDS)
    finally:
        await connector.aclose()


def _ids(fetched: Fetched) -> list[str]:
    return sorted(one.dedupe_id for one in fetched.news)


@contextlib.asynccontextmanager
async def _place(trial: Trial, case: PollCase) -> AsyncGenerator[Make]:
    """Give a provider that has what the case says to a block, as what makes connectors that reach it."""
    if case.server is not None:
        async with case.server() as reached:
            yield lambda: trial.connector(**reached)
        return
    async with provider(trial.script(_Shelf(case))) as there:
        yield lambda: trial.connector(base_url=there.base_url)


class _Shelf:
    """Acts as a provider over HTTP: tells everything to the first question until it is asked another or thanked."""

    def __init__(self, case: PollCase) -> None:
        self._case = case
        self._first: tuple[str, str, bytes] | None = None
        self._thanked = False

    def __call__(self, received: Received) -> Act:
        asked = received.method, received.path, received.content
        self._first = self._first or asked
        if asked == self._first:
            return Say(self._case.empty if self._thanked else self._case.full)
        if received.method == self._first[0]:
            return Say(self._case.empty)
        self._thanked = True
        return say(200, "{}")
