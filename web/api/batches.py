"""A batch: every item checked by itself, the good ones taken in together, the answer item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from pydantic_core import to_json
from sqlalchemy import Connection

from database import intake, past, suppressions
from database.errors import IdTakenError, UnknownCustomerError
from database.intake import Tracked
from tactful.doors import RefusedError, Vocabulary, read_message, refusal
from tactful.intake import Identify, Suppress, Track, Who
from tactful.wire import BatchAnswer, ImportBody, ItemAnswer
from tactful.wire.answers import Refusal
from web.api.people import made_up_id
from web.bodies import ITEM_BYTES
from web.failures import customer_refusal, id_taken_refusal
from web.house import vocabulary

Message = Identify | Track | Suppress
Placed = tuple[int, Message]
Outcome = Tracked | Refusal | bool
"""False: it had been taken in before."""


def take_batch(conn: Connection, body: ImportBody, now: datetime) -> BatchAnswer:
    """Take in a batch in one transaction; what is wrong with an item is its own matter.

    Args:
        conn: The transaction; of a dry run nothing stays in it.
        body: The items, and how to take them.
        now: Aware UTC instant.
    """
    with conn.begin_nested() as savepoint:
        answers = _take(conn, body, now)
        if body.dry_run:
            savepoint.rollback()
    count = {
        status: sum(answer.status == status for answer in answers) for status in ("stored", "duplicate", "refused")
    }
    return BatchAnswer(
        success=not count["refused"],
        stored=count["stored"],
        duplicates=count["duplicate"],
        refused=count["refused"],
        results=answers,
    )


def _take(conn: Connection, body: ImportBody, now: datetime) -> list[ItemAnswer]:
    declared = vocabulary(conn)
    answers: dict[int, ItemAnswer] = {}
    read: list[Placed] = []
    for i, item in enumerate(body.batch):
        try:
            read.append((i, _message(item, declared, now, body, f"batch[{i}]")))
        except RefusedError as error:
            answers[i] = ItemAnswer(status="refused", message_id=_id_of(item), error=error.refusals[0])
    for (i, message), outcome in zip(read, _stored(conn, read, now, body), strict=True):
        answers[i] = _answer(message, outcome, f"batch[{i}]")
    return [answers[i] for i in range(len(body.batch))]


def _message(item: object, declared: Vocabulary, now: datetime, body: ImportBody, at: str) -> Message:
    if len(to_json(item)) > ITEM_BYTES:
        expected = f"at most {ITEM_BYTES // 1024} KB"
        raise refusal("too_large", "The item is too long.", field=at, expected=expected)
    return read_message(item, declared, now=now, made_up=made_up_id, historical=body.historical, at=at)


def _stored(conn: Connection, read: Sequence[Placed], now: datetime, body: ImportBody) -> Iterator[Outcome]:
    """Yield what became of each message; they are taken in order, neighbours of one kind together."""
    for kind, neighbours in groupby((message for _, message in read), type):
        messages = list(neighbours)
        if kind is Identify:
            yield from (_identified(conn, cast("Identify", message), now) for message in messages)
        elif kind is Suppress:
            yield from map(_suppressed, suppressions.suppress_many(conn, cast("list[Suppress]", messages), now=now))
        else:
            yield from _tracked(
                conn, cast("list[Track]", messages), now, create=body.create_customers, historical=body.historical
            )


def _identified(conn: Connection, said: Identify, now: datetime) -> Outcome:
    try:
        intake.identify(conn, said, now=now)
    except IdTakenError as error:
        return id_taken_refusal(error)
    return True


def _suppressed(outcome: bool | UnknownCustomerError) -> Outcome:  # noqa: FBT001 - what each of them came to
    return customer_refusal(outcome.who, field="userId") if isinstance(outcome, UnknownCustomerError) else outcome


def _tracked(
    conn: Connection, many: Sequence[Track], now: datetime, *, create: bool, historical: bool
) -> Iterator[Outcome]:
    if historical:
        yield from map(_outcome, past.track_past(conn, many, now=now, create_customers=create))
        return
    outcomes = intake.track_many(conn, many, now=now)
    unknown = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, UnknownCustomerError)]
    if create and unknown:
        _register(conn, [many[i] for i in unknown], now)
        for i, outcome in zip(unknown, intake.track_many(conn, [many[i] for i in unknown], now=now), strict=True):
            outcomes[i] = outcome
    yield from map(_outcome, outcomes)


def _outcome(outcome: Tracked | UnknownCustomerError) -> Outcome:
    return customer_refusal(outcome.who, field="userId") if isinstance(outcome, UnknownCustomerError) else outcome


def _register(conn: Connection, events: Sequence[Track], now: datetime) -> None:
    """Register the customers of events that nobody knows, as of their first event."""
    first: dict[Who, Track] = {}
    for event in events:
        first[event.who] = min(first.get(event.who, event), event, key=lambda e: e.occurred_at)
    for who, event in first.items():
        intake.identify(conn, Identify(who, f"{event.message_id}/customer", event.occurred_at), now=now)


def _answer(message: Message, outcome: Outcome, at: str) -> ItemAnswer:
    message_id = message.message_id if not isinstance(message, Suppress) else None
    if isinstance(outcome, Refusal):
        field = f"{at}.{outcome.field}" if outcome.field else at
        told = outcome.model_copy(update={"field": field})
        return ItemAnswer(status="refused", message_id=message_id, error=told)
    duplicate = outcome.duplicate if isinstance(outcome, Tracked) else not outcome
    return ItemAnswer(status="duplicate" if duplicate else "stored", message_id=message_id)


def _id_of(item: object) -> str | None:
    """Return the message id of an item that may be anything."""
    if not isinstance(item, Mapping):
        return None
    named = cast("Mapping[str, Any]", item)
    found = named.get("messageId", named.get("message_id"))
    return found if isinstance(found, str) else None
