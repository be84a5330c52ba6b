"""The message of a contact, made once at the claim and frozen: every attempt sends the same bytes.

Rendering happens inside the deciding transaction, from what was read there; a message that cannot be made parks the
contact before it takes a place.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from database.situation import FrozenPart, Known, OpenOne
from tactful.conditions import segment_of
from tactful.connector import Message, Money
from tactful.connector.prices import cost_of
from tactful.errors import TactfulError
from tactful.links import Links
from tactful.strategy.model import Communication, Offer, Sender
from tactful.templates import Content, TemplateError, message_variables
from tactful.templates.journeys import JourneyTold
from tactful.timing import add_span, zone_of
from tactful.verdict import Route, Send
from tactful.words import Channel, PartState, Purpose

TAKE_CODE = text(
    "WITH free AS MATERIALIZED (SELECT strategy, offer, code FROM offer_codes WHERE strategy = :strategy"
    " AND offer = :offer AND contact_key IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) "
    "UPDATE offer_codes o SET contact_key = :contact_key, given_at = :now FROM free "
    "WHERE (o.strategy, o.offer, o.code) = (free.strategy, free.offer, free.code) RETURNING o.code"
)
GIVEN_CODE = text("SELECT code FROM offer_codes WHERE contact_key = :contact_key")


CALL = timedelta(seconds=30)
"""How long after the claim a call may still reach the provider."""


@dataclass(frozen=True)
class Sending:
    """What this worker can send with.

    Attributes:
        by_channel: Connector names per channel, first choice first.
        windows: Per connector, how long its provider remembers our key; None where it does not take one.
        links: Makes the addresses that messages point to.
        settling: Per connector whose provider can be asked by our key, how long until the answer can be relied on.
        receipts: The connectors whose providers tell what was delivered.
        in_home: Per connector that takes days to reach the customer, how long.
        unit_costs: Per connector whose price is known, what a message costs, of a text each segment.
    """

    by_channel: Mapping[Channel, tuple[str, ...]]
    windows: Mapping[str, timedelta | None]
    links: Links
    settling: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    receipts: frozenset[str] = frozenset()
    in_home: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    unit_costs: Mapping[str, Money] = field(default_factory=dict[str, Money])

    def priced(self, part: Part) -> Part:
        """Return a part with what it is expected to cost."""
        unit = self.unit_costs.get(part.connector)
        return replace(part, cost=cost_of(part.message, unit) if unit is not None else None)

    def dedupes(self, connector: str, age: timedelta) -> bool:
        """Say whether the same message can be handed over again without being doubled."""
        window = self.windows.get(connector)
        return window is not None and age + CALL < window


@dataclass(frozen=True)
class Part:
    """One message of a contact, ready to be handed to a connector."""

    connector: str
    message: Message
    cost: Money | None = None
    """What it is expected to cost; None where nothing says so."""

    def row(self) -> dict[str, Any]:
        """Return the part as a row of `messages`."""
        return {
            "channel": self.message.channel.value,
            "part_key": str(self.message.key),
            "connector": self.connector,
            "content": self.message.model_dump(mode="json"),
            **cost_columns(self.cost),
        }


def cost_columns(cost: Money | None) -> dict[str, str | None]:
    """Return a cost as the columns of a row: an amount in text, so that no float comes between."""
    return {"cost": str(cost.amount) if cost else None, "currency": cost.currency if cost else None}


class CannotFreezeError(TactfulError):
    """The message cannot be made as things are; a person has to look."""


def freeze(  # noqa: PLR0917 - what a message is made of
    conn: Connection, known: Known, communication: Communication, verdict: Send, sending: Sending, now: datetime
) -> tuple[Part, ...]:
    """Return a message for each route of the verdict: where one was frozen before and has not gone out, that very one.

    Raises:
        CannotFreezeError: a variable has no value, a template is broken or too costly, no offer code is left.
    """
    zone = zone_of(known.situation.customer, known.governance.strategy)
    offer = known.content.strategy.offers[communication.offer] if communication.offer else None
    given = _give(conn, known, offer, now, zone) if offer else _Given(None, None)
    making = _Making(known, communication, sending, now, zone, given)
    kept = {part.part_key: part for part in known.parts if part.state is PartState.WAITING}
    keys = [part_key(known.situation.contact.contact_key, route) for route in verdict.routes]
    return tuple(
        sending.priced(_thawed(kept[key]) if key in kept else making.part(route))
        for key, route in zip(keys, verdict.routes, strict=True)
    )


def thaw(parts: Iterable[FrozenPart]) -> tuple[Part, ...]:
    """Return messages as they were frozen at an earlier claim."""
    return tuple(_thawed(part) for part in parts)


def _thawed(part: FrozenPart) -> Part:
    return Part(part.connector, Message.model_validate(part.content))


@dataclass(frozen=True)
class _Given:
    """An offer as this contact gives it."""

    code: str | None
    ends_on: date | None


def _give(conn: Connection, known: Known, offer: Offer, now: datetime, zone: ZoneInfo) -> _Given:
    ends_on = add_span(now, offer.lasts, zone).astimezone(zone).date() if offer.lasts else None
    if offer.codes is None:
        return _Given(offer.code, ends_on)
    row: dict[str, object] = {"contact_key": known.situation.contact.contact_key, "now": now}
    code = conn.execute(GIVEN_CODE, row).scalar_one_or_none()
    if code is None:
        row |= {"strategy": known.content.strategy.name, "offer": offer.name}
        code = conn.execute(TAKE_CODE, row).scalar_one_or_none()
    if code is None:
        msg = f"no code of offer {offer.name} is left; add more to {offer.codes} and publish"
        raise CannotFreezeError(msg)
    return _Given(code, ends_on)


@dataclass(frozen=True)
class _Making:
    """One contact's messages being made; what all its parts share."""

    known: Known
    communication: Communication
    sending: Sending
    now: datetime
    zone: ZoneInfo
    given: _Given

    def part(self, route: Route) -> Part:
        links = self.sending.links.of(self.known.situation.customer.customer_key, self.communication, route.channel)
        try:
            content = self.known.content.templates.render(
                self._template(), route.channel, self._language(), self._variables(links)
            )
            return Part(route.connector, self._message(route, content, links))
        except TemplateError as error:
            raise CannotFreezeError(str(error)) from error
        except Exception as error:  # noqa: BLE001 - one customer's odd facts must not stop their journey for ever
            msg = f"it could not be put together ({type(error).__name__})"
            raise CannotFreezeError(msg) from None

    def _template(self) -> str:
        """Return the communication's own template, or that of the customer's segment where there is one `instead`."""
        own = self.communication.template or self.communication.name
        if not self.communication.instead:
            return own
        segments = self.known.governance.strategy.segments
        segment = segment_of(self.known.situation.customer, segments, self.now, self.zone)
        return self.communication.instead.get(segment or "", own)

    def _language(self) -> str:
        return self.known.situation.customer.language or self.known.content.strategy.language

    def _variables(self, links: Mapping[str, str]) -> dict[str, object]:
        strategy = self.known.content.strategy
        if self.known.content.version != self.known.governance.version:  # who we are is governance
            strategy = strategy.model_copy(update={"sender": self.known.governance.strategy.sender})
        customer, journey = self.known.situation.customer, self.known.situation.journey
        email = next((a.address for a in customer.addresses if a.channel is Channel.EMAIL), None)
        places = {"email": email, "language": self._language(), "time_zone": self.zone.key}
        return message_variables(
            strategy,
            strategy.steps[self.communication.step],
            self.communication,
            customer={**customer.properties, **places},
            event=self.known.event,
            key=journey.key if journey else None,
            due_on=journey.due_at.astimezone(self.zone).date() if journey and journey.due_at else None,
            offer_code=self.given.code,
            offer_ends_on=self.given.ends_on,
            links=links,
            journeys=[self._told(one) for one in self.known.journeys],
            language=self._language(),
        )

    def _told(self, one: OpenOne) -> JourneyTold:
        since = one.started_at.astimezone(self.zone).date()
        return JourneyTold(one.name, one.step, one.state, since, one.said, one.to_come, one.reached)

    def _message(self, route: Route, content: Content, links: Mapping[str, str]) -> Message:
        sender = self.known.governance.strategy.sender
        marketing = purpose_of(self.known) is not Purpose.SERVICE
        one_click = marketing and route.channel is Channel.EMAIL
        return Message(
            key=part_key(self.known.situation.contact.contact_key, route),
            channel=route.channel,
            to=route.address,
            sender_address=_sender(sender, content, route.channel),
            sender_name=content.sender_name or sender.name,
            subject=content.subject,
            html=content.html,
            text=content.text,
            title=content.title,
            link=content.link,
            marketing=marketing,
            unsubscribe_url=links["unsubscribe"] if one_click else None,
            list_id=f"{self.known.row['topic']}.{self.known.row['strategy']}" if one_click else None,
            language=content.language,
            written_at=self.now,
        )


def _sender(sender: Sender, content: Content, channel: Channel) -> str:
    """Return the sender's address on a channel: the template's own, else the strategy's."""
    if channel is Channel.SMS and content.sender_name:
        return content.sender_name
    if channel is Channel.EMAIL and content.sender_email:
        return content.sender_email
    own = {
        Channel.EMAIL: sender.email,
        Channel.SMS: sender.sms,
        Channel.PUSH: sender.push,
        Channel.LETTER: sender.address,
        Channel.CALL: sender.call,
    }
    return own[channel] or sender.name


def purpose_of(known: Known) -> Purpose:
    """Return what the contact's topic is for in the published version: the same that it is decided by."""
    topic = known.governance.strategy.topics.get(known.row["topic"])
    return topic.purpose if topic is not None else Purpose(known.row["purpose"])


def part_key(contact_key: UUID, route: Route) -> UUID:
    """Return the idempotency key of one part: the contact, the channel and the address it goes to."""
    return uuid.uuid5(contact_key, f"{route.channel}/{route.connector}/{route.address}")
