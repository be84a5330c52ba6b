"""What may never happen, tried with thousands of made-up customers: `decide` against small models of its rules."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from holidays import country_holidays
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tactful.decide import decide
from tactful.facts import Address, ChannelState, Consent, Contact, PastContact, Rival, Situation, Suppression
from tactful.rules.priority import Reservation, places_kept, rank_of
from tactful.strategy.model import (
    Cap,
    Communication,
    Condition,
    Expiry,
    QuietHours,
    Route,
    Rules,
    Segment,
    Span,
    Strategy,
)
from tactful.verdict import Defer, Send, Skip, Verdict, Wait
from tactful.words import Channel, ConsentState, ContactState, JourneyState, Purpose, Reason, SuppressionClass
from tests.unit.given import DAY, NOON, TOPICS, communication, customer, journey, key, situation, step, strategy
from tests.unit.windows import end_of, fits, is_quiet

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
# a spring and an autumn change somewhere, an ordinary day, and Samoa's missing Friday
NOWS = [
    NOON,
    datetime(2026, 12, 27, 20, tzinfo=UTC),  # Boxing Day is made up for on the Monday
    datetime(2026, 3, 29, 0, 45, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 20, tzinfo=UTC),
    datetime(2011, 12, 30, 9, 30, tzinfo=UTC),
]
QUARTER = timedelta(minutes=15)
MARKETING_REASONS = {
    Reason.NO_OPT_IN,
    Reason.OPTED_OUT,
    Reason.OPT_IN_PENDING,
    Reason.OPT_IN_EXPIRED,
    Reason.QUIET_HOURS,
    Reason.CAP,
    Reason.GAP,
    Reason.OUTRANKED,
    Reason.QUESTION_OPEN,
    Reason.TEST_CONTROL,
    Reason.HELD_OUT,
    Reason.UNDISTURBED,
    Reason.ON_HOLD,
}
LIVELY = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

Case = tuple[Situation, Communication, Strategy, datetime]

# most is about ideas by email, so that rules meet
channels = st.sampled_from([Channel.EMAIL, Channel.EMAIL, Channel.EMAIL, *Channel])
some_channels = st.sampled_from(
    [
        (Channel.EMAIL,),
        (Channel.EMAIL,),
        (Channel.EMAIL,),
        (Channel.SMS,),
        (Channel.PUSH,),
        (Channel.LETTER, Channel.EMAIL),
        (Channel.SMS, Channel.PUSH, Channel.LETTER),
    ]
)
topics = st.sampled_from(["ideas", "ideas", "ideas", "reminders", "orders"])
marketing_topics = st.sampled_from(["ideas", "ideas", "reminders"])
spans = st.sampled_from(
    [Span(seconds=1800), Span(seconds=72_000), Span(days=1), Span(days=7), Span(months=1), Span(days=1, seconds=3600)]
)
quiet_hours = st.builds(
    lambda start, length, **more: QuietHours(start=_hour(start), end=_hour(start + length), **more),
    st.integers(0, 95),
    st.integers(1, 95),
    channels=st.sampled_from([(), (Channel.EMAIL,), (Channel.SMS, Channel.PUSH)]),
    weekdays=st.sampled_from([(), (6,), (1, 2)]),
    holidays=st.booleans(),
    topic=st.sampled_from([None, None, "ideas"]),
)
caps = st.builds(
    lambda scope, **more: Cap(**scope, **more),
    st.sampled_from([{}, {}, {"channel": Channel.SMS}, {"channel": Channel.EMAIL}, {"topic": "ideas"}]),
    count=st.integers(1, 3),
    window=spans,
)
rules = st.builds(
    Rules,
    at_most=st.lists(caps, max_size=3).map(tuple),
    apart=st.none() | spans,
    quiet=st.lists(quiet_hours, max_size=2).map(tuple),
    look_ahead=st.sampled_from([None, Span(days=1), Span(days=7)]),
)
routes = st.lists(some_channels.map(lambda together: Route(channels=together)), min_size=1, max_size=3).map(tuple)
ADDRESSES = tuple(Address(channel, f"{channel}@Example.com") for channel in Channel)
EVERY_YES = tuple(
    Consent(channel, topic, ConsentState.OPTED_IN, NOON - 9999 * DAY) for channel in Channel for topic in TOPICS
)
NO_BY_LETTER = Suppression(SuppressionClass.MARKETING, "robinson list", channel=Channel.LETTER)
NO_MAIL = Suppression(SuppressionClass.UNDELIVERABLE, "bounced", address="EMAIL@example.com")


def _hour(quarter: int) -> time:
    return time(quarter % 96 // 4, quarter % 4 * 15)


def instants(now: datetime, least: int = -40 * 96, most: int = 4 * 96) -> st.SearchStrategy[datetime]:
    """Instants on the quarter hours around `now`, mostly near it."""
    near = st.integers(max(least, -96), min(most, 96))
    return (near | near | st.integers(least, most)).map(lambda quarters: now + quarters * QUARTER)


@st.composite
def cases(
    draw: st.DrawFn, about: st.SearchStrategy[str] = topics, *, timeless: bool = False, rivalled: bool = True
) -> Case:
    """A situation with everything in it; `timeless`: only quiet hours, caps, gap and rivals change by themselves."""
    now = draw(st.sampled_from(NOWS)) + draw(st.integers(0, 192)) * QUARTER
    ever = st.none() if timeless else st.none() | instants(now)
    statement = st.builds(
        Consent,
        channels,
        topics,
        st.sampled_from([ConsentState.OPTED_OUT, ConsentState.OPTED_IN, *([] if timeless else ConsentState)]),
        instants(now, most=0),
        ever,
        st.integers(0, 3),
    )
    who = customer(
        time_zone=draw(st.sampled_from([*ZONES, "Pacific/Apia", None, "Nowhere"])),
        consents=(*EVERY_YES, *draw(st.lists(statement, max_size=2))),
        addresses=draw(
            st.sampled_from([ADDRESSES, ADDRESSES, (*ADDRESSES, Address(Channel.EMAIL, "b")), ADDRESSES[:2]])
        ),
        suppressions=draw(st.sampled_from([(), (), (NO_MAIL,), (NO_BY_LETTER,), (NO_MAIL, NO_BY_LETTER)])),
        preferred=draw(st.sampled_from([(), (Channel.EMAIL,), (Channel.LETTER, Channel.SMS)])),
        country=draw(st.sampled_from([None, "GB", "WS", "XX"])),
    )
    states = [JourneyState.OPEN] * 25 + ([] if timeless else list(JourneyState))
    ends = st.none() | st.none() | instants(now, least=1, most=30 * 96)
    known = situation(
        customer=who,
        contact=Contact(key(100), "hello", ContactState.PLANNED, draw(instants(now, most=0)), draw(ends)),
        journey=journey(state=draw(st.sampled_from(states)), ends_at=draw(ends)),
        past=tuple(draw(st.lists(past_contacts(now), max_size=6))),
        rivals=tuple(draw(st.lists(rivals(now), max_size=3))) if rivalled else (),
        channels=tuple(ChannelState(channel, f"{channel} connector", draw(ever)) for channel in Channel),
    )
    said = communication(topic=draw(about), by=draw(routes), ask=draw(st.sampled_from([None, None, "birthday"])))
    return known, said, strategy(step(said), rules=draw(rules)), now


@st.composite
def past_contacts(draw: st.DrawFn, now: datetime) -> PastContact:
    topic = draw(topics)
    return PastContact(
        contact_key=key(draw(st.integers(98, 109))),
        counts_at=draw(instants(now)),
        channels=draw(some_channels),
        topic=topic,
        stage="nurture",
        purpose=TOPICS[topic].purpose,
        communication="our-story",
        question=draw(st.sampled_from([None, None, "favourite"])),
    )


@st.composite
def rivals(draw: st.DrawFn, now: datetime) -> Rival:
    return Rival(
        contact_key=key(draw(st.integers(90, 110))),
        communication="early-bird",
        due_at=draw(instants(now, least=-8, most=96)),
        expires_at=draw(st.none() | instants(now, least=-8, most=96)),
        topic=draw(topics),
        channels=draw(some_channels),
        raised=draw(st.integers(-1, 1)),
    )


def decided(case: Case, at: datetime | None = None) -> Verdict:
    known, said, published, now = case
    verdict = decide(known, communication=said, step=published.steps["welcome"], published=published, now=at or now)
    event(type(verdict).__name__.lower())
    return verdict


def zone_of(case: Case) -> ZoneInfo:
    named = case[0].customer.time_zone
    if named not in {None, "Nowhere"}:
        return ZoneInfo(str(named))
    return ZoneInfo("Pacific/Apia" if case[0].customer.country == "WS" else "Europe/London")


@settings(LIVELY, max_examples=500)
@given(cases(marketing_topics))
def test_whatever_marketing_is_sent_has_a_yes_an_open_hour_and_room(case: Case) -> None:
    verdict = decided(case)
    if isinstance(verdict, Send):
        assert verdict.routes
        for route in verdict.routes:
            assert _said_yes(case, route.channel)
            assert _nothing_stands_against(case, route.channel, route.address)
            assert _is_open(case, route.channel)
        assert _has_room(case, {route.channel for route in verdict.routes})
        assert _keeps_the_gap(case)


@LIVELY
@given(cases(st.just("orders")))
def test_whatever_is_mandatory_goes_to_an_address_that_is_not_undeliverable(case: Case) -> None:
    verdict = decided(case)
    for route in verdict.routes if isinstance(verdict, Send) else ():
        assert _nothing_stands_against(case, route.channel, route.address)


@settings(LIVELY, max_examples=300)
@given(cases(marketing_topics, timeless=True, rivalled=False))
def test_nothing_is_held_back_but_for_a_reason_that_is_there(case: Case) -> None:
    """The other half: a rule that is too strict would go unnoticed among things that may never happen."""
    known, said, published, now = case
    by_email = said.model_copy(update={"by": (Route(channels=(Channel.EMAIL,)),)})
    case = known, by_email, published, now
    reasons = {line.reason for line in decided(case).trace}
    assert (Reason.CAP in reasons) <= (not _has_room(case, {Channel.EMAIL}))
    assert (Reason.GAP in reasons) <= (not _keeps_the_gap(case))
    assert (Reason.QUIET_HOURS in reasons) <= (not _is_open(case, Channel.EMAIL))


def _said_yes(case: Case, channel: Channel) -> bool:
    known, said, _, now = case
    about = [one for one in known.customer.consents if (one.channel, one.topic) == (channel, said.topic)]
    last = max(about, key=lambda one: (one.stated_at, one.revision))
    return last.state is ConsentState.OPTED_IN and (last.expires_at is None or last.expires_at > now)


def _nothing_stands_against(case: Case, channel: Channel, address: str) -> bool:
    known, said, _, _ = case
    if (channel, address) not in {(one.channel, one.address) for one in known.customer.addresses}:
        return False
    if NO_MAIL in known.customer.suppressions and address.lower() == "email@example.com":
        return False
    return said.topic == "orders" or NO_BY_LETTER not in known.customer.suppressions or channel is not Channel.LETTER


def _is_open(case: Case, channel: Channel) -> bool:
    known, said, published, now = case
    return not any(
        is_quiet(now, quiet, zone_of(case), _days_off(known.customer.country))
        for quiet in published.rules.quiet
        if quiet.topic in {None, said.topic} and (not quiet.channels or channel in quiet.channels)
    )


def _days_off(country: str | None) -> frozenset[date]:
    known = country in {"GB", "WS"}
    return frozenset(country_holidays(str(country), years=range(2010, 2028))) if known else frozenset()


def _has_room(case: Case, used: set[Channel]) -> bool:
    _, said, published, now = case
    return all(
        fits(_others(case, cap), now, cap.count, cap.window, zone_of(case))
        for cap in published.rules.at_most
        if cap.topic in {None, said.topic} and (cap.channel is None or cap.channel in used)
    )


def _keeps_the_gap(case: Case) -> bool:
    gap = case[2].rules.apart
    return gap is None or fits(_others(case, Cap(count=1, window=gap)), case[3], 1, gap, zone_of(case))


def _others(case: Case, cap: Cap) -> list[datetime]:
    """Return when the other marketing contacts under a cap took their places."""
    return [
        row.counts_at
        for row in case[0].past
        if row.contact_key != key(100)
        and row.purpose is Purpose.MARKETING
        and (cap.channel is None or cap.channel in row.channels)
        and cap.topic in {None, row.topic}
    ]


@LIVELY
@given(cases(st.just("orders")))
def test_a_mandatory_contact_is_never_held_back_by_a_marketing_rule(case: Case) -> None:
    verdict = decided(case)
    assert isinstance(verdict, Send) or verdict.reason not in MARKETING_REASONS
    assert not {line.reason for line in verdict.trace} & MARKETING_REASONS


@LIVELY
@given(cases(timeless=True, rivalled=False))
def test_a_deferred_contact_goes_when_it_is_asked_again_at_its_instant(case: Case) -> None:
    verdict = decided(case)
    if isinstance(verdict, Defer):
        assert verdict.until > case[3]
        assert isinstance(decided(case, verdict.until), Send)


@LIVELY
@given(cases(timeless=True, rivalled=False), st.lists(st.integers(0, 999), max_size=8))
def test_a_deferred_contact_could_not_have_gone_any_sooner(case: Case, thousandths: list[int]) -> None:
    verdict = decided(case)
    if isinstance(verdict, Defer):
        now = case[3]
        for part in thousandths:
            assert not isinstance(decided(case, now + (verdict.until - now) * part / 1000), Send)


@LIVELY
@given(cases(timeless=True, rivalled=False), st.lists(st.integers(0, 30 * 96), max_size=8))
def test_what_is_skipped_for_lack_of_time_could_not_have_gone_in_its_life(case: Case, later: list[int]) -> None:
    verdict = decided(case)
    if isinstance(verdict, Skip) and verdict.reason in {Reason.QUIET_HOURS, Reason.CAP, Reason.GAP}:
        for quarters in later:
            assert not isinstance(decided(case, case[3] + quarters * QUARTER), Send)


@LIVELY
@given(cases())
def test_an_instant_to_come_back_is_always_later_and_never_after_the_end_of_life(case: Case) -> None:
    known, _, _, now = case
    verdict = decided(case)
    if isinstance(verdict, Defer | Wait):
        assert verdict.until > now
        assert known.contact.expires_at is None or verdict.until <= known.contact.expires_at
        assert known.journey is None or known.journey.ends_at is None or verdict.until <= known.journey.ends_at


@LIVELY
@given(cases())
def test_the_same_question_has_the_same_answer_whatever_order_the_past_comes_in(case: Case) -> None:
    known, said, published, now = case
    backwards = replace(known, past=known.past[::-1], rivals=known.rivals[::-1])
    again = decided((backwards, said, published, now))
    assert type(again) is type(decided(case))
    assert decided(case) == decided(case)


# room that is kept for others

BY_ONE_CHANNEL = routes.map(lambda many: (Route(channels=many[0].channels[:1]),))


@settings(LIVELY, max_examples=400)
@given(cases(marketing_topics, timeless=True), BY_ONE_CHANNEL)
def test_no_place_is_idle_that_nobody_higher_wants_and_none_is_taken_that_one_does(
    case: Case, by: tuple[Route, ...]
) -> None:
    known, said, published, now = case
    said = said.model_copy(update={"by": by})
    verdict = decided((known, said, published, now))
    priority = next((line for line in verdict.trace if line.rule == "priority"), None)
    if priority is None:
        return
    mine = rank_of(TOPICS[said.topic], 0, known.contact.due_at, known.contact.contact_key, now)
    kept = list(places_kept(known, mine, published, published.rules, now=now, zone=zone_of(case)))
    world = [row for row in known.past if row.contact_key != key(100)]
    for one in kept:
        assert _wants_it(one, known, published, now, zone_of(case))
        row = _row_of(one)
        assert _all_fit(world, row, published.rules, zone_of(case))
        world.append(row)
    own = PastContact(key(100), now, by[0].channels, said.topic, "", Purpose.MARKETING, said.name)
    if isinstance(verdict, Send):
        assert _all_fit(world, own, published.rules, zone_of(case))
    if priority.reason is not None:
        assert not _all_fit(world, own, published.rules, zone_of(case))


def _wants_it(one: Reservation, known: Situation, published: Strategy, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether somebody higher wants a place: by nothing but what is written of the rule."""
    rival, ahead = one.rival, published.rules.look_ahead
    horizon = end_of(now, ahead, zone) if ahead else now
    kept_at = one.as_made.counts_at
    in_time = now - timedelta(hours=1) <= rival.due_at <= horizon and max(rival.due_at, now) <= kept_at <= horizon
    alive = rival.expires_at is None or kept_at < rival.expires_at
    higher = TOPICS[rival.topic].rank - max(now - rival.due_at, timedelta(0)) // timedelta(days=7)
    own_topic = next(step for step in published.steps.values()).communications[0].topic
    waited = max(now - known.contact.due_at, timedelta(0)) // timedelta(days=7)
    return in_time and alive and higher <= TOPICS[own_topic].rank - waited


