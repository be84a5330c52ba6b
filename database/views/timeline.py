"""A customer's story in one list: what they did and said, which journeys ran, what was said to them and why.

Newest first. What is still planned stands before it, nearest first, on the first page only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database.views import wording
from database.views.contacts import contact_rows
from database.views.cursors import cursor, read_cursor
from tactful.explain.providers import receipt_words
from tactful.wire.answers import ContactAnswer, TimelineAnswer, TimelineEntry

MOST_PLANNED = 100
MOST_ENTRIES = 500

# Every kind of entry as (at, kind, ref, detail), so that one page is one ordered statement. A ref begins with a letter
# that orders what happened at the same instant: an event comes before the journey that it began.
PAST = text("""
SELECT at, kind, ref, detail FROM (
  SELECT registered_at AS at, 'registered' AS kind, 'a/' || customer_key::text AS ref, '{}'::jsonb AS detail
    FROM customers WHERE customer_key = :key
  UNION ALL
  SELECT occurred_at, 'event', 'c/' || event_key::text,
         jsonb_build_object('name', name, 'properties', properties, 'historical', historical)
    FROM events WHERE customer_key = :key
  UNION ALL
  SELECT stated_at, 'consent', 'b/' || consent_no::text,
         jsonb_build_object('topic', topic, 'channel', channel, 'state', state, 'source', source, 'basis', basis)
    FROM consents WHERE customer_key = :key
  UNION ALL
  SELECT started_at, 'journey', 'd/' || journey_key || '/began',
         jsonb_build_object('journey_key', journey_key, 'step', step, 'key', key, 'due_at', due_at, 'state', 'began',
                            'cycle', cycle)
    FROM journeys WHERE customer_key = :key
  UNION ALL
  SELECT ended_at, 'journey', 'd/' || journey_key || '/ended',
         jsonb_build_object('journey_key', journey_key, 'step', step, 'key', key, 'state', state)
    FROM journeys WHERE customer_key = :key AND ended_at IS NOT NULL
  UNION ALL
  SELECT coalesce(sent_at, updated_at), 'contact', 'e/' || contact_key::text, '{}'::jsonb
    FROM contacts WHERE customer_key = :key AND state NOT IN ('planned', 'held')
  UNION ALL
  SELECT r.occurred_at, 'receipt', 'f/' || r.receipt_no::text,
         jsonb_build_object('kind', r.kind, 'contact_key', r.contact_key, 'communication', c.communication,
                            'machine', r.machine, 'caller', t.done_by, 'outcome', t.outcome, 'note', r.raw -> 'note')
    FROM receipts r JOIN contacts c ON c.contact_key = r.contact_key
    LEFT JOIN call_tasks t ON t.part_key = r.part_key AND CAST(t.part_key AS text) = r.dedupe_id
   WHERE c.customer_key = :key
  UNION ALL
  SELECT i.occurred_at, 'reply', 'h/' || i.inbound_no::text,
         jsonb_build_object('channel', i.channel, 'text', i.text, 'wish', i.wish, 'contact_key', i.contact_key,
                            'handed_on_at', i.handed_on_at, 'waits', i.hand_on_at IS NOT NULL, 'answer', i.answer)
    FROM inbound i WHERE i.customer_key = :key
  UNION ALL
  SELECT d.decided_at, 'act', 'g/' || d.decision_no::text,
         jsonb_build_object('act', d.verdict, 'by', d.asked_by, 'why', d.why, 'contact_key', c.contact_key,
                            'step', c.step, 'communication', c.communication, 'was', d.reason)
    FROM decisions d JOIN contacts c ON c.contact_key = d.contact_key
   WHERE c.customer_key = :key AND d.asked_by IS NOT NULL
) told
WHERE CAST(:at AS timestamptz) IS NULL OR (at, ref) < (:at, :ref)
ORDER BY at DESC, ref DESC LIMIT :most
""")
PLANNED = text(
    "SELECT contact_key FROM contacts WHERE customer_key = :key AND state IN ('planned', 'held') "
    "ORDER BY due_at DESC, contact_key LIMIT :most"
)


def timeline(conn: Connection, customer_key: UUID, *, before: str | None = None, most: int = 100) -> TimelineAnswer:
    """Return a page of a customer's story.

    Args:
        conn: A transaction.
        customer_key: Whose story.
        before: The `next` of the page before; None for the first page.
        most: Entries of the past on the page, at most 500.

    Raises:
        BadCursorError: `before` is none of ours.
    """
    at, ref = read_cursor(before) if before is not None else (None, "")
    asked: dict[str, Any] = {"key": customer_key, "at": at, "ref": ref, "most": min(most, MOST_ENTRIES)}
    rows = conn.execute(PAST, asked).mappings().all()
    planned: list[UUID] = []
    if before is None:
        planned = list(conn.execute(PLANNED, {"key": customer_key, "most": MOST_PLANNED}).scalars())
    contacts = contact_rows(conn, [*planned, *(_key_in(row) for row in rows if row["kind"] == "contact")])
    entries = [_contact(contacts[key], planned=True) for key in planned if key in contacts]
    entries += [_contact(contacts[_key_in(row)]) if row["kind"] == "contact" else _entry(row) for row in rows]
    full = len(rows) == asked["most"]
    following = cursor(rows[-1]["at"], rows[-1]["ref"]) if full else None
    return TimelineAnswer(customer_key=customer_key, entries=entries, next=following)


def _key_in(row: RowMapping) -> UUID:
    return UUID(row["ref"].partition("/")[2])


def _contact(told: ContactAnswer, *, planned: bool = False) -> TimelineEntry:
    at: datetime = told.due_at if planned else (told.sent_at or told.updated_at)
    return TimelineEntry(
        at=at,
        kind="contact",
        title=f"{told.step} / {told.communication}",
        # Of what is still to come, the entry itself says when; left is why it was put off, if it was.
        sentence=told.sentence.partition(". ")[2] if planned else told.sentence,
        contact_key=told.contact_key,
        journey_key=told.journey_key,
        state=told.state,
        planned=planned,
        costs=[part.cost for part in told.parts if part.cost is not None and part.state == "sent"],
    )


def _entry(row: RowMapping) -> TimelineEntry:
    detail: dict[str, Any] = row["detail"]
    at: datetime = row["at"]
    match row["kind"]:
        case "event" | "consent":
            return _told(row["kind"], at, detail)
        case "journey":
            sentence = wording.journey_sentence(detail["state"], detail["step"], detail["key"], detail.get("due_at"))
            key = UUID(detail["journey_key"])
            return TimelineEntry(
                at=at, kind="journey", title=detail["step"], sentence=sentence, journey_key=key, state=detail["state"]
            )
        case "receipt":
            key = UUID(detail["contact_key"])
            said = receipt_words(detail["kind"], machine=detail["machine"])
            sentence = f"The provider says of {detail['communication']}: {said}."
            if detail.get("caller"):
                sentence = wording.call_sentence(
                    detail["caller"], detail["communication"], detail["outcome"], detail["note"]
                )
            return TimelineEntry(at=at, kind="receipt", title=detail["kind"], sentence=sentence, contact_key=key)
        case "reply":
            return _reply(at, detail)
        case "act":
            title = f"{detail['step']} / {detail['communication']}"
            sentence = wording.act_sentence(detail["act"], detail["by"], detail["why"])
            key = UUID(detail["contact_key"])
            return TimelineEntry(
                at=at, kind="act", title=title, sentence=sentence, contact_key=key, state=detail["act"]
            )
        case _:
            return TimelineEntry(at=at, kind="registered", title="registered", sentence="Became known to us.")


def _told(kind: str, at: datetime, detail: Mapping[str, Any]) -> TimelineEntry:
    """Return what a customer did, or said of a topic."""
    if kind == "event":
        sentence = wording.event_sentence(detail["properties"], historical=detail["historical"])
        return TimelineEntry(at=at, kind="event", title=detail["name"], sentence=sentence)
    sentence = wording.consent_sentence(detail["state"], detail["topic"], detail["channel"], detail["source"])
    return TimelineEntry(at=at, kind="consent", title=detail["topic"], sentence=sentence, state=detail["state"])


def _reply(at: datetime, detail: Mapping[str, Any]) -> TimelineEntry:
    """Return what a customer wrote to us."""
    key = UUID(detail["contact_key"]) if detail["contact_key"] else None
    sentence = wording.reply_sentence(detail)
    return TimelineEntry(at=at, kind="reply", title=detail["channel"], sentence=sentence, contact_key=key)
