"""Sets compared after the storm: what was intended, what the ledger says, what the provider wrote down.

Shares no rule with the house: it counts and compares. A violation is a sentence with the person and the communication.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from database.audit import audit
from tactful.audit import Audited
from tactful.wire.audit import FindingLine
from tests.soak.afterwards import Kept, Told, by_letter, compare, handed_names, unstopped
from tests.soak.faults import Misdeed
from tests.soak.hurry import SECONDS
from tests.soak.life import Deed
from tests.soak.plan import Change, Person
from tests.soak.press import Stop
from tests.soak.provider import Call
from tests.soak.rig import CALLS_AT_ONCE, Rig
from tests.soak.strategy import CAMPAIGN, CAP, CAP_DAYS, CAP_SMS, SAID, Said
from tests.soak.vendors import KEYED

REFUSED = frozenset({"skipped", "expired", "cancelled", "control", "parked"})
_GONE = frozenset({Change.LEAVES, Change.ERASED})
SLACK_SECONDS = 1.0
_WINDOW = timedelta(days=CAP_DAYS).total_seconds()
_CONTACTS = (
    "SELECT c.contact_key, c.customer_key, c.communication, c.state, c.reason, c.due_at > now() AS later, "
    "array(SELECT m.part_key::text FROM messages m WHERE m.contact_key = c.contact_key) AS parts, "
    "array(SELECT d.revision FROM decisions d WHERE d.contact_key = c.contact_key AND d.verdict = 'send') "
    "AS claimed_at FROM contacts c"
)
_NOES = (
    "SELECT customer_key, topic, min(revision) AS revision FROM consents WHERE state = 'opted_out' "
    "GROUP BY customer_key, topic"
)
_OPEN_RESTARTS = "SELECT lot_key FROM lots WHERE kind = 'restart' AND state <> 'done'"
_SETTLED_BY_RECEIPT = "SELECT count(*) AS n FROM decisions WHERE verdict = 'receipt'"
_TAKEN_UP = "SELECT count(*) AS n FROM decisions WHERE verdict = 'retry'"
_ENDED = "SELECT customer_key, first_step FROM journeys WHERE state IN ('goal', 'exited')"


@dataclass
class Ledger:
    """What the house itself says, read once."""

    contacts: dict[tuple[str, str], RowMapping]
    noes: dict[tuple[str, str], int]
    ended: set[tuple[str, str]]
    unasked: list[str]
    kept: Kept
    letters: dict[str, str]
    """The provider's names for letters, by our own."""
    settled_by_receipt: int
    taken_up: int
    restarting: int

    @classmethod
    def read(cls, rig: Rig, names: dict[Any, str]) -> Ledger:
        """Read the ledger by people's names."""
        contacts: dict[tuple[str, str], RowMapping] = {}
        unasked: list[str] = []
        for row in rig.rows(_CONTACTS):
            place = (names.get(row["customer_key"], "nobody"), row["communication"])
            if place in contacts or place[0] == "nobody":
                unasked.append(f"{place[0]} has a second row for {place[1]}")
            contacts[place] = row
        noes = {(names[row["customer_key"]], row["topic"]): int(row["revision"]) for row in rig.rows(_NOES)}
        ended = {(names[row["customer_key"]], row["first_step"]) for row in rig.rows(_ENDED)}
        settled, taken_up = (int(rig.rows(query)[0]["n"]) for query in (_SETTLED_BY_RECEIPT, _TAKEN_UP))
        kept, names_of_letters, restarting = Kept.read(rig), handed_names(rig), len(rig.rows(_OPEN_RESTARTS))
        return cls(contacts, noes, ended, unasked, kept, names_of_letters, settled, taken_up, restarting)