def _row_of(one: Reservation) -> PastContact:
    made = one.as_made
    return PastContact(made.contact_key, made.counts_at, made.channels, one.rival.topic, "", Purpose.MARKETING, "x")


def _all_fit(world: Sequence[PastContact], one: PastContact, under: Rules, zone: ZoneInfo) -> bool:
    """Say whether one more leaves every window that it is in within its cap, against the small model."""
    limits = [*under.at_most, *([Cap(count=1, window=under.apart)] if under.apart else [])]
    for cap in limits:
        if cap.topic not in {None, one.topic} or not (cap.channel is None or cap.channel in one.channels):
            continue
        taken = [
            row.counts_at
            for row in world
            if row.contact_key != one.contact_key
            and row.purpose is Purpose.MARKETING
            and (cap.channel is None or cap.channel in row.channels)
            and cap.topic in {None, row.topic}
        ]
        if not fits(taken, one.counts_at, cap.count, cap.window, zone):
            return False
    return True


# a customer's weeks, played through

KINDS = [("reminders", Channel.EMAIL), ("reminders", Channel.SMS), ("ideas", Channel.EMAIL), ("ideas", Channel.SMS)]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 21 * 96)), min_size=2, max_size=14),
    rules,
    st.sampled_from(ZONES),
    st.sampled_from(NOWS),
)
def test_over_weeks_no_window_ever_holds_too_many_and_nothing_is_forgotten(
    wanted: list[tuple[tuple[str, Channel], int]], under: Rules, zone: str, begin: datetime
) -> None:
    """Contacts are decided when they are due, sent ones take their places, deferred ones come back."""
    waiting = [(begin + due * QUARTER, number) for number, (_, due) in enumerate(wanted)]
    heapq.heapify(waiting)
    due = {number: at for at, number in waiting}
    first_due = dict(due)
    said = {n: _about(n, topic, channel) for n, ((topic, channel), _) in enumerate(wanted)}
    published = strategy(step(*said.values()), rules=under)
    yes = tuple(Consent(channel, topic, ConsentState.OPTED_IN, begin - DAY) for topic, channel in KINDS)
    who = customer(time_zone=zone, consents=yes)
    sent: list[PastContact] = []
    settled: set[int] = set()
    for _ in range(60 * len(wanted)):
        if not waiting:
            break
        now, number = heapq.heappop(waiting)
        rivals = tuple(_rival(other, said[other], due[other], first_due[other]) for _, other in waiting)
        known = situation(
            contact=Contact(
                key(number),
                said[number].name,
                ContactState.PLANNED,
                due[number],
                due[number] + 9 * DAY,
                planned_for=first_due[number],
            ),
            customer=who,
            past=tuple(sent),
            rivals=rivals,
        )
        verdict = decide(known, communication=said[number], step=None, published=published, now=now)
        if isinstance(verdict, Send):
            sent.append(_row(number, said[number], now))
        elif isinstance(verdict, Defer):
            due[number] = verdict.until
            heapq.heappush(waiting, (verdict.until, number))
            continue
        settled.add(number)
    assert settled == set(range(len(wanted)))
    _check(sent, under, ZoneInfo(zone))


