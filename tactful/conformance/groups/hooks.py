"""Receipts: only what the provider signed, a few minutes ago, is believed; and nothing it says is lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import FrameType

from tactful.conformance.case import HookCase
from tactful.conformance.trial import Trial
from tactful.connector import (
    Handshake,
    Hook,
    Inbound,
    News,
    NotGenuineError,
    Polls,
    TellsLater,
    Told,
    UnreadableHookError,
)
from tactful.words import ReceiptKind

FLIPS = 64
LATER = timedelta(hours=2)


async def hooks(trial: Trial) -> None:
    """Try every hook of the case: as it is, and falsified in every way."""
    declared = trial.code.capabilities
    if not declared.receipts and not declared.inbound:
        trial.leave_out("hooks", "the provider tells nothing afterwards")
        return
    connector = trial.idle()
    if not isinstance(connector, TellsLater):
        asked = isinstance(connector, Polls)
        if trial.over_http and not asked:
            trial.say("what it declares to be told is read", seen=False, why="verify(hook) or news(hook) is not there")
            return
        trial.leave_out("hooks", "it is asked instead" if asked else "what it tells comes from within the house")
        return
    trial.say("the case has hooks", bool(trial.case.hooks))
    kinds = {kind for one in trial.case.hooks for kind in one.kinds}
    trial.say("among them is one that the provider may invent tomorrow", ReceiptKind.UNKNOWN in kinds)
    for number, one in enumerate(trial.case.hooks, 1):
        _genuine(trial, connector, number, one)
        _falsified(trial, connector, number, one)
    _unreadable(trial, connector)
    await connector.aclose()


def _genuine(trial: Trial, connector: TellsLater, number: int, one: HookCase) -> None:
    try:
        connector.verify(one.hook)
    except NotGenuineError as error:
        trial.say(f"hook {number} is taken for genuine", seen=False, why=str(error))
    else:
        trial.say(f"hook {number} is taken for genuine", seen=True)
    seen = _compares_in_constant_time(connector, one.hook)
    trial.say(f"hook {number} is compared in constant time", seen, "neither compare_digest nor a public key was used")
    told = list(connector.news(one.hook))
    kinds = tuple(kind_of(each) for each in told if not isinstance(each, Handshake))
    trial.say(f"hook {number} tells {', '.join(one.kinds) or 'nothing'}", kinds == one.kinds, f"it told {kinds}")
    ids = [each.dedupe_id for each in told if not isinstance(each, Handshake)]
    again = [each.dedupe_id for each in connector.news(one.hook) if not isinstance(each, Handshake)]
    trial.say(f"hook {number} told again has the same ids", ids == again)
    trial.say(f"what hook {number} tells has an id each", len(set(ids)) == len(ids) and all(ids))
    aware = all(each.at.tzinfo is not None for each in told if not isinstance(each, Handshake))
    trial.say(f"hook {number} has its times with their zone", aware)
    things = [each for each in told if isinstance(each, Told)]
    if things and all(each.recipient and not (each.provider_id or each.key) for each in things):
        trial.say(f"hook {number} names the address that it is about, and no message", seen=True)
    else:
        named = all(each.provider_id or each.key for each in things)
        trial.say(f"hook {number} names the message", named)


def _compares_in_constant_time(connector: TellsLater, hook: Hook) -> bool:
    """Say whether `hmac.compare_digest` or a public key's `verify` was called on the way."""
    called: set[str] = set()

    def note(_frame: FrameType, event: str, what: object) -> None:
        if event == "c_call":
            called.add(getattr(what, "__name__", ""))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        connector.verify(hook)
    except NotGenuineError:
        return False
    finally:
        sys.setprofile(before)
    return not called.isdisjoint({"compare_digest", "verify"})


def kind_of(told: News) -> ReceiptKind:
    """Return what was told; a customer's message to us counts as `REPLIED`."""
    return told.kind if isinstance(told, Told) else ReceiptKind.REPLIED


def _falsified(trial: Trial, connector: TellsLater, number: int, one: HookCase) -> None:
    for name in one.signing:
        bare = replace(one.hook, headers={k: v for k, v in one.hook.headers.items() if k != name.lower()})
        trial.say(f"hook {number} without {name} is refused", _refuses(connector, bare))
        value = one.hook.headers.get(name.lower(), "")
        for place in ("first", "last"):
            changed = replace(one.hook, headers={**one.hook.headers, name.lower(): _changed(value, place)})
            trial.say(f"hook {number} with its {name} changed is refused", _refuses(connector, changed))
    if one.signed == "secret only":
        trial.leave_out(
            f"hook {number} with its body changed is refused", "this provider signs nothing but shows a secret"
        )
    else:
        passed = [at for at, flipped in _flips(one.hook) if not _refuses(connector, flipped)]
        trial.say(f"hook {number} with one bit changed is refused", not passed, f"not at byte {passed[:5]}")
    if one.signed == "url and body":
        trial.say(
            f"hook {number} called elsewhere is refused", _refuses(connector, replace(one.hook, url=one.hook.url + "x"))
        )
    if one.dated:
        for name, at in (("late", one.hook.at + LATER), ("early", one.hook.at - LATER)):
            trial.say(f"hook {number} two hours {name} is refused", _refuses(connector, replace(one.hook, at=at)))
    else:
        trial.leave_out(
            f"hook {number} two hours late is refused", "this provider signs no time; its ids are kept instead"
        )


def _refuses(connector: TellsLater, hook: Hook) -> bool:
    try:
        connector.verify(hook)
    except (NotGenuineError, UnreadableHookError):
        return True
    return False


def _changed(value: str, place: str) -> str:
    """Return a header's value with one letter of its first or last half changed."""
    if not value:
        return "x"
    at = len(value) // 3 if place == "first" else max(len(value) - 6, 0)
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]


def _flips(hook: Hook) -> Iterator[tuple[int, Hook]]:
    """Yield the hook with one bit of its body changed, at up to 64 places."""
    step = max(1, len(hook.content) // FLIPS)
    for at in range(0, len(hook.content), step):
        content = hook.content[:at] + bytes([hook.content[at] ^ 1]) + hook.content[at + 1 :]
        yield at, replace(hook, content=content)


def _unreadable(trial: Trial, connector: TellsLater) -> None:
    """See that a body that is not what the provider describes is refused, and does not crash."""
    if not trial.case.hooks:
        return
    for name, content in (("no body", b""), ("HTML", b"<html>"), ("JSON of another shape", b'[{"a": [null, 7]}, 3]')):
        hook = replace(trial.case.hooks[0].hook, content=content)
        try:
            told = list(connector.news(hook))
        except UnreadableHookError:
            seen, why = True, ""
        except Exception as error:  # noqa: BLE001 - what a stranger's code raises here is what is looked for
            seen, why = False, type(error).__name__
        else:
            seen, why = all(not isinstance(each, Inbound) for each in told), "it read a message into it"
        trial.say(f"{name} as a hook is refused or kept as it is", seen, why)
