"""Phrases: what is understood, what is said about what is not, and that every value can be said again."""

from datetime import datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.strategy import forms, wording
from tactful.strategy.amounts import WEEKDAYS
from tactful.strategy.forms import FORMS, Form
from tactful.strategy.model import (
    Again,
    Brake,
    Cap,
    Due,
    Expiry,
    Hold,
    Lasts,
    Money,
    Property,
    QuietHours,
    Route,
    Span,
    Trigger,
    When,
)
from tactful.strategy.phrases import PhraseFault, understand
from tactful.strategy.standards import CURRENCIES
from tactful.words import Channel

EXAMPLES = [pytest.param(form, phrase, id=f"{form.rule}: {phrase}") for form in FORMS for phrase in form.examples]


def fault(form: Form[object], text: str) -> PhraseFault:
    with pytest.raises(PhraseFault) as caught:
        understand(form, text)
    return caught.value


@pytest.mark.parametrize(("form", "phrase"), EXAMPLES)
def test_every_example_shown_to_people_is_right(form: Form[object], phrase: str) -> None:
    assert understand(form, phrase).value != form.blank or form.rule in {"when", "by", "time", "property", "again"}


@pytest.mark.parametrize(
    ("form", "text", "offset", "hint"),
    [
        (forms.WHEN, "3 dyas after start", 2, "3 days after start"),
        (forms.WHEN, "3 after start", 2, None),
        (forms.WHEN, "3 days", 6, None),
        (forms.WHEN, "three days after start", 0, "3 days after start"),
        (forms.WHEN, "3days after start", 0, "3 days after start"),
        (forms.WHEN, "At once", 0, "at once"),
        (forms.WHEN, "3 days after the start", 17, "3 days after start"),
        (forms.WHEN, "3 days from start", 7, "3 days after start"),
        (forms.WHEN, "atonce", 0, None),
        (forms.SPAN, "٣ days", 0, None),
        (forms.SPAN, "0 days", 0, None),
        (forms.SPAN, "99999999999 days", 0, None),
        (forms.SPAN, "1.5 days", 0, None),
        (forms.BY, "fax", 0, None),
        (forms.BY, "email, sms", 5, "email or sms"),
        (forms.BY, "email or email", 9, None),
        (forms.BY, "email and email", 10, None),
        (forms.BY, "push or sms after", 17, None),
        (forms.CAP, "2 per 7 days", 6, "2 in 7 days"),
        (forms.CAP, "0 in 7 days", 0, None),
        (forms.MONEY, "£300", 0, "300 GBP"),
        (forms.MONEY, "10 gbp", 3, "GBP"),
        (forms.MONEY, "10 GPB", 3, "GBP"),
        (forms.TIME, "10am", 0, None),
        (forms.TIME, "10.00", 0, "10:00"),
        (forms.TIME, "24:00", 0, "00:00"),
        (forms.QUIET, "20:00 - 09:00", 6, "20:00 to 09:00"),
        (forms.QUIET, "20:00 to 20:00", 9, None),
        (forms.QUIET, "12:00 to 13:00, 20:00 to 09:00", 16, None),
        (forms.QUIET, ", ".join(WEEKDAYS), 56, None),
        (forms.QUIET, "sundays", 0, "sunday"),
        (forms.CONDITION, "orders at least 6", 7, "orders >= 6"),
        (forms.CONDITION, "orders in 12 months", 19, None),
        (forms.CONDITION, "odrers in 12 months >= 6", 0, "orders"),
        (forms.CONDITION, "favourite", 0, None),
        (forms.CONDITION, "guide.opened is known", 0, None),
        (forms.DUE, "usual interval else 12 months", 15, "usual interval, else 12 months"),
        (forms.TRIGGER, "a.b then no c.d for 4 hours", 4, "a.b, then no c.d for 4 hours"),
        (forms.MOMENT, "2027-02-30 at 10:00", 0, None),
        (forms.MOMENT, "2027-02-26", 10, None),
        (forms.PERCENT, "120%", 0, None),
        (forms.PERCENT, "2 percent", 0, "2%"),
        (forms.BRAKE, "0 people", 0, None),
        (forms.AGAIN, "nevre", 0, "never"),
        (forms.PROPERTY, "string", 0, None),
        (forms.PROPERTY, "", 0, None),
    ],
)
def test_a_wrong_phrase_is_faulted_at_its_place_and_said_as_it_was_meant(
    form: Form[object], text: str, offset: int, hint: str | None
) -> None:
    found = fault(form, text)
    assert found.offset == offset
    assert (found.hint is None) is (hint is None), found.hint
    assert hint is None or f"{hint}" in str(found.hint)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.rule)
def test_no_parsers_word_reaches_people(form: Form[object]) -> None:
    for text in ("", "?", "three blind mice", "3", "at", "x.y is", "1 in", "email or"):
        try:
            understand(form, text)
        except PhraseFault as found:
            said = f"{found.found} {found.expected} {found.hint}"
            assert not any(word in said for word in ("Token", "_AT", "CHANNEL", "NUMBER", "FACT", "$END", "ANON"))


def test_the_hour_in_a_when_is_sent_to_its_own_key() -> None:
    assert fault(forms.WHEN, "3 days after start at 10:00").hint == "The hour has a key of its own: `at: 10:00`."


def test_a_phrase_of_ten_thousand_letters_is_refused_unread() -> None:
    assert fault(forms.WHEN, "3 days after " + "s" * 10_000).found == "a phrase of 10,013 characters"


