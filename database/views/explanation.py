"""Stories for `tactful.explain`: everything that is known of one contact, read and handed on; not a word made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, TextClause, text

from database import customers, situation, strategies
from database.errors import UnknownCommunicationError
from database.views.absence import absence, came_of, named, passage_of, published_step
from database.views.costs import cost_answer
from database.views.wording import short_line
from tactful.decide import decide
from tactful.explain.absent import came_again, tell_absent
from tactful.explain.story import Decided, Failed, Other, Part, Passage, Story, Told, What, Who
from tactful.explain.telling import tell
from tactful.facts import Customer
from tactful.places import Place, place_of
from tactful.rules.connector import CONNECTOR
from tactful.rules.pressure import cap_text
from tactful.strategy.model import Cap, Strategy
from tactful.verdict import Defer, Send, Trace, Verdict, Wait
from tactful.wire.explanation import ExplanationAnswer
from tactful.words import Channel, ContactState, Reason

MOST_DECISIONS = 200
MOST_PAST = 500
ANY_CONNECTOR = dict.fromkeys(Channel, ("any",))
"""Which connectors there are is known to the workers alone; what is said "if it were due now" leaves them out."""

# What was due last comes first; where nothing was due yet, what is due next.
LAST = text(
    "SELECT contact_key FROM contacts WHERE customer_key = :key AND communication = :communication "
    "AND (CAST(:step AS text) IS NULL OR step = :step) AND (CAST(:strategy AS text) IS NULL OR strategy = :strategy) "
    "ORDER BY due_at > :now, CASE WHEN due_at <= :now THEN due_at END DESC, due_at, contact_key LIMIT 1"
)
CONTACT = text("SELECT * FROM contacts WHERE contact_key = :key")
CUSTOMER = text("SELECT * FROM customers WHERE customer_key = :key")
USER = text(
    "SELECT id FROM customer_ids WHERE customer_key = :key ORDER BY kind DESC, since, id LIMIT 1"  # 'user' first
)
DECISIONS = text(
    "SELECT decided_at, verdict, reason, until, trace, version, asked_by, why, count(*) OVER () AS of FROM decisions "
    "WHERE contact_key = :key ORDER BY decision_no DESC LIMIT :most"
)
PARTS = text(
    "SELECT channel, connector, state, frozen_at, provider_id, fault, detail, cost, currency, cost_told_at "
    "FROM messages WHERE contact_key = :key ORDER BY channel"
)
FAILED = text(
    "SELECT channel, connector, failed_at AS at, fault, detail FROM failed_attempts WHERE contact_key = :key "
    "ORDER BY failed_no DESC LIMIT :most"
)
RECEIPTS = text(
    "SELECT kind, occurred_at AS at, connector, permanent, machine FROM receipts WHERE contact_key = :key "
    "ORDER BY occurred_at, receipt_no LIMIT 100"
)
JOURNEY = text(
    "SELECT j.*, e.name AS event FROM journeys j LEFT JOIN events e ON e.event_key = j.event_key "
    "WHERE j.journey_key = :key"
)
_OTHER = "contact_key, step, communication, topic, purpose, channels, state, due_at, counts_at, stage"
PAST = text(
    f"SELECT {_OTHER} FROM contacts WHERE customer_key = :customer_key AND counts_at IS NOT NULL "  # noqa: S608 - our own
    "AND contact_key <> :key ORDER BY counts_at DESC LIMIT :most"
)
NAMED = text(
    f"SELECT {_OTHER} FROM contacts WHERE customer_key = :customer_key AND communication = ANY(:names) "  # noqa: S608 - our own
    "AND contact_key <> :key ORDER BY due_at DESC LIMIT :most"
)
PUBLISHED = text(
    "SELECT version, published_at FROM strategy_versions WHERE strategy = :strategy AND version = ANY(:versions)"
)


def explain_contact(conn: Connection, contact_key: UUID, *, now: datetime) -> ExplanationAnswer | None:
    """Return what became of a contact, and why; None where there is none of that key. Nothing is written.

    Args:
        conn: A transaction.
        contact_key: Which contact.
        now: Aware UTC instant, for what would be decided if it were due now.
    """
    row = conn.execute(CONTACT, {"key": contact_key}).mappings().one_or_none()
    if row is None:
        return None
    story = _story(conn, row, now)
    told = tell(story)
    step = published_step(conn, row["strategy"], row["step"])
    came = came_of(conn, row["customer_key"], step) if step is not None and story.journey is not None else ()
    again = came_again(step, story.journey.started_at, came, story.who) if story.journey is not None else None
    return told.model_copy(update={"background": [*told.background, again]}) if again is not None else told


def explain_communication(
    conn: Connection, customer_key: UUID, communication: str, *, step: str | None, strategy: str | None, now: datetime
) -> ExplanationAnswer:
    """Return what became of a communication to a customer: of the contact that was due last, or why there is none.

    Args:
        conn: A transaction.
        customer_key: Whose.
        communication: What was, or was not, said.
        step: The step that says it; None where only one does.
        strategy: The strategy; None for all.
        now: Aware UTC instant.

    Raises:
        UnknownCommunicationError: no strategy has or had it, or several have it and the customer has it of none.
    """
    asked = {"key": customer_key, "communication": communication, "step": step, "strategy": strategy, "now": now}
    last: UUID | None = conn.execute(LAST, asked).scalar_one_or_none()
    told = explain_contact(conn, last, now=now) if last is not None else None
    if told is not None:
        return told
    meant = named(conn, communication, step, strategy)
    if len(meant) != 1:
        several = ", ".join(f"{one.strategy}/{one.step}" for one in meant)
        why = f"is said by several ({several}); name the strategy" if meant else "is and was in no published strategy"
        raise UnknownCommunicationError(f"communication {communication} {why}")
    loaded = next(one for one in strategies.published(conn) if one.strategy.name == meant[0].strategy)
    person = conn.execute(CUSTOMER, {"key": customer_key}).mappings().one()
    who, facts = who_is(conn, person, loaded.strategy)
    return tell_absent(absence(conn, who, facts, meant[0], now=now))


def who_is(conn: Connection, person: RowMapping, strategy: Strategy) -> tuple[Who, Customer]:
    """Return whose story it is, and all that is known of them."""
    facts = customers.read_facts(conn, dict(person))
    place: Place = place_of(facts, strategy)
    user: str | None = conn.execute(USER, {"key": person["customer_key"]}).scalar_one_or_none()
    return Who(person["customer_key"], user, place.zone, place.zone_from == "customer"), facts


def _story(conn: Connection, row: RowMapping, now: datetime) -> Story:
    asked: dict[str, Any] = {"key": row["contact_key"], "customer_key": row["customer_key"]}
    person = conn.execute(CUSTOMER, {"key": row["customer_key"]}).mappings().one()
    content = strategies.load(conn, row["strategy"], row["version"]).strategy
    who, _ = who_is(conn, person, content)
    failed = conn.execute(FAILED, asked | {"most": MOST_DECISIONS}).mappings().all()
    kept = conn.execute(DECISIONS, asked | {"most": MOST_DECISIONS}).mappings().all()
    decided = tuple(_decided(one) for one in reversed(kept))
    who = replace(who, zone=_zone(decided) or who.zone)
    state = ContactState(row["state"])
    open_still = state in {ContactState.PLANNED, ContactState.HELD}
    afresh = _afresh(conn, person, row, now) if open_still else None
    lines = [line for one in (*decided[-1:], *([afresh] if afresh else [])) for line in one.lines]
    rivals = [str(line.numbers["by"]) for line in lines if "by" in line.numbers]
    named = _others(conn, NAMED, asked | {"names": [*rivals, row["communication"]], "most": MOST_PAST})
    versions = {row["version"], *(one.version for one in decided), *([afresh.version] if afresh else [])}
    return Story(
        who=who,
        what=What(row["strategy"], row["step"], row["communication"]),
        contact_key=row["contact_key"],
        state=state,
        reason=Reason(row["reason"]) if row["reason"] else None,
        planned_for=row["planned_for"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        pinned=row["version"],
        published=_published(conn, row["strategy"], versions),
        journey=_passage(conn, row["journey_key"]),
        expires_at=row["expires_at"],
        sent_at=row["sent_at"],
        decided=decided,
        left_out=kept[0]["of"] - len(kept) if kept else 0,
        parts=tuple(_part(one) for one in conn.execute(PARTS, asked).mappings()),
        failed=tuple(Failed(**one) for one in reversed(failed)),
        told=tuple(Told(**one) for one in conn.execute(RECEIPTS, asked).mappings()),
        past=_others(conn, PAST, asked | {"most": MOST_PAST}),
        named=named,
        caps=_caps(conn, row, versions),
        afresh=afresh,
        same=tuple(one for one in named if (one.step, one.communication) == (row["step"], row["communication"])),
    )


def _afresh(conn: Connection, person: RowMapping, row: RowMapping, now: datetime) -> Decided | None:
    """Return what would be decided if a contact were due now; nothing is locked, nothing is written."""
    key: UUID = row["contact_key"]
    known = situation.read_all(conn, {row["customer_key"]: dict(person)}, [key], ANY_CONNECTOR, now).get(key)
    communication = known.content.strategy.communication(row["step"], row["communication"]) if known else None
    if known is None or communication is None:
        return None
    contact = known.situation.contact
    due_now = replace(known.situation, contact=replace(contact, due_at=min(contact.due_at, now)))
    step = known.content.strategy.steps.get(row["step"]) if row["journey_key"] is not None else None
    published = known.governance.strategy
    verdict = decide(due_now, communication=communication, step=step, published=published, now=now)
    return _would_be(verdict, known.governance.version, now)


def _would_be(verdict: Verdict, version: int, now: datetime) -> Decided:
    lines: Trace = tuple(line for line in verdict.trace if line.rule != CONNECTOR)
    until = verdict.until if isinstance(verdict, Defer | Wait) else None
    reason = None if isinstance(verdict, Send) else verdict.reason
    return Decided(now, type(verdict).__name__.lower(), version, reason, until, lines)


def _part(row: RowMapping) -> Part:
    columns: dict[str, Any] = dict(row)
    cost = cost_answer(*(columns.pop(name) for name in ("cost", "currency", "cost_told_at")))
    return Part(**columns, cost=cost)


def _decided(row: RowMapping) -> Decided:
    return Decided(
        at=row["decided_at"],
        verdict=row["verdict"],
        version=row["version"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        until=row["until"],
        lines=tuple(short_line(short) for short in row["trace"]),
        asked_by=row["asked_by"],
        why=row["why"],
    )


def _zone(decided: Sequence[Decided]) -> ZoneInfo | None:
    """Return the zone that the last decision counted in, where a rule noted it."""
    noted = (line.numbers["zone"] for one in reversed(decided) for line in one.lines if "zone" in line.numbers)
    name = next(noted, None)
    return ZoneInfo(str(name)) if name is not None else None


def _passage(conn: Connection, journey_key: UUID | None) -> Passage | None:
    row = conn.execute(JOURNEY, {"key": journey_key}).mappings().one_or_none() if journey_key is not None else None
    return passage_of(row) if row is not None else None


def _others(conn: Connection, statement: TextClause, asked: Mapping[str, Any]) -> tuple[Other, ...]:
    found: list[Other] = []
    for row in conn.execute(statement, asked).mappings():
        columns: dict[str, Any] = dict(row)
        columns |= {"state": ContactState(row["state"]), "channels": tuple(row["channels"])}
        found.append(Other(**columns))
    return tuple(found)


def _published(conn: Connection, strategy: str, versions: Iterable[int]) -> dict[int, datetime]:
    rows = conn.execute(PUBLISHED, {"strategy": strategy, "versions": sorted(versions)})
    return {row.version: row.published_at for row in rows}


def _caps(conn: Connection, row: RowMapping, versions: Iterable[int]) -> dict[str, Cap]:
    """Return every cap that a trace of this contact can name, by that name."""
    found: dict[str, Cap] = {}
    for version in versions:
        strategy = strategies.load(conn, row["strategy"], version).strategy
        said = strategy.communication(row["step"], row["communication"])
        own = (cap for segment in strategy.segments for cap in segment.at_most)
        found |= {cap_text(cap): cap for cap in (*strategy.rules.at_most, *own, *(said.at_most if said else ()))}
    return found
