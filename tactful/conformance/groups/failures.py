"""Failures: whatever goes wrong on the way or is answered, it is one of the nine faults, and never a false promise.

The one promise that counts: every fault but *ambiguous* says that the customer was not reached by this attempt.
"""

from __future__ import annotations

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import trustme

from tactful.conformance.provider import Act, Cut, Drip, Reset, Say, Silence, provider, say
from tactful.conformance.trial import IMPATIENT, Attempt, Trial, attempt
from tactful.connector import Accepted, Fault, SendFault
from tactful.connector.http import HttpConnector

_BROKEN = {
    "as HTML": b"<html><body>502 Bad Gateway</body></html>",
    "as JSON cut short": b'{"id": "x',
    "as JSON of another shape": b'[{"what": null}]',
    "without a body": b"",
}
_LASTING = frozenset({Fault.BAD_RECIPIENT, Fault.SUPPRESSED})


async def failures(trial: Trial) -> None:
    """Try every kind of failure."""
    if not trial.over_http:
        await _by_server(trial)
        return
    await _before_the_first_byte(trial)
    await _after_it(trial)
    await _statuses(trial)
    await _waiting(trial)
    await _broken_answers(trial)
    for number, (answer, expected) in enumerate(trial.case.refusals, 1):
        ended = await trial.attempt(Say(answer))
        _is(trial, f"documented refusal {number} ({answer.status}) is {expected}", ended, {expected})


def _is(trial: Trial, name: str, ended: Attempt, allowed: frozenset[Fault] | set[Fault]) -> None:
    seen = isinstance(ended, SendFault) and ended.fault in allowed
    trial.say(name, seen, f"it was {ended.fault if isinstance(ended, SendFault) else 'taken for sent'}")


async def _by_server(trial: Trial) -> None:
    if not trial.case.failures:
        trial.leave_out("failures on the way", "nothing leaves the house")
    for name, (server, expected) in trial.case.failures.items():
        async with server() as config:
            connector = trial.connector(**config)
            ended = await attempt(connector, trial.case.messages[0])
            await connector.aclose()
        _is(trial, f"{name} is {expected}", ended, {expected})


async def _before_the_first_byte(trial: Trial) -> None:
    unsent = {Fault.TRANSIENT, Fault.CONFIG}
    for name, base_url in (
        ("a server that does not listen", "http://127.0.0.1:9"),
        ("a name that nobody has", "http://nobody.invalid"),
    ):
        connector = trial.connector(base_url=base_url)
        _is(trial, f"{name}: nothing was sent", await attempt(connector, trial.case.messages[0]), unsent)
        await connector.aclose()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with provider(trial.script(say(200)), context) as there:
        connector = trial.connector(base_url=there.base_url)
        _is(
            trial,
            "a certificate we do not trust: nothing was sent",
            await attempt(connector, trial.case.messages[0]),
            unsent,
        )
        await connector.aclose()
    trial.say("a certificate we do not trust: the provider saw no request", not there.received)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connector = trial.connector(base_url=f"https://127.0.0.1:{mute.getsockname()[1]}", timeout=IMPATIENT)
        name = "a server that takes the connection and never speaks TLS: nothing was sent"
        _is(trial, name, await attempt(connector, trial.case.messages[0]), unsent)
        await connector.aclose()


async def _after_it(trial: Trial) -> None:
    taken = trial.case.accepted
    acts: dict[str, Act] = {
        "a connection reset after the request": Reset(),
        "no answer in time": Silence(),
        "an answer that drips": Drip(taken),
        "an answer cut off in the middle": Cut(taken),
    }
    for name, act in acts.items():
        slow = isinstance(act, Silence | Drip)
        ended = await trial.attempt(act, timeout=IMPATIENT) if slow else await trial.attempt(act)
        _is(trial, f"{name}: nobody knows", ended, {Fault.AMBIGUOUS})


async def _statuses(trial: Trial) -> None:
    documented = {answer.status for answer, _ in trial.case.refusals if not answer.content}
    for status in (400, 403, 404, 409, 413, 422):
        name = f"{status} without a reason does not blame the customer"
        if status in _taken(trial):
            continue
        if status in documented:
            trial.leave_out(name, "the status alone is documented to mean something: see the documented refusals")
            continue
        refused = frozenset(Fault) - {Fault.AMBIGUOUS, Fault.UNSUPPORTED, Fault.THROTTLED} - _LASTING
        _is(trial, name, await trial.attempt(say(status)), refused)
    # Where each message has a server of its own, none may hold the connector for the others.
    ours = {Fault.BAD_CONTENT} if _anywhere(trial) else {Fault.CONFIG}
    name = "401 concerns this message alone" if _anywhere(trial) else "401 holds the connector"
    _is(trial, name, await trial.attempt(say(401)), ours)
    for status in (500, 502):
        _is(trial, f"{status}: nobody knows", await trial.attempt(say(status)), {Fault.AMBIGUOUS})
    tried = {Fault.AMBIGUOUS, Fault.TRANSIENT, Fault.THROTTLED}
    _is(trial, "503 is tried again or not known", await trial.attempt(say(503)), tried)
    async with provider(trial.script(say(200))) as elsewhere:
        _is(
            trial,
            "a redirect is not followed",
            await trial.attempt(say(302, location=elsewhere.base_url)),
            ours,
        )
    trial.say("a redirect leads nowhere", not elsewhere.received)


def _anywhere(trial: Trial) -> bool:
    return issubclass(trial.code, HttpConnector) and trial.code.anywhere


def _taken(trial: Trial) -> tuple[int, ...]:
    return trial.code.taken if issubclass(trial.code, HttpConnector) else ()


async def _waiting(trial: Trial) -> None:
    """See that a provider that asks us to slow down is heard."""
    seconds, date = "7", format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    for name, said, at_least, at_most in (("seconds", seconds, 7, 7), ("a date", date, 60, 121)):
        ended = await trial.attempt(say(429, retry_after=said))
        _is(trial, f"429 with a wait in {name} slows us down", ended, {Fault.THROTTLED, Fault.QUOTA})
        wait = ended.retry_after.total_seconds() if isinstance(ended, SendFault) and ended.retry_after else -1
        trial.say(f"a wait in {name} is kept", at_least <= wait <= at_most, f"{wait:g} s")
    _is(trial, "429 without a wait slows us down", await trial.attempt(say(429)), {Fault.THROTTLED, Fault.QUOTA})


async def _broken_answers(trial: Trial) -> None:
    """See that a yes that cannot be read is not taken for one, where the yes is in the body."""
    whole = trial.case.accepted
    name = "a yes that cannot be read leaves it unknown"
    if not _says_in_body(trial):
        trial.leave_out(name, "what this provider says when it takes a message is in the status and headers alone")
        return
    for kind, content in _BROKEN.items():
        _is(trial, f"{name}: {kind}", await trial.attempt(say(whole.status, content)), {Fault.AMBIGUOUS})
    ended = await trial.attempt(Say(whole))
    taken = isinstance(ended, Accepted) and ended.provider_id == trial.case.provider_id
    trial.say("its yes is read, with its id", taken, str(ended))


def _says_in_body(trial: Trial) -> bool:
    try:
        json.loads(trial.case.accepted.content)
    except ValueError:
        return False
    return True