# Values that are said, and read again

spans = st.one_of(
    st.integers(1, 120).map(lambda count: Span(months=count)),
    st.integers(1, 3660).map(lambda count: Span(days=count)),
    st.integers(1, 10_000).map(lambda count: Span(seconds=60 * count)),
)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001
events = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True)
channels = st.lists(st.sampled_from(Channel), min_size=1, max_size=3, unique=True).map(tuple)
shares = st.decimals(0, 100, places=1)


@st.composite
def ways(draw: st.DrawFn) -> tuple[Route, ...]:
    together = draw(st.lists(channels, min_size=1, max_size=3, unique=True))
    first, *others = together
    later = [Route(channels=each, after=draw(st.none() | spans)) for each in others]
    return (Route(channels=first), *later)


@st.composite
def lulls(draw: st.DrawFn) -> QuietHours:
    start, end = draw(st.one_of(st.none(), st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]))) or (
        None,
        None,
    )
    days = tuple(sorted(draw(st.sets(st.integers(0, 6), max_size=6))))
    holidays = draw(st.booleans()) or (start is None and not days)
    return QuietHours(channels=(), start=start, end=end, weekdays=days, holidays=holidays)


def again_said(form: Form[object], phrase: str) -> object:
    return understand(form, phrase).value


@given(spans, times, moments, shares)
def test_times_and_shares_are_read_as_they_are_said(span: Span, at: time, moment: datetime, share: Decimal) -> None:
    assert again_said(forms.SPAN, wording.say_span(span)) == span
    assert again_said(forms.TIME, wording.say_time(at)) == at
    assert again_said(forms.MOMENT, wording.say_moment(moment)) == moment
    assert again_said(forms.PERCENT, wording.say_percent(share)) == share


@given(st.decimals(0, 99_999, places=2), st.sampled_from(sorted(CURRENCIES)), spans, st.integers(1, 999))
def test_amounts_and_caps_are_read_as_they_are_said(amount: Decimal, currency: str, span: Span, count: int) -> None:
    money = Money(amount=amount, currency=currency)
    assert again_said(forms.MONEY, wording.say_money(money)) == money
    for channel, topic in ((None, None), (Channel.LETTER, None), (None, "ideas")):
        cap = Cap(count=count, window=span, channel=channel, topic=topic)
        assert again_said(forms.CAP, wording.say_cap(cap)) == cap
    brake = Brake(people=count, complaints=Decimal("0.2"))
    assert again_said(forms.BRAKE, wording.say_brake(brake)) == brake


@given(spans, st.sampled_from(["start", "due", "birthday"]), st.booleans())
def test_when_is_read_as_it_is_said(span: Span, anchor: str, before: bool) -> None:  # noqa: FBT001
    when = When(text="", anchor=anchor, before=before, offset=span)
    said = wording.say_when(when)
    assert again_said(forms.WHEN, said) == when.model_copy(update={"text": said})
    on = wording.say_when(When(text="", anchor=anchor))
    assert again_said(forms.WHEN, on) == When(text=on, anchor=anchor)


@given(ways(), lulls())
def test_channels_and_quiet_hours_are_read_as_they_are_said(routes: tuple[Route, ...], quiet: QuietHours) -> None:
    assert again_said(forms.BY, wording.say_by(routes)) == routes
    assert again_said(forms.QUIET, wording.say_quiet(quiet)) == quiet


@given(events, events, spans, moments)
def test_steps_are_read_as_they_are_said(event: str, other: str, span: Span, moment: datetime) -> None:
    for trigger in (Trigger(event=event), Trigger(event=event, silent_event=other, silent_for=span)):
        assert again_said(forms.TRIGGER, wording.say_trigger(trigger)) == trigger
    for hold in (Hold(name="", event=event, until=other), Hold(name="", event=event, lasts=span)):
        assert again_said(forms.HOLD, wording.say_hold(hold)) == hold
    for anchor in ("start", "due"):
        lasts = Lasts.model_validate({"span": span, "anchor": anchor})
        assert again_said(forms.LASTS, wording.say_lasts(lasts)) == lasts
    for again in (Again(kind="never"), Again(kind="always"), Again(kind="after", after=span)):
        assert again_said(forms.AGAIN, wording.say_again(again)) == again
    for usual in (True, False):
        due = Due(usual_interval=usual, otherwise=span)
        assert again_said(forms.DUE, wording.say_due(due)) == due
    for expiry in (Expiry(after=span), Expiry(at=moment)):
        assert again_said(forms.EXPIRES, wording.say_expiry(expiry)) == expiry


@pytest.mark.parametrize("said", ["text", "yes or no", "list from Acme Data & Co."])
def test_types_are_read_as_they_are_said(said: str) -> None:
    typed = understand(forms.PROPERTY, said).value
    assert wording.say_property(Property(name="x", type=typed.type, source=typed.source)) == said


def test_calls_are_a_channel_in_ways_caps_and_quiet_hours_singular_or_plural() -> None:
    assert [route.channels for route in understand(forms.BY, "call or letter after 2 days").value] == [
        (Channel.CALL,),
        (Channel.LETTER,),
    ]
    assert understand(forms.CAP, "2 calls in 30 days").value.channel is Channel.CALL
    assert wording.say_cap(understand(forms.CAP, "1 call in 30 days").value) == "1 call in 30 days"
    assert understand(forms.QUIET_FOR, "calls or sms").value.channels == (Channel.CALL, Channel.SMS)