@dataclass
class Judgement:
    """What came out: the zeros with what broke them, and the counts beside."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    opted_out: list[str] = field(default_factory=list[str])
    erased: list[str] = field(default_factory=list[str])
    over_cap: list[str] = field(default_factory=list[str])
    disturbed: list[str] = field(default_factory=list[str])
    untrue: list[str] = field(default_factory=list[str])
    unkept: list[str] = field(default_factory=list[str])
    forged: list[str] = field(default_factory=list[str])
    audit: list[str] = field(default_factory=list[str])
    endings: Counter[str] = field(default_factory=Counter[str])
    residual: Counter[str] = field(default_factory=Counter[str])
    unknown_most: int = 0

    @property
    def zeros(self) -> dict[str, list[str]]:
        """Return what must be empty, by name."""
        return {
            "lost": self.lost,
            "doubled": self.doubled,
            "opted-out": self.opted_out,
            "erased": self.erased,
            "over-cap": self.over_cap,
            "disturbed": self.disturbed,
            "untrue": self.untrue,
            "unkept": self.unkept,
            "forged": self.forged,
            "audit": self.audit,
        }

    @property
    def broken(self) -> tuple[str, ...]:
        """Return the names of what should be zero and is not."""
        return tuple(name for name, found in self.zeros.items() if found)


@dataclass(frozen=True)
class Evidence:
    """All that is compared."""

    rig: Rig
    people: Sequence[Person]
    deeds: Sequence[Deed]
    calls: Sequence[Call]
    told: Told
    """What providers told later."""
    stops: Sequence[Stop]
    """What they were asked to stop."""
    ledger: Ledger
    interruptions: int
    """How often workers were shot or stopped, or lost their database."""
    woken_at: Sequence[float]
    """When workers that had been stopped went on."""
    audit: Sequence[str]
    """What `tactful audit` finds."""

    @property
    def window(self) -> float:
        """Return how long after the check a call may still reach the provider, in seconds."""
        return SECONDS["CALL_DEADLINE"] + SLACK_SECONDS


def judge(evidence: Evidence) -> Judgement:
    """Compare the sets."""
    found = Judgement(audit=list(evidence.audit))
    whose = {to: person for person in evidence.people for to in person.addresses.values()}
    handed: dict[tuple[str, str], list[Call]] = defaultdict(list)
    delivered: dict[tuple[str, str], list[Call]] = defaultdict(list)
    stopped = {stop.provider_id for stop in evidence.stops if stop.stopped}
    for call in evidence.calls:
        if call.delivered:
            handed[whose[call.to].name, call.text].append(call)
            if call.provider_id not in stopped:
                delivered[whose[call.to].name, call.text].append(call)
    came = {deed.person.name for deed in evidence.deeds if deed.change is None}
    for person in evidence.people:
        for said in person.meant if person.name in came else ():
            _account(found, evidence, person, said, delivered[person.name, said.name])
    found.untrue += evidence.ledger.unasked
    found.doubled += _doubled(evidence.calls, delivered)
    found.untrue += _changed_bytes(evidence.calls)
    _unwanted(found, evidence, delivered)
    found.opted_out += _claimed_after_a_no(evidence, delivered)
    _claimed_after_the_end(found, evidence, delivered)
    _afterwards(found, evidence, handed)
    if evidence.ledger.restarting:
        found.lost.append(f"{evidence.ledger.restarting} restarts never ended")
    _pressed(found, evidence, delivered)
    _unknowns(found, evidence)
    return found


def _account(found: Judgement, evidence: Evidence, person: Person, said: Said, delivered: list[Call]) -> None:
    """Put one intent into exactly one class."""
    row = evidence.ledger.contacts.get((person.name, said.name))
    what = f"{person.name} {said.name}"
    if row is not None:
        _account_row(found, row, person, said, delivered)
    elif said.step == CAMPAIGN and not delivered and any(change in _GONE for _, change in person.changes):
        found.endings["had left before the campaign"] += 1
    elif (person.name, said.step) in evidence.ledger.ended and not delivered:
        found.endings["ended before it was planned"] += 1
    else:
        found.lost.append(f"{what}: no row, {len(delivered)} delivered")


def _account_row(found: Judgement, row: RowMapping, person: Person, said: Said, delivered: list[Call]) -> None:
    state, reason, what = row["state"], row["reason"], f"{person.name} {said.name}"
    match state:
        case "sent":
            found.endings["delivered"] += 1
            if not delivered:
                found.lost.append(f"{what}: recorded as sent, and the provider never had it")
            elif delivered[0].reference not in row["parts"]:
                found.untrue.append(f"{what}: delivered under a key that no message has")
        case "parked" if reason == "unknown":
            found.endings["unknown, shown"] += 1
            found.residual["unknown that had arrived"] += bool(delivered)
        case _ if state in REFUSED and reason is not None:
            found.endings[f"{state}: {reason}"] += 1
            if delivered:
                found.untrue.append(f"{what}: {state} ({reason}), and the provider delivered it")
        case "planned" if person.asleep and said.marketing and row["later"]:
            found.endings["waits for the morning"] += 1
        case "planned" if said.channel == "letter" and said.marketing and row["later"] and not delivered:
            found.endings["letter, waits until there is room on the day it would arrive"] += 1
        case _:
            found.lost.append(f"{what}: left {state} ({reason}), {len(delivered)} delivered")


def _doubled(calls: Iterable[Call], delivered: dict[tuple[str, str], list[Call]]) -> Iterator[str]:
    for (name, text), mine in delivered.items():
        if len(mine) > 1:
            how = ", ".join(f"{call.misdeed} by {call.personality}" for call in mine)
            yield f"{name} {text}: delivered {len(mine)} times ({how})"
    for reference, times in Counter(call.reference for call in calls if call.delivered).items():
        if times > 1:
            yield f"{reference}: delivered {times} times under one key"


def _changed_bytes(calls: Iterable[Call]) -> Iterator[str]:
    """Yield keys under which something else was sent after a call of which nobody knew whether it had arrived."""
    before: dict[str, Call] = {}
    for call in calls:
        last = before.get(call.reference)
        if last is not None and (last.unclear or last.misdeed.delivers) and last.body != call.body:
            yield f"{call.to} {call.text}: other bytes under the same key"
        before[call.reference] = call


def _unwanted(found: Judgement, evidence: Evidence, delivered: dict[tuple[str, str], list[Call]]) -> None:
    """Find what reached people after they had said no, or reached the goal, or gone."""
    for deed in evidence.deeds:
        for said in _stopped_by(deed.change):
            what = f"{deed.person.name} {said.name}"
            for call in delivered[deed.person.name, said.name]:
                late = call.at - deed.acknowledged_at
                if 0 < late <= evidence.window:
                    found.residual["on its way when the no was acknowledged"] += 1
                elif late > 0 and any(0 <= call.at - woken < SLACK_SECONDS for woken in evidence.woken_at):
                    found.residual["sent late by a worker that had been stopped"] += 1
                elif late > 0:
                    where = found.erased if deed.change is Change.ERASED else found.opted_out
                    where.append(f"{what}: {late:.2f} s after it was acknowledged: {deed.change}")


def _claimed_after_a_no(evidence: Evidence, delivered: dict[tuple[str, str], list[Call]]) -> Iterator[str]:
    """Yield what was delivered though the customer's revision of the claim is later than that of the no."""
    for (name, topic), revision in evidence.ledger.noes.items():
        for said in SAID:
            row = evidence.ledger.contacts.get((name, said.name))
            if said.topic != topic or row is None or not delivered[name, said.name]:
                continue
            if any(claimed_at > revision for claimed_at in row["claimed_at"]):
                yield f"{name} {said.name}: claimed after the no, by the customer's revision"


