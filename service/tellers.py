"""The connectors whose providers tell us something, as `tactful.toml` configures them, for those who only listen.

Nothing can be sent with them here: they are given no mailbox, and nobody calls `send`. One that is wrongly configured
is known by its name all the same, so that its provider is asked to tell again later.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.connectors import ConfigurationError, Reading, parsed, read_channels
from tactful.connector import AnyConnector, Message, Ports
from tactful.words import Channel


@dataclass(frozen=True)
class Tellers:
    """The connectors that are listened to.

    Attributes:
        by_name: Those that can be.
        broken: Those that cannot, for want of a right configuration.
        problems: What is wrong with these, a line each.
        channels: The connectors of each channel, as the workers have them: a forecast asks whether they are open. Where
            none are named, whatever there is.
    """

    by_name: Mapping[str, AnyConnector] = field(default_factory=dict[str, AnyConnector])
    broken: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    channels: Mapping[Channel, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(Channel, ("any",)))

    async def aclose(self) -> None:
        """Close all of them."""
        for connector in self.by_name.values():
            await connector.aclose()


def read_tellers(path: Path, environ: Mapping[str, str] = os.environ, *, hears: bool = True) -> Tellers:
    """Return the connectors that `path` configures and whose code reads hooks; a file that is not there has none.

    Args:
        path: A TOML file of at most 1 MB.
        environ: The environment that `{ env = … }` reads.
        hears: Whether hooks are listened to; else only the channels are read, and no secret is needed.
    """
    try:
        document = parsed(path)
    except ConfigurationError as error:
        return Tellers(problems=error.problems)
    channels = read_channels(path) or dict.fromkeys(Channel, ("any",))
    if not hears:
        return Tellers(channels=channels)
    reading = Reading(path, environ)
    configured = reading.connectors(reading.table(document, "connectors", "connectors"))
    ports = Ports(deliver=_nowhere)
    found = {
        name: one.connector(one.config, ports) for name, one in configured.items() if one is not None and one.hears
    }
    broken = frozenset(name for name, one in configured.items() if one is None)
    return Tellers(found, broken, tuple(f"{path}: {problem}" for problem in reading.problems), channels)


def _nowhere(message: Message) -> str:
    msg = f"message {message.key} was handed to a connector that is only listened to"
    raise RuntimeError(msg)
