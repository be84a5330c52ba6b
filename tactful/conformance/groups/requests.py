"""Requests: pure, whole, and what the provider's own description asks for."""

from __future__ import annotations

from tactful.conformance.trial import Trial, lasting
from tactful.connector import Accepted, Fault, Feature, Message, SendFault
from tactful.connector.http import HttpConnector
from tactful.words import Channel


async def features(trial: Trial) -> None:
    """Try every feature that is declared, and every one that is not."""
    declared = trial.code.capabilities
    used = {part for part in Feature for message in trial.case.messages if getattr(message, part) is not None}
    lacking = sorted(declared.features - used)
    trial.say("the case's messages use every feature that is declared", not lacking, f"not used: {', '.join(lacking)}")
    _pure(trial)
    for part in sorted(declared.features):
        await _shows(trial, part)
    one = trial.case.messages[0]
    for part in (part for part in Feature if part not in declared.features):
        refused = await _refused(trial, one.model_copy(update={part.value: "x"}))
        trial.say(f"a message with a {part}, which it cannot carry, is refused before anything is sent", refused)
    for channel in (channel for channel in Channel if channel not in declared.channels):
        refused = await _refused(trial, one.model_copy(update={"channel": channel}))
        trial.say(f"a message for {channel}, which it does not serve, is refused before anything is sent", refused)


def _pure(trial: Trial) -> None:
    connector = trial.idle()
    if not isinstance(connector, HttpConnector):
        trial.leave_out("the same message is built into the same bytes", "it does not speak HTTP")
        return
    other = trial.idle()
    assert isinstance(other, HttpConnector)
    for number, message in enumerate(trial.case.messages, 1):
        before = message.model_dump_json()
        first, again, elsewhere = connector.build(message), connector.build(message), other.build(message)
        same = _parts(first) == _parts(again) == _parts(elsewhere) and before == message.model_dump_json()
        trial.say(f"message {number} is built into the same bytes each time", same)


def _parts(request: object) -> tuple[object, ...]:
    return tuple(getattr(request, name) for name in ("method", "path", "headers", "content"))


async def _shows(trial: Trial, part: Feature) -> None:
    """See that a feature reaches the wire: two messages that differ in it alone are two requests."""
    name = f"a change of the {part} changes the request"
    having = next((one for one in trial.case.messages if getattr(one, part) is not None), None)
    if having is None:
        return
    if not trial.over_http:
        trial.leave_out(name, "it does not speak HTTP")
        return
    value = str(getattr(having, part))
    changed = having.model_copy(update={part.value: _other(part, value)})
    (one, _), (two, _) = await trial.received(having), await trial.received(changed)
    same = [lasting(trial.case, each) for each in one] == [lasting(trial.case, each) for each in two]
    trial.say(name, bool(one) and not same)


def _other(part: Feature, value: str) -> str:
    if part is Feature.REPLY_TO:
        return "somebody-else@example.com"
    return value + "/other" if part is Feature.LINK else value + " And more."


async def _refused(trial: Trial, message: Message) -> bool:
    """Say whether a message is refused as unsupported before anything reaches the provider."""
    requests, ended = await trial.received(message) if trial.over_http else ([], _unsent(trial, message))
    return not requests and isinstance(ended, SendFault) and ended.fault is Fault.UNSUPPORTED


def _unsent(trial: Trial, message: Message) -> Accepted | SendFault:
    try:
        trial.code.capabilities.admit(message)
    except SendFault as fault:
        return fault
    return Accepted("")


async def description(trial: Trial) -> None:
    """Hold every request against the provider's own description, and see that the description bites."""
    described = trial.case.description
    if described is None:
        trial.leave_out("requests are as the provider describes them", "the provider publishes no description")
        return
    canary: str | None = None
    for number, message in enumerate(trial.case.messages, 1):
        requests, ended = await trial.received(message)
        trial.say(f"message {number} is taken", isinstance(ended, Accepted), str(ended))
        for request in requests:
            wrong = list(described.problems(request))
            trial.say(f"message {number} is as the provider describes it", not wrong, "; ".join(wrong)[:300])
            canary = "; ".join(described.problems(described.canary(request)))
    trial.say("a request made bad on purpose is refused by the description", bool(canary), "it found nothing wrong")
