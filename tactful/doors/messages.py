"""Messages: Segment's `identify` and `track` and our requests for a contact, held against what is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from tactful.doors import values
from tactful.doors.reading import inside, kind_of, read_body
from tactful.doors.refusals import Gathering, refusal, unknown
from tactful.doors.suppressions import read_suppress
from tactful.doors.traits import channel_named, read_traits, snake
from tactful.doors.vocabulary import NOTHING_DECLARED, ORDER_PLACED, Vocabulary
from tactful.intake import Identify, Request, Statement, Suppress, Track, Who
from tactful.rules.permission import basis_ends
from tactful.strategy.model import FieldType
from tactful.strategy.spelling import did_you_mean, quoted
from tactful.templates.variables import variables_for
from tactful.wire.bodies import ContactBody, IdentifyBody, OptIn, SegmentMessage, TrackBody
from tactful.wire.suppressions import SuppressBody
from tactful.words import Basis, ConsentState

OPT_INS = ("optIns", "opt_ins")


def read_message(
    item: object,
    vocabulary: Vocabulary,
    *,
    now: datetime,
    made_up: Callable[[], str],
    historical: bool = False,
    at: str = "",
) -> Identify | Track | Suppress:
    """Return one item of a batch as what it says.

    Raises:
        RefusedError: It is neither `identify`, `track` nor `suppress`, or says what cannot be.
    """
    if not isinstance(item, dict):
        raise refusal("bad_body", f"{at or 'The item'} is {kind_of(item)}.", field=at or None, expected="a JSON object")
    message = cast("dict[str, object]", item)
    kind = message.get("type")
    if kind == "identify":
        return read_identify(read_body(IdentifyBody, message, at=at), vocabulary, now=now, made_up=made_up, at=at)
    if kind == "track":
        body = read_body(TrackBody, message, at=at)
        return read_track(body, vocabulary, now=now, made_up=made_up, historical=historical, at=at)
    if kind == "suppress":
        return read_suppress(read_body(SuppressBody, message, at=at), vocabulary, now=now, at=at)
    said = quoted(str(kind)) if kind is not None else "missing"
    expected = '"identify", "track" or "suppress"'
    raise refusal("unknown_type", f"The type is {said}.", field=inside(at, "type"), expected=expected)


def read_identify(
    body: IdentifyBody, vocabulary: Vocabulary, *, now: datetime, made_up: Callable[[], str], at: str = ""
) -> Identify:
    """Return what an identify message says about a customer.

    Args:
        body: The message.
        vocabulary: What is declared.
        now: Aware UTC instant.
        made_up: Gives a message id where the sender gave none.
        at: The path of the message in the request.

    Raises:
        RefusedError: With everything that is wrong with it.
    """
    gathering = Gathering()
    who = gathering.take(_who, body, at)
    occurred_at = gathering.take(values.instant, body.timestamp, inside(at, "timestamp"), now) or now
    own = {name: value for name, value in body.traits.items() if name not in OPT_INS}
    traits = gathering.take(read_traits, own, body.context, vocabulary, now, inside(at, "traits"))
    statements = gathering.take(_statements, body, vocabulary, occurred_at, now, at)
    gathering.settle()
    assert who is not None
    assert traits is not None
    return Identify(
        who=who,
        message_id=body.message_id or made_up(),
        occurred_at=occurred_at,
        time_zone=traits.time_zone,
        language=traits.language,
        country=traits.country,
        properties=traits.properties,
        addresses=traits.addresses,
        preferred=traits.preferred,
        statements=statements or (),
        registered_at=traits.registered_at,
    )


def read_track(
    body: TrackBody,
    vocabulary: Vocabulary,
    *,
    now: datetime,
    made_up: Callable[[], str],
    historical: bool = False,
    at: str = "",
) -> Track:
    """Return what a track message says a customer did.

    Raises:
        RefusedError: With everything that is wrong with it.
    """
    gathering = Gathering()
    who = gathering.take(_who, body, at)
    occurred_at = gathering.take(values.instant, body.timestamp, inside(at, "timestamp"), now) or now
    properties = gathering.take(_event_properties, body, vocabulary, at)
    gathering.settle()
    assert who is not None
    assert properties is not None
    return Track(
        who=who,
        name=body.event,
        message_id=body.message_id or made_up(),
        occurred_at=occurred_at,
        properties=properties,
        historical=historical,
    )


def read_request(body: ContactBody, vocabulary: Vocabulary, *, request_key: str) -> Request:
    """Return which contact is asked for.

    Raises:
        RefusedError: No published strategy has the communication, or several steps do and none is named.
    """
    who = _who(body, "")
    found = [
        (strategy, step, communication)
        for strategy in vocabulary.strategies
        if body.strategy in {None, strategy.name}
        for step in strategy.steps.values()
        if body.step in {None, step.name}
        for communication in step.communications
    ]
    if body.strategy is not None and body.strategy not in {s.name for s in vocabulary.strategies}:
        names = [strategy.name for strategy in vocabulary.strategies]
        raise unknown("strategy", body.strategy, names, field="strategy", empty=NOTHING_DECLARED)
    if body.step is not None and not found:
        steps = [name for strategy in vocabulary.strategies for name in strategy.steps]
        raise unknown("step", body.step, steps, field="step", empty=NOTHING_DECLARED)
    fitting = [(s, step) for s, step, communication in found if communication.name == body.communication]
    if not fitting:
        names = [communication.name for _, _, communication in found]
        raise unknown("communication", body.communication, names, field="communication", empty=NOTHING_DECLARED)
    if len(fitting) > 1:
        places = ", ".join(f"{strategy.name}/{step.name}" for strategy, step in fitting)
        message = f"{quoted(body.communication)} is said by several steps: {places}."
        raise refusal("ambiguous_communication", message, field="step", expected="the step, or the strategy, as well")
    strategy, step = fitting[0]
    communication = next(c for c in step.communications if c.name == body.communication)
    fields: dict[str, FieldType] = {
        name.removeprefix("event."): variable.type
        for name, variable in variables_for(strategy, step, communication).items()
        if name.startswith("event.")
    }
    return Request(
        who=who,
        communication=body.communication,
        request_key=request_key,
        step=step.name,
        strategy=strategy.name,
        properties=_properties(body.properties, fields, f"{step.name} / {communication.name}", "properties"),
    )


def _who(body: SegmentMessage | ContactBody, at: str) -> Who:
    if body.user_id is None and body.anonymous_id is None:
        expected = "the customer's id in your systems, or an anonymousId"
        raise refusal("missing_field", "Nobody is named.", field=inside(at, "userId"), expected=expected)
    for name, id_ in (("userId", body.user_id), ("anonymousId", body.anonymous_id)):
        if id_ is not None and (id_ != id_.strip() or not id_.isprintable()):
            message = f"{quoted(id_)} begins or ends with blanks, or has invisible characters in it."
            raise refusal("bad_id", message, field=inside(at, name), expected="the id alone")
    return Who(body.user_id, body.anonymous_id)


def _event_properties(body: TrackBody, vocabulary: Vocabulary, at: str) -> Mapping[str, object]:
    fields = vocabulary.events.get(body.event)
    if fields is None:
        raise unknown("event", body.event, vocabulary.events, field=inside(at, "event"), empty=NOTHING_DECLARED)
    said = dict(body.properties)
    if body.event == ORDER_PLACED and "revenue" in said and not {"revenue", "total"} & (fields.keys() & said.keys()):
        said["total"] = said.pop("revenue")  # Segment's older word for it
    kept = _properties(said, fields, body.event, inside(at, "properties"))
    if body.event == ORDER_PLACED:
        _check_order(kept, at)
    return kept


def _properties(said: Mapping[str, object], fields: Mapping[str, FieldType], of: str, at: str) -> Mapping[str, object]:
    """Return properties in the forms in which they are kept; `of` says whose fields are declared."""
    gathering = Gathering()
    kept: dict[str, object] = {}
    currency = next((value for name, value in said.items() if snake(name) == "currency"), None)
    for spelled, value in said.items():
        name = spelled if spelled in fields else snake(spelled)
        place = inside(at, spelled)
        if name not in fields and name != "currency":
            gathering.take(_refuse_field, of, spelled, fields, place)
        elif value is not None:
            kind = fields.get(name, "text")
            kept[name] = gathering.take(values.declared, value, kind, place, currency)
    if "currency" in kept:
        kept["currency"] = gathering.take(values.currency_code, currency, inside(at, "currency"))
    gathering.settle()
    return kept


def _refuse_field(of: str, spelled: str, fields: Mapping[str, object], place: str) -> None:
    told = unknown(f"field of {of}", spelled, fields, field=place, empty=f"no properties: {of} has none").refusals[0]
    hint = told.hint or "Declare it under events: in strategy.yaml, then publish."
    raise refusal("unknown_property", told.message, field=place, expected=told.expected, hint=hint)


def _check_order(kept: Mapping[str, object], at: str) -> None:
    order_id = kept.get("order_id")
    if isinstance(order_id, str) and (not order_id.strip() or len(order_id) > 255):  # noqa: PLR2004
        place = inside(at, "properties.order_id")
        raise refusal("bad_id", "The order's id is blank or too long.", field=place, expected="1 to 255 characters")


def _statements(
    body: IdentifyBody, vocabulary: Vocabulary, occurred_at: datetime, now: datetime, at: str
) -> tuple[Statement, ...]:
    place = inside(at, "optIns")
    opt_ins = list(body.opt_ins)
    inner = next((body.traits[name] for name in OPT_INS if name in body.traits), None)
    if inner is not None:
        place = inside(at, "traits.optIns")
        if not isinstance(inner, list):
            raise refusal("bad_value", f"{place} is {kind_of(inner)}.", field=place, expected="a list")
        told = cast("list[object]", inner)
        opt_ins += [read_body(OptIn, one, at=f"{place}[{i}]") for i, one in enumerate(told)]
    gathering = Gathering()
    read = [
        gathering.take(_statement, one, vocabulary, occurred_at, now, f"{place}[{i}]") for i, one in enumerate(opt_ins)
    ]
    gathering.settle()
    return tuple(statement for statement in read if statement is not None)


def _statement(said: OptIn, vocabulary: Vocabulary, occurred_at: datetime, now: datetime, at: str) -> Statement:
    topic = vocabulary.topics.get(said.topic)
    if topic is None:
        raise unknown("topic", said.topic, vocabulary.topics, field=f"{at}.topic", empty=NOTHING_DECLARED)
    basis = basis_named(said.basis, f"{at}.basis")
    confirmed = not topic.double_opt_in or basis is not Basis.EXPRESS  # nobody asks twice what was not asked once
    usual = ConsentState.OPTED_IN if confirmed else ConsentState.PENDING
    stated_at = values.instant(said.at, f"{at}.at", now) or occurred_at
    expires_at = values.later_instant(said.expires_at, f"{at}.expires_at")
    evidence = {"wording": said.evidence} if isinstance(said.evidence, str) else dict(said.evidence or {})
    return Statement(
        channel=channel_named(said.channel, f"{at}.channel"),
        topic=said.topic,
        state=ConsentState(said.state) if said.state is not None else usual,
        basis=basis,
        source=said.source,
        stated_at=stated_at,
        evidence=evidence,
        expires_at=_end(basis, stated_at, expires_at, f"{at}.expires_at"),
    )


def basis_named(said: str, field: str) -> Basis:
    """Return the lawful basis of that name, however its words are joined; `consent` is express.

    Raises:
        RefusedError: There is no such basis.
    """
    word = "_".join(re.split(r"[\s_-]+", said.strip().lower()))
    names = {basis.value: basis for basis in Basis} | {"consent": Basis.EXPRESS}
    if word in names:
        return names[word]
    spoken = [name.replace("_", " ") for name in names]
    expected, hint = f"one of {', '.join(spoken)}", did_you_mean(word.replace("_", " "), spoken)
    raise refusal("unknown_basis", f"There is no basis {quoted(said)}.", field=field, expected=expected, hint=hint)


def _end(basis: Basis, stated_at: datetime, expires_at: datetime | None, field: str) -> datetime | None:
    """Return when a statement runs out; what is presumed ends though nobody said when.

    Raises:
        RefusedError: It is presumed, and is said to hold longer than 24 months.
    """
    ends_at = basis_ends(basis, stated_at, expires_at)
    if expires_at is not None and ends_at is not None and ends_at < expires_at:
        message = f"A basis that is {basis.replace('_', ' ')} cannot hold that long: nobody said yes."
        expected = f"{ends_at:%Y-%m-%dT%H:%M:%SZ} or earlier, 24 months after it was stated"
        raise refusal("expires_too_late", message, field=field, expected=expected)
    return ends_at
