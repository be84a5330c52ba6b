"""`python -m service.trying`: one test message by a connector as it is configured, for `tactful connector send`.

It goes to the provider by the same code as every message, and touches neither the ledger nor the database: no customer,
no rule, no cap knows of it. What it is asked comes as JSON in one argument.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from service.connectors import Connectors, read_connectors
from service.settings import PREFIX
from tactful.connector import Accepted, AnyConnector, Fault, Feature, Message, Ports, SendFault, send
from tactful.doors import addresses
from tactful.errors import TactfulError
from tactful.strategy.spelling import did_you_mean
from tactful.words import Channel

SECONDS: Final = 30.0
TEXT: Final = "This is a test message. Nobody has to do anything."
MARK: Final = "[Test] "


class TryingError(TactfulError):
    """A test message cannot be made as it was asked for."""


class Asked(BaseModel):
    """What `tactful connector send` was asked for."""

    model_config = ConfigDict(extra="forbid")

    connector: str
    to: str
    text: str = TEXT
    channel: Channel | None = None
    sender: str | None = None
    sure: bool = False
    as_json: bool = False


@dataclass(frozen=True)
class Meaning:
    """What follows from a fault for a message of a customer's, and what to do about it."""

    follows: str
    to_do: str


MEANINGS: Final[Mapping[Fault, Meaning]] = {
    Fault.TRANSIENT: Meaning("It did not go out; a contact is tried again.", "Look whether the provider is reached."),
    Fault.THROTTLED: Meaning(
        "It did not go out; a contact waits, and no attempt is used up.", "Set `rate` of this connector lower."
    ),
    Fault.AMBIGUOUS: Meaning(
        "It may have gone out. A contact is settled by the same key, a look-up, a receipt, or a person.",
        "Look whether it arrived before trying again.",
    ),
    Fault.BAD_RECIPIENT: Meaning(
        "It did not go out; nothing is sent to that address any more.", "Try an address that exists."
    ),
    Fault.SUPPRESSED: Meaning(
        "It did not go out; the address is suppressed.", "Have it taken off the provider's own list, or try another."
    ),
    Fault.BAD_CONTENT: Meaning(
        "It did not go out; a contact is parked as refused.", "Read what the provider says of the message."
    ),
    Fault.CONFIG: Meaning(
        "It did not go out; the connector is held until a person acts.",
        "Mend the connector's table in tactful.toml, its secrets, or the account; or say --from.",
    ),
    Fault.QUOTA: Meaning(
        "It did not go out; the connector is held until there is room again.",
        "Look at the account's limits and balance.",
    ),
    Fault.UNSUPPORTED: Meaning(
        "Nothing was tried; a contact is parked as refused.", "Try another channel or connector."
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Send what is asked for and say what came of it; return the exit code."""
    asked = Asked.model_validate_json(arguments[0])
    try:
        return asyncio.run(_try(asked))
    except TactfulError as error:
        told = {"error": {"code": "wrong", "message": str(error), "field": None, "expected": None, "hint": None}}
        sys.stderr.write((json.dumps(told, ensure_ascii=False) if asked.as_json else str(error)) + "\n")
        return 1


async def _try(asked: Asked) -> int:
    path = Path(os.environ.get(f"{PREFIX}CONFIG") or "tactful.toml")
    connectors = read_connectors(path, Ports(deliver=_stays))
    try:
        connector = _named(connectors, asked.connector, path)
        message = _message(asked, connector)
        connector.capabilities.admit(message)
        if not asked.sure:
            _confirm(asked, message)
        said: Accepted | SendFault
        try:
            said = await send(connector, message, deadline=time.monotonic() + SECONDS)
        except SendFault as fault:
            said = fault
    finally:
        await connectors.aclose()
    _tell(asked, message, said)
    return 0 if isinstance(said, Accepted) else 1


def _stays(message: Message) -> str:
    del message
    raise SendFault(Fault.CONFIG, "in the house", "what it is given stays in the house's own database: try another one")


def _named(connectors: Connectors, name: str, path: Path) -> AnyConnector:
    try:
        return connectors.by_name[name]
    except KeyError:
        known = sorted(connectors.by_name)
        hint = did_you_mean(name, known) or f"There are: {', '.join(known) or 'none'}."
        raise TryingError(f"{path} has no [connectors.{name}]. {hint}") from None


def _message(asked: Asked, connector: AnyConnector) -> Message:
    """Return the message, marked as a test, with every part that the connector carries and people read."""
    carried = connector.capabilities
    channel = asked.channel or carried.channels[0]
    if asked.channel is None and len(carried.channels) > 1:
        raise TryingError(f"it serves {', '.join(carried.channels)}: say which with --channel")
    if channel not in carried.channels:
        raise TryingError(f"{asked.connector} serves {', '.join(carried.channels)}, not {channel}")
    text = MARK + asked.text
    parts = {Feature.SUBJECT: f"{MARK}Tactful", Feature.TITLE: f"{MARK}Tactful", Feature.TEXT: text}
    if Feature.TEXT not in carried.features:
        parts[Feature.HTML] = "<p>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</p>"
    try:
        return Message.model_validate(
            {
                "key": uuid4(),
                "channel": channel,
                "to": _address(channel, asked.to),
                "written_at": datetime.now(UTC),
                "language": "en",
                "marketing": False,
                "sender_name": "Tactful" if channel is Channel.EMAIL else None,
                "sender_address": asked.sender,
                **{part.value: said for part, said in parts.items() if part in carried.features},
            }
        )
    except ValidationError as error:
        raise TryingError(error.errors()[0]["msg"]) from None


def _address(channel: Channel, said: str) -> str:
    match channel:
        case Channel.EMAIL:
            return addresses.email(said, "--to")
        case Channel.SMS | Channel.CALL:
            return addresses.phone(said, "--to", None)
        case Channel.LETTER:
            return addresses.letter(said.replace("\\n", "\n"), "--to")
        case _:
            return addresses.push_token(said, "--to")


def _confirm(asked: Asked, message: Message) -> None:
    if not sys.stdin.isatty():
        raise TryingError("it is really sent, and may cost money; nobody can be asked here whether it is meant: --yes")
    typer.echo(f"By {asked.connector} to {message.to} ({message.channel}): {message.text or message.html}", err=True)
    if not typer.confirm("It is really sent, and may cost money. Send it?", err=True):
        raise TryingError("nothing was sent")


def _tell(asked: Asked, message: Message, said: Accepted | SendFault) -> None:
    told: dict[str, str]
    if isinstance(said, Accepted):
        told = {"outcome": "accepted", "provider_id": said.provider_id, "detail": said.detail, "key": str(message.key)}
        lines = [f"Accepted by {asked.connector} as {said.provider_id}" + (f": {said.detail}" if said.detail else "")]
        lines.append("It stands in no ledger: receipts that come for it are kept and settle nothing.")
    else:
        meaning = MEANINGS[said.fault]
        told = {"outcome": "fault", "fault": said.fault, "code": said.code, "detail": said.detail}
        told |= {"follows": meaning.follows, "to_do": meaning.to_do, "key": str(message.key)}
        lines = [str(said), f"  what follows: {meaning.follows}", f"  what to do:   {meaning.to_do}"]
    sys.stdout.write((json.dumps(told, ensure_ascii=False, indent=2) if asked.as_json else "\n".join(lines)) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
