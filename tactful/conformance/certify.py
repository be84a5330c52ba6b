"""All groups of the kit on one connector, with an eye on the network: what comes out is its certificate.

from tactful.conformance import Case, certify
certificate = await certify(CASE)
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable, Collection, Iterable
from typing import Any, Self, cast

from tactful.conformance.case import Case
from tactful.conformance.certificate import Certificate, Check
from tactful.conformance.groups import GROUPS
from tactful.conformance.trial import Trial
from tactful.connector import AnyConnector, Lookup, NativeKey, Polls

_ALLOWED_NAMES = frozenset({"localhost", "nobody.invalid"})
Told = Callable[[Check], None]


async def certify(case: Case, told: Told | None = None, groups: Collection[str] = tuple(GROUPS)) -> Certificate:
    """Try everything on a connector.

    Args:
        case: What its author gives.
        groups: The groups to try; all of them where not said.
        told: Is told each check as it comes, for those who watch.

    Returns:
        The certificate; `passed` says whether the contract is kept.
    """
    trial = Trial(case)
    if (broken := trial.cannot_begin()) is not None:
        trial.group = next(iter(GROUPS))
        name, why = broken
        trial.say(f"{name}; nothing else was tried", seen=False, why=why)
        if told is not None:
            told(trial.found[-1])
        return Certificate(case.use, {}, _oracles(case), trial.found)
    with _Watched() as watched:
        for name, group in GROUPS.items():
            if name not in groups:
                continue
            begun = len(trial.found)
            with trial.as_group(name):
                await group(trial)
            for check in trial.found[begun:]:
                if told is not None:
                    told(check)
    trial.group = "network"
    strays = ", ".join(dict.fromkeys(watched.strays))
    trial.say("nothing was called but the provider at base_url", not strays, f"called: {strays}")
    if told is not None:
        told(trial.found[-1])
    return Certificate(case.use, _declared(trial.code), _oracles(case), trial.found)


def _oracles(case: Case) -> list[dict[str, str]]:
    """Return what stands behind a case, as a certificate names it."""
    return [{"kind": one.kind, "what": one.what} for one in case.oracles]


def _declared(code: type[AnyConnector]) -> dict[str, Any]:
    declared = code.capabilities
    match declared.idempotency:
        case NativeKey(window):
            key = "key" if window.days > 3650 else f"key for {window}"  # noqa: PLR2004 - ten years are for ever
        case Lookup(settles_after):
            key = f"look-up after {settles_after}"
        case _:
            key = "neither"
    return {
        "channels": [str(channel) for channel in declared.channels],
        "second attempt": key,
        "features": sorted(str(part) for part in declared.features),
        "bytes": declared.bytes_max,
        "receipts": declared.receipts,
        "polls": issubclass(code, Polls),
        "inbound": declared.inbound,
        "cancels": declared.cancels,
    }


class _Watched:
    """Notes every address outside this machine that is called or looked up within a block.

    Python's audit hooks cannot be taken away again; this one sleeps when its block is over.
    """

    def __init__(self) -> None:
        self.strays: list[str] = []
        self._awake = False

    def __enter__(self) -> Self:
        self._awake = True
        sys.addaudithook(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._awake = False

    def _hear(self, event: str, arguments: Iterable[Any]) -> None:
        if not self._awake or event not in {"socket.connect", "socket.getaddrinfo"}:
            return
        given = list(arguments)
        address = given[1] if event == "socket.connect" else given[0]
        host: object = cast("tuple[object, ...]", address)[0] if isinstance(address, tuple) else address
        if isinstance(host, bytes):
            host = host.decode(errors="replace")
        if isinstance(host, str) and not _is_here(host):
            self.strays.append(host)


def _is_here(host: str) -> bool:
    if host in _ALLOWED_NAMES or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
