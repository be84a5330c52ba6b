"""Campaigns as they are looked at: how far each is, and what one would come to before it is sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from database import brakes, lots
from database.campaigns import segments_of
from database.customers import customer_from, details
from database.engine import Direct
from database.lots import Counted, Lot
from database.strategies import Loaded
from database.views.costs import lot_costs
from tactful.campaign import CampaignRequest, lot_key, told, writes_at
from tactful.explain import sentence
from tactful.foresight import Foreseen, foresee
from tactful.strategy.wording import say_brake
from tactful.wire.campaigns import CampaignAnswer, CampaignPreview, CountAnswer, ForeseenAnswer
from tactful.words import ContactState, Reason

MOST_LOOKED_AT: Final = 1000

_AUDIENCE = "c.status = 'active' AND (:everybody OR c.segment = ANY(CAST(:segments AS text[])))"
COUNT = text(
    "SELECT coalesce(c.segment, '') AS segment, coalesce(c.language, '') AS language, "  # noqa: S608 - our own constant
    f"count(*) AS customers FROM customers c WHERE {_AUDIENCE} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
)
# Keys are random, so the first of them are drawn from all.
DRAW = Direct(
    f"SELECT c.*, {details('c.customer_key')} FROM customers c WHERE {_AUDIENCE} "  # noqa: S608 - our own constant
    "ORDER BY c.customer_key LIMIT :most"
)
IN_IT = text(
    "SELECT count(*) FROM journeys j JOIN lots l ON l.lot_key = j.lot_key WHERE l.strategy = :strategy "
    "AND l.step = :step AND l.asked_for ->> 'occasion' = :occasion"
)
CUSTOMERS = text("SELECT count(*) FROM journeys WHERE lot_key = :lot_key")
_SAID = {
    ContactState.PLANNED: "still to come",
    ContactState.CLAIMED: "being sent",
    ContactState.SENT: "sent",
    ContactState.CONTROL: "kept back, to measure",
    ContactState.HELD: "waits for its connector",
    ContactState.PARKED: "needs a person",
}


def campaign(conn: Connection, lot: Lot, *, new: bool = False, costs: bool = True) -> CampaignAnswer:
    """Return how far a campaign is, and what it costs where that is wanted."""
    counts = lots.counts(conn, lot.lot_key)
    contacts = sum(each.contacts for each in counts)
    settled = sum(each.contacts for each in counts if ContactState(each.state).settled)
    return CampaignAnswer(
        lot_key=lot.lot_key,
        strategy=lot.strategy,
        step=lot.step or "",
        version=lot.version or 0,
        state=lot.state,
        sentence=_sentence(lot, contacts, settled),
        moment=told(datetime.fromisoformat(lot.asked_for["moment"])),
        asked_by=lot.asked_by,
        rate=lot.rate,
        created_at=lot.created_at,
        frozen_at=lot.frozen_at,
        ended_at=lot.ended_at,
        customers=conn.execute(CUSTOMERS, {"lot_key": lot.lot_key}).scalar_one(),
        contacts=contacts,
        settled=settled,
        next_at=lots.next_at(conn, lot.lot_key) if contacts > settled else None,
        counts=[_count(each) for each in counts],
        costs=lot_costs(conn, lot.lot_key) if costs else [],
        new=new,
    )


def campaigns(conn: Connection, *, most: int = 20) -> list[CampaignAnswer]:
    """Return the newest campaigns."""
    return [campaign(conn, lot, costs=False) for lot in lots.newest(conn, "campaign", most=most)]


def preview(conn: Connection, request: CampaignRequest, loaded: Loaded, now: datetime) -> CampaignPreview:
    """Return what a campaign would come to as things stand, decided about for customers drawn from its audience."""
    step = loaded.strategy.steps[request.step]
    audience = segments_of(step)
    segments: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for row in conn.execute(COUNT, audience):
        segments[row.segment or "none"] += row.customers
        languages[row.language or "not known"] += row.customers
    drawn = DRAW.rows(conn, **audience, most=MOST_LOOKED_AT)
    foreseen: Counter[Foreseen] = Counter()
    for row in drawn:
        foreseen.update(foresee(step, customer_from(row, row), loaded.strategy, request.moment, now))
    occasion = {"strategy": request.strategy, "step": request.step, "occasion": request.occasion.isoformat()}
    sent = [lot for lot in lots.newest(conn, "campaign", most=100) if lot.lot_key == lot_key(request)]
    return CampaignPreview(
        strategy=request.strategy,
        step=request.step,
        version=loaded.version,
        moment=told(request.moment),
        brake=say_brake(step.brake) if step.brake else None,
        writes_at=max(writes_at(request.moment, loaded.strategy), now),
        audience=sum(segments.values()),
        already_in=conn.execute(IN_IT, occasion).scalar_one(),
        segments=dict(segments),
        languages=dict(languages),
        looked_at=len(drawn),
        foreseen=[_foreseen(one, many) for one, many in foreseen.most_common()],
        lot_key=sent[0].lot_key if sent else None,
    )


def _foreseen(one: Foreseen, customers: int) -> ForeseenAnswer:
    return ForeseenAnswer(
        communication=one.communication,
        verdict=one.verdict,
        reason=one.reason,
        sentence=sentence(one.reason) if one.reason else None,
        channels=[channel.value for channel in one.channels],
        customers=customers,
    )


def _count(each: Counted) -> CountAnswer:
    state = ContactState(each.state)
    why = sentence(Reason(each.reason)) if each.reason else ""
    said = _SAID.get(state, "not sent")
    return CountAnswer(
        communication=each.communication,
        state=each.state,
        reason=each.reason,
        sentence=f"{said}: {why}" if why and state is not ContactState.SENT else said,
        contacts=each.contacts,
    )


def _sentence(lot: Lot, contacts: int, settled: int) -> str:
    if lot.state == "stopped" and "braked" in lot.asked_for:
        return brakes.sentence(lot.asked_for["braked"]) + f" {settled:,} of {contacts:,} contacts are settled."
    if lot.state == "stopped":
        return f"Stopped, with {settled:,} of {contacts:,} contacts settled."
    if lot.state == "done":
        return f"Done: {settled:,} contacts settled."
    if lot.frozen_at is None:
        return "Its audience is being written down." if contacts else "Its audience is not written down yet."
    return f"Under way: {settled:,} of {contacts:,} contacts settled."
