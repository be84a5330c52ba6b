"""Calls to be made by people: a task per message, taken by somebody, and finished with what came of it.

The rules of taking, giving back, finishing and withdrawing stand here, whoever asks: the console, the API, the command
line, the connector. Nothing of the customer is kept here: number and words stand in the frozen message, and go with the
customer. What came of a call is a receipt, as a provider's would be; the caller's note stands in it.
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
from database.storable import storable
from database.views.cursors import cursor, read_key_cursor
from tactful.connector import Cancelled, CannotSay, Message, Stopping, Told, TooLate
from tactful.intake import Suppress
from tactful.wire.calls import LONGEST_NOTE, CallAnswer, CallsAnswer, Outcome, Which
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
SELECT t.part_key AS task_key, t.put_at, t.outcome, t.done_by, t.done_at,
       CASE WHEN t.state = 'taken' AND t.taken_at <= :lapsed THEN 'open' ELSE t.state END AS state,
       t.taken_by, t.taken_at, t.taken_at + :left_to AS taken_until,
       m.content ->> 'to' AS phone, m.content ->> 'subject' AS about, m.content ->> 'text' AS says,
       m.content ->> 'sender_address' AS call_from, m.content ->> 'language' AS language,
       m.connector, m.channel, c.contact_key, c.strategy, c.step, c.communication, c.expires_at, u.time_zone,
       (SELECT i.id FROM customer_ids i WHERE i.customer_key = c.customer_key AND i.kind = 'user' LIMIT 1) AS customer,
       c.customer_key,
       NOT EXISTS (SELECT FROM recalls r WHERE r.contact_key = m.contact_key AND r.channel = m.channel
                      AND r.provider_id = CAST(t.part_key AS text) AND r.state = 'wanted') AS wanted,
       (SELECT r.raw ->> 'note' FROM receipts r
         WHERE r.connector = m.connector AND r.dedupe_id = CAST(t.part_key AS text)) AS note
  FROM call_tasks t JOIN messages m USING (part_key) JOIN contacts c USING (contact_key)
  JOIN customers u ON u.customer_key = c.customer_key
 WHERE m.content ? 'to' AND """
OPEN = Direct(
    _TASKS + "t.state IN ('open', 'taken') "
    "AND (CAST(:at AS timestamptz) IS NULL OR (t.put_at, t.part_key) > (:at, CAST(:ref AS uuid))) "
    "AND (:which = 'all' OR (:which = 'open') = (t.state = 'open' OR t.taken_at <= :lapsed)) "
    "AND (CAST(:by AS text) IS NULL OR t.taken_by = :by) ORDER BY t.put_at, t.part_key LIMIT :most"
)
ONE = Direct(_TASKS + "t.part_key = :part_key")
TAKE = Direct(
    "UPDATE call_tasks SET state = 'taken', taken_by = :by, taken_at = :now WHERE part_key = :part_key "
    "AND (state = 'open' OR (state = 'taken' AND (taken_by = :by OR taken_at <= :lapsed))) RETURNING part_key"
)
GIVE_BACK = Direct(
    "UPDATE call_tasks SET state = 'open', taken_by = NULL, taken_at = NULL WHERE part_key = :part_key "
    "AND state = 'taken' AND (taken_by = :by OR taken_at <= :lapsed) RETURNING part_key"
)
# Whoever wanted it stopped while it was in somebody's hands is answered at the next look.
ASK_AGAIN = Direct(
    "UPDATE recalls SET again_at = :now WHERE contact_key = :contact_key AND provider_id = :provider_id "
    "AND state = 'wanted' RETURNING contact_key"
)
FINISH = Direct(
    "UPDATE call_tasks SET state = 'done', outcome = :outcome, done_by = :by, done_at = :now "
    "WHERE part_key = :part_key AND state IN ('open', 'taken') RETURNING part_key"
)
WITHDRAW = Direct(
    "UPDATE call_tasks SET state = 'withdrawn', done_at = :now WHERE part_key = :part_key "
    "AND (state = 'open' OR (state = 'taken' AND taken_at <= :lapsed)) RETURNING part_key"
)
STATE = Direct("SELECT state FROM call_tasks WHERE part_key = :part_key")


class UnknownCallError(IntakeError):
    """There is no task of that key, or it went with its customer."""

    def __init__(self) -> None:
        super().__init__("there is no such call")


class CallTakenError(IntakeError):
    """Somebody else has the task, or it is over."""

    def __init__(self, task: CallAnswer) -> None:
        self.task = task
        match task.state:
            case "taken":
                said = f"{task.taken_by} has taken this call"
            case "done":
                said = f"this call is done: {task.done_by} said {(task.outcome or '').replace('_', ' ')}"
            case "withdrawn":
                said = "this call is withdrawn: it is not wanted any more"
            case "open":
                said = "nobody has this call"
        super().__init__(said)


def put(conn: Connection, message: Message, *, now: datetime) -> str:
    """Keep a task, once per key however often it is put, and return the key it is kept under."""
    PUT.run(conn, part_key=message.key, now=now)
    return str(message.key)


