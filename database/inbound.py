"""What customers write to us: kept once; a stop, a start or a call for help is done at once, all else is handed on.

A no concerns the address, whoever has it: all its holders are locked first, so that no claim of theirs is decided at a
revision that does not know of it. It is taken from strangers too. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from database import customers, receipts, strategies, suppressions
from database.addresses import address_of
from database.engine import Direct
from database.storable import storable
from tactful.connector import Inbound, Told
from tactful.inbound import Order, Wish, answer, wish_of
from tactful.intake import Suppress
from tactful.strategy.model import Sender
from tactful.words import Channel, ReceiptKind, SuppressionClass

STOPPED: Final = "stop"
"""Why an address is suppressed whose holder wrote STOP. START lifts it, and what the provider refused for it."""
MOST_ANSWERS: Final = 5
"""How often a day one sender is answered: two machines must not talk to each other for ever."""
LONGEST_TEXT: Final = 20_000
MOST_TRIES: Final = 12
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)

KEEP = Direct("""
INSERT INTO inbound (connector, dedupe_id, channel, sender, customer_key, contact_key, text, wish, strategy,
                     occurred_at, received_at, hand_on_at)
VALUES (:connector, :dedupe_id, :channel, :sender, :customer_key, :contact_key, :text, :wish, :strategy,
        :occurred_at, :now, :hand_on_at)
ON CONFLICT (connector, dedupe_id) DO NOTHING RETURNING inbound_no
""")
# Whom it is about, and what they were last told there: the message that is answered, else the last one of a month.
ABOUT = Direct("""
SELECT c.customer_key, c.contact_key, c.strategy, u.language, m.part_key = :part_key AS named
  FROM messages m JOIN contacts c ON c.contact_key = m.contact_key JOIN customers u ON u.customer_key = c.customer_key
 WHERE u.status <> 'erased' AND (m.part_key = :part_key OR (c.customer_key = ANY(:holders) AND m.channel = :channel
   AND m.state = 'sent' AND m.frozen_at > :since))
 ORDER BY coalesce(m.part_key = :part_key, false) DESC, m.frozen_at DESC LIMIT 1
""")
LIFT = Direct("""
INSERT INTO suppression_lifts (suppression_no, lifted_at, lifted_by, why)
SELECT suppression_no, :at, 'the customer', 'wrote START' FROM suppressions s
 WHERE s.customer_key IS NULL AND s.channel = :channel AND s.address = :address AND s.stated_at <= :at
   AND s.reason IN ('stop', 'suppressed')
