"""Afterwards: a provider that is asked is believed only when it is plain, and one told to stop says whether it did."""

from __future__ import annotations

import time

from tactful.conformance.provider import Act, Received, Reset, Say, say
from tactful.conformance.trial import SECONDS, Trial
from tactful.connector import CannotSay, Finding, Found, LooksUp, Lookup, NotThere, Stops, look_up, stop
from tactful.connector.http import Cancelled, Stopping, TooLate, WithCancel

UNCLEAR: dict[str, Act] = {
    "a reset": Reset(),
    "500": say(500),
    "401": say(401),
    "429": say(429),
    "HTML": say(200, "<html>"),
    "JSON cut short": say(200, '{"id'),
}


async def afterwards(trial: Trial) -> None:
    """Try the look-up and the stopping that are declared."""
    if isinstance(trial.code.capabilities.idempotency, Lookup):
        await _look_ups(trial)
    else:
        trial.leave_out("a look-up finds what is there", "the provider cannot be asked by our key")
    if trial.code.capabilities.cancels:
        await _cancels(trial)
    else:
        trial.leave_out("a message can be stopped", "the provider stops nothing that it took")


async def _look_ups(trial: Trial) -> None:
    key = trial.case.messages[0].key

    async def ask(act: Act) -> tuple[list[Received], Finding]:
        async with trial.at(act) as (there, connector):
            assert isinstance(connector, LooksUp)
            return there.received, await look_up(connector, key, deadline=time.monotonic() + SECONDS)

    if trial.case.found is None or trial.case.not_there is None:
        trial.say("the case has both answers to a look-up", seen=False)
        return
    requests, found = await ask(Say(trial.case.found))
    trial.say("a look-up finds what is there, with its id", found == Found(trial.case.provider_id), str(found))
    asked = [one for one in requests if one.path not in trial.case.token]
    names = all(str(key) in one.path or str(key).encode() in one.content for one in asked) and bool(asked)
    trial.say("it asks by our key", names)
    trial.say("asking sends nothing", all(one.method == "GET" for one in asked), "it was not a GET")
    _, missing = await ask(Say(trial.case.not_there))
    trial.say("a look-up says when nothing is there", missing == NotThere(), str(missing))
    for name, act in UNCLEAR.items():
        _, unclear = await ask(act)
        trial.say(f"{name} in answer to a look-up says nothing", isinstance(unclear, CannotSay), str(unclear))


async def _withdrawn(trial: Trial) -> None:
    connector = trial.connector()
    deadline = time.monotonic() + SECONDS
    told = [await stop(connector, str(trial.case.messages[0].key), deadline=deadline) for _ in range(2)]
    trial.say("a message is stopped, told once and twice", told == [Cancelled(), Cancelled()], str(told))
    within = isinstance(connector, Stops) and connector.cancels_within().total_seconds() > 0
    trial.say("it says how long a message can be stopped", within)
    await connector.aclose()


async def _cancels(trial: Trial) -> None:
    if not trial.over_http:
        await _withdrawn(trial)
        return

    async def told(act: Act) -> Stopping:
        async with trial.at(act) as (_, connector):
            assert isinstance(connector, WithCancel)
            return await connector.cancel(trial.case.provider_id or "id-1", deadline=time.monotonic() + SECONDS)

    if trial.case.cancelled is None or trial.case.too_late is None:
        trial.say("the case has both answers to a stop", seen=False)
        return
    for times in ("once", "twice"):
        stopped = await told(Say(trial.case.cancelled))
        trial.say(f"a message is stopped, told {times}", stopped == Cancelled(), str(stopped))
    late = await told(Say(trial.case.too_late))
    trial.say("it says when it is too late", late == TooLate(), str(late))
    for name, act in UNCLEAR.items():
        unclear = await told(act)
        trial.say(f"{name} in answer to a stop says nothing", isinstance(unclear, CannotSay), str(unclear))
