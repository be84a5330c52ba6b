"""A provider that does not exist and calls nobody: what happened stands in a list until it knows that we have it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from tactful.conformance import PollCase
from tactful.connector import Asking, Capabilities, Fetched, NoKey, Told
from tactful.connector.http import Answer, Request, UnreadableError, WithPoll
from tactful.words import ReceiptKind
from tests.unit.conformance.acme import CASE as ACME
from tests.unit.conformance.acme import KINDS, Acme, AcmeConfig
from tests.unit.connector.test_message import message


class Asked(Acme, WithPoll[AcmeConfig]):
    """Tells what it has from a place in its list on, thirty at a time."""

    capabilities: ClassVar[Capabilities] = replace(Acme.capabilities, idempotency=NoKey(), cancels=False)

    def build_poll(self, asking: Asking) -> Request:
        return Request("GET", f"/events?after={asking.cursor or 0}")

    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        try:
            said = cast("dict[str, Any]", json.loads(answer.content))
            news = [self.told(one) for one in said["events"]]
            return Fetched(news=news, cursor=str(said["next"]), taken=[one.dedupe_id for one in news])
        except (ValueError, KeyError, TypeError):
            raise UnreadableError("no list of events") from None

    def build_acknowledge(self, taken: Sequence[str]) -> Request | None:
        return Request.json("/events/done", list(taken))

    def told(self, said: dict[str, Any]) -> Told:
        return Told(
            kind=KINDS.get(said["what"], ReceiptKind.UNKNOWN),
            at=datetime.fromtimestamp(said["at"], UTC),
            dedupe_id=said["event"],
            key=UUID(said["key"]),
        )


def answer(*happened: str) -> Answer:
    """Return what the provider answers when it has this to tell."""
    events = [
        {"what": what, "at": 1614265330 + n, "event": f"e-{n}", "key": str(message().key)}
        for n, what in enumerate(happened)
    ]
    return Answer(200, {}, json.dumps({"events": events, "next": 17 + len(events)}).encode())


CASE = replace(
    ACME,
    use="tests.unit.conformance.asked:Asked",
    cancelled=None,
    too_late=None,
    polls=PollCase(
        kinds=(ReceiptKind.DELIVERED, ReceiptKind.BOUNCED, ReceiptKind.UNKNOWN),
        full=answer("bounced", "delivered", "teleported"),
        empty=answer(),
        source="made up",
    ),
)