ON CONFLICT DO NOTHING RETURNING suppression_no
""")
RECENT = Direct(
    "SELECT count(*) AS n FROM inbound WHERE channel = :channel AND sender = :sender AND wish IS NOT NULL "
    "AND received_at > :since"
)
LATER = Direct(
    "UPDATE inbound SET answer = :answer, hand_on_at = :now WHERE connector = :connector AND dedupe_id = :dedupe_id"
)


@dataclass(frozen=True)
class Taken:
    """What became of a message to us.

    Attributes:
        new: Whether it was told for the first time.
        wish: What was done; None for what a person reads.
        say: What the customer is answered; None for nothing.
    """

    new: bool
    wish: Order | None
    say: str | None


def take(conn: Connection, connector: str, channel: Channel, said: Inbound, *, answers: bool, now: datetime) -> Taken:
    """Keep a message to us, and do at once what it asks for.

    Args:
        conn: A transaction in which nothing was written yet.
        connector: By which connector it came.
        channel: On which channel.
        said: The message.
        answers: Whether the provider carries the answer that `say` is; else it is handed on to be sent.
        now: Aware UTC instant.
    """
    sender, at = address_of(channel, said.sender), min(said.at, now)
    holders = suppressions.holders(conn, [(channel, sender)])
    if holders:
        customers.revise_all(conn, holders)
    about = _about(conn, channel, said, holders, now)
    wish = _wish(said)
    if wish is not None and wish.order is Order.START and not said.proven:
        wish = None  # anybody could have written it: a person looks
    elif wish is not None and wish.order is Order.START:
        lifted = bool(LIFT.rows(conn, channel=channel.value, address=sender, at=at))
        wish = wish if lifted or wish.surely else None
    elif wish is not None and wish.order is Order.STOP:
        no = Suppress(SuppressionClass.MARKETING, STOPPED, connector, at, channel=channel, address=sender)
        suppressions.suppress_many(conn, [no], now=now)
    row = {
        "connector": connector,
        "dedupe_id": storable(said.dedupe_id, most=receipts.LONGEST_ID),
        "channel": channel.value,
        "sender": sender,
    }
    kept = KEEP.row(
        conn,
        **row,
        customer_key=about.get("customer_key"),
        contact_key=about.get("contact_key"),
        text=storable(said.text)[:LONGEST_TEXT],
        wish=wish.order.value if wish else None,
        strategy=about.get("strategy"),
        occurred_at=at,
        now=now,
        hand_on_at=None if wish else now,
    )
    say = _answer(conn, wish, about, row, now) if wish else None
    if kept is not None and say is not None and not answers:
        LATER.run(conn, answer=say, now=now, connector=connector, dedupe_id=row["dedupe_id"])
    if kept is not None and about.get("named"):
        reply = Told(kind=ReceiptKind.REPLIED, at=at, dedupe_id=f"reply/{row['dedupe_id']}", key=said.in_reply_to)
        receipts.note(conn, connector, reply, now=now)
    return Taken(kept is not None, wish.order if wish else None, say)


def sender_of(conn: Connection, strategy: str | None) -> Sender | None:
    """Return who the company is in a strategy, or in the first that is published; None where none is."""
    published = strategies.published(conn)
    found = [one for one in published if one.strategy.name == strategy] or list(published)
    return found[0].strategy.sender if found else None


def _wish(said: Inbound) -> Wish | None:
    """Return what a customer wants: by our words, and where the provider says that it was an order, that one."""
    wish = wish_of(said.text)
    return wish if said.order is None or (wish and wish.order is said.order) else Wish(said.order, "en")


def _about(conn: Connection, channel: Channel, said: Inbound, holders: set[UUID], now: datetime) -> Mapping[str, Any]:
    asked = {"part_key": said.in_reply_to, "channel": channel.value, "since": now - timedelta(days=30)}
    row = ABOUT.row(conn, holders=sorted(holders), **asked)
    if row is not None and (row["customer_key"] in holders or row["named"]):
        return row
    return {"customer_key": min(holders)} if holders else {}


def _answer(
    conn: Connection, wish: Wish, about: Mapping[str, Any], row: Mapping[str, Any], now: datetime
) -> str | None:
    asked = {"channel": row["channel"], "sender": row["sender"], "since": now - timedelta(days=1)}
    recent = RECENT.row(conn, **asked)
    if recent is not None and recent["n"] > MOST_ANSWERS:
        return None
    sender = sender_of(conn, about.get("strategy"))
    if sender is None:
        return None
    language = wish.language if wish.language != "en" else about.get("language") or "en"
    return answer(wish.order, sender.name, language, contact=sender.email)


# ------------------------------------------------------------------------------------------- handing on

DUE = Direct("""
UPDATE inbound i SET attempts = i.attempts + 1,
       hand_on_at = :now + least(:first * power(2, i.attempts), :longest)
  FROM (SELECT inbound_no FROM inbound WHERE hand_on_at <= :now ORDER BY hand_on_at LIMIT :most
           FOR UPDATE SKIP LOCKED) due
 WHERE i.inbound_no = due.inbound_no
RETURNING i.inbound_no, i.connector, i.channel, i.sender, i.text, i.answer, i.strategy, i.occurred_at, i.attempts,
          (SELECT d.id FROM customer_ids d WHERE d.customer_key = i.customer_key ORDER BY d.kind DESC, d.since, d.id
            LIMIT 1) AS user_id
""")
DONE = Direct("UPDATE inbound SET handed_on_at = :now, hand_on_at = NULL WHERE inbound_no = :no")
GIVEN_UP = Direct("UPDATE inbound SET hand_on_at = NULL WHERE inbound_no = :no")


@dataclass(frozen=True)
class ToHandOn:
    """A message that a person has to read, or an answer that has to be sent; `sender` is the company's."""

    no: int
    connector: str
    channel: Channel
    customer: str
    user_id: str | None
    text: str
    answer: str | None
    occurred_at: datetime
    attempts: int
    sender: Sender | None


def due(conn: Connection, *, most: int, now: datetime) -> tuple[ToHandOn, ...]:
    """Return what is to be handed on now; unless `done` says so, it is due again after a while, longer each time."""
    rows = DUE.rows(conn, now=now, most=most, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    return tuple(
        ToHandOn(
            row["inbound_no"],
            row["connector"],
            Channel(row["channel"]),
            row["sender"],
            row["user_id"],
            row["text"],
            row["answer"],
            row["occurred_at"],
            row["attempts"],
            sender_of(conn, row["strategy"]),
        )
        for row in rows
    )


def done(conn: Connection, no: int, *, now: datetime) -> None:
    """Write that a message was handed on."""
    DONE.run(conn, no=no, now=now)


def give_up(conn: Connection, no: int) -> None:
    """Write that a message is not handed on any more; it stays in the customer's timeline."""
    GIVEN_UP.run(conn, no=no)