def _claimed_after_the_end(found: Judgement, evidence: Evidence, delivered: dict[tuple[str, str], list[Call]]) -> None:
    """Find what was delivered though the revision of the claim is later than that of the erasure or deactivation."""
    for deed in evidence.deeds:
        for said in SAID if deed.revision is not None else ():
            row = evidence.ledger.contacts.get((deed.person.name, said.name))
            if row is None or not delivered[deed.person.name, said.name] or deed.revision is None:
                continue
            if any(claimed_at > deed.revision for claimed_at in row["claimed_at"]):
                where = found.erased if deed.change is Change.ERASED else found.opted_out
                where.append(f"{deed.person.name} {said.name}: claimed after: {deed.change}, by the revision")


def _afterwards(found: Judgement, evidence: Evidence, handed: dict[tuple[str, str], list[Call]]) -> None:
    """Compare what came after the sends: receipts, and letters that were to be stopped."""
    state_of = {part: row["state"] for row in evidence.ledger.contacts.values() for part in row["parts"]}
    compared = compare(evidence.told, evidence.ledger.kept, state_of)
    found.unkept += compared.unkept
    found.forged += compared.forged
    found.doubled += compared.doubled
    found.untrue += compared.untrue
    stops, names = by_letter(evidence.stops), evidence.ledger.letters
    for deed in evidence.deeds:
        for said in _stopped_by(deed.change):
            mine = handed[deed.person.name, said.name]
            where = found.erased if deed.change is Change.ERASED else found.opted_out
            where += unstopped(evidence.rig.seed, deed, mine, stops, names)