def waiting(
    conn: Connection,
    *,
    now: datetime,
    which: Which = "all",
    by: str | None = None,
    after: str | None = None,
    most: int = MOST,
) -> CallsAnswer:
    """Return the calls to be made, those that wait longest first.

    Args:
        conn: The connection.
        now: Aware UTC instant.
        which: All of them, those that are open, or those that somebody has.
        by: Only those that this person took.
        after: The place in the list to go on from.
        most: How many at once.

    Raises:
        BadCursorError: `after` is none of ours.
    """
    at, ref = read_key_cursor(after) if after else (None, None)
    asked = {"at": at, "ref": ref, "which": which, "by": by, "most": most + 1}
    rows = OPEN.rows(conn, **asked, lapsed=now - LEFT_TO, left_to=LEFT_TO)
    last = rows[most - 1] if len(rows) > most else None
    following = cursor(last["put_at"], str(last["task_key"])) if last else None
    return CallsAnswer(calls=[_answer(row) for row in rows[:most]], next=following)


def take(conn: Connection, task_key: UUID, *, by: str, now: datetime) -> CallAnswer:
    """Let somebody have a task for an hour; taken twice by the same person it is theirs for another.

    Raises:
        UnknownCallError: There is none of that key.
        CallTakenError: Somebody else has it, or it is over.
    """
    taken = TAKE.row(conn, part_key=task_key, by=by, now=now, lapsed=now - LEFT_TO)
    found = _answer(_one(conn, task_key, now))
    if taken is None:
        raise CallTakenError(found)
    return found


def give_back(conn: Connection, task_key: UUID, *, by: str, now: datetime) -> CallAnswer:
    """Let everybody have a task again; given back twice, it is given back. It is withdrawn then if nobody wants it.

    Raises:
        UnknownCallError: There is none of that key.
        CallTakenError: Somebody else has it, or it is over.
    """
    given = GIVE_BACK.row(conn, part_key=task_key, by=by, lapsed=now - LEFT_TO)
    found = _answer(_one(conn, task_key, now))
    if given is not None:
        ASK_AGAIN.run(conn, contact_key=found.contact_key, provider_id=str(task_key), now=now)
    elif found.state != "open":
        raise CallTakenError(found)
    return found


def finish(
    conn: Connection, task_key: UUID, outcome: Outcome, *, by: str, now: datetime, note: str | None = None
) -> CallAnswer:
    """Write what came of a call: a receipt, and where the number is wrong or nobody wants calls, a suppression.

    Said twice alike, it is written once; the note that came first stays.

    Args:
        conn: A transaction in which nothing has happened yet.
        task_key: The task.
        outcome: What came of it.
        by: Who called.
        now: Aware UTC instant.
        note: What the caller has to say of it, for whoever reads the customer's story.

    Raises:
        UnknownCallError: There is none of that key.
        CallTakenError: Somebody else has it, or it is over with another outcome.
    """
    row = _one(conn, task_key, now)
    task = _answer(row)
    if task.state == "done" and task.outcome == outcome:
        return task
    if task.state in {"done", "withdrawn"} or (task.state == "taken" and task.taken_by != by):
        raise CallTakenError(task)
    connector = str(row["connector"])
    if outcome == "not_again":
        channel = Channel(row["channel"])
        said = Suppress(SuppressionClass.MARKETING, outcome, connector, now, channel=channel, address=task.phone)
        suppressions.suppress(conn, said, now=now)
        reached = Told(kind=ReceiptKind.DELIVERED, at=now, dedupe_id=f"{task_key} reached", key=task_key)
        receipts.note(conn, connector, reached, now=now)  # whoever says no was reached: no other way follows
    told = Told(
        kind=_RECEIPTS[outcome],
        at=now,
        dedupe_id=str(task_key),
        provider_id=str(task_key),
        key=task_key,
        permanent=outcome == "wrong_number",
        reason=outcome,
        raw={"outcome": outcome, "by": by, **_noted(note)},
    )
    receipts.note(conn, connector, told, now=now)
    done = FINISH.row(conn, part_key=task_key, outcome=outcome, by=by, now=now)
    task = _answer(_one(conn, task_key, now))
    if done is None and (task.state, task.outcome) != ("done", outcome):  # somebody was quicker, and says otherwise
        raise CallTakenError(task)
    return task


def withdraw(conn: Connection, task_key: UUID, *, now: datetime) -> Stopping:
    """Take back a task, unless somebody has it; when they give it back, or their hour is over, it can be."""
    if WITHDRAW.row(conn, part_key=task_key, now=now, lapsed=now - LEFT_TO) is not None:
        return Cancelled()
    row = STATE.row(conn, part_key=task_key)
    if row is None:
        return CannotSay("there is no such call")
    if row["state"] == "taken":
        return CannotSay("somebody has taken the call")
    return Cancelled() if row["state"] == "withdrawn" else TooLate()


def _noted(note: str | None) -> dict[str, str]:
    words = storable((note or "").strip())[:LONGEST_NOTE]
    return {"note": words} if words else {}


def _one(conn: Connection, task_key: UUID, now: datetime) -> Mapping[str, Any]:
    row = ONE.row(conn, part_key=task_key, lapsed=now - LEFT_TO, left_to=LEFT_TO)
    if row is None:
        raise UnknownCallError
    return row


def _answer(row: Mapping[str, Any]) -> CallAnswer:
    return CallAnswer.model_validate({name: value for name, value in row.items() if name in CallAnswer.model_fields})
