"""Calls to be made by people: a task per message, taken by somebody, and finished with what came of it.

Nothing of the customer is kept here: number and words stand in the frozen message, and go with the customer. What came
of a call is a receipt, as a provider's would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from database import receipts, suppressions
from database.engine import Direct
from database.errors import IntakeError
from tactful.connector import Cancelled, CannotSay, Message, Stopping, Told, TooLate
from tactful.intake import Suppress
from tactful.wire.calls import CallAnswer, Outcome
from tactful.words import Channel, ReceiptKind, SuppressionClass

MOST: Final = 200
LEFT_TO: Final = timedelta(hours=1)
"""How long a task is left to whoever took it, before somebody else may."""
_RECEIPTS: Final[Mapping[Outcome, ReceiptKind]] = {
    "reached": ReceiptKind.DELIVERED,
    "no_answer": ReceiptKind.BOUNCED,
    "wrong_number": ReceiptKind.BOUNCED,
    "not_again": ReceiptKind.UNSUBSCRIBED,
}

PUT = Direct("INSERT INTO call_tasks (part_key, put_at) VALUES (:part_key, :now) ON CONFLICT (part_key) DO NOTHING")
_TASKS = """
SELECT t.part_key AS task_key, t.state, t.put_at, t.taken_by, t.taken_at, t.outcome, t.done_by, t.done_at,
       m.content ->> 'to' AS phone, m.content ->> 'text' AS says, m.content ->> 'language' AS language,
       m.connector, m.channel, c.contact_key, c.strategy, c.step, c.communication, c.expires_at,
       (SELECT i.id FROM customer_ids i WHERE i.customer_key = c.customer_key AND i.kind = 'user' LIMIT 1) AS customer
  FROM call_tasks t JOIN messages m USING (part_key) JOIN contacts c USING (contact_key)
"""
OPEN = Direct(
    _TASKS + " WHERE t.state IN ('open', 'taken') AND m.content ? 'to' ORDER BY t.put_at, t.part_key LIMIT :most"
)
ONE = Direct(_TASKS + " WHERE t.part_key = :part_key AND m.content ? 'to'")
TAKE = Direct(
    "UPDATE call_tasks SET state = 'taken', taken_by = :by, taken_at = :now WHERE part_key = :part_key "
    "AND (state = 'open' OR (state = 'taken' AND (taken_by = :by OR taken_at <= :lapsed))) RETURNING part_key"
)
FINISH = Direct(
    "UPDATE call_tasks SET state = 'done', outcome = :outcome, done_by = :by, done_at = :now "
    "WHERE part_key = :part_key AND state IN ('open', 'taken') RETURNING part_key"
)
WITHDRAW = Direct(
    "UPDATE call_tasks SET state = 'withdrawn', done_at = :now WHERE part_key = :part_key AND state = 'open' "
    "RETURNING part_key"
)
STATE = Direct("SELECT state FROM call_tasks WHERE part_key = :part_key")


class UnknownCallError(IntakeError):
    """There is no task of that key, or it went with its customer."""

    def __init__(self) -> None:
        super().__init__("there is no such call")


class CallTakenError(IntakeError):
    """Somebody else has the task, or it is over."""

    def __init__(self, task: CallAnswer) -> None:
        said = f"{task.taken_by} has taken this call" if task.state == "taken" else f"this call is {task.state}"
        super().__init__(said)


def put(conn: Connection, message: Message, *, now: datetime) -> str:
    """Keep a task, once per key however often it is put, and return the key it is kept under."""
    PUT.run(conn, part_key=message.key, now=now)
    return str(message.key)


def waiting(conn: Connection) -> list[CallAnswer]:
    """Return the calls to be made, those that wait longest first."""
    return [_answer(row) for row in OPEN.rows(conn, most=MOST)]


def take(conn: Connection, task_key: UUID, *, by: str, now: datetime) -> CallAnswer:
    """Let somebody have a task for an hour; taken twice by the same person it is theirs for another.

    Raises:
        UnknownCallError: There is none of that key.
        CallTakenError: Somebody else has it, or it is over.
    """
    taken = TAKE.row(conn, part_key=task_key, by=by, now=now, lapsed=now - LEFT_TO)
    found = _one(conn, task_key)
    if taken is None:
        raise CallTakenError(found)
    return found


def finish(conn: Connection, task_key: UUID, outcome: Outcome, *, by: str, now: datetime) -> CallAnswer:
    """Write what came of a call: a receipt, and where the number is wrong or nobody wants calls, a suppression.

    Said twice alike, it is written once.

    Args:
        conn: A transaction in which nothing has happened yet.
        task_key: The task.
        outcome: What came of it.
        by: Who called.
        now: Aware UTC instant.

    Raises:
        UnknownCallError: There is none of that key.
        CallTakenError: Somebody else has it, or it is over with another outcome.
    """
    task = _one(conn, task_key)
    if task.state == "done" and task.outcome == outcome:
        return task
    theirs = task.state == "taken" and task.taken_by != by and (task.taken_at or now) > now - LEFT_TO
    if theirs or task.state in {"done", "withdrawn"}:
        raise CallTakenError(task)
    row = ONE.row(conn, part_key=task_key)
    assert row is not None
    connector = str(row["connector"])
    if outcome == "not_again":
        channel = Channel(row["channel"])
        said = Suppress(SuppressionClass.MARKETING, outcome, connector, now, channel=channel, address=task.phone)
        suppressions.suppress(conn, said, now=now)
    told = Told(
        kind=_RECEIPTS[outcome],
        at=now,
        dedupe_id=str(task_key),
        provider_id=str(task_key),
        key=task_key,
        permanent=outcome == "wrong_number",
        reason=outcome,
        raw={"outcome": outcome, "by": by},
    )
    receipts.note(conn, connector, told, now=now)
    if FINISH.row(conn, part_key=task_key, outcome=outcome, by=by, now=now) is None:
        raise CallTakenError(_one(conn, task_key))
    return _one(conn, task_key)


def withdraw(conn: Connection, task_key: UUID, *, now: datetime) -> Stopping:
    """Take back a task that nobody has taken yet."""
    if WITHDRAW.row(conn, part_key=task_key, now=now) is not None:
        return Cancelled()
    row = STATE.row(conn, part_key=task_key)
    if row is None:
        return CannotSay("there is no such call")
    return Cancelled() if row["state"] == "withdrawn" else TooLate()


def _one(conn: Connection, task_key: UUID) -> CallAnswer:
    row = ONE.row(conn, part_key=task_key)
    if row is None:
        raise UnknownCallError
    return _answer(row)


def _answer(row: Mapping[str, Any]) -> CallAnswer:
    return CallAnswer.model_validate({name: value for name, value in row.items() if name in CallAnswer.model_fields})