def _stopped_by(change: Change | None) -> tuple[Said, ...]:
    match change:
        case None:
            return ()
        case Change.NO_NEWS | Change.NO_IDEAS:
            topic = "news" if change is Change.NO_NEWS else "ideas"
            return tuple(said for said in SAID if said.topic == topic)
        case Change.ORDERS | Change.ORDERS_LATE:
            return tuple(said for said in SAID if said.step in {"welcome", "voucher"})
        case Change.LEAVES | Change.ERASED:
            return SAID


def _pressed(found: Judgement, evidence: Evidence, delivered: dict[tuple[str, str], list[Call]]) -> None:
    """Find who got more marketing than a cap allows in any window, and who was disturbed in the night."""
    for person in evidence.people:
        marketing = [
            (call.at, said.channel) for said in SAID if said.marketing for call in delivered[person.name, said.name]
        ]
        if person.asleep and marketing:
            found.disturbed.append(f"{person.name}: {len(marketing)} in the night")
        for cap, channel in ((CAP, None), (CAP_SMS, "sms")):
            most = _most_in_a_window([at for at, way in sorted(marketing) if channel in {None, way}])
            if most > cap:
                found.over_cap.append(
                    f"{person.name}: {most} {channel or 'contacts'} in {CAP_DAYS} days, at most {cap}"
                )


def _most_in_a_window(instants: Sequence[float]) -> int:
    most = first = 0
    for last, at in enumerate(instants):
        while at - instants[first] >= _WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def _unknowns(found: Judgement, evidence: Evidence) -> None:
    """Compare the unknowns with all that can have made one: unclear answers, and calls in flight at an interruption."""
    unclear = sum(call.unclear for call in evidence.calls if call.personality not in KEYED)
    again = Counter(call.reference for call in evidence.calls if call.personality in KEYED and call.unclear)
    found.unknown_most = unclear + len(again) + evidence.interruptions * CALLS_AT_ONCE
    unknown = found.endings["unknown, shown"]
    if unknown > found.unknown_most:
        found.untrue.append(f"{unknown} unknown, where at most {found.unknown_most} can be")


def audited(rig: Rig) -> list[str]:
    """Return what the house's own audit finds."""
    lines = audit(rig.database, Audited(datetime.now(UTC)))
    return [f"{line.check}: {line.sentence}" for line in lines if isinstance(line, FindingLine)]


def faults_by_kind(calls: Iterable[Call]) -> Counter[str]:
    """Return how often the provider did what."""
    return Counter(call.misdeed.value for call in calls if call.misdeed is not Misdeed.NONE)
