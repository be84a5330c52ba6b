"""What would happen if parked contacts were taken up again now: each decided afresh, nothing written.

A customer's contacts are decided one after the other, as a restart would make them: one that would be sent takes its
place before the next is asked about. Of very many a sample is decided and scaled up, and the forecast says so.
Whether a message can be put together is not tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import situation, strategies
from database.sends import BROKEN_PART, MEANT, Asking, asked_of, mended
from database.situation import Known
from database.strategies import Loaded
from tactful.decide import decide
from tactful.explain import sentence
from tactful.facts import PastContact, Rival
from tactful.rules.expiry import LIFE
from tactful.verdict import Control, Defer, Send, Skip, Verdict, Wait
from tactful.wire.sends import CauseAnswer, ForecastAnswer, NotSentAnswer, WaitAnswer
from tactful.words import Channel, ContactState, JourneyState, Reason

Connectors = Mapping[Channel, tuple[str, ...]]

EXACT = 500
"""Up to how many contacts are all decided; of more, so many."""
AT_ONCE = 100
MOST_WAITS = 12
CAUSE = ("reason", "connector", "fault", "strategy", "step", "communication")
SPANS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


def _sample(parts: str) -> str:
    """Return the statement for a sample of each part. Keys come by hashing: their order is as good as chance."""
    return f"""
SELECT * FROM (
  SELECT c.contact_key, c.customer_key, c.planned_for, c.reason, b.connector, b.fault, c.strategy, c.step,
         c.communication, count(*) OVER ({parts}) AS of_all,
         row_number() OVER ({parts} ORDER BY c.contact_key) AS place
    FROM contacts c LEFT JOIN LATERAL ({BROKEN_PART}) b ON true WHERE {MEANT}) s
 WHERE place <= {EXACT} ORDER BY customer_key, planned_for, contact_key
"""  # noqa: S608 - our own constants


OF_ALL = text(_sample(""))
OF_EACH_CAUSE = text(_sample("PARTITION BY c.reason, b.connector, b.fault, c.strategy, c.step, c.communication"))


def forecast(conn: Connection, asking: Asking, connectors: Connectors, *, now: datetime) -> ForecastAnswer:
    """Return what a retry would do now.

    Args:
        conn: A transaction; nothing is written in it.
        asking: The retry.
        connectors: The connectors configured for each channel, first choice first.
        now: Aware UTC instant.
    """
    found = conn.execute(OF_ALL, asked_of(asking.which)).mappings().all()
    total = found[0]["of_all"] if found else 0
    return _Forecasting(conn, connectors, now, even_unknown=asking.even_unknown).of(found, total)


def with_forecasts(
    conn: Connection, causes: Iterable[CauseAnswer], asking: Asking, connectors: Connectors, *, now: datetime
) -> list[CauseAnswer]:
    """Return causes, each parked one with what a retry of it alone would do now."""
    found = conn.execute(OF_EACH_CAUSE, asked_of(asking.which)).mappings().all()
    sampled: dict[tuple[Any, ...], list[RowMapping]] = {}
    for row in found:
        sampled.setdefault(tuple(row[name] for name in CAUSE), []).append(row)
    forecasting = _Forecasting(conn, connectors, now, even_unknown=asking.even_unknown)
    told: list[CauseAnswer] = []
    for cause in causes:
        rows = sampled.get(tuple(getattr(cause, name) for name in CAUSE))
        told.append(cause.model_copy(update={"forecast": forecasting.of(rows, cause.contacts)}) if rows else cause)
    return told


class _Forecasting:
    """Decides contacts afresh, customer by customer."""

    def __init__(self, conn: Connection, connectors: Connectors, now: datetime, *, even_unknown: bool) -> None:
        self._conn, self._connectors, self._now = conn, connectors, now
        self._even_unknown = even_unknown
        self._published = {loaded.strategy.name: loaded for loaded in strategies.published(conn)}

    def of(self, rows: Sequence[RowMapping], total: int) -> ForecastAnswer:
        """Return the forecast for `total` contacts of which these are all, or a sample."""
        touched = [row for row in rows if self._even_unknown or row["reason"] != Reason.UNKNOWN.value]
        verdicts = list(self._decided(touched))
        scale = total / len(rows) if rows else 1
        return _added_up(verdicts, len(rows) - len(touched), total, len(rows), scale)

    def _decided(self, rows: Sequence[RowMapping]) -> Iterable[tuple[Verdict, str]]:
        keys = [row["contact_key"] for row in rows]
        known: dict[UUID, Known] = {}
        for place in range(0, len(keys), AT_ONCE):
            some = keys[place : place + AT_ONCE]
            known |= situation.read_again(self._conn, some, self._connectors, self._now)
        mended_in = mended(self._published, rows)
        for _, own in groupby(rows, key=lambda row: row["customer_key"]):
            mine = [known[row["contact_key"]] for row in own]
            yield from self._one_by_one(mine, mended_in)

    def _one_by_one(self, mine: Sequence[Known], mended_in: Mapping[UUID, int]) -> Iterable[tuple[Verdict, str]]:
        """Decide a customer's contacts in turn; what would be sent counts, what is still to come is a rival."""
        made: list[PastContact] = []
        for place, known in enumerate(mine):
            contact = known.situation.contact
            version = mended_in.get(contact.contact_key)
            content = self._published[known.row["strategy"]] if version is not None else known.content
            # In the order in which they were planned, told by microseconds, as a retry has it.
            due_at = [self._now - timedelta(microseconds=len(mine) - n) for n in range(len(mine))]
            others = [(mine[n], due_at[n]) for n in range(place + 1, len(mine)) if _stands_open(mine[n])]
            standing = replace(
                known.situation,
                contact=replace(contact, state=ContactState.PLANNED, due_at=due_at[place], attempts=0),
                past=(*made, *known.situation.past),
                rivals=(*known.situation.rivals, *(_rival(*other) for other in others)),
            )
            verdict = self._verdict(replace(known, situation=standing), content)
            if isinstance(verdict, Send):
                made.append(_made(known, verdict, self._now))
            yield verdict, known.row["reason"]

    def _verdict(self, known: Known, content: Loaded) -> Verdict:
        communication = content.strategy.communication(known.row["step"], known.row["communication"])
        if communication is None:
            return Skip(Reason.STEP_GONE, ())
        asked_for = known.situation.journey is None
        return decide(
            known.situation,
            communication=communication,
            step=None if asked_for else content.strategy.steps.get(communication.step),
            published=known.governance.strategy,
            now=self._now,
        )


