"""Keys: every attempt with one message is the same request, and the answer to a key that was seen is no error."""

from __future__ import annotations

from tactful.conformance.provider import Received, Say
from tactful.conformance.trial import Trial, attempt, lasting
from tactful.connector import Accepted, NativeKey
from tactful.connector.http import Answer


async def keys(trial: Trial) -> None:
    """Try two attempts with one message, one attempt with another, and a key that was seen before."""
    if not trial.over_http:
        await _in_the_house(trial)
        return
    for number, message in enumerate(trial.case.messages, 1):
        (first, _), (second, _) = await trial.received(message), await trial.received(message)
        same = [lasting(trial.case, one) for one in first] == [lasting(trial.case, one) for one in second]
        trial.say(f"two attempts with message {number} are the same request", bool(first) and same)
        if trial.case.names_key:
            named = any(_names(one, str(message.key)) or _names(one, message.key.hex) for one in first)
            trial.say(f"our key stands in the request of message {number}", named)
    await _native(trial)


def _names(received: Received, key: str) -> bool:
    return key in f"{received.path} {dict(received.headers)}" or key.encode() in received.content


async def _native(trial: Trial) -> None:
    name = "a key that the provider has seen is a yes with the same id"
    if not isinstance(trial.code.capabilities.idempotency, NativeKey):
        trial.leave_out(name, "the provider takes no keys")
        return
    answer: Answer = trial.case.replayed or trial.case.accepted
    ended = await trial.attempt(Say(answer))
    trial.say(name, isinstance(ended, Accepted) and ended.provider_id == trial.case.provider_id, str(ended))
    window = trial.code.capabilities.idempotency.window
    trial.say("it says how long the provider remembers a key", window.total_seconds() > 0)


async def _in_the_house(trial: Trial) -> None:
    """See what a connector that speaks no HTTP does with one message twice."""
    if trial.case.server is None:
        connector = trial.connector()
        ended = [await attempt(connector, trial.case.messages[0]) for _ in range(2)]
        same = isinstance(ended[0], Accepted) and ended[0] == ended[1]
        trial.say("a message handed over twice is a yes with the same id", same, str(ended))
        return
    async with trial.case.server() as config:
        connector = trial.connector(**config)
        for number, message in enumerate(trial.case.messages, 1):
            ended_once = await attempt(connector, message)
            again = await attempt(connector, message)
            ids = [one.provider_id for one in (ended_once, again) if isinstance(one, Accepted)]
            same = len(ids) == 2 and ids[0] == ids[1]  # noqa: PLR2004 - both attempts
            trial.say(f"message {number} is taken, each time under the same id", same, f"{ended_once} {again}")
        await connector.aclose()