def _check(sent: Sequence[PastContact], under: Rules, zone: ZoneInfo) -> None:
    limits = [*under.at_most, *([Cap(count=1, window=under.apart)] if under.apart else [])]
    for cap in limits:
        taken = [
            row.counts_at
            for row in sent
            if (cap.channel is None or cap.channel in row.channels) and cap.topic in {None, row.topic}
        ]
        for number, at in enumerate(taken):
            assert fits(taken[:number] + taken[number + 1 :], at, cap.count, cap.window, zone)
    for row in sent:
        for quiet in under.quiet:
            if quiet.topic in {None, row.topic} and (not quiet.channels or row.channels[0] in quiet.channels):
                assert not is_quiet(row.counts_at, quiet, zone, frozenset())


def _about(number: int, topic: str, channel: Channel) -> Communication:
    return communication(f"c{number}", topic=topic, by=(Route(channels=(channel,)),))


def _rival(number: int, said: Communication, due_at: datetime, first_due_at: datetime) -> Rival:
    ends_at, by = due_at + 9 * DAY, said.by[0].channels
    return Rival(key(number), said.name, due_at, ends_at, said.topic, by, 0, "welcome", first_due_at)


def _row(number: int, said: Communication, at: datetime) -> PastContact:
    marketing = Purpose.MARKETING
    return PastContact(key(number), at, said.by[0].channels, said.topic, "nurture", marketing, said.name)