def _made(known: Known, verdict: Send, now: datetime) -> PastContact:
    row = known.row
    topic = known.governance.strategy.topics[row["topic"]]
    channels = tuple(route.channel for route in verdict.routes)
    key = known.situation.contact.contact_key
    return PastContact(
        key, now, channels, row["topic"], row["stage"], topic.purpose, row["communication"], row["question"]
    )


def _stands_open(known: Known) -> bool:
    """Say whether a contact would be a rival to others: its journey is still under way."""
    journey = known.situation.journey
    return journey is not None and journey.state is JourneyState.OPEN


def _rival(other: Known, due_at: datetime) -> Rival:
    """Return a contact that is taken up at the same time as another one sees it."""
    row, contact = other.row, other.situation.contact
    wanted = tuple(Channel(channel) for channel in row["channels"])
    return Rival(
        contact.contact_key,
        contact.communication,
        due_at,
        contact.expires_at,
        row["topic"],
        wanted,
        row["raised"],
        row["step"],
    )


def _added_up(
    verdicts: Sequence[tuple[Verdict, str]], untouched: int, total: int, looked_at: int, scale: float
) -> ForecastAnswer:
    at_once = 0
    waits: Counter[tuple[datetime, str]] = Counter()
    nots: Counter[str] = Counter()
    for verdict, parked_for in verdicts:
        match verdict:
            case Send():
                at_once += 1
            case Defer() | Wait():
                waits[verdict.until, verdict.reason.value] += 1
            case Skip() | Control() if parked_for == Reason.UNKNOWN.value:
                untouched += 1  # it may have arrived: it goes on waiting for a person
            case Skip() | Control():
                outlived = bool(verdict.trace) and verdict.trace[-1].rule == LIFE
                nots[Reason.EXPIRED.value if outlived else verdict.reason.value] += 1
    return ForecastAnswer(
        contacts=total,
        looked_at=looked_at,
        exact=looked_at == total,
        at_once=round(at_once * scale),
        waits=[
            WaitAnswer(until=until, reason=reason, contacts=round(many * scale))
            for (until, reason), many in sorted(_together(waits).items())
        ],
        not_sent=[
            NotSentAnswer(reason=reason, contacts=round(many * scale), sentence=sentence(Reason(reason)))
            for reason, many in nots.most_common()
        ],
        untouched=round(untouched * scale),
    )


def _together(waits: Counter[tuple[datetime, str]]) -> Counter[tuple[datetime, str]]:
    """Return waits by the minute; if those are many, by the hour, else by the day, each told by its earliest."""
    for span in SPANS:
        first: dict[tuple[int, str], datetime] = {}
        many: Counter[tuple[int, str]] = Counter()
        for (until, reason), contacts in sorted(waits.items()):
            slot = int(until.timestamp() // span.total_seconds()), reason
            first.setdefault(slot, until)
            many[slot] += contacts
        if len(many) <= MOST_WAITS or span is SPANS[-1]:
            return Counter({(first[slot], slot[1]): contacts for slot, contacts in many.items()})
    return waits