# anything at all

wild_instants = st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Pacific/Apia"), ZoneInfo("America/New_York")]))
wild_spans = st.builds(Span, months=st.integers(0, 120_000), days=st.integers(0, 10**7), seconds=st.integers(0, 10**9))
wild_conditions = st.builds(
    Condition,
    text=st.just("?"),
    fact=st.sampled_from(["orders", "spent", "since_registered", "since_last_order", "event", "known", "property"]),
    name=st.none() | st.just("birthday"),
    window=st.none() | wild_spans,
    operator=st.sampled_from([">=", "<=", ">", "<", "=", "is not"]),
    value=st.integers() | wild_spans | st.booleans() | st.text(max_size=3) | st.dates(),
)
wild_rules = st.builds(
    Rules,
    at_most=st.lists(
        st.builds(Cap, count=st.integers(0, 3), window=wild_spans, channel=st.none() | channels), max_size=2
    ).map(tuple),
    apart=st.none() | wild_spans,
    quiet=st.lists(
        st.builds(
            QuietHours,
            channels=some_channels,
            start=st.none() | st.times(),
            end=st.none() | st.times(),
            weekdays=st.lists(st.integers(0, 6), max_size=7).map(tuple),
            holidays=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
)


@st.composite
def wild_cases(draw: st.DrawFn) -> Case:
    said = communication(
        draw(st.sampled_from(["hello", "early-bird"])),
        topic=draw(topics | st.just("gone")),
        by=draw(routes | st.just(())),
        expires=Expiry(),
        unless=tuple(draw(st.lists(wild_conditions, max_size=2))),
        done=draw(st.none() | wild_conditions),
        for_segments=draw(st.sampled_from([(), ("gold",)])),
        ask=draw(st.none() | st.just("birthday")),
        raised=draw(st.integers()),
    )
    known: dict[str, Any] = {
        "contact": Contact(
            draw(st.uuids()),
            "hello",
            draw(st.sampled_from(list(ContactState))),
            draw(wild_instants),
            draw(st.none() | wild_instants),
            draw(st.integers()),
        ),
        "customer": customer(
            time_zone=draw(st.none() | st.text(max_size=20) | st.sampled_from(ZONES)),
            registered_at=draw(wild_instants),
            properties={"birthday": draw(st.none() | st.text(max_size=3) | st.dates() | st.floats())},
            events={"birthday": tuple(draw(st.lists(wild_instants, max_size=2)))},
            country=draw(st.none() | st.text(max_size=3) | st.sampled_from(["GB", "us"])),
        ),
        "journey": draw(
            st.none()
            | st.builds(
                lambda state, started_at, ends_at: journey(state=state, started_at=started_at, ends_at=ends_at),
                st.sampled_from(list(JourneyState)),
                wild_instants,
                st.none() | wild_instants,
            )
        ),
        "past": tuple(_wild_row(number, at) for number, at in enumerate(draw(st.lists(wild_instants, max_size=4)))),
        "rivals": tuple(
            Rival(UUID(int=number), "early-bird", at, None, "reminders", (), draw(st.integers()), "welcome")
            for number, at in enumerate(draw(st.lists(wild_instants, max_size=2)))
        ),
    }
    segments = (Segment(name="gold", owner=None, conditions=tuple(draw(st.lists(wild_conditions, max_size=2)))),)
    zone = draw(st.sampled_from([*ZONES, "", "\x00"]))
    published = strategy(step(said), rules=draw(wild_rules), segments=segments, time_zone=zone)
    return situation(**known), said, published, draw(wild_instants)


def _wild_row(number: int, at: datetime) -> PastContact:
    asked = "birthday" if number % 2 else None
    return PastContact(key(number), at, (Channel.EMAIL,), "ideas", "", Purpose.MARKETING, "hello", asked)


@LIVELY
@given(wild_cases())
def test_nothing_that_can_be_known_makes_it_fail(case: Case) -> None:
    """Any instants of the calendar, spans of ten thousand years, zones that are none, conditions without sense."""
    assert decided(case) == decided(case)
